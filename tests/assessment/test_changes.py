"""Which records make the snapshot of a group stale, and from which day on: everything it reads, and nothing else."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.utils import timezone

from assessment.instruments import in_force
from assessment.models import Instrument, Judgement, Level, SchemeUse
from assessment.services import instrument_copy, instrument_publish, judge, override_give
from finance import services as finance
from groups import services as groups_services
from groups.models import (
    BankAccount,
    ChangedGroup,
    Constitution,
    Group,
    MeetingMove,
    MeetingRhythm,
    Member,
    OfficerRole,
    OfficerTerm,
    Role,
)
from groups.selectors import meeting_calendar
from meetings.models import AgendaItem
from meetings.services import decision_done, visit_withdraw
from tests.assessment.groups import bring_up_to_date, make_staff
from tests.factories import (
    count_cash,
    facilitator_of,
    lend,
    make_activity,
    make_agreement,
    make_founding,
    make_group,
    make_meeting,
    make_member,
    make_members,
    make_officer,
    make_partnership,
    make_phase,
    make_user,
    make_visit,
    repay,
    reverse,
    save,
)

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate()


@pytest.fixture
def group() -> Group:
    """A group with members, a chair, a loan, an open cash difference and a decision to carry out."""
    group = make_group()
    chair, other = make_members(group, 2)
    make_officer(chair)
    save(chair, 2_000_000)
    save(other, 10_000, "WAJIB")
    lend(chair)
    count_cash(group, 500, on=TODAY - timedelta(3))
    meeting = make_meeting(group, TODAY - timedelta(30), closed_at=timezone.now())
    meeting.agenda.create(group=group, number=1, title="Pakan", decision="beli", due_on=TODAY - timedelta(20))
    return group


def score() -> None:
    bring_up_to_date()


def changed() -> dict[int, date]:
    """The changed groups by id, with the day they changed from."""
    return dict(ChangedGroup.objects.values_list("group", "changed_from"))


def test_a_snapshot_knows_everything_there_is(group):
    assert changed() == {group.pk: group.founded_on}
    score()
    assert changed() == {}


def _meeting(group):
    make_meeting(group, TODAY - timedelta(3), closed_at=timezone.now())


def _draft(group):
    make_meeting(group, TODAY, status="DRAFT", closed_at=None)


def _entry(group):
    save(group.members.first(), 10_000, on=TODAY - timedelta(9))


def _repayment(group):
    repay(group.loans.get(), 118_000)


def _reversal(group):
    reverse(group.entries.filter(kind="SAVINGS").last())


def _cancelled_loan(group):
    reverse(group.entries.get(kind="LOAN"))


def _written_off(group):
    finance.loan_write_off(
        actor=facilitator_of(group), group=group, loan=group.loans.get(), reason="pindah", on=TODAY, key=uuid.uuid4()
    )


def _counted(group):
    count_cash(group, 500, on=TODAY - timedelta(1))


def _difference_settled_without_an_entry(group):
    finance.cash_count_settle(
        actor=facilitator_of(group), count=group.cash_counts.get(), how="ketemu", on=TODAY - timedelta(1),
        post_difference=False, key=uuid.uuid4(),
    )  # fmt: skip


def _judged(group):
    SchemeUse.objects.create(organisation=group.organisation, scheme="bina-swadaya", is_primary=True)
    score()
    judged = in_force(None, "bina-swadaya")
    level = Level.objects.get(indicator__instrument=judged, indicator__code="member-business", threshold=2)
    judge(actor=make_staff(group), group=group, level=level, note="ya", judged_on=TODAY - timedelta(1))


def _overridden(group):
    level = Level.objects.get(indicator__instrument=in_force(None), indicator__code="account", threshold=2)
    override_give(
        actor=make_staff(group), group=group, level=level, note="ya", judged_on=TODAY, until=TODAY + timedelta(9)
    )


def _activity(group):
    make_activity(group, held_on=TODAY - timedelta(9))


def _activity_withdrawn(group):
    groups_services.partnership_record_withdraw(
        actor=facilitator_of(group), record=group.partner_activities.get(), why="salah"
    )


def _agreement(group):
    make_agreement(make_partnership(group), starts_on=TODAY - timedelta(19))


def _agreement_ended(group):
    groups_services.agreement_end(
        actor=facilitator_of(group), agreement=group.partnership_agreements.get(), ended_on=TODAY - timedelta(5),
        why="pindah",
    )  # fmt: skip


def _agreement_withdrawn(group):
    groups_services.partnership_record_withdraw(
        actor=facilitator_of(group), record=group.partnership_agreements.get(), why="salah"
    )


def _rules(group):
    Constitution.objects.create(group=group, version=2, agreed_on=TODAY, recorded_by=facilitator_of(group))


def _bank_account(group):
    account = BankAccount(bank="BRI", number="123", opened_on=TODAY)
    groups_services.bank_account_open(actor=facilitator_of(group), group=group, account=account, signatures=2)


def _founded(group):
    make_founding(group, TODAY - timedelta(9))


def _rhythm(group):
    rhythm = MeetingRhythm(every="WEEK", weekday=1, agreed_from=TODAY - timedelta(9))
    groups_services.rhythm_adopt(actor=facilitator_of(group), group=group, rhythm=rhythm)


def _rhythm_withdrawn(group):
    groups_services.rhythm_withdraw(actor=facilitator_of(group), rhythm=group.rhythms.get(every="WEEK"))


def _moved(group):
    planned_on = meeting_calendar(group).on_or_after(TODAY - timedelta(60))
    MeetingMove.objects.create(
        group=group, planned_on=planned_on, moved_to=TODAY - timedelta(70), reason="Lebaran",
        recorded_by=facilitator_of(group),
    )  # fmt: skip


def _moved_back(group):
    groups_services.move_withdraw(actor=facilitator_of(group), move=group.moves.get())


def _joined(group):
    make_member(group, joined_on=TODAY - timedelta(9))


def _left(group):
    groups_services.member_leave(
        actor=facilitator_of(group), member=group.members.get(number=2), left_on=TODAY - timedelta(9)
    )


def _elected(group):
    groups_services.officers_elect(
        actor=facilitator_of(group), group=group, elected={OfficerRole.BENDAHARA: group.members.get(number=2)},
        on=TODAY - timedelta(9),
    )  # fmt: skip


def _term_ended(group):
    groups_services.member_leave(
        actor=facilitator_of(group), member=group.members.get(number=1), left_on=TODAY - timedelta(9)
    )


def _term_redated(group):
    groups_services.term_redate(
        actor=facilitator_of(group), term=OfficerTerm.objects.get(), started_on=TODAY - timedelta(9),
        whole_election=False, reason="salah",
    )  # fmt: skip


def _term_removed(group):
    groups_services.term_remove(
        actor=facilitator_of(group), term=OfficerTerm.objects.get(), whole_election=False, reason="salah"
    )


def _visited(group):
    make_visit(group, TODAY - timedelta(9))


def _visit_withdrawn(group):
    visit_withdraw(actor=facilitator_of(group), visit=group.visits.get(), reason="salah")


def _mentored(group):
    make_phase(group, TODAY - timedelta(9))


def _mentoring_withdrawn(group):
    groups_services.mentoring_phase_withdraw(
        actor=facilitator_of(group), phase=group.mentoring_phases.get(), reason="salah"
    )


def _decision_done_long_ago(group):
    decision_done(actor=facilitator_of(group), group=group, item=AgendaItem.objects.get(), on=TODAY - timedelta(19))


def _new_version(group):
    admin = make_user(Role.ADMIN, organisation=group.organisation)
    copy = instrument_copy(actor=admin, instrument=Instrument.objects.get(code="kotaku"))
    instrument_publish(actor=admin, instrument=copy)


def _one_more_scheme(group):
    for scheme in ("kotaku", "panca-sutra"):
        SchemeUse.objects.create(organisation=group.organisation, scheme=scheme, is_primary=scheme == "kotaku")


@pytest.mark.parametrize(
    ("change", "days_ago"),
    [
        (_meeting, 3), (_entry, 9), (_counted, 1), (_difference_settled_without_an_entry, 1), (_judged, 1),
        (_overridden, 0), (_written_off, 0), (_rules, 0), (_bank_account, 0), (_rhythm, 9), (_founded, 9), (_moved, 70),
        (_joined, 9), (_left, 9), (_elected, 9), (_term_ended, 9), (_visited, 9), (_mentored, 9),
        (_activity, 9), (_agreement, 19),
        (_decision_done_long_ago, 19), (_new_version, 0), (_one_more_scheme, 0),
    ],
)  # fmt: skip
def test_what_a_snapshot_reads_counts_from_its_day(group, change: Callable[[Group], object], days_ago):
    make_group()  # of another organisation
    score()
    change(group)
    assert changed() == {group.pk: TODAY - timedelta(days_ago)}
    score()
    assert changed() == {}


@pytest.mark.parametrize("change", [_repayment, _reversal, _cancelled_loan, _term_redated, _term_removed])
def test_what_undoes_or_corrects_counts_from_the_day_of_that(group, change: Callable[[Group], object]):
    score()
    change(group)
    assert changed()[group.pk] < TODAY


def test_the_earliest_day_stays(group):
    score()
    _entry(group)
    _meeting(group)
    assert changed() == {group.pk: TODAY - timedelta(9)}


def test_many_rows_of_one_statement_mark_each_group_once(group):
    other = make_group(facilitator_of(group))
    score()
    Member.objects.bulk_create(
        Member(
            group=of,
            number=90 + days,
            name="X",
            gender="P",
            joined_on=TODAY - timedelta(days),
            recorded_by=of.recorded_by,
        )
        for of in (group, other)
        for days in (3, 5)
    )
    assert changed() == dict.fromkeys((group.pk, other.pk), TODAY - timedelta(5))


def test_what_no_figure_reads_is_no_change(group):
    score()
    Group.objects.update(name="lain", place="balai desa")
    Member.objects.update(name="lain", phone="0812")
    assert changed() == {}


def test_a_decision_that_is_open_again(group):
    _decision_done_long_ago(group)
    score()
    decision_done(actor=facilitator_of(group), group=group, item=AgendaItem.objects.get(), on=None)
    assert list(changed()) == [group.pk]


def test_a_withdrawn_override(group):
    _overridden(group)
    score()
    Judgement.objects.update(withdrawn_on=TODAY, withdrawn_at=timezone.now(), withdrawn_by=make_staff(group))
    assert list(changed()) == [group.pk]


def test_a_draft_is_no_record_yet(group):
    score()
    _draft(group)
    assert changed() == {}


def test_a_retired_version_scores_nobody(group):
    """From below: an organisation's own version ends, and the shared one scores again."""
    _new_version(group)
    score()
    Instrument.objects.filter(organisation=group.organisation).update(status="RETIRED", retired_at=timezone.now())
    assert list(changed()) == [group.pk]


def test_another_groups_records_are_not_taken_for_its_own(group):
    twin = make_group(facilitator_of(group))
    member = make_member(twin)
    make_officer(member)
    score()
    _term_removed_of(twin)
    _bank_account(twin)
    assert list(changed()) == [twin.pk]


@pytest.mark.parametrize(
    ("change", "undo", "days_ago"),
    [
        (_rhythm, _rhythm_withdrawn, 9), (_moved, _moved_back, 70), (_activity, _activity_withdrawn, 9),
        (_agreement, _agreement_ended, 5), (_agreement, _agreement_withdrawn, 19),
        (_visited, _visit_withdrawn, 9), (_mentored, _mentoring_withdrawn, 9),
    ],
)  # fmt: skip
def test_what_is_withdrawn_counts_from_its_day_again(group, change, undo, days_ago):
    change(group)
    score()
    undo(group)
    assert changed() == {group.pk: TODAY - timedelta(days_ago)}


def _term_removed_of(group: Group) -> None:
    groups_services.term_remove(
        actor=facilitator_of(group), term=OfficerTerm.objects.get(group=group), whole_election=False, reason="salah"
    )
