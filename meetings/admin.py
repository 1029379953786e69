"""Django admin of visits, to look at only: they are recorded on the site."""

from __future__ import annotations

from django.contrib import admin

from groups.admin import ReadOnlyAdmin, RecordAdmin
from meetings.models import FollowUp, Letter, MonthReport, PlannedVisit, Training, Visit


@admin.register(PlannedVisit)
class PlannedVisitAdmin(RecordAdmin):
    """Visits that were planned, those called off among them."""

    list_display = ["group", "planned_on", "visitor", "task", "withdrawn_at"]
    list_filter = ["task"]
    list_select_related = ["group", "visitor"]


@admin.register(Visit)
class VisitAdmin(RecordAdmin):
    """Visits that were made, those withdrawn among them."""

    list_display = ["group", "visited_on", "visitor", "visitor_name", "task", "recorded_by", "withdrawn_at"]
    list_filter = ["role", "task"]
    list_select_related = ["group", "visitor", "recorded_by"]


@admin.register(Training)
class TrainingAdmin(RecordAdmin):
    """Trainings, those withdrawn among them."""

    list_display = ["group", "held_on", "subject", "trainer", "hours", "recorded_by", "withdrawn_at"]
    list_select_related = ["group", "recorded_by"]


@admin.register(Letter)
class LetterAdmin(RecordAdmin):
    """Letters received and sent, those withdrawn among them."""

    list_display = ["group", "dated_on", "direction", "other", "subject", "recorded_by", "withdrawn_at"]
    list_filter = ["direction"]
    list_select_related = ["group", "recorded_by"]


@admin.register(FollowUp)
class FollowUpAdmin(RecordAdmin):
    """What is to follow from visits."""

    list_display = ["group", "what", "who", "due_on", "done_on"]
    list_filter = [("done_on", admin.EmptyFieldListFilter)]
    list_select_related = ["group"]


@admin.register(MonthReport)
class MonthReportAdmin(ReadOnlyAdmin):
    """Reports of months, in all their versions."""

    organisation_path = "organisation"
    list_display = ["author", "month", "version", "recorded_at"]
    list_select_related = ["author"]
