"""The demo data at its default size: consistent to the rupiah, with what the guide's samples promise."""

from collections import Counter
from datetime import date, timedelta
from io import StringIO
from itertools import pairwise

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import Count, F, Q
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone, translation

from assessment.models import Assessment, Review, SnapshotScore
from assessment.selectors.dashboard import Filters
from assessment.selectors.signals import alike_facilitators
from assessment.signals import all_signals, read_hits
from finance.models import (
    AccountKind,
    CashCount,
    Cover,
    Entry,
    EntryKind,
    InventoryItem,
    InventoryWriteDown,
    Loan,
    LoanRequest,
    Obligation,
    ObligationKind,
    SurplusDivision,
    SurplusPart,
    Transfer,
)
from finance.selectors import performance
from groups.models import (
    FacilitatorAssignment,
    Group,
    GroupStatus,
    MeetingMove,
    MeetingRhythm,
    Member,
    OfficerTerm,
    Role,
    User,
)
from kelompok.demo import words
from kelompok.demo.organisations import PASSWORD
from kelompok.demo.plans import minute_book_founding
from meetings.models import AgendaItem, Attendance, AttendanceStatus, Meeting, MeetingStatus
from meetings.sheet.context import open_sheet
from meetings.sheet.form import Sheet
from tests.assessment.groups import months_ago
from tests.finance.test_histories import hledger_balances, our_balances

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo")]


@pytest.fixture(scope="module")
def demo(module_db):
    """One run for all the tests of this module."""
    with override_settings(DEBUG=True), translation.override("id"):
        call_command("demo", groups=24, months=14, seed=1, verbosity=0)
    # Check the deferred keys once, not again after each test.
    connection.check_constraints()


def test_the_ledger_is_consistent():
    call_command("verify_ledger", stdout=StringIO())
    for kind in (AccountKind.LOAN, AccountKind.SERVICE_FEE, AccountKind.WAJIB, AccountKind.SUKARELA, AccountKind.FINE):
        assert Transfer.objects.filter(credit_account__kind=kind).exists(), kind


@pytest.mark.hledger
@pytest.mark.parametrize("name", [words.WITH_LOAN, words.SHOWING["late_night_batches"]])
def test_hledger_reads_the_same_balances(name):
    group = Group.objects.get(name=name)
    assert hledger_balances(group) == our_balances(group)


def test_a_meeting_and_its_entry_are_one_action():
    meetings = Meeting.objects.filter(entry__isnull=False)
    assert meetings.exists()
    assert not meetings.exclude(key=F("entry__key"), held_on=F("entry__effective_on")).exists()
    assert not meetings.exclude(entry__kind=EntryKind.MEETING, closed_at__date__gte=F("held_on")).exists()
    assert Entry.objects.filter(kind=EntryKind.MEETING).count() == meetings.count()


def test_tallies_count_the_rows():
    tallies = {f"{status.lower()}_count": Q(attendances__status=status) for status in AttendanceStatus.values}
    attendance = Meeting.objects.filter(status=MeetingStatus.CLOSED).annotate(
        rows=Count("attendances"), **{f"{name}_now": Count("attendances", filter=q) for name, q in tallies.items()}
    )
    assert not attendance.exclude(rows=F("member_count"), **{name: F(f"{name}_now") for name in tallies}).exists()
    decided = ~Q(agenda__decision="") & Q(agenda__isnull=False)
    agenda = Meeting.objects.filter(status=MeetingStatus.CLOSED).annotate(
        rows=Count("agenda"),
        decided=Count("agenda", filter=decided),
        critical=Count("agenda", filter=Q(agenda__is_critical=True)),
        critical_decided=Count("agenda", filter=decided & Q(agenda__is_critical=True)),
    )
    assert not agenda.exclude(
        rows=F("agenda_count"), decided=F("decision_count"), critical=F("critical_count"),
        critical_decided=F("critical_decided_count"),
    ).exists()  # fmt: skip
    savers = Meeting.objects.filter(status=MeetingStatus.CLOSED).annotate(
        paid=Count("entry__transfers__member", distinct=True, filter=Q(entry__transfers__credit_account__kind="WAJIB"))
    )
    assert not savers.exclude(paid=F("saver_count")).exists()


