"""The first page: the facilitator's day, and where everybody else is sent."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from finance.models import CashCount
from groups.models import Role
from kelompok.selectors import due_meetings
from meetings.models import AgendaItem
from tests.factories import facilitator_of, make_group, make_member, make_members, make_officer, make_user
from tests.meetings.pages import post_correction, post_sheet, sign_in

pytestmark = pytest.mark.django_db
URL = reverse("home")
TODAY = timezone.localdate()


def weekly(facilitator=None, **fields):
    """A group that meets every week on today's weekday, founded four weeks ago."""
    rhythm = {"every": "WEEK", "weekday": TODAY.weekday()}
    group = make_group(facilitator, rhythm=rhythm, **{"founded_on": TODAY - timedelta(28), **fields})
    make_members(group, 2)
    return group


def hold(group, on, **fields):
    response = post_sheet(sign_in(group), group, held_on=on, **fields)
    assert response.status_code == 302, response.context["sheet"]


def test_a_group_never_met_is_due_since_its_first_agreed_day():
    group = weekly()
    (meeting,) = due_meetings(facilitator_of(group), as_of=TODAY)
    assert (meeting.due_on, meeting.last_held_on, meeting.days_late) == (TODAY - timedelta(28), None, 28)


def test_a_group_that_met_last_week_is_due_today():
    group = weekly()
    hold(group, TODAY - timedelta(7))
    (meeting,) = due_meetings(facilitator_of(group), as_of=TODAY)
    assert (meeting.due_on, meeting.last_held_on, meeting.days_late) == (TODAY, TODAY - timedelta(7), 0)


def test_a_group_that_met_today_is_due_in_a_week():
    group = weekly()
    hold(group, TODAY)
    (meeting,) = due_meetings(facilitator_of(group), as_of=TODAY)
    assert meeting.due_on == TODAY + timedelta(7)


def test_a_draft_is_no_meeting():
    group = weekly()
    post_sheet(sign_in(group), group, action="draft", held_on=TODAY)
    (meeting,) = due_meetings(facilitator_of(group), as_of=TODAY)
    assert meeting.last_held_on is None


def opens(group):
    """Where the button of the group's meeting leads on the facilitator's day."""
    browser = sign_in(group)
    content = browser.get(URL).content.decode()
    row = content[content.index('id="due-meetings"') : content.index('id="drafts"')]
    return row.split('btn-primary btn-sm" href="')[1].split('"')[0]


def test_the_draft_of_the_day_is_opened_and_not_a_second_one():
    group = weekly()
    assert opens(group) == reverse("meeting-new", args=[group.code]) + f"?held_on={TODAY - timedelta(28)}"
    post_sheet(sign_in(group), group, action="draft", held_on=TODAY)
    assert opens(group) == reverse("meeting-edit", args=[group.code, 1])


def test_a_draft_older_than_the_last_meeting_is_not_of_the_day():
    group = weekly()
    post_sheet(sign_in(group), group, action="draft", held_on=TODAY - timedelta(14))
    hold(group, TODAY - timedelta(7))
    assert opens(group) == reverse("meeting-new", args=[group.code]) + f"?held_on={TODAY}"


def test_a_new_sheet_names_the_drafts_begun():
    group = weekly()
    post_sheet(sign_in(group), group, action="draft", held_on=TODAY)
    page = sign_in(group).get(reverse("meeting-new", args=[group.code]))
    assert [draft.number for draft in page.context["drafts"]] == [1]
    assert reverse("meeting-edit", args=[group.code, 1]) in page.content.decode()


def test_dormant_groups_and_those_of_others_are_not_due():
    group = weekly(status="DORMANT")
    weekly()
    assert due_meetings(facilitator_of(group), as_of=TODAY) == []


def test_the_longest_due_comes_first(client):
    late = weekly()
    later = weekly(facilitator_of(late))
    hold(later, TODAY - timedelta(7))
    client.force_login(facilitator_of(late))
    assert [meeting.group for meeting in client.get(URL).context["due_meetings"]] == [late, later]


