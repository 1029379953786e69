"""When a group agreed to meet: its rhythm, version by version, and the meetings that were moved."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from groups.models.group import Group
from groups.models.withdrawable import Recorded, Withdrawable, WithdrawableQuerySet, withdrawn_by_somebody
from groups.shared.schedule import LAST_WEEK, Move, Rhythm

MOST_DAYS = 183
"""Days between two meetings at most, half a year."""


class MeetingEvery(models.TextChoices):
    """How often the group agreed to meet."""

    WEEK = "WEEK", _("Every week")
    FORTNIGHT = "FORTNIGHT", _("Every two weeks")
    MONTH = "MONTH", _("Every month on a weekday, such as the second Sunday")
    DATE = "DATE", _("Every month on a date, such as the 10th")
    SELAPAN = "SELAPAN", _("Every selapan (35 days), such as Minggu Legi")
    DAYS = "DAYS", _("Every so many days")


class Weekday(models.IntegerChoices):
    """Days of the week, numbered as `date.weekday()` numbers them."""

    MONDAY = 0, _("Monday")
    TUESDAY = 1, _("Tuesday")
    WEDNESDAY = 2, _("Wednesday")
    THURSDAY = 3, _("Thursday")
    FRIDAY = 4, _("Friday")
    SATURDAY = 5, _("Saturday")
    SUNDAY = 6, _("Sunday")


class WeekOfMonth(models.IntegerChoices):
    """Which of a month's Sundays, Mondays, …; the last is the fourth or the fifth."""

    FIRST = 1, _("First")
    SECOND = 2, _("Second")
    THIRD = 3, _("Third")
    FOURTH = 4, _("Fourth")
    LAST = LAST_WEEK, pgettext_lazy("week of the month", "Last")


class Pasaran(models.IntegerChoices):
    """Market days of the Javanese week of five days, numbered as `schedule.pasaran_of` numbers them."""

    LEGI = 0, "Legi"
    PAHING = 1, "Pahing"
    PON = 2, "Pon"
    WAGE = 3, "Wage"
    KLIWON = 4, "Kliwon"


PARTS: dict[str, tuple[str, ...]] = {
    MeetingEvery.WEEK: ("weekday",),
    MeetingEvery.FORTNIGHT: ("weekday", "counted_from"),
    MeetingEvery.MONTH: ("weekday", "week"),
    MeetingEvery.DATE: ("day_of_month",),
    MeetingEvery.SELAPAN: ("weekday", "pasaran"),
    MeetingEvery.DAYS: ("days", "counted_from"),
}
"""The fields that each rhythm has; the others are empty."""
ALL_PARTS = ("week", "weekday", "pasaran", "day_of_month", "days", "counted_from")


