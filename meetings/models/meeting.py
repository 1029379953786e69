"""A meeting of a group, in one version."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from finance.models import CashCount, Entry
from groups.models import Group, Member
from groups.shared.clock import now


class MeetingStatus(models.TextChoices):
    """A draft posts nothing; a closed meeting is never edited; a corrected one was replaced by its successor."""

    DRAFT = "DRAFT", _("Draft")
    CLOSED = "CLOSED", _("Closed")
    CORRECTED = "CORRECTED", _("Corrected")


class Meeting(models.Model):
    """One meeting, in one version: a correction is a new version, and the old one stays readable.

    `number` is the meeting's address and never changes. Pages show the number by date (`selectors.numbered`) instead,
    because meetings are recorded late and out of order.

    A draft keeps the sheet as it was typed in `draft`. Closing writes `minutes` and the tallies; closed meetings never
    change, so they cannot go stale.
    """

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="meetings", verbose_name=_("group"))
    number = models.PositiveIntegerField(_("number"))
    version = models.PositiveIntegerField(_("version"), default=1)
    status = models.CharField(_("status"), max_length=9, choices=MeetingStatus, default=MeetingStatus.DRAFT)
    held_on = models.DateField(_("date"), null=True, blank=True)
    # Which meeting of its day it is, by the order of closing: 2 only where somebody said that it is another one. One
    # that was moved to a day with others is the last of it.
    of_day = models.PositiveSmallIntegerField(_("meeting of the day"), default=1, editable=False)
    place = models.CharField(_("place"), max_length=120, blank=True)
    leader = models.ForeignKey(
        Member, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("led by")
    )
    note_taker = models.ForeignKey(
        Member, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("minutes by")
    )
    draft = models.JSONField(_("draft"), null=True, blank=True)
    # What the meeting recorded, as `meetings.minutes_json` writes it.
    minutes = models.JSONField(_("minutes"), null=True, blank=True)
    # The key of the sheet, from its first draft to its closing; the ledger entry of closing carries the same one.
    key = models.UUIDField(_("idempotency key"))
    # What the sheet said that closed the meeting, as `groups.shared.content` marks it; "" where no form was sent.
    content = models.CharField(_("content of the sheet"), max_length=64, blank=True, editable=False)
    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, null=True, blank=True, related_name="meetings")
    cash_count = models.ForeignKey(CashCount, on_delete=models.PROTECT, null=True, blank=True, related_name="meetings")
    corrects = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="corrected_by"
    )
    reason = models.CharField(_("reason for the correction"), max_length=200, blank=True)

    member_count = models.PositiveSmallIntegerField(_("members"), default=0)
    present_count = models.PositiveSmallIntegerField(_("present"), default=0)
    late_count = models.PositiveSmallIntegerField(_("late"), default=0)
    represented_count = models.PositiveSmallIntegerField(_("represented"), default=0)
    excused_count = models.PositiveSmallIntegerField(_("excused"), default=0)
    absent_count = models.PositiveSmallIntegerField(_("absent"), default=0)
    saver_count = models.PositiveSmallIntegerField(_("members who paid compulsory savings"), default=0)
    agenda_count = models.PositiveSmallIntegerField(_("agenda items"), default=0)
    decision_count = models.PositiveSmallIntegerField(_("decisions"), default=0)
    critical_count = models.PositiveSmallIntegerField(_("critical matters"), default=0)
    critical_decided_count = models.PositiveSmallIntegerField(_("critical matters decided"), default=0)

    recorded_at = models.DateTimeField(_("recorded at"), default=now, editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("recorded by")
    )
    saved_at = models.DateTimeField(_("saved at"), default=now, editable=False)
    saved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("saved by")
    )
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)

    class Meta:
        verbose_name = _("meeting")
        verbose_name_plural = _("meetings")
        ordering = ["-held_on", "-of_day", "-number"]
        constraints = [
            models.UniqueConstraint(name="meeting_version_once", fields=["group", "number", "version"]),
            models.UniqueConstraint(
                name="meeting_number_once",
                fields=["group", "number"],
                condition=~Q(status=MeetingStatus.CORRECTED),
            ),
            models.UniqueConstraint(name="meeting_key_once", fields=["group", "key"]),
            # Two people who record the same meeting on two sheets must not post it twice.
            models.UniqueConstraint(
                name="meeting_day_once", fields=["group", "held_on", "of_day"], condition=Q(status=MeetingStatus.CLOSED)
            ),
            models.CheckConstraint(name="meeting_status", condition=Q(status__in=MeetingStatus.values)),
            models.CheckConstraint(
                name="meeting_closed_whole",
                condition=Q(
                    status=MeetingStatus.DRAFT, closed_at__isnull=True, entry__isnull=True, minutes__isnull=True
                )
                | (
                    ~Q(status=MeetingStatus.DRAFT)
                    & Q(closed_at__isnull=False, held_on__isnull=False, draft__isnull=True, minutes__isnull=False)
                ),
            ),
            models.CheckConstraint(
                name="meeting_correction_reason", condition=Q(corrects__isnull=True) | ~Q(reason="")
            ),
        ]
        indexes = [
            models.Index(fields=["group", "status", "-held_on"], name="meeting_group_date"),
            models.Index(fields=["group"], name="meeting_drafts", condition=Q(status=MeetingStatus.DRAFT)),
        ]

    def __str__(self) -> str:
        return f"{self.number}"

    @property
    def draft_version(self) -> str:
        """Which save of the draft this is: a form opened from an earlier one does not overwrite it unseen."""
        return self.saved_at.isoformat()

    @property
    def attended_count(self) -> int:
        """Members who were there, in time or late."""
        return self.present_count + self.late_count