def test_the_day_shows_drafts_decisions_and_differences(client):
    group = weekly()
    hold(group, TODAY - timedelta(7), agenda_0_title="A", agenda_0_decision="Beli pakan", agenda_0_due_on=TODAY)
    post_sheet(sign_in(group), group, action="draft", held_on=TODAY)
    CashCount.objects.create(
        group=group, counted_on=TODAY, expected=10_000, counted=9_000, explanation="hilang",
        counted_by=facilitator_of(group),
    )  # fmt: skip
    client.force_login(facilitator_of(group))
    content = client.get(URL).content.decode()
    assert reverse("meeting-edit", args=[group.code, 2]) in content
    assert "Beli pakan" in content
    assert "−Rp\xa01.000" in content


def test_what_is_done_settled_or_far_off_is_not_shown(client):
    group = weekly()
    hold(group, TODAY - timedelta(7), agenda_0_title="A", agenda_0_decision="Selesai", agenda_0_due_on=TODAY)
    AgendaItem.objects.update(done_on=TODAY)
    hold(group, TODAY, agenda_0_title="B", agenda_0_decision="Nanti", agenda_0_due_on=TODAY + timedelta(30))
    CashCount.objects.create(group=group, counted_on=TODAY, expected=5, counted=5, counted_by=facilitator_of(group))
    client.force_login(facilitator_of(group))
    context = client.get(URL).context
    assert list(context["decisions"]) == []
    assert list(context["differences"]) == []
    assert list(context["drafts"]) == []


def decide(group, count):
    hold(group, TODAY, agenda_0_title="A", agenda_0_decision="Beli pakan 1", agenda_0_due_on=TODAY)
    meeting = group.meetings.get()
    AgendaItem.objects.bulk_create(
        AgendaItem(group=group, meeting=meeting, number=n, title="A", decision=f"Beli pakan {n}", due_on=TODAY)
        for n in range(2, count + 1)
    )


@pytest.mark.parametrize(("count", "shown"), [(10, 10), (11, 10)])
def test_more_decisions_than_a_day_holds_are_told_and_stand_on_their_own_page(client, count, shown):
    group = weekly()
    decide(group, count)
    client.force_login(facilitator_of(group))
    response = client.get(URL)
    assert len(response.context["decisions"]) == shown
    assert response.content.decode().count(reverse("decisions")) == (2 if count > shown else 1)


def test_a_corrected_decision_is_shown_once(client):
    group = weekly(founded_on=date(2025, 1, 7))
    browser = sign_in(group)
    post_sheet(browser, group, agenda_0_title="A", agenda_0_decision="Lama", agenda_0_due_on="2025-04-01")
    post_correction(browser, group, agenda_0_title="A", agenda_0_decision="Baru", agenda_0_due_on="2025-04-01")
    client.force_login(facilitator_of(group))
    assert [item.decision for item in client.get(URL).context["decisions"]] == ["Baru"]


def test_statements_do_not_grow_with_groups(client):
    group = weekly()
    client.force_login(facilitator_of(group))

    def live(group):
        hold(group, TODAY, agenda_0_title="A", agenda_0_decision="B", agenda_0_due_on=TODAY)
        post_sheet(sign_in(group), group, action="draft", held_on=TODAY)
        CashCount.objects.create(
            group=group, counted_on=TODAY, expected=2, counted=1, explanation="x", counted_by=facilitator_of(group)
        )

    def count():
        with CaptureQueriesContext(connection) as queries:
            client.get(URL)
        return len(queries)

    live(group)
    before = count()
    for _ in range(5):
        live(weekly(facilitator_of(group)))
    assert count() == before <= 8


def test_staff_go_to_the_dashboard(client):
    client.force_login(make_user(Role.STAFF))
    assert client.get(URL).url == reverse("dashboard")


def test_administrators_go_to_the_list(client):
    client.force_login(make_user(Role.ADMIN))
    assert client.get(URL).url == reverse("group-list")


def test_officers_go_to_their_group_until_their_term_ends(client):
    member = make_member(make_group())
    term = make_officer(member)
    client.force_login(make_user(Role.OFFICER, organisation=member.group.organisation, member=member))
    assert client.get(URL).url == reverse("group", args=[member.group.code])
    term.ended_on = TODAY
    term.save()
    response = client.get(URL)
    assert response.status_code == 200
    assert member.group.name not in response.content.decode()


def test_strangers_sign_in_first(client):
    assert client.get(URL).url == f"{reverse('login')}?next=/"