class MeetingRhythm(Recorded, Withdrawable):
    """The rhythm a group agreed, in force from `agreed_from` until the next version is.

    A version never changes; a mistaken one is withdrawn.
    """

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="rhythms", verbose_name=_("group"))
    agreed_from = models.DateField(_("counts from"))
    every = models.CharField(_("meets"), max_length=9, choices=MeetingEvery, default=MeetingEvery.MONTH)
    weekday = models.PositiveSmallIntegerField(_("meeting day"), choices=Weekday, null=True, blank=True)
    week = models.PositiveSmallIntegerField(_("which in the month"), choices=WeekOfMonth, null=True, blank=True)
    day_of_month = models.PositiveSmallIntegerField(_("date of the month"), null=True, blank=True)
    pasaran = models.PositiveSmallIntegerField(_("pasaran"), choices=Pasaran, null=True, blank=True)
    days = models.PositiveSmallIntegerField(_("days from meeting to meeting"), null=True, blank=True)
    counted_from = models.DateField(_("one of its meeting days"), null=True, blank=True)

    objects = WithdrawableQuerySet.as_manager()

    class Meta:
        verbose_name = _("meeting rhythm")
        verbose_name_plural = _("meeting rhythms")
        ordering = ["-agreed_from", "-pk"]
        constraints = [
            models.CheckConstraint(name="rhythm_every", condition=Q(every__in=MeetingEvery.values)),
            models.CheckConstraint(name="rhythm_weekday", condition=Q(weekday__isnull=True) | Q(weekday__lte=6)),
            models.CheckConstraint(
                name="rhythm_week", condition=Q(week__isnull=True) | Q(week__gte=1, week__lte=LAST_WEEK)
            ),
            models.CheckConstraint(
                name="rhythm_day_of_month",
                condition=Q(day_of_month__isnull=True) | Q(day_of_month__gte=1, day_of_month__lte=31),
            ),
            models.CheckConstraint(name="rhythm_pasaran", condition=Q(pasaran__isnull=True) | Q(pasaran__lte=4)),
            models.CheckConstraint(
                name="rhythm_days", condition=Q(days__isnull=True) | Q(days__gte=2, days__lte=MOST_DAYS)
            ),
            # What a rhythm is made of is there, and nothing else is.
            *(
                models.CheckConstraint(
                    name=f"rhythm_parts_{every.lower()}",
                    condition=~Q(every=every)
                    | Q(**{f"{part}__isnull": part not in parts for part in ALL_PARTS if part != "counted_from"})
                    & (Q() if "counted_from" in parts else Q(counted_from__isnull=True)),
                )
                for every, parts in PARTS.items()
            ),
            withdrawn_by_somebody("rhythm_withdrawn"),
            models.UniqueConstraint(
                name="rhythm_from_once",
                fields=["group", "agreed_from"],
                condition=Q(withdrawn_at__isnull=True),
                violation_error_message=_("A rhythm counts from this day already."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        """Say the rhythm as people do: "every second Sunday", "every 10th", "every Minggu Legi (35 days)"."""
        words = {
            MeetingEvery.WEEK: gettext("Every %(weekday)s"),
            MeetingEvery.FORTNIGHT: gettext("Every two weeks, on %(weekday)s"),
            MeetingEvery.MONTH: gettext("%(week)s %(weekday)s of the month"),
            MeetingEvery.DATE: gettext("Every month on day %(day_of_month)s"),
            MeetingEvery.SELAPAN: gettext("Every %(weekday)s %(pasaran)s (35 days)"),
            MeetingEvery.DAYS: gettext("Every %(days)s days"),
        }[MeetingEvery(self.every)]
        return capfirst(
            words
            % {
                "weekday": self.get_weekday_display(),
                "week": str(self.get_week_display()).lower(),
                "day_of_month": self.day_of_month,
                "pasaran": self.get_pasaran_display(),
                "days": self.days,
            }
        )

    def clean(self) -> None:
        """Ask for the parts that the rhythm is made of, and empty the others."""
        parts = PARTS.get(self.every, ())
        for part in ALL_PARTS:
            if part not in parts:
                setattr(self, part, None)
        missing = [part for part in parts if part != "counted_from" and getattr(self, part) is None]
        if missing:
            raise ValidationError({part: ASKS[part] for part in missing})

    @property
    def rhythm(self) -> Rhythm:
        """The rhythm as pure arithmetic."""
        return Rhythm(
            self.every,
            self.agreed_from,
            weekday=self.weekday or 0,
            week=self.week or 1,
            days=self.days or 0,
            day_of_month=self.day_of_month or 1,
            pasaran=self.pasaran or 0,
            counted_from=self.counted_from,
        )


ASKS = {
    "weekday": _("Choose the day of the week."),
    "week": _("Choose which one in the month."),
    "day_of_month": _("Write the date, from 1 to 31."),
    "pasaran": _("Choose the pasaran."),
    "days": _("Write how many days from meeting to meeting."),
}
"""What is asked for where a part of a rhythm is missing."""


class MeetingMove(Recorded, Withdrawable):
    """An agreed meeting is on another day, or where `moved_to` is empty on none; a mistaken move is withdrawn."""

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="moves", verbose_name=_("group"))
    planned_on = models.DateField(_("agreed day"))
    moved_to = models.DateField(_("moved to"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=200)

    objects = WithdrawableQuerySet.as_manager()

    class Meta:
        verbose_name = _("moved meeting")
        verbose_name_plural = _("moved meetings")
        ordering = ["-planned_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="move_elsewhere", condition=Q(moved_to__isnull=True) | ~Q(moved_to=F("planned_on"))
            ),
            models.CheckConstraint(name="move_reason", condition=~Q(reason="")),
            withdrawn_by_somebody("move_withdrawn"),
            models.UniqueConstraint(
                name="move_planned_once",
                fields=["group", "planned_on"],
                condition=Q(withdrawn_at__isnull=True),
                violation_error_message=_("The meeting of this day was moved already."),
            ),
            models.UniqueConstraint(
                name="move_to_once",
                fields=["group", "moved_to"],
                condition=Q(withdrawn_at__isnull=True),
                violation_error_message=_("Another meeting was moved to this day already."),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        if self.moved_to is None:
            return gettext("%(day)s: no meeting") % {"day": date_format(self.planned_on)}
        return f"{date_format(self.planned_on)} → {date_format(self.moved_to)}"

    @property
    def move(self) -> Move:
        """The move as pure arithmetic."""
        return Move(self.planned_on, self.moved_to)
