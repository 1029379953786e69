"""Making scores final: one that a person looked at, or many together in sets."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

import orjson
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from django.utils.translation import gettext as _

from assessment import instruments
from assessment.models import Assessment, AssessmentStatus, FinalOutcome, FinalRun, FinalRunScore
from assessment.selectors.current_score import points_kept
from assessment.selectors.stored import records_of
from assessment.services.scoring import DRAFT_COLUMNS, GroupToScore, InstrumentsInUse, assess_groups, score_batch
from groups.models import Group, GroupStatus, User
from groups.permissions import Capability, lock_group, require
from groups.selectors import statuses_on
from groups.shared import clock
from groups.shared.batches import BATCH_GROUPS
from groups.shared.sql import insert_rows


class SeenScore(NamedTuple):
    """A score as somebody saw it who makes it final; `points` are those of its indicators as `points_kept` says them.

    Without them only stage and score are compared.
    """

    group: int
    as_of: date
    stage: str
    rank: int
    score: int
    points: str = ""


@transaction.atomic
def assessment_finalise(
    *, actor: User, group: Group, as_of: date, scheme: str = "", seen: str | None = None
) -> Assessment:
    """Score a group as of a day and keep that score by `scheme`, or the primary one, for good, with its evidence.

    `seen` are the points that were looked at, as `points_seen` writes them: others than these are refused. Raises
    `ValidationError` for a day to come or before the group, one that is final already, and for a scheme that is not in
    use.
    """
    group = lock_group(actor, Capability.ASSESS, group)
    scheme = _scheme_in_use(group.organisation_id, scheme)
    assess_groups(actor=actor, groups=Group.objects.filter(pk=group.pk), as_of=as_of)
    assessment = Assessment.objects.filter(group=group, scheme=scheme, as_of=as_of).first()
    if assessment is None:
        raise ValidationError(_("The group did not exist on that day."))
    if assessment.is_final:
        raise ValidationError(_("The score of this day is final already."))
    if seen is not None and seen != points_kept(assessment.indicators):
        raise ValidationError(_("The records changed meanwhile. Look at the score again, then keep it."))
    _keep_for_good([assessment], as_of, actor)
    return Assessment.objects.get(group=group, scheme=scheme, as_of=as_of)


def _scheme_in_use(organisation_id: int, scheme: str) -> str:
    """Return `scheme`, or the primary one for none, and refuse one that the organisation does not use."""
    schemes = instruments.schemes_of(organisation_id)
    if scheme and scheme not in schemes:
        raise ValidationError(_("The organisation does not use this scheme."))
    return scheme or schemes[0]


@transaction.atomic
def final_run_start(*, actor: User, scheme: str, scores: Iterable[SeenScore], key: uuid.UUID) -> FinalRun:
    """Write down which scores by `scheme` are to be made final; `final_run_continue` does it.

    The same key gives the run there is. Raises `ValidationError` without scores, for a day to come and for a scheme
    that is not in use, and refuses groups that `actor` may not see.
    """
    require(actor, Capability.ASSESS)
    run, is_new = FinalRun.objects.get_or_create(key=key, defaults={"scheme": scheme, "started_by": actor})
    if run.started_by_id != actor.pk:
        raise PermissionDenied("another person's run")
    if not is_new:
        return run
    chosen = list(scores)
    if not chosen:
        raise ValidationError(_("Nothing is left to make final."))
    clock.refuse_to_come(max(seen.as_of for seen in chosen), clock.today())
    ids = {seen.group for seen in chosen}
    visible = Group.objects.visible_to(actor).filter(pk__in=ids)
    organisations = list(visible.order_by().values_list("organisation", flat=True))
    if len(organisations) != len(ids):
        raise PermissionDenied(f"{actor.pk} may not see all these groups")
    for organisation in set(organisations):
        _scheme_in_use(organisation, scheme)
    insert_rows(
        FinalRunScore,
        ("run_id", "group_id", "as_of", "stage", "rank", "score", "points", "outcome"),
        [
            (
                run.pk, seen.group, seen.as_of.isoformat(), seen.stage, seen.rank, seen.score, seen.points,
                FinalOutcome.WAITING.value,
            )
            for seen in chosen
        ],
    )  # fmt: skip
    return run


def final_run_continue(*, actor: User, run: FinalRun, most: int | None = None) -> int:
    """Make the scores of a run final that wait for it, or the first `most`, and return how many were looked at.

    Each batch is one transaction with the same number of statements whatever its size. A score is made anew from the
    records; where it is another one than was seen, it stays a draft and is left out.
    """
    require(actor, Capability.ASSESS)
    in_use, count = InstrumentsInUse(), 0
    while most is None or count < most:
        with transaction.atomic():
            locked = FinalRun.objects.select_for_update().get(pk=run.pk, started_by=actor)
            waiting = locked.scores.filter(outcome=FinalOutcome.WAITING).order_by("as_of", "group")
            first = waiting.first()
            if first is None:
                break
            size = BATCH_GROUPS if most is None else min(BATCH_GROUPS, most - count)
            seen = {score.group_id: score for score in waiting.filter(as_of=first.as_of)[:size]}
            _keep_batch(actor, locked, first.as_of, seen, in_use)
        count += len(seen)
    return count


def _keep_batch(
    actor: User, run: FinalRun, as_of: date, seen: Mapping[int, FinalRunScore], in_use: InstrumentsInUse
) -> None:
    """Make the scores of some groups as of a day final where they are those `seen`, and write down what became."""
    visible = Group.objects.visible_to(actor).filter(pk__in=list(seen)).values("pk")
    waiting = Group.objects.filter(pk__in=visible, founded_on__lte=as_of).order_by("pk").select_for_update(no_key=True)
    groups = [GroupToScore(*row) for row in waiting.values_list(*GroupToScore._fields)]
    statuses = statuses_on([group.pk for group in groups], as_of)
    batch = [group for group in groups if statuses[group.pk] != GroupStatus.DISSOLVED]
    if batch:
        score_batch(batch, as_of, in_use, actor=actor)
    of_day = Assessment.objects.filter(group__in=[group.pk for group in batch], scheme=run.scheme, as_of=as_of)
    outcomes: dict[FinalOutcome, list[int]] = defaultdict(list)
    drafts = []
    for found in of_day.defer("evidence"):
        is_same = _is_same(found, seen[found.group_id])
        outcome = FinalOutcome.ALREADY if found.is_final else FinalOutcome.DONE if is_same else FinalOutcome.CHANGED
        outcomes[outcome].append(found.group_id)
        if outcome == FinalOutcome.DONE:
            drafts.append(found)
    _keep_for_good(drafts, as_of, actor)
    outcomes[FinalOutcome.GONE] = list(seen.keys() - {group for found in outcomes.values() for group in found})
    for outcome, ids in outcomes.items():
        run.scores.filter(group__in=ids).update(outcome=outcome)


def _is_same(found: Assessment, seen: FinalRunScore) -> bool:
    """Say whether a score is the one that was seen, point by point: other points can add up to the same."""
    if (found.stage, found.score) != (seen.stage, seen.score):
        return False
    return not seen.points or seen.points == points_kept(found.indicators)


def _keep_for_good(drafts: Sequence[Assessment], as_of: date, actor: User) -> None:
    """Put final assessments with their evidence in the place of drafts of a day, whose groups are locked."""
    by_instrument: dict[int, list[Assessment]] = defaultdict(list)
    for draft in drafts:
        by_instrument[draft.instrument_id].append(draft)
    used = {found.pk: found for found in instruments.with_all_parts().filter(pk__in=list(by_instrument))}
    now = connection.ops.adapt_datetimefield_value(clock.now())
    rows: list[tuple[str | int | None, ...]] = []
    for instrument, of_instrument in by_instrument.items():
        evidence = records_of([draft.group_id for draft in of_instrument], used[instrument], as_of)
        rows += [
            (
                draft.group_id, draft.instrument_id, draft.scheme, as_of.isoformat(), AssessmentStatus.FINAL.value,
                draft.score, draft.stage, draft.rank, draft.measured_score, draft.measured_rank, draft.arrears,
                draft.need, orjson.dumps(draft.indicators).decode(),
                connection.ops.adapt_datetimefield_value(draft.computed_at), draft.computed_by_id,
                orjson.dumps(evidence[draft.group_id]).decode(), now, actor.pk,
            )
            for draft in of_instrument
        ]  # fmt: skip
    Assessment.objects.filter(pk__in=[draft.pk for draft in drafts]).delete()
    insert_rows(Assessment, (*DRAFT_COLUMNS, "evidence", "finalised_at", "finalised_by_id"), rows)
