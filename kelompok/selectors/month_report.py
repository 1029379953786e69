"""The month of somebody who accompanies groups, as the records tell it: the first words of a report."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from assessment.instruments import stages_in_use
from assessment.models import SnapshotScore
from groups.models import FacilitatorAssignment, Group, User
from meetings.models import Meeting, MeetingStatus, Training, Visit, VisitTask
from meetings.selectors import trainings_held, with_counts


@dataclass(frozen=True, slots=True)
class StageMove:
    """A group that was at one stage at the end of the month before and at another at the end of the month."""

    group: Group
    was: str
    became: str


@dataclass(frozen=True, slots=True)
class Month:
    """What somebody did from the first day of `month` to before `end`, in the groups they accompanied then."""

    person: User
    month: date
    end: date
    groups: list[Group]
    visits: list[Visit]
    meetings: list[Meeting]
    moves: list[StageMove]
    trained: list[Training]

    @property
    def trainings(self) -> list[Visit]:
        """The visits that were trainings of which nobody recorded who took part."""
        recorded = {training.visit_id for training in self.trained}
        return [visit for visit in self.visits if visit.task == VisitTask.TRAINING and visit.pk not in recorded]

    @property
    def not_visited(self) -> list[Group]:
        """The groups that were accompanied in the month and not visited in it."""
        visited = {visit.group_id for visit in self.visits}
        return [group for group in self.groups if group.pk not in visited]

    @property
    def words(self) -> str:
        """The month in words, line by line, for the person to change and to add to."""
        lines = [
            _("Groups accompanied: %(count)d") % {"count": len(self.groups)},
            *_part(_("Visits: %(count)d") % {"count": len(self.visits)}, map(_visit_words, self.visits)),
            *_part(
                _("Trainings: %(count)d") % {"count": len(self.trained) + len(self.trainings)},
                [*map(_training_words, self.trained), *map(_visit_words, self.trainings)],
            ),
            _("Meetings recorded: %(count)d") % {"count": len(self.meetings)},
            *_part(_("Advice given"), (f"{visit.group}: {visit.advice}" for visit in self.visits if visit.advice)),
            *_part(_("Groups that changed stage"), map(_move_words, self.moves)),
            *_part(_("Groups not visited"), map(str, self.not_visited)),
        ]
        return "\n".join(lines)


def month_of(actor: User, person: User, month: date) -> Month:
    """Return the month of somebody that begins on the day `month`; a few statements, whatever the number of groups.

    Groups are those the person accompanied on some day of the month, visits those the person made, and meetings those
    the person recorded of the month; all of them in groups that `actor` may see.
    """
    end = (month.replace(day=28) + timedelta(4)).replace(day=1)
    seen = Group.objects.visible_to(actor).order_by().values("pk")
    times = FacilitatorAssignment.objects.filter(
        Q(ended_on__isnull=True) | Q(ended_on__gt=month), facilitator=person, started_on__lt=end
    )
    groups = list(Group.objects.filter(pk__in=times.values("group")).filter(pk__in=seen))
    visits = Visit.objects.valid().filter(visitor=person, visited_on__gte=month, visited_on__lt=end, group__in=seen)
    held = Meeting.objects.filter(
        status=MeetingStatus.CLOSED, saved_by=person, held_on__gte=month, held_on__lt=end, group__in=seen
    ).select_related("group")
    return Month(
        person=person,
        month=month,
        end=end,
        groups=groups,
        visits=list(visits.select_related("group").order_by("visited_on", "pk")),
        meetings=list(held.order_by("held_on", "pk")),
        moves=_moves(person, groups, month),
        trained=_trained(groups, month, end),
    )


def _trained(groups: list[Group], month: date, end: date) -> list[Training]:
    """Return the trainings of the groups in the month, by whomever, the earliest first, with how many took part."""
    held = with_counts(trainings_held(groups, start=month, end=end - timedelta(1)))
    return list(held.select_related("group").order_by("held_on", "pk"))


def _moves(person: User, groups: list[Group], month: date) -> list[StageMove]:
    """Return the groups whose stage by the primary scheme is another than at the end of the month before."""
    stages = stages_in_use(person.organisation_id)
    scheme = next(iter(stages))
    names = {rule.stage: rule.name for rule in stages[scheme]}
    before = (month - timedelta(1)).replace(day=1)
    scores: QuerySet[SnapshotScore] = SnapshotScore.objects.filter(
        Q(month__in=[before, month]) | Q(month__isnull=True, as_of__gte=month), group__in=groups, scheme=scheme
    )
    was: dict[int, str] = {}
    became: dict[int, str] = {}
    for group, of_month, stage in scores.order_by("as_of").values_list("group", "month", "stage"):
        if of_month == before:
            was[group] = stage
        elif of_month == month or group not in became:
            became[group] = stage
    return [
        StageMove(group, names.get(was[group.pk], was[group.pk]), names.get(became[group.pk], became[group.pk]))
        for group in groups
        if group.pk in was and group.pk in became and was[group.pk] != became[group.pk]
    ]


def _part(title: str, lines: Iterable[str]) -> list[str]:
    found = [f"- {line}" for line in lines]
    return [title, *found] if found else [title + (": –" if ":" not in title else "")]


def _visit_words(visit: Visit) -> str:
    task = visit.get_task_display()
    return f"{date_format(visit.visited_on)}, {visit.group}: {task}{f', {visit.purpose}' if visit.purpose else ''}"


def _training_words(training: Any) -> str:
    """Return a training with `members` and `women` in words."""
    return _("%(day)s, %(group)s: %(subject)s (%(trainer)s), members: %(members)d, women: %(women)d") % {
        "day": date_format(training.held_on), "group": training.group, "subject": training.subject,
        "trainer": training.taught_by, "members": training.members, "women": training.women,
    }  # fmt: skip


def _move_words(move: StageMove) -> str:
    return _("%(group)s: from %(was)s to %(became)s") % {
        "group": move.group, "was": move.was, "became": move.became
    }  # fmt: skip
