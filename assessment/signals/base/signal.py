"""What a signal is, finding all of them, and looking for them in the records of many groups in one statement."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

import assessment.signals
from groups.shared.sql import Relation, read_relations

YEAR_DAYS = 365
"""Records of the last year count: older ones cannot be asked about any more."""
MANY_RECORDS = 10
"""So many meetings or counts without any exception are more than luck; a group that meets monthly has twelve a year."""
CLEARLY_WORSE = 2
"""A pattern that somebody looked into is open again before its day where twice as many records show it."""

MINUTES = _("Minute book")


@dataclass(frozen=True, slots=True)
class SignalHit:
    """A signal found at a group: how many records gave rise to it, an amount in rupiah or 0, and which records.

    `records` are numbers of meetings, the earliest first; of expired terms the offices, of cash that never differs the
    ids of the counts. `person` is the id of who recorded everything, 0 of other signals.
    """

    signal: str
    group_id: int
    counted: int
    amount: int
    records: tuple[str, ...]
    person: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One pattern that is worth a question.

    `sql` selects from `relations`, with records of the last year, `group_id`, `counted`, `amount` and `records` of the
    groups where it is found (`SignalHit`; records separated by commas). `label` names it, `ask` is the question,
    `sentence` says what was seen, and the page of the group named `page` has the records; `of_meetings` says that they
    are meetings, `names_person` that `sql` selects an account as `person` too. `of_cases` says that each record is one
    more case to ask about; those of other signals are ordinary records, and each meeting adds some while the pattern
    goes on. Signals are listed by `place`.
    """

    place: int
    relations: tuple[Relation, ...]
    sql: str
    label: Promise
    ask: Promise
    sentence: Callable[[SignalHit], str]
    page: str
    page_name: Promise
    of_meetings: bool = False
    names_person: bool = False
    of_cases: bool = False

    def is_worse(self, hit: SignalHit, seen: Mapping[str, Any]) -> bool:
        """Say whether what was found is clearly worse than what somebody has `seen`, as reviews keep it.

        It is with a case that is new; a pattern in ordinary records once `CLEARLY_WORSE` times as many show it.
        """
        if self.of_cases:
            return hit.counted > seen["counted"] or not set(hit.records) <= set(seen["records"])
        return bool(hit.counted >= CLEARLY_WORSE * seen["counted"])


@cache
def all_signals() -> Mapping[str, Signal]:
    """Return the signals by the names of their modules, in the order of their places."""
    names = [module.name for module in iter_modules(assessment.signals.__path__) if not module.ispkg]
    signals: dict[str, Signal] = {name: import_module(f"assessment.signals.{name}").SIGNAL for name in names}
    return dict(sorted(signals.items(), key=lambda item: (item[1].place, item[0])))


def read_hits(group_ids: Sequence[int], as_of: date) -> dict[int, list[SignalHit]]:
    """Return by group the signals found as of a day, in their order; one statement for any number of groups."""
    signals = all_signals()
    relations = {relation.name: relation for signal in signals.values() for relation in signal.relations}
    sql = "\nUNION ALL\n".join(
        f"SELECT '{name}' AS signal, group_id, counted, amount, records, "  # noqa: S608 - no input
        f"{'person' if signal.names_person else '0'} AS person FROM ({signal.sql}) {name}"
        for name, signal in signals.items()
    )
    values = {"as_of": as_of, "since": as_of - timedelta(YEAR_DAYS)}
    hits: dict[int, list[SignalHit]] = {group_id: [] for group_id in group_ids}
    rows = read_relations(sql, list(relations.values()), group_ids, values)
    for name, group_id, counted, amount, records, person in rows:
        hits[group_id].append(SignalHit(name, group_id, int(counted), int(amount), _sorted(records), person))
    order = list(signals)
    return {group_id: sorted(found, key=lambda hit: order.index(hit.signal)) for group_id, found in hits.items()}


def _sorted(records: str) -> tuple[str, ...]:
    """The databases give a list in no order."""
    return tuple(sorted(records.split(","), key=lambda record: (len(record), record))) if records else ()
