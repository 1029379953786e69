"""Phases of mentoring a group, agreed with it at the start of each, and the review with which it ends."""

from __future__ import annotations

from datetime import date
from typing import Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from groups.models.group import Group
from groups.models.withdrawable import RecordedOnce, WithdrawableQuerySet, WithdrawableWithReason, withdrawn_with_reason

MOST_DAYS_BETWEEN_VISITS = 366
"""A group that is visited less often is not accompanied."""


class MentoringStage(models.TextChoices):
    """The three phases of mentoring, and its end."""

    FORMING = "FORMING", _("Forming the group")
    STRENGTHENING = "STRENGTHENING", _("Strengthening")
    ACCESS = "ACCESS", _("Access to a lender")
    ENDED = "ENDED", _("Mentoring ended")


class MentoringPhaseQuerySet(WithdrawableQuerySet["MentoringPhase"]):
    """Phases by date."""

    def begun(self, as_of: date) -> Self:
        """Return the valid phases that had begun by a day, the latest first."""
        return self.valid().filter(started_on__lte=as_of).order_by("-started_on", "-pk")


class MentoringPhase(RecordedOnce, WithdrawableWithReason):
    """What was agreed with a group when a phase of its mentoring began, or was made longer, on `started_on`.

    A phase lasts until the next one begins. `planned_until` and `mentoring_until` are the days agreed for the end of
    the phase and of all mentoring, `visit_every_days` how often the group is visited. Where a phase is made longer,
    `phase_since` is the day on which it began and `first_planned_until` its end as it was agreed then.
    """

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="mentoring_phases", verbose_name=_("group"))
    phase = models.CharField(_("phase"), max_length=13, choices=MentoringStage)
    started_on = models.DateField(_("from"))
    planned_until = models.DateField(_("planned end of the phase"), null=True, blank=True)
    mentoring_until = models.DateField(_("planned end of mentoring"), null=True, blank=True)
    criteria = models.TextField(_("what is to be reached by then"), blank=True)
    visit_every_days = models.PositiveSmallIntegerField(
        _("days between visits"), null=True, blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_DAYS_BETWEEN_VISITS)],
    )  # fmt: skip
    note = models.CharField(_("note"), max_length=200, blank=True)
    phase_since = models.DateField(_("phase since"), editable=False)
    first_planned_until = models.DateField(_("first planned end"), null=True, blank=True, editable=False)

    objects = MentoringPhaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("phase of mentoring")
        verbose_name_plural = _("phases of mentoring")
        ordering = ["-started_on", "-pk"]
        constraints = [
            models.UniqueConstraint(name="mentoring_key_once", fields=["group", "key"]),
            models.UniqueConstraint(
                name="mentoring_day_once",
                fields=["group", "started_on"],
                condition=Q(withdrawn_at__isnull=True),
                violation_error_message=_("Another phase begins on this day."),
            ),
            models.CheckConstraint(name="mentoring_phase", condition=Q(phase__in=MentoringStage.values)),
            models.CheckConstraint(
                name="mentoring_agreed",
                condition=Q(
                    phase=MentoringStage.ENDED, planned_until=None, mentoring_until=None, visit_every_days=None,
                    first_planned_until=None,
                )
                | ~Q(phase=MentoringStage.ENDED)
                & ~Q(criteria="")
                & Q(
                    planned_until__gt=F("started_on"), mentoring_until__gte=F("planned_until"),
                    visit_every_days__isnull=False, visit_every_days__gte=1,
                    visit_every_days__lte=MOST_DAYS_BETWEEN_VISITS,
                    first_planned_until__gt=F("phase_since"),
                ),
                violation_error_message=_(
                    "The phase ends after it begins, and mentoring not before it; say what is to be reached."
                ),
            ),
            models.CheckConstraint(name="mentoring_since", condition=Q(phase_since__lte=F("started_on"))),
            withdrawn_with_reason("mentoring_withdrawn"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.get_phase_display()}, {date_format(self.started_on)}"


class ExitReview(models.Model):
    """The review with which mentoring ends: what the group can do alone, in its books and among its people."""

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="exit_reviews", verbose_name=_("group"))
    phase = models.OneToOneField(
        MentoringPhase, on_delete=models.PROTECT, related_name="exit_review", verbose_name=_("phase")
    )
    present = models.TextField(_("who was there"))
    organisation = models.TextField(_("organisation of the group"))
    administration = models.TextField(_("administration"))
    capital = models.TextField(_("capital"))
    business = models.TextField(_("productive business"))
    network = models.TextField(_("network"))
    solidarity = models.TextField(_("how members help each other"))
    voice = models.TextField(_("how women and the poorest take part and decide"))
    conflicts = models.TextField(_("how the group settles quarrels"))
    relies_on = models.TextField(_("what the group still relies on others for"))
    helpers = models.TextField(_("whom it turns to from now on"))

    MONEY_AND_BOOKS = ("organisation", "administration", "capital", "business", "network")
    """The fields of the five key result areas."""
    SOCIAL = ("solidarity", "voice", "conflicts")
    """The fields of the social side."""
    AFTERWARDS = ("relies_on", "helpers")
    """The fields of what comes after."""

    class Meta:
        verbose_name = _("exit review")
        verbose_name_plural = _("exit reviews")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return str(self.phase)

    def said(self, names: tuple[str, ...]) -> list[tuple[str, str]]:
        """Return what was said in the fields `names`, as pairs of the question and the words."""
        return [(str(self._meta.get_field(name).verbose_name), getattr(self, name)) for name in names]  # type: ignore[union-attr]  # columns

    @property
    def of_books(self) -> list[tuple[str, str]]:
        """What was said about the five key result areas."""
        return self.said(self.MONEY_AND_BOOKS)

    @property
    def of_people(self) -> list[tuple[str, str]]:
        """What was said about the social side."""
        return self.said(self.SOCIAL)

    @property
    def of_afterwards(self) -> list[tuple[str, str]]:
        """What was said about the time after."""
        return self.said(self.AFTERWARDS)
