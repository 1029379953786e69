"""A past month that a late record changes: a new record with its cause, and what was shown stays readable."""

from datetime import date
from unittest import mock

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from assessment.models import Assessment, AssessmentStatus, GroupSnapshot, RevisionCause, ScoreRevision, SnapshotScore
from assessment.services import assessment_finalise, snapshots
from assessment.services.snapshots import snapshots_write
from groups.models import Group, GroupStatus
from groups.services import group_status_change
from tests.assessment.groups import make_kembang_minus_outside, make_staff
from tests.factories import facilitator_of, make_group, make_meeting

pytestmark = pytest.mark.django_db
MONTH, END, TODAY = date(2026, 8, 1), date(2026, 8, 31), date(2026, 9, 5)


@pytest.fixture(scope="module")
def made(module_db):
    group = make_kembang_minus_outside(until=date(2026, 8, 4))
    with mock.patch.object(snapshots, "MONTHS", 60):
        snapshots_write(groups=Group.objects.all(), as_of=TODAY)
    return group.pk


@pytest.fixture
def group(made, monkeypatch):
    monkeypatch.setattr(snapshots, "MONTHS", 60)
    return Group.objects.get(pk=made)


def late_meeting(group, held_on=date(2026, 8, 25), **fields):
    return make_meeting(group, held_on, present_count=0, absent_count=10, saver_count=0, **fields)


def score():
    return SnapshotScore.objects.get(month=MONTH).score


def test_a_late_meeting_changes_the_month_and_keeps_what_was_shown(group):
    before = score()
    shown = Assessment.objects.get(as_of=END)
    late_meeting(group, closed_at="2026-11-29T10:00:00Z")
    snapshots_write(groups=Group.objects.all(), as_of=TODAY)
    assert score() != before
    [revision] = ScoreRevision.objects.filter(as_of=END)
    assert (revision.was_stage, revision.was_score, revision.indicators) == (shown.stage, before, shown.indicators)
    assert revision.now_score == score()


def test_the_cause_is_the_record_that_came_late(group):
    Assessment.objects.update(computed_at="2026-09-01T01:00:00Z")
    meeting = late_meeting(group, closed_at="2026-09-05T10:00:00Z")
    snapshots_write(groups=Group.objects.all(), as_of=TODAY)
    [revision] = ScoreRevision.objects.filter(as_of=END)
    assert (revision.cause, revision.cause_number, revision.cause_on) == (
        RevisionCause.MEETING, meeting.number, date(2026, 8, 25),
    )  # fmt: skip
    assert revision.cause_recorded_by == facilitator_of(group)


def test_nothing_is_written_where_nothing_changed(group):
    snapshots_write(groups=Group.objects.all(), as_of=TODAY)
    assert not ScoreRevision.objects.exists()


def test_a_final_score_is_never_revised(group):
    assessment_finalise(actor=make_staff(group), group=group, as_of=END)
    late_meeting(group)
    snapshots_write(groups=Group.objects.all(), as_of=TODAY)
    assert not ScoreRevision.objects.filter(as_of=END).exists()
    assert Assessment.objects.get(as_of=END).status == AssessmentStatus.FINAL


def test_a_month_after_dissolving_has_no_score_any_more(group):
    group_status_change(
        actor=facilitator_of(group), group=group, status=GroupStatus.DISSOLVED, on=date(2026, 8, 20), reason="bubar"
    )
    snapshots_write(groups=Group.objects.all(), as_of=TODAY)
    assert not SnapshotScore.objects.filter(month=MONTH).exists()
    [revision] = ScoreRevision.objects.filter(as_of=END)
    assert (revision.now_stage, revision.now_score) == ("", None)
    july = GroupSnapshot.objects.get(month=date(2026, 7, 1))
    assert july.status == GroupStatus.ACTIVE


def test_a_month_written_anew_keeps_where_the_group_was(group):
    Group.objects.update(kind="SOCIAL")
    late_meeting(group)
    snapshots_write(groups=Group.objects.all(), as_of=TODAY)
    kinds = dict(GroupSnapshot.objects.values_list("month", "kind"))
    assert kinds[MONTH] == "REVOLVING"
    assert kinds[None] == "SOCIAL"


def test_the_database_keeps_revisions(group):
    late_meeting(group)
    snapshots_write(groups=Group.objects.all(), as_of=TODAY)
    with pytest.raises(IntegrityError, match="no_update"), transaction.atomic():
        ScoreRevision.objects.update(was_score=1)
    with pytest.raises(IntegrityError, match="no_delete"), transaction.atomic():
        ScoreRevision.objects.all().delete()


class TestPages:
    def test_the_history_names_the_cause_and_leads_to_what_was_shown(self, client, group):
        Assessment.objects.update(computed_at="2026-09-01T01:00:00Z")
        late_meeting(group, closed_at="2026-09-05T10:00:00Z")
        snapshots_write(groups=Group.objects.all(), as_of=TODAY)
        client.force_login(facilitator_of(group))
        client.cookies["django_language"] = "en"
        page = client.get(f"/g/{group.code}/assessment/").content.decode()
        assert "Scored again: Meeting of 25 August 2026 recorded on 5 September 2026" in page
        revision = ScoreRevision.objects.get(as_of=END)
        shown = client.get(f"/g/{group.code}/assessment/shown/{revision.pk}/").content.decode()
        assert f"{revision.was_score} of 100 points" in shown

    def test_of_another_group_there_is_none(self, client, group):
        late_meeting(group)
        snapshots_write(groups=Group.objects.all(), as_of=TODAY)
        stranger = make_group()
        client.force_login(facilitator_of(stranger))
        pk = ScoreRevision.objects.first().pk
        assert client.get(f"/g/{stranger.code}/assessment/shown/{pk}/").status_code == 404


def test_the_number_of_statements_does_not_grow_with_the_groups(group):
    counts = []
    for size in (2, 6):
        while Group.objects.count() < size:
            make_kembang_minus_outside(facilitator_of(group), until=date(2026, 8, 4))
        snapshots_write(groups=Group.objects.all(), as_of=TODAY)
        for one in Group.objects.all():
            late_meeting(one, held_on=date(2026, 8, 20 + size))
        with CaptureQueriesContext(connection) as queries:
            snapshots_write(groups=Group.objects.all(), as_of=TODAY)
        counts.append(len(queries))
    assert counts[0] == counts[1]