def test_attendance_is_of_the_members_of_the_day():
    assert Member.objects.filter(left_on__isnull=False).exists()
    assert not Attendance.objects.filter(
        Q(member__joined_on__gt=F("meeting__held_on")) | Q(member__left_on__lte=F("meeting__held_on"))
    ).exists()


def test_who_left_holds_no_office_and_no_savings():
    left = Member.objects.filter(left_on__isnull=False)
    assert left.exists()
    assert not left.filter(terms__ended_on__isnull=True, terms__isnull=False).exists()
    assert not left.filter(accounts__kind="WAJIB", accounts__credits_posted__gt=F("accounts__debits_posted")).exists()


def test_records_are_as_old_as_what_they_record():
    now = timezone.now()
    assert not Entry.objects.filter(recorded_at__gt=now).exists()
    delays = [recorded.date() - on for recorded, on in Entry.objects.values_list("recorded_at", "effective_on")]
    assert timedelta(0) <= min(delays) <= max(delays) < timedelta(60)
    assert not Meeting.objects.filter(closed_at__gt=now).exists()


def test_the_sample_minute_book():
    group = Group.objects.get(name="Mina Sejahtera")
    meetings = list(group.meetings.order_by("number"))
    founded_on = minute_book_founding(timezone.localdate())
    assert [m.held_on for m in meetings] == [date(founded_on.year, 6, day) for day in (4, 11, 18)]
    assert [[(row.title, row.discussion, row.decision) for row in m.agenda.all()] for m in meetings] == [
        [
            ("Lokakarya", "ya", "3 anggota akan ikut"),
            ("Pembelian pakan", "ya", "2 anggota akan membeli 3 karung, 6/6"),
            ("Denda keterlambatan pengurus", "ya", "tidak ada"),
        ],
        [
            ("Laporan lokakarya", "ya", "anggaran dasar disesuaikan"),
            ("Laporan penjualan ayam", "ya", "semua anggota mempromosikan di sekolah"),
        ],
        [],
    ]


def test_nobody_owes_a_heap_of_fines():
    fines = Obligation.objects.asked_for().filter(loan=None, payments=None).order_by()
    heaps = fines.values("member").annotate(count=Count("pk")).values_list("count", flat=True)
    assert max(heaps) <= 6


def test_a_surplus_is_divided_to_funds_with_a_name():
    parts = SurplusPart.objects.filter(purpose__in=("education", "development"), amount__gt=0)
    posted = parts.filter(division__entry__isnull=False)
    assert posted.exists()
    assert Transfer.objects.filter(credit_account__kind=AccountKind.EDUCATION_FUND).exists()


def test_all_stages_appear_at_the_default_size():
    latest = SnapshotScore.objects.filter(month=None)
    stages = Counter(latest.values_list("stage", flat=True))
    assert min(stages[stage] for stage in ("TUNAS", "TUMBUH", "KEMBANG")) >= 3
    # Fourteen months of records and today; older groups have scores of the months before.
    assert Assessment.objects.filter(as_of__gte=months_ago(14)).values("as_of").distinct().count() == 15
    assert latest.filter(need__gt=0).exists()


def test_every_signal_has_a_group_that_shows_it():
    hits = read_hits(list(Group.objects.values_list("pk", flat=True)), timezone.localdate())
    found = {(hit.signal, hit.group_id) for of_group in hits.values() for hit in of_group}
    assert {signal for signal, _group in found} == set(all_signals())
    named = dict(Group.objects.filter(name__in=words.SHOWING.values()).values_list("name", "pk"))
    assert {(signal, named[name]) for signal, name in words.SHOWING.items()} <= found


def test_a_group_made_for_a_signal_shows_that_one_alone():
    made = Group.objects.filter(name__in=words.SHOWING.values())
    hits = read_hits([group.pk for group in made], timezone.localdate())
    found = [hit.signal for of_group in hits.values() for hit in of_group]
    assert len(found) == len(set(found)) == len(words.SHOWING)


