"""Kept months are those that would be counted now, or are not there."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from assessment.keeping import organisation_months_keep
from assessment.models import Assessment, KeptMonth
from assessment.months import LATENESS, PORTFOLIO, months_between, months_keep
from assessment.selectors.quality import count_lateness
from assessment.services import assess_groups
from finance.services.figures import figures_keep
from groups.models import Group, GroupStatus
from meetings.models import Meeting
from tests.assessment.groups import make_kembang_minus_outside
from tests.factories import (
    facilitator_of,
    lend,
    make_group,
    make_meeting,
    make_member,
    make_organisation,
    make_village,
    save,
)

TODAY = timezone.localdate()
MONTH = TODAY.replace(day=1)
LAST_MONTH = (MONTH - timedelta(10)).replace(day=1)
STAGES = "stages kotaku"
VILLAGE = "35.19.05.2003"


@pytest.fixture
def good(facilitator) -> Group:
    return make_kembang_minus_outside(facilitator, until=TODAY - timedelta(1))


def score(days_ago: int = 0) -> None:
    assess_groups(groups=Group.objects.all(), as_of=TODAY - timedelta(days_ago))


def keep(organisation) -> None:
    organisation_months_keep(organisation, today=TODAY)


def is_kept(subject: str, month=MONTH) -> bool:
    return KeptMonth.objects.filter(subject=subject, month=month).exists()


def held_last_month(group: Group, **fields) -> Meeting:
    held_on = MONTH - timedelta(10)
    return make_meeting(group, held_on, closed_at=datetime.combine(held_on, time(5), UTC), **fields)


@pytest.mark.django_db
class TestKept:
    def test_the_months_of_two_years_are_counted_once(self, organisation, good):
        score()
        assert organisation_months_keep(organisation, today=TODAY) == 3 * len(
            months_between(TODAY - timedelta(730), TODAY)
        )
        assert KeptMonth.objects.get(subject=STAGES, month=MONTH).counts == {"1": 1}
        assert organisation_months_keep(organisation, today=TODAY) == 0

    def test_pages_show_what_is_kept(self, staff_client, organisation, good):
        score()
        keep(organisation)
        KeptMonth.objects.filter(subject=STAGES, month=MONTH).update(counts={"2": 7})
        [month] = staff_client.get("/dashboard/").context["months"]
        assert month.counts == (0, 0, 7)

    def test_pages_with_a_filter_count_for_themselves(self, staff_client, organisation, good):
        score()
        keep(organisation)
        KeptMonth.objects.update(counts={})
        for query in (f"kind={good.kind}", "stage=TUMBUH", f"facilitator={facilitator_of(good).pk}"):
            assert staff_client.get(f"/dashboard/?{query}").context["frame"].organisation is None
        [month] = staff_client.get(f"/dashboard/?kind={good.kind}").context["months"]
        assert month.counts == (0, 1, 0)

    def test_another_organisation_has_its_own(self, staff_client, organisation, good):
        stranger = make_kembang_minus_outside(until=TODAY - timedelta(1))
        score()
        keep(stranger.organisation)
        assert [month.total for month in staff_client.get("/dashboard/").context["months"]] == [1]
        assert KeptMonth.objects.filter(organisation=organisation).count() == 0

    def test_lateness_with_and_without_kept_months_is_the_same(self, staff_client, organisation, good):
        held_last_month(make_group(facilitator_of(good)))
        before = staff_client.get("/dashboard/quality/").context["lateness"]
        keep(organisation)
        assert staff_client.get("/dashboard/quality/").context["lateness"] == before


@pytest.mark.django_db
class TestPortfolio:
    @pytest.fixture(autouse=True)
    def kept(self, organisation, good):
        save(make_member(good), 10_000, on=TODAY)
        figures_keep(Group.objects.all(), on=TODAY)
        keep(organisation)

    def test_its_sums_are_kept(self, staff_client):
        assert KeptMonth.objects.get(subject=PORTFOLIO, month=MONTH).counts["sums"] == [1, 10_000, 0, 0]
        before = staff_client.get("/portfolio/").context["months"].rows
        assert len(before) == 1
        KeptMonth.objects.all().delete()
        assert staff_client.get("/portfolio/").context["months"].rows == before

    def test_a_posting_takes_its_month_away(self, good):
        save(good.members.get(), 5_000, on=TODAY)
        assert not is_kept(PORTFOLIO)
        assert is_kept(PORTFOLIO, (MONTH - timedelta(1)).replace(day=1))

    def test_figures_kept_anew_take_it_away(self, good, organisation):
        save(good.members.get(), 5_000, on=TODAY)
        keep(organisation)
        assert KeptMonth.objects.get(subject=PORTFOLIO, month=MONTH).counts == {}
        figures_keep(Group.objects.all(), on=TODAY)
        assert not is_kept(PORTFOLIO)

    def test_a_new_group_takes_it_away_but_not_the_stages(self, facilitator):
        make_group(facilitator)
        assert not is_kept(PORTFOLIO)
        assert is_kept(STAGES)

    @pytest.mark.parametrize("change", [{"founded_on": TODAY}, {"village_id": VILLAGE}])
    def test_another_day_of_founding_or_village_takes_it_away(self, good, change):
        make_village(VILLAGE)
        Group.objects.filter(pk=good.pk).update(**change)
        assert not is_kept(PORTFOLIO)
        assert is_kept(STAGES)

    def test_the_figures_by_province_are_shown_as_they_are_kept(self, staff_client):
        kept = KeptMonth.objects.get(subject=PORTFOLIO, month=MONTH)
        kept.counts["regions"][""]["savings"] = 7
        kept.save()
        assert staff_client.get("/portfolio/").context["savings"] == 7

    def test_they_are_those_that_would_be_counted(self, staff_client, facilitator):
        member = make_member(make_group(facilitator, village=make_village(VILLAGE)))
        save(member, 900_000, on=TODAY - timedelta(140))
        lend(member, 800_000, disbursed_on=TODAY - timedelta(130), first_due=TODAY - timedelta(100))
        kept, counted = (staff_client.get(f"/portfolio/{query}").context for query in ("", "?kind=REVOLVING"))
        assert counted["frame"].organisation is None
        assert kept["figures"].lar == 1
        for name in ("figures", "class_chart", "savings"):
            assert kept[name] == counted[name]
        rows, same = ([list(row.cells) for row in found["regions"].rows] for found in (kept, counted))
        assert rows == same
        assert len(rows) == 2

    def test_a_reader_of_all_groups_keeps_the_month_of_the_day(self, staff_client, good):
        save(good.members.get(), 5_000, on=TODAY)
        for _ in range(2):
            assert staff_client.get("/portfolio/").context["savings"] == 15_000
            assert is_kept(PORTFOLIO)

    def test_a_reader_of_some_groups_keeps_nothing(self, staff_client, good):
        save(good.members.get(), 5_000, on=TODAY)
        assert staff_client.get(f"/portfolio/?kind={good.kind}").context["savings"] == 15_000
        assert not is_kept(PORTFOLIO)

    def test_a_month_of_an_earlier_day_is_not_taken_for_today(self, staff_client, good):
        kept = KeptMonth.objects.get(subject=PORTFOLIO, month=MONTH)
        kept.counts["as_of"] = (TODAY - timedelta(1)).isoformat()
        kept.counts["regions"] = {}
        kept.save()
        assert staff_client.get("/portfolio/").context["savings"] == 10_000


@pytest.mark.django_db
class TestForgotten:
    """Whoever writes what counts in a month takes its row away, services or not; other months stay."""

    @pytest.fixture(autouse=True)
    def kept(self, organisation, good):
        score()
        keep(organisation)
        assert is_kept(STAGES)

    def test_by_a_score_that_is_changed(self):
        Assessment.objects.update(rank=2)
        assert not is_kept(STAGES)
        assert is_kept(STAGES, (MONTH - timedelta(1)).replace(day=1))

    def test_by_a_new_score(self, facilitator):
        make_group(facilitator)
        score()
        assert not is_kept(STAGES)

    def test_by_a_score_that_is_deleted(self):
        Assessment.objects.all().delete()
        assert not is_kept(STAGES)

    def test_by_a_meeting_in_its_own_month_only(self, facilitator):
        meeting = held_last_month(make_group(facilitator))
        assert not is_kept(LATENESS, meeting.held_on.replace(day=1))
        assert is_kept(LATENESS)
        assert is_kept(STAGES)

    def test_by_a_draft_that_is_closed(self, organisation, facilitator):
        held_on = MONTH - timedelta(10)
        draft = make_meeting(make_group(facilitator), held_on, status="DRAFT", closed_at=None)
        assert is_kept(LATENESS, held_on.replace(day=1))
        Meeting.objects.filter(pk=draft.pk).update(
            status="CLOSED", closed_at=datetime.combine(held_on, time(5), UTC), entry=None
        )
        assert not is_kept(LATENESS, held_on.replace(day=1))

    def test_not_by_a_draft(self, facilitator):
        make_meeting(make_group(facilitator), MONTH - timedelta(10), status="DRAFT", closed_at=None)
        assert is_kept(LATENESS, (MONTH - timedelta(10)).replace(day=1))

    def test_by_a_group_that_is_dissolved(self, good):
        Group.objects.filter(pk=good.pk).update(status=GroupStatus.DISSOLVED)
        assert not KeptMonth.objects.exists()

    def test_of_both_organisations_by_a_group_that_moves(self, good):
        other = make_organisation()
        keep(other)
        Group.objects.filter(pk=good.pk).update(organisation=other)
        assert not KeptMonth.objects.exists()

    def test_not_of_another_organisation(self, good):
        other = make_organisation()
        keep(other)
        Assessment.objects.update(rank=2)
        assert KeptMonth.objects.filter(organisation=other, subject=STAGES, month=MONTH).exists()


def keep_beside_a_writer(*, waits: bool) -> bool:
    """Keep a month while somebody writes in it, who goes on in the end; return whether the keeper waited for that."""
    group = make_group()
    written, may_commit = threading.Event(), threading.Event()

    def write() -> None:
        with transaction.atomic():
            held_last_month(group)
            written.set()
            may_commit.wait(10)

    def count() -> None:
        written.wait(10)
        months_keep(group.organisation_id, LATENESS, [LAST_MONTH], count_lateness, waits=waits)

    writer, keeper = in_threads(write, count)
    written.wait(10)
    keeper.join(0.5 if waits or connection.vendor == "sqlite" else 10)
    waited = keeper.is_alive()
    assert not KeptMonth.objects.exists()
    may_commit.set()
    writer.join(10)
    keeper.join(10)
    assert Meeting.objects.count() == 1
    return waited


@pytest.mark.usefixtures("committed_db")
def test_a_month_is_counted_after_a_writer_who_is_under_way():
    assert keep_beside_a_writer(waits=True)
    assert [sum(map(sum, kept.counts.values())) for kept in KeptMonth.objects.all()] == [1]


@pytest.mark.usefixtures("committed_db")
def test_a_reader_keeps_nothing_while_a_writer_is_under_way():
    # SQLite lets nobody begin to write beside another.
    assert keep_beside_a_writer(waits=False) == (connection.vendor == "sqlite")


@pytest.mark.usefixtures("committed_db")
def test_a_writer_takes_away_a_month_that_was_being_counted():
    group = make_group()
    counting, may_keep = threading.Event(), threading.Event()

    def count(groups, months):
        found = count_lateness(groups, months)
        counting.set()
        may_keep.wait(10)
        return found

    def write() -> None:
        counting.wait(10)
        held_last_month(group)

    keeper, writer = in_threads(lambda: months_keep(group.organisation_id, LATENESS, [LAST_MONTH], count), write)
    counting.wait(10)
    writer.join(0.5)
    assert writer.is_alive(), "it waits for the keeper"
    may_keep.set()
    keeper.join(10)
    writer.join(10)
    assert Meeting.objects.count() == 1
    assert not KeptMonth.objects.exists()


def in_threads(*actions):
    """Start the actions in threads of their own."""

    def run(action) -> None:
        try:
            action()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[action]) for action in actions]
    for thread in threads:
        thread.start()
    return threads
