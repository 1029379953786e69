"""Instruments to read, and two of them compared on the same groups before one is published."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from django.db.models import Q, QuerySet

from assessment import instruments
from assessment.models import Instrument, InstrumentStatus, StageRule
from assessment.scoring import latest_judgements, read_records, score
from groups.models import Group, User
from groups.permissions import Capability, can

MOST_COMPARED = 2_000
"""Groups a page compares two instruments on: it reads all their records, which takes a second or two."""


def readable(actor: User) -> QuerySet[Instrument]:
    """Return the shared instruments and those of the actor's organisation, all for a superuser.

    Drafts are for those who configure or assess.
    """
    if actor.is_superuser:
        return Instrument.objects.all()
    found = Instrument.objects.filter(Q(organisation=actor.organisation_id) | Q(organisation__isnull=True))
    if can(actor, Capability.CONFIGURE) or can(actor, Capability.ASSESS):
        return found
    return found.exclude(status=InstrumentStatus.DRAFT)


class Change(NamedTuple):
    """A group that would stand at another stage."""

    code: str
    number: int
    group_prefix: str
    name: str
    before: StageRule
    after: StageRule
    score_before: int
    score_after: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two instruments on the same groups and records.

    `counts` has a row for each stage of the first and in it a number for each stage of the second; of `total` groups
    `compared` were looked at.
    """

    before: list[StageRule]
    after: list[StageRule]
    counts: list[list[int]]
    changes: list[Change]
    compared: int
    total: int

    @property
    def rows(self) -> list[tuple[StageRule, list[tuple[StageRule, int]]]]:
        """The table: each stage before with how many stand where after."""
        return [
            (rule, list(zip(self.after, counts, strict=True)))
            for rule, counts in zip(self.before, self.counts, strict=True)
        ]


def comparison(groups: QuerySet[Group], first: Instrument, second: Instrument, as_of: date) -> Comparison:
    """Score up to `MOST_COMPARED` of `groups` by both instruments as of a day; nothing is stored.

    The same number of statements for any number of groups. Both instruments come from `instruments.with_all_parts`.
    """
    named = ("code", "number", "organisation__group_prefix", "name")
    rows = list(groups.order_by("pk").values_list("pk", *named)[:MOST_COMPARED])
    ids = [pk for pk, *_of_group in rows]
    compiled = [(found.code, instruments.engine_instrument(found)) for found in (first, second)]
    metrics = {metric for _scheme, ready in compiled for metric in ready.metrics}
    records, judged = read_records(ids, as_of, metrics), latest_judgements(ids, as_of)
    before, after = list(first.rules.all()), list(second.rules.all())
    counts = [[0] * len(after) for _rule in before]
    changes = []
    for pk, code, number, prefix, name in rows:
        old, new = (score(scheme, ready, records[pk], judged.get(pk, {})).result for scheme, ready in compiled)
        counts[old.rank][new.rank] += 1
        if old.stage != new.stage:
            change = Change(code, number, prefix, name, before[old.rank], after[new.rank], old.score, new.score)
            changes.append(change)
    return Comparison(before, after, counts, changes, len(rows), groups.count())
