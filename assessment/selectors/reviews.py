"""What staff looked into: which signals and needs of a group that covers, and until when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.functional import Promise

from assessment.models import Need, Review, SnapshotScore
from assessment.selectors.current_score import current_score
from assessment.signals import SignalHit, all_signals, read_hits
from assessment.wording import NEED_LABELS
from groups.models import Group

Reviews = Mapping[int, Mapping[str, Review]]
"""The reviews that count, by group and subject."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Something at a group that can be looked into; `seen` is what a review of it keeps."""

    name: str
    label: Promise
    seen: dict[str, object]


@dataclass(frozen=True, slots=True)
class ShownNeed:
    """A reason for help as the page of a group shows it.

    `review` is what was found when somebody looked into it, None while it is open, and `earlier` what was found before
    the day to look again came.
    """

    name: str
    label: Promise
    review: Review | None = None
    earlier: Review | None = None


def running_reviews(groups: QuerySet[Group] | Iterable[int], as_of: date) -> Reviews:
    """Return the reviews of `groups` whose day to look again has not come on a day, in one statement."""
    found = _latest(groups, as_of).filter(look_again_on__gt=as_of)
    return _by_subject(found.select_related("recorded_by"))


def latest_reviews(group: Group, as_of: date) -> Mapping[str, Review]:
    """Return the latest review of each subject of a group, those whose day to look again came too."""
    return _by_subject(_latest([group.pk], as_of).select_related("recorded_by")).get(group.pk, {})


def _latest(groups: QuerySet[Group] | Iterable[int], as_of: date) -> QuerySet[Review]:
    ids: Any = groups.order_by().values("pk") if isinstance(groups, QuerySet) else list(groups)
    valid = Review.objects.valid().filter(looked_on__lte=as_of)
    newer = valid.filter(group=OuterRef("group"), subject=OuterRef("subject"), pk__gt=OuterRef("pk"))
    return valid.filter(~Exists(newer), group__in=ids)


def _by_subject(reviews: Iterable[Review]) -> dict[int, dict[str, Review]]:
    found: dict[int, dict[str, Review]] = defaultdict(dict)
    for review in reviews:
        found[review.group_id][review.subject] = review
    return dict(found)


def covers(review: Review | None, hit: SignalHit, as_of: date) -> bool:
    """Say whether a review covers a signal: its day to look again has not come, and the signal is not clearly worse."""
    if review is None or as_of >= review.look_again_on:
        return False
    return not all_signals()[hit.signal].is_worse(hit, review.seen)


def reviewed_needs(reviews: Mapping[str, Review]) -> Need:
    """Return the reasons for help that running reviews cover."""
    return Need(sum(Need[subject] for subject in reviews if subject in Need.__members__))


def shown_needs(group: Group, need: Need, reviews: Mapping[str, Review], as_of: date) -> list[ShownNeed]:
    """Return the reasons for help of a group as its page shows them: `need`, and those of dashboards."""
    shown, needs = [], need | needs_of(group)
    for reason, label in NEED_LABELS.items():
        if reason in needs:
            review = reviews.get(str(reason.name))
            is_covered = review is not None and as_of < review.look_again_on
            reviewed, earlier = (review, None) if is_covered else (None, review)
            shown.append(ShownNeed(str(reason.name), label, reviewed, earlier))
    return shown


def seen_of(hit: SignalHit) -> dict[str, object]:
    """Return what a review keeps of a signal."""
    return {"counted": hit.counted, "records": list(hit.records)}


def needs_of(group: Group) -> Need:
    """Return the reasons for help by the newest scores of a group, by any scheme."""
    scores = SnapshotScore.objects.filter(group=group, month=None).values_list("need", flat=True)
    needs = Need(0) if scores else Need.NEVER_ASSESSED
    for need in scores:
        needs |= Need(need)
    return needs


def subjects_of(group: Group, as_of: date) -> list[Subject]:
    """Return what there is to look into at a group on a day: reasons for help, of dashboards too, then signals."""
    current = current_score(group, as_of)
    needs = needs_of(group) | (current.need if current is not None else Need(0))
    signals = [
        Subject(hit.signal, all_signals()[hit.signal].label, seen_of(hit))
        for hit in read_hits([group.pk], as_of)[group.pk]
    ]
    return [Subject(str(need.name), label, {}) for need, label in NEED_LABELS.items() if need in needs] + signals