def test_one_facilitators_groups_all_score_alike_and_look_different():
    today = timezone.localdate()
    latest = Filters(scheme="kotaku", start=today.replace(day=1), end=today.replace(day=1), ends_now=True)
    [alike] = alike_facilitators(Group.objects.all(), today, latest)
    groups = Group.objects.filter(assignments__facilitator=alike.facilitator, assignments__ended_on=None)
    assert {group.name for group in groups} == set(words.ALIKE)
    assert len({group.members.get(number=1).name for group in groups}) > 1


def test_costs_are_in_proportion_to_the_income():
    today = timezone.localdate()
    year_end = today if today.month > 3 else date(today.year - 1, 12, 31)
    health = performance(Group.objects.all(), as_of=year_end)
    assert 1.1 <= health.cost_coverage <= 1.8
    assert 0.02 <= health.return_on_investment <= 0.5


def test_stages_move_slowly():
    """After the first four months, in which a new group has few records to score, few of the groups move in a month."""
    stages = {}
    scores = Assessment.objects.filter(as_of__gte=months_ago(14)).order_by("as_of")
    for group, stage in scores.values_list("group", "stage"):
        stages.setdefault(group, []).append(stage)
    months = [[before != after for before, after in pairwise(history[4:])] for history in stages.values()]
    moved = [each for history in months for each in history]
    assert 0.01 <= sum(moved) / len(moved) <= 0.12


def test_people_have_names_as_people_have():
    names = list(Member.objects.filter(group__name=words.WITH_LOAN).values_list("name", flat=True))
    assert names.count("Siti Aminah") == 2
    assert {"Jum'at", "Nu'man Hidayat", "Ma'ruf"} <= set(names)


