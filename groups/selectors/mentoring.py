"""In which phase of mentoring a group is, and whether it stays dependent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from groups.models import Group, MentoringPhase, MentoringStage
from groups.records import RecordedDays

MUCH_LONGER = Fraction(3, 2)
"""A phase that lasts half as long again as was agreed when it began lasts much longer."""


@dataclass(frozen=True, slots=True)
class Mentoring:
    """The phase in which a group is on the day `as_of`."""

    agreed: MentoringPhase
    as_of: date

    @property
    def is_ended(self) -> bool:
        """Whether the group goes on alone."""
        return self.agreed.phase == MentoringStage.ENDED

    @property
    def is_overdue(self) -> bool:
        """Whether the day agreed for the end of mentoring is past."""
        return self.agreed.mentoring_until is not None and self.agreed.mentoring_until < self.as_of

    @property
    def lasts_much_longer(self) -> bool:
        """Whether the phase lasts much longer than was agreed when it began."""
        first = self.agreed.first_planned_until
        if first is None:
            return False
        since = self.agreed.phase_since
        return (self.as_of - since).days > MUCH_LONGER * (first - since).days

    @property
    def dependent_why(self) -> str:
        """Why the group stays dependent, "" where it does not."""
        if self.agreed.mentoring_until is not None and self.is_overdue:
            return _("mentoring was to end on %s") % date_format(self.agreed.mentoring_until)
        if self.agreed.first_planned_until is not None and self.lasts_much_longer:
            return _("the phase was to end on %s") % date_format(self.agreed.first_planned_until)
        return ""

    def visit_due_on(self, last_visited_on: date | None) -> date | None:
        """Return by when the next visit is due, None after the end of mentoring."""
        if self.agreed.visit_every_days is None:
            return None
        since = max(filter(None, (last_visited_on, self.agreed.phase_since)))
        return since + timedelta(self.agreed.visit_every_days)


def mentoring_phases(group: Group) -> QuerySet[MentoringPhase]:
    """Return all phases of a group, the latest first, those withdrawn among them."""
    return group.mentoring_phases.select_related("recorded_by", "withdrawn_by", "exit_review")


def mentoring_of(groups: QuerySet[Group] | list[Group], *, as_of: date) -> dict[int, Mentoring]:
    """Return the phase of each of `groups` on a day; those in none are left out. One statement."""
    begun = MentoringPhase.objects.begun(as_of)
    later = begun.filter(group=OuterRef("group"), started_on__gt=OuterRef("started_on"))
    found = begun.filter(~Exists(later), group__in=groups).order_by()
    return {phase.group_id: Mentoring(phase, as_of) for phase in found}


def days_of_mentoring(group: Group) -> RecordedDays:
    """Return the day on which the last phase began; mentoring may begin before the founding."""
    last = MentoringPhase.objects.begun(date.max).filter(group=group).first()
    return RecordedDays(last=None if last is None else last.started_on)
