"""The records behind each indicator: what is listed adds up to what was measured."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from io import BytesIO
from random import Random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import load_workbook

from assessment import instruments
from assessment.instruments import in_force
from assessment.metrics import Evidence, Facts, all_metrics, evidence
from assessment.models import Instrument, SchemeUse
from assessment.services import assess_groups, instrument_copy, instrument_publish, instrument_retire
from finance.rules.lines import OtherMoney
from finance.tables.table import ColumnKind, Row, Table
from groups.models import Group, OfficerRole, Role
from groups.shared.clock import clock_set_to
from meetings.models import AgendaItem, Meeting
from tests.assessment.groups import make_kembang_minus_outside, make_staff, measure
from tests.factories import (
    FOUNDED,
    count_cash,
    facilitator_of,
    lend,
    make_activity,
    make_agreement,
    make_group,
    make_meeting,
    make_member,
    make_officer,
    make_partnership,
    make_user,
    other,
    repay,
    reverse,
    save,
)

pytestmark = pytest.mark.django_db

AS_OF = date(2025, 9, 30)


def make_busy_group() -> Group:
    """Eleven meetings, loans paid, late and reversed, counts, decisions, a member who left."""
    group = make_group(rules={"agreed_in_meeting": True}, bank_account_number="12", bank_name="BRI", bank_signatories=2)
    members = [make_member(group, number=number) for number in range(1, 5)]
    make_officer(members[0])
    make_officer(members[1], "BENDAHARA", ended_on=date(2025, 6, 1))
    for member in members:
        save(member, 3_000_000)
        save(member, 500_000, on=date(2025, 8, 1))
    make_member(group, left_on=date(2025, 7, 1))
    first, late, second = (lend(member) for member in members[:3])
    repay(first, 826_000, date(2025, 9, 10))
    repay(late, 118_000, date(2025, 3, 10))
    reverse(repay(second, 118_000, date(2025, 3, 10)))
    repay(second, 2_000, date(2025, 12, 1))
    counts = [count_cash(group, 5_000_000 + week, on=date(2025, 6, 1) + timedelta(7 * week)) for week in range(10)]
    for week in range(11):
        meeting = make_meeting(
            group,
            date(2025, 3, 20) + timedelta(21 * week),
            present_count=week % 7,
            late_count=1,
            represented_count=week % 2,
            saver_count=week % 9,
            agenda_count=week % 2,
            decision_count=1,
            critical_count=week % 3,
            critical_decided_count=min(1, week % 3),
            cash_count=counts[week] if week < 10 else None,
        )
        decided = {"decision": "beli pakan", "due_on": meeting.held_on + timedelta(9)}
        done_on = meeting.held_on + timedelta(5 + 60 * (week % 2))
        AgendaItem.objects.create(group=group, meeting=meeting, number=1, title="Pakan", done_on=done_on, **decided)
    other(group, OtherMoney.SOCIAL_IN, 40_000, on=date(2025, 6, 3))
    reverse(other(group, OtherMoney.SOCIAL_IN, 7_000, on=date(2025, 6, 4)))
    other(group, OtherMoney.SOCIAL_OUT, 15_000, on=date(2025, 6, 20))
    partnership = make_partnership(group)
    buyer = make_agreement(partnership, starts_on=date(2025, 3, 1), ends_on=date(2025, 8, 1)).partner
    make_activity(group, buyer, partnership=partnership, held_on=date(2025, 3, 3))
    make_activity(group, held_on=date(2025, 6, 1), kind="TALKS")
    make_activity(group, held_on=date(2025, 9, 30))
    return group


@pytest.fixture(scope="module")
def made(module_db):
    made = make_busy_group()
    make_busy_group()  # another group's records are never among them
    return made.pk


@pytest.fixture
def busy(made):
    return Group.objects.get(pk=made)


def sums(*facts: str, table: int = 0) -> Callable[[Evidence], Facts]:
    """The numbers of the last row are these facts, in order."""

    def of(found: Evidence) -> Facts:
        numbers = [cell for cell in found.tables[table].rows[-1].cells if isinstance(cell, int)]
        return dict(zip(facts, numbers, strict=True))

    return of


def rows(table: Table) -> list[Row]:
    return [row for row in table.rows if not row.is_total]


def of_meetings(*facts: str) -> Callable[[Evidence], Facts]:
    """As `sums`, and the number of meetings."""

    def of(found: Evidence) -> Facts:
        meetings = len(rows(found.tables[0]))
        return {"of": meetings, "meetings": meetings, **sums(*facts)(found)}

    return of


ADDS_UP: dict[str, Callable[[Evidence], Facts]] = {
    "meeting_regularity": lambda found: {
        "held": found.tables[0].rows[-2].cells[-1],
        "expected": found.tables[0].rows[-1].cells[-1],
        "days": int(found.tables[0].rows[-1].cells[0].split()[2]),
    },
    "attendance": of_meetings("of", "counted", "represented"),
    "agenda": of_meetings("counted"),
    "savings_regularity": of_meetings("of", "counted"),
    "rules_in_force": lambda found: {
        "level": next((1 + ("meeting" in row.cells[2]) for table in found.tables for row in rows(table)), 0)
    },
    "repayment_rate": lambda found: {
        "due": found.tables[0].rows[-1].cells[1],
        "paid": found.tables[0].rows[-1].cells[2],
        "loans": len(rows(found.tables[0])),
        "late": sum(row.cells[3] > 0 for row in rows(found.tables[0])),
        "written_off": sum("(" in row.cells[0] for row in rows(found.tables[0])),
    },
    "books_complete": of_meetings("counted"),
    "bank_account": lambda found: {
        "level": min(2, found.tables[0].rows[0].cells[1]),
        "signatories": found.tables[0].rows[0].cells[1],
    },
    "critical_matters": lambda found: sums("raised", "decided")(found) | {"meetings": len(found.records["meetings"])},
    "decisions_followed_up": lambda found: sums("done")(found) | {"due": len(rows(found.tables[0]))},
    "savings_growth": sums("now", "members", "then", "members_then"),
    "portfolio_quality": sums("balance", "late"),
    "internal_lending": sums("borrowers", "members"),
    "officers_in_place": lambda found: {"held": len({row.cells[0] for row in rows(found.tables[0])})},
    "cash_settled": lambda found: sums("settled")(found) | {"counts": len(rows(found.tables[0]))},
    "social_fund_used": sums("received", "given"),
    "external_activities": lambda found: (
        sums("talks", "joint", "agreed")(found) | {"known": len(found.records["activities"])}
    ),
}
"""What the tables of each metric add up to, read off the page."""


@pytest.mark.parametrize("as_of", [AS_OF, date(2025, 7, 1), date(2025, 3, 3), date(2025, 1, 6)])
@pytest.mark.parametrize("metric", all_metrics())
def test_what_is_listed_adds_up_to_what_was_measured(busy, metric, as_of):
    assert ADDS_UP[metric](evidence(metric, busy, as_of)) == measure(metric, busy, as_of).facts


def make_random_group(chance: Random) -> Group:
    """Members who come, go, save and borrow, officers, meetings, counts, decisions and a social fund, at random."""
    group = make_group(
        rules={"agreed_in_meeting": chance.random() < 0.5},
        rhythm={"every": chance.choice(["WEEK", "FORTNIGHT"]), "weekday": 3} if chance.random() < 0.6 else {},
        bank_account_number="12",
        bank_signatories=2,
    )

    def day(first: date = FOUNDED) -> date:
        return first + timedelta(chance.randrange((date(2025, 12, 31) - first).days))

    for number in range(1, 8):
        member = make_member(group, number=number, joined_on=day() if number > 4 else FOUNDED)
        save(member, 1_000_000 * number, on=day(member.joined_on))
        if chance.random() < 0.6:
            save(member, 50_000, "WAJIB", on=day(member.joined_on))
        if number <= 3:
            ended_on = chance.choice([None, day(date(2025, 3, 1))])
            make_officer(member, OfficerRole.values[number - 1], started_on=FOUNDED, ended_on=ended_on)
    save(group.members.get(number=1), 9_000_000, on=FOUNDED)
    for member in group.members.filter(number__lte=4):
        loan = lend(member)
        for _ in range(chance.randrange(4)):
            entry = repay(loan, chance.choice([17_000, 59_000, 118_000]), on=day(date(2025, 3, 1)))
            if chance.random() < 0.3:
                reverse(entry)
    for days in sorted(chance.sample(range(1, 350), 20)):
        held_on = FOUNDED + timedelta(days)
        difference = chance.choice([0, 0, 500])
        count = count_cash(group, difference, on=held_on) if chance.random() < 0.8 else None
        meeting = make_meeting(
            group, held_on, present_count=chance.randrange(9), late_count=chance.randrange(2),
            represented_count=chance.randrange(2), saver_count=chance.randrange(10), agenda_count=chance.randrange(2),
            decision_count=chance.randrange(2), critical_count=2, critical_decided_count=chance.randrange(3),
            cash_count=count, closed_at=datetime.combine(held_on + timedelta(chance.randrange(12)), time(12), UTC),
        )  # fmt: skip
        done_on = chance.choice([None, day(held_on)])
        AgendaItem.objects.create(
            group=group, meeting=meeting, number=1, title="Pakan", decision="beli", due_on=day(held_on), done_on=done_on
        )
    for _ in range(3):
        other(group, OtherMoney.SOCIAL_IN, 40_000, on=day())
    other(group, OtherMoney.SOCIAL_OUT, 9_000, on=date(2025, 12, 31))
    partnership = make_partnership(group)
    make_agreement(partnership, starts_on=day(), ends_on=chance.choice([None, date(2025, 12, 31)]))
    for _ in range(chance.randrange(5)):
        kind, within = chance.choice(["TALKS", "CAPITAL", "MARKETING"]), chance.choice([None, partnership])
        make_activity(group, held_on=day(), kind=kind, partnership=within)
    for member in group.members.filter(number__in=chance.sample(range(1, 8), 2)):
        member.left_on = max(member.joined_on, day(date(2025, 6, 1)))
        group.officer_terms.filter(member=member).exclude(ended_on__lt=member.left_on).update(ended_on=member.left_on)
        member.save()
    return group


@pytest.mark.parametrize("seed", range(4))
def test_it_adds_up_for_random_groups_and_days(seed):
    chance = Random(seed)
    group = make_random_group(chance)
    for _ in range(4):
        as_of = FOUNDED + timedelta(chance.randrange(60, 400))
        for metric in all_metrics():
            listed = ADDS_UP[metric](evidence(metric, group, as_of))
            assert listed == measure(metric, group, as_of).facts, (metric, as_of)


@pytest.mark.parametrize("as_of", [AS_OF, date(2025, 3, 3)])
def test_a_rate_of_repayment_is_what_the_loans_listed_paid(busy, as_of):
    table = evidence("repayment_rate", busy, as_of).tables[0]
    for row in table.rows:
        assert row.cells[1] - row.cells[2] == row.cells[3]


def test_the_empty_rules_of_registration_are_no_record():
    group = make_group(rules={"wajib": 0, "missed_wajib": "ASKED", "fine_late": 0, "loan_max_periods": 12})
    assert measure("rules_in_force", group, AS_OF).facts == {"level": 0}
    assert evidence("rules_in_force", group, AS_OF) == Evidence([], {})


@pytest.mark.parametrize("metric", all_metrics())
def test_the_number_of_statements_does_not_grow_with_the_records(busy, metric):
    counts = []
    for group in (make_group(facilitator_of(busy)), busy):
        with CaptureQueriesContext(connection) as queries:
            tables = evidence(metric, group, AS_OF).tables
            for table in tables:
                list(table.page_rows())
        counts.append(len(queries))
    assert max(counts) <= 8


def missing(metric: str, group: Group) -> list[object]:
    """What each meeting lacks, the newest meeting first."""
    table = evidence(metric, group, AS_OF).tables[0]
    return [row.cells[2] for row in table.rows if not row.is_total]


def test_books_that_are_not_complete_say_what_is_missing():
    group = make_group()
    for days, (counted, closed_after) in enumerate(((500, 0), (None, 0), (500, 0), (0, 9))):
        day = AS_OF - timedelta(20 + days)
        count = count_cash(group, counted, on=day) if counted is not None else None
        closed_at = datetime.combine(day + timedelta(closed_after), time(12), UTC)
        make_meeting(group, day, cash_count=count, closed_at=closed_at)
    assert missing("books_complete", group) == [
        "", "cash not counted", "cash difference open", "closed after more than 7 days",
    ]  # fmt: skip


def test_the_meetings_that_were_held_stand_beside_those_agreed(busy):
    found = evidence("meeting_regularity", busy, AS_OF)
    *_meetings, held, agreed = found.tables[0].rows
    facts = measure("meeting_regularity", busy, AS_OF).facts
    assert (held.cells[-1], agreed.cells[-1]) == (facts["held"], facts["expected"])


def test_an_agenda_that_does_not_count_says_what_is_missing():
    group = make_group()
    for days, (items, decisions) in enumerate(((1, 1), (0, 0), (1, 0))):
        make_meeting(group, AS_OF - timedelta(days), agenda_count=items, decision_count=decisions)
    assert missing("agenda", group) == ["", "no agenda item", "no decision"]


@pytest.mark.parametrize(
    ("metric", "name"),
    [("decisions_followed_up", "By when"), ("decisions_followed_up", "Done on"), ("internal_lending", "Running loans")],
)
def test_what_would_not_say_what_it_is_has_its_name_where_a_phone_folds_it(busy, metric, name):
    [table] = evidence(metric, busy, AS_OF).tables
    assert name in {cell.label for row in table.page_rows() for cell in (row.below, *row.folded) if cell}


class TestPage:
    @pytest.fixture
    def group(self):
        return make_kembang_minus_outside(until=timezone.localdate())

    @pytest.fixture
    def page(self, client, group):
        client.force_login(facilitator_of(group))
        client.cookies["django_language"] = "en"

        def get(indicator: str, query: str = "") -> str:
            response = client.get(f"/g/{group.code}/assessment/evidence/{indicator}/{query}")
            assert response.status_code == 200
            return " ".join(response.content.decode().split())

        return get

    def test_it_links_to_the_very_meetings(self, page, group):
        html = page("attendance")
        numbers = [number for number in range(1, 7) if f'href="/g/{group.code}/meetings/{number}/"' in html]
        assert numbers == [3, 4, 5, 6]

    def test_the_last_line_is_the_sum(self, page):
        html = page("attendance")
        total = html[html.rindex('<tr class="fw-bold">') :].split("</tr>")[0]
        assert total.count(">40</td>") == 2

    def test_as_of_a_day(self, page, group):
        newest = Meeting.objects.filter(group=group).latest("number").held_on
        html = page("attendance", f"?as_of={newest - timedelta(1)}")
        assert f'href="/g/{group.code}/meetings/6/"' not in html

    @pytest.mark.parametrize("day", ["kemarin", "2024-12-31", "2999-01-01", "9" * 20])
    def test_a_wrong_day_gets_a_message_and_shows_today(self, page, group, day):
        html = page("attendance", f"?as_of={day}")
        assert "invalid-feedback" in html
        assert f'href="/g/{group.code}/meetings/6/"' in html

    def test_a_loan_leads_to_its_card(self, client, page, group):
        member = make_member(group)
        save(member, 2_000_000)
        lend(member)
        assert f'href="/g/{group.code}/books/loans/1/"' in page("repayment")

    def test_a_difference_is_listed_with_its_count(self, page):
        assert "Cash counts" in page("books")

    @pytest.fixture
    def file(self, client, page, group):
        def get(indicator: str, query: str = ""):
            return client.get(f"/g/{group.code}/assessment/evidence/{indicator}/?format=csv{query}")

        return get

    def test_each_table_is_a_file(self, page, file, group):
        html = page("books")
        assert 'href="?table=1&amp;format=csv"' in html
        assert 'href="?table=2&amp;format=xlsx"' in html
        meetings, counts = (file("books", f"&table={number}") for number in (1, 2))
        assert meetings.content.decode("utf-8-sig").splitlines()[0] == "Meeting,Date,What is missing,Books complete"
        assert counts.content.decode("utf-8-sig").startswith("Cash count,Date,")
        assert f"{group.number_shown}-bukti-books-2-" in counts["Content-Disposition"]

    def test_a_file_is_as_of_the_day_asked_for(self, file, group):
        newest = Meeting.objects.filter(group=group).latest("number").held_on
        assert "Meeting 6" in file("attendance").content.decode()
        assert "Meeting 6" not in file("attendance", f"&as_of={newest - timedelta(1)}").content.decode()

    def test_a_spreadsheet_says_which_indicator(self, client, page, group):
        response = client.get(f"/g/{group.code}/assessment/evidence/attendance/?format=xlsx")
        assert load_workbook(BytesIO(response.content)).active["A1"].value.endswith(": Meetings")

    @pytest.mark.parametrize("number", ["0", "9", "x", "", "-1", "9" * 30])
    def test_a_wrong_number_gives_one_that_is_there(self, file, number):
        assert file("books", f"&table={number}")["Content-Type"].startswith("text/csv")

    def test_without_records_there_is_no_file(self, client):
        group = make_group()
        Group.objects.update(founded_on=group.founded_on - timedelta(9))
        client.force_login(facilitator_of(group))
        before_rules = group.founded_on - timedelta(1)
        response = client.get(f"/g/{group.code}/assessment/evidence/rules/?format=csv&as_of={before_rules}")
        assert response["Content-Type"].startswith("text/html")

    def test_files_of_another_organisation_are_not_found(self, client, file):
        client.force_login(make_staff())
        assert file("attendance").status_code == 404

    @pytest.mark.parametrize("indicator", ["member-business", "nothing"])
    def test_what_is_not_measured_has_no_evidence(self, client, group, indicator):
        SchemeUse.objects.create(organisation=group.organisation, scheme="bina-swadaya", is_primary=True)
        client.force_login(facilitator_of(group))
        assert client.get(f"/g/{group.code}/assessment/evidence/{indicator}/").status_code == 404

    def test_the_stage_page_leads_here(self, client, page, group):
        html = client.get(f"/g/{group.code}/assessment/").content.decode()
        assert f'href="/g/{group.code}/assessment/evidence/attendance/"' in html

    def test_another_organisation_is_not_found(self, client, group):
        client.force_login(make_staff())
        assert client.get(f"/g/{group.code}/assessment/evidence/attendance/").status_code == 404


class TestInstrumentOfTheDay:
    """A version that counts no attendance any more, published two days ago; the one before it since ten days."""

    TODAY = date(2026, 12, 1)

    @pytest.fixture(autouse=True)
    def group(self, client, monkeypatch):
        monkeypatch.setattr("django.utils.timezone.now", lambda: datetime(2026, 12, 1, 3, tzinfo=UTC))
        group = make_kembang_minus_outside(until=self.TODAY)
        self.admin = make_user(Role.ADMIN, organisation=group.organisation)
        self.first = self.publish(in_force(group.organisation_id), 10, name_id="Pertama")
        client.force_login(facilitator_of(group))
        return group

    def publish(self, model, days_ago, attendance=True, **names):
        """Publish a copy as of some days ago."""
        with clock_set_to(datetime(2026, 12, 1, 3, tzinfo=UTC) - timedelta(days_ago)):
            copy = instrument_copy(actor=self.admin, instrument=model)
            Instrument.objects.filter(pk=copy.pk).update(**names)
            if not attendance:
                copy.indicators.filter(code="attendance").update(code="presence")
            instrument_publish(actor=self.admin, instrument=copy)
        copy.refresh_from_db()
        return copy

    def publish_second(self):
        return self.publish(self.first, 2, attendance=False, name_id="Kedua")

    def shown(self, client, group, days_ago, indicator="attendance"):
        address = f"/g/{group.code}/assessment/evidence/{indicator}/"
        answer = client.get(address, {"as_of": self.TODAY - timedelta(days_ago)})
        return answer.context["current"].instrument if answer.status_code == 200 else None

    def test_a_past_day_is_by_the_instrument_in_force_on_it(self, client, group):
        second = self.publish_second()
        assert self.shown(client, group, 3) == self.first
        assert self.shown(client, group, 2) is None
        assert self.shown(client, group, 2, "presence") == second
        assert self.shown(client, group, 0, "presence") == second

    def test_a_stored_score_is_by_its_own_version(self, client, group):
        assess_groups(groups=Group.objects.filter(pk=group.pk), as_of=self.TODAY - timedelta(1))
        self.publish_second()
        assert self.shown(client, group, 1) == self.first
        assert self.shown(client, group, 2) is None

    def test_today_is_by_the_one_in_force_whatever_was_stored(self, client, group):
        assess_groups(groups=Group.objects.filter(pk=group.pk), as_of=self.TODAY)
        second = self.publish_second()
        assert self.shown(client, group, 0) is None
        assert self.shown(client, group, 0, "presence") == second

    def test_before_any_was_published_it_is_by_the_first(self, client, group):
        self.publish_second()
        first = Instrument.objects.filter(code=self.first.code, published_at__isnull=False).earliest("published_at")
        assert self.shown(client, group, 600) == first

    def retire_first(self, days_ago):
        with clock_set_to(datetime(2026, 12, 1, 3, tzinfo=UTC) - timedelta(days_ago)):
            instrument_retire(actor=self.admin, instrument=self.first)
        return Instrument.objects.get(organisation=None, code=self.first.code)

    def test_one_that_was_retired_without_another_counts_until_then(self, client, group):
        shared = self.retire_first(3)
        shown = [self.shown(client, group, days_ago) for days_ago in (11, 10, 5, 4, 3, 0)]
        assert shown == [self.first, self.first, self.first, self.first, shared, shared]

    def test_so_does_it_for_a_month_that_is_scored_anew(self, group):
        """A record that came late changes a past month; the version in force then says how much it is worth."""
        shared = self.retire_first(3)
        assert [self.scored(group, days_ago) for days_ago in (5, 3)] == [self.first, shared]
        second = self.publish(shared, 1, attendance=False)
        assert [self.scored(group, days_ago) for days_ago in (5, 1, 0)] == [self.first, second, second]

    def scored(self, group, days_ago):
        outcomes = []
        day = self.TODAY - timedelta(days_ago)
        assess_groups(groups=Group.objects.filter(pk=group.pk), as_of=day, report=outcomes.extend)
        return outcomes[0].instrument

    def test_of_two_published_later_the_first_scores_a_day_before_both(self, group):
        self.publish_second()
        found = instruments.in_use_on(self.TODAY - timedelta(400), instruments.versions_in_use(group.organisation_id))
        assert found[self.first.code] == Instrument.objects.filter(
            code=self.first.code, published_at__isnull=False
        ).earliest("published_at")
        only = instruments.in_use_on(self.TODAY - timedelta(400), [self.first])
        assert only == {self.first.code: self.first}

    def test_where_all_had_retired_there_is_none(self):
        self.retire_first(3)
        self.first.refresh_from_db()
        assert instruments.in_use_on(self.TODAY - timedelta(3), [self.first]) == {}
        assert instruments.in_use_on(self.TODAY - timedelta(4), [self.first]) == {self.first.code: self.first}

    def test_the_one_of_another_organisation_counts_for_nothing(self, client, group):
        stranger = make_user(Role.ADMIN)
        instrument_publish(actor=stranger, instrument=instrument_copy(actor=stranger, instrument=in_force(None)))
        assert self.shown(client, group, 3) == self.first


@pytest.mark.parametrize("metric", all_metrics())
def test_a_phone_has_room_for_the_columns_it_shows(metric):
    for table in evidence(metric, make_busy_group(), AS_OF).tables:
        on_phone = [column.kind for column in table.columns if column.on_phone]
        assert len(on_phone) <= 4
        wide = sum(kind in (ColumnKind.MONEY, ColumnKind.DATE) for kind in on_phone)
        assert wide <= 2
        assert len(on_phone) <= 3 or not wide