def test_a_meeting_was_recorded_late():
    delays = Meeting.objects.filter(status=MeetingStatus.CLOSED, version=1).values_list("closed_at", "held_on")
    days = sorted((closed_at.date() - held_on).days for closed_at, held_on in delays)
    assert days[-1] >= 14
    assert 0 <= days[len(days) // 2] <= 3


def test_late_instalments_are_fined():
    charged = Obligation.objects.filter(kind=ObligationKind.LATE_INSTALMENT)
    assert charged.filter(memo__startswith="Menunggak: angsuran").exists()
    assert charged.filter(payments__isnull=False).exists()
    assert not Loan.objects.filter(
        accounts__kind=AccountKind.LOAN_FINE, fine_late_instalment=0, accounts__credits_posted__gt=0
    ).exists()


def test_a_dormant_group_says_since_when_and_why():
    dormant = Group.objects.filter(status=GroupStatus.DORMANT)
    assert dormant.exists()
    assert not dormant.exclude(status_changes__to_status=GroupStatus.DORMANT).exists()


def test_the_days_page_has_something_to_do():
    assert Meeting.objects.filter(status=MeetingStatus.DRAFT).exists()
    assert AgendaItem.objects.filter(due_on__isnull=False, done_on__isnull=True).exists()
    today = timezone.localdate()
    assert MeetingRhythm.objects.filter(every="WEEK", weekday=today.weekday()).exists()
    assert CashCount.objects.filter(settled_on__isnull=True).exclude(counted=F("expected")).exists()


def test_groups_meet_in_every_way_and_some_meetings_are_moved():
    assert len(set(MeetingRhythm.objects.values_list("every", flat=True))) >= 4
    assert MeetingMove.objects.exists()


def test_a_draft_opens_in_the_sheet():
    draft = Meeting.objects.filter(status=MeetingStatus.DRAFT).first()
    facilitator = User.objects.get(assignments__group=draft.group)
    with transaction.atomic():
        sheet = Sheet(
            open_sheet(actor=facilitator, group=draft.group, held_on=draft.held_on, key=draft.key, number=draft.number),
            draft.draft,
            today=timezone.localdate(),
        )
    assert sheet.minutes is None
    assert sheet.refusals == []
    assert not sheet.head.errors
    begun = [form for form in sheet.members if not form.errors]
    assert 0 < len(begun) < len(sheet.members)
    assert all(form.cleaned_data["attendance"] == AttendanceStatus.PRESENT for form in begun)


def test_every_kind_of_entry_appears_but_the_share_out():
    kinds = set(Entry.objects.values_list("kind", flat=True))
    # Nobody ends a cycle, fines are paid in meetings like savings and instalments, and no payment comes before others.
    assert set(EntryKind.values) - kinds == {
        "SAVINGS", "REPAYMENT", "FINE", "SOCIAL", "SHARE_OUT", "REALLOCATION",
    }  # fmt: skip


def test_requests_wait_or_were_refused_or_became_loans():
    assert LoanRequest.objects.running().filter(status="ASKED").exists()
    assert LoanRequest.objects.running().filter(status="APPROVED").exists()
    assert LoanRequest.objects.filter(status="REFUSED").exclude(note="").exists()
    paid = Loan.objects.filter(request__isnull=False, request__status="APPROVED")
    assert paid.filter(principal=F("request__approved_amount"), member=F("request__member")).count() == paid.count() > 0


def test_loans_live_through_everything():
    assert Loan.objects.filter(ended_as="RESCHEDULED", replaced_by__isnull=False).exists()
    assert Loan.objects.filter(ended_as="WRITTEN_OFF", accounts__kind="RECOVERY").exists()
    assert Loan.objects.filter(funded_by__isnull=False).exists()
    covers = Cover.objects.with_recovered()
    assert covers.filter(open=0).exists()
    assert covers.filter(open__gt=0).exists()


def test_a_surplus_is_posted_and_its_years_closed_and_another_is_decided():
    posted = SurplusDivision.objects.filter(entry__isnull=False)
    assert posted.exists()
    assert all(division.group.books_closed_through == division.period_end for division in posted)
    assert SurplusDivision.objects.valid().filter(entry__isnull=True).exists()


def test_groups_older_than_their_records_bring_balances_along():
    openings = Entry.objects.filter(kind=EntryKind.OPENING)
    assert openings.filter(number=1, group__founded_on__lt=F("effective_on")).count() == openings.count() > 0


def test_a_meeting_was_corrected():
    assert Meeting.objects.filter(status=MeetingStatus.CORRECTED, corrected_by__entry__isnull=False).exists()


def test_the_banks_statement_is_ticked_off_but_for_its_end():
    bank = Transfer.objects.filter(Q(debit_account__kind="BANK") | Q(credit_account__kind="BANK"))
    ticked = bank.filter(bank_tick__isnull=False)
    assert ticked.exists()
    assert not ticked.filter(bank_tick__statement_on__lt=F("entry__effective_on")).exists()
    assert bank.filter(bank_tick__isnull=True).exists()


def test_things_are_owned_and_wear_down():
    assert InventoryItem.objects.count() > 1
    assert InventoryWriteDown.objects.exists()


def test_people_and_groups_come_and_go():
    assert FacilitatorAssignment.objects.filter(ended_on__isnull=False).exists()
    assert Group.objects.filter(status="DORMANT").exists()
    again = OfficerTerm.objects.filter(ended_on=F("member__terms__started_on"), role=F("member__terms__role"))
    assert again.exists()
    assert OfficerTerm.objects.filter(ended_on__isnull=False).count() > again.count()


def test_cash_differences_are_open_and_settled_with_and_without_posting():
    differing = CashCount.objects.differing()
    assert differing.filter(settled_on__isnull=True).exists()
    assert differing.filter(settlement__isnull=False).exists()
    assert differing.filter(settled_on__isnull=False, settlement__isnull=True).exists()


def test_every_role_can_sign_in(client):
    for role in Role.values:
        user = User.objects.filter(role=role, is_superuser=False).first()
        answer = client.post(reverse("login"), {"username": user.username, "password": PASSWORD})
        assert answer.status_code == 302, role
        client.post(reverse("logout"))


def test_staff_looked_into_something_and_made_scores_final():
    staff = Review.objects.values_list("recorded_by__role", flat=True)
    assert set(staff) == {Role.STAFF}
    assert Review.objects.count() >= 4
    finals = Assessment.objects.filter(status="FINAL")
    assert {final.finalised_by.role for final in finals} == {Role.STAFF}
    assert finals.count() >= 8
