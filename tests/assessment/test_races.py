"""Several people score at once: real threads and real commits."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from assessment.models import Assessment, GroupSnapshot, Indicator, Instrument, SnapshotScore
from assessment.services import assessment_finalise, instrument_copy, instrument_publish, snapshots, snapshots_write
from groups.models import ChangedGroup, Group, Role
from tests.assessment.groups import AS_OF, make_staff
from tests.factories import make_group, make_member, make_user, save
from tests.meetings.test_races import at_once

pytestmark = pytest.mark.usefixtures("committed_db")


def test_snapshots_written_at_once_leave_one_latest():
    facilitator = make_user()
    for _ in range(3):
        make_group(facilitator)
    days = [AS_OF, AS_OF, AS_OF + timedelta(1), AS_OF + timedelta(2)]
    at_once(*(lambda day=day: snapshots_write(groups=Group.objects.all(), as_of=day) for day in days))
    latest = GroupSnapshot.objects.filter(month=None)
    assert [found.as_of for found in latest] == [AS_OF + timedelta(2)] * 3
    assert SnapshotScore.objects.filter(month=None).count() == 3


def test_what_is_posted_while_a_snapshot_is_written_is_in_it_or_marked():
    members = [make_member(make_group()) for _ in range(3)]
    today = timezone.localdate()

    def post():
        for _ in range(5):
            for member in members:
                save(member, 1000)

    at_once(post, *[lambda: snapshots_write(groups=Group.objects.all(), as_of=today)] * 2)
    unmarked = GroupSnapshot.objects.filter(month=None, group__changed=None)
    assert {found.savings for found in unmarked} <= {5000}
    snapshots_write(groups=Group.objects.all(), as_of=today)
    assert [found.savings for found in GroupSnapshot.objects.filter(month=None)] == [5000] * 3
    assert not ChangedGroup.objects.exists()


@pytest.mark.parametrize("is_marked", [False, True])
def test_a_record_that_no_lock_keeps_out_leaves_its_mark(is_marked, monkeypatch):
    """It is written by SQL while the writer reads, before the writer ends: the writer cannot have seen it."""
    group = make_group()
    if not is_marked:
        snapshots_write(groups=Group.objects.all(), as_of=timezone.localdate())
    reads, is_reading = snapshots.score_batch, threading.Event()

    def slow(*args, **kwargs):
        found = reads(*args, **kwargs)
        is_reading.set()
        time.sleep(0.3)
        return found

    monkeypatch.setattr(snapshots, "score_batch", slow)

    def write():
        is_reading.wait(10)
        group.cash_counts.create(counted_on=AS_OF, expected=0, counted=0, counted_by=group.recorded_by)

    at_once(write, lambda: snapshots_write(groups=Group.objects.all(), as_of=timezone.localdate()))
    assert ChangedGroup.objects.get().changed_from == AS_OF


def test_of_two_people_who_make_it_final_at_once_one_is_refused():
    group = make_group()
    staff = [make_staff(group), make_staff(group)]
    refused = []

    def finalise(actor):
        try:
            assessment_finalise(actor=actor, group=group, as_of=AS_OF)
        except ValidationError as error:
            refused.extend(error.messages)

    at_once(*(lambda s=s: finalise(s) for s in staff))
    assert len(refused) == 1
    assert Assessment.objects.get().finalised_by in staff


@pytest.fixture
def admin():
    return make_user(Role.ADMIN)


@pytest.fixture
def shipped():
    return Instrument.objects.get(code="kotaku", organisation=None)


def test_copies_made_at_once_are_one_draft(admin, shipped):
    copies = at_once(*[lambda: instrument_copy(actor=admin, instrument=shipped)] * 4)
    assert [copy.version for copy in copies] == [2, 2, 2, 2]
    assert len({copy.pk for copy in copies}) == 1


def test_of_two_versions_published_at_once_one_scores(admin, shipped):
    first = instrument_copy(actor=admin, instrument=shipped)
    Indicator.objects.filter(pk=first.indicators.first().pk).update(name_id="lain")
    drafts = [first, instrument_copy(actor=admin, instrument=shipped)]
    at_once(*(lambda draft=draft: instrument_publish(actor=admin, instrument=draft) for draft in drafts))
    statuses = Instrument.objects.filter(organisation=admin.organisation).values_list("status", flat=True)
    assert sorted(statuses) == ["PUBLISHED", "RETIRED"]


def heavier(admin, draft):
    """Return what saves the admin's page of an indicator with so much weight that the weights add up to 140."""
    client = Client()
    client.force_login(admin)
    url = f"/admin/assessment/indicator/{draft.indicators.get(number=1).pk}/change/"
    data = client.get(url).context["adminform"].form.initial
    data |= {"weight": 50, "levels-TOTAL_FORMS": 0, "levels-INITIAL_FORMS": 0}
    return lambda: client.post(url, data).status_code


def test_a_draft_is_not_published_while_it_is_edited(admin, shipped, monkeypatch):
    """The weights add up when the page is sent, and no more when it is saved."""
    draft = instrument_copy(actor=admin, instrument=shipped)
    edit = heavier(admin, draft)
    is_saved, save = threading.Event(), Indicator.save

    def slow(*args, **kwargs):
        save(*args, **kwargs)
        is_saved.set()
        time.sleep(0.3)

    monkeypatch.setattr(Indicator, "save", slow)

    def publish():
        is_saved.wait(10)
        with pytest.raises(ValidationError, match="140"):
            instrument_publish(actor=admin, instrument=draft)
        return "refused"

    assert at_once(edit, publish) == [302, "refused"]
    draft.refresh_from_db()
    assert draft.is_draft


def test_a_part_edited_while_it_was_published_is_refused(admin, shipped, monkeypatch):
    draft = instrument_copy(actor=admin, instrument=shipped)
    edit = heavier(admin, draft)
    instrument_publish(actor=admin, instrument=draft)
    monkeypatch.setattr("assessment.admin.InstrumentPart.may_edit", lambda *_args: True)  # as it was a moment before
    before = list(draft.indicators.values_list("pk", "weight"))
    assert edit() == 200  # the form again, with why
    assert list(draft.indicators.values_list("pk", "weight")) == before
