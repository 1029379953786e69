"""Which groups a score would tell something new: everything that a metric looks at, and nothing else."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assessment.instruments import in_force
from assessment.models import Assessment, Instrument, Judgement, Level, SchemeUse
from assessment.selectors.stale_scores import with_newer_records
from assessment.services import assess_groups, instrument_copy, instrument_publish, judge, override_give
from finance import services as finance
from groups import services as groups_services
from groups.models import Constitution, Group, OfficerRole, OfficerTerm, Role
from meetings.models import AgendaItem
from meetings.services import decision_done
from tests.assessment.groups import make_staff
from tests.factories import (
    count_cash,
    facilitator_of,
    lend,
    make_group,
    make_meeting,
    make_member,
    make_members,
    make_officer,
    make_organisation,
    make_user,
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


def score(as_of=TODAY) -> None:
    assess_groups(groups=Group.objects.all(), as_of=as_of)


def newer() -> list[int]:
    return with_newer_records(Group.objects.all())


def test_a_scored_group_has_nothing_new(group):
    score()
    assert newer() == []


def test_never_scored(group):
    assert newer() == [group.pk]


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
    level = Level.objects.get(indicator__instrument=in_force(None), indicator__code="outside", threshold=2)
    judge(actor=make_staff(group), group=group, level=level, note="ya", judged_on=TODAY - timedelta(1))


def _overridden(group):
    level = Level.objects.get(indicator__instrument=in_force(None), indicator__code="account", threshold=2)
    override_give(
        actor=make_staff(group), group=group, level=level, note="ya", judged_on=TODAY, until=TODAY + timedelta(9)
    )


def _rules(group):
    Constitution.objects.create(group=group, version=2, agreed_on=TODAY, recorded_by=facilitator_of(group))


def _bank_account(group):
    group.bank_account_number = "123"
    groups_services.group_update(actor=facilitator_of(group), group=group)


def _rhythm(group):
    group.meeting_every = "WEEK"
    groups_services.group_update(actor=facilitator_of(group), group=group)


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
    "change",
    [_meeting, _entry, _repayment, _reversal, _cancelled_loan, _written_off, _counted,
     _difference_settled_without_an_entry, _judged, _overridden, _rules, _bank_account, _rhythm, _joined, _left,
     _elected, _term_ended, _term_redated, _term_removed, _decision_done_long_ago, _new_version, _one_more_scheme],
)  # fmt: skip
def test_what_a_score_looks_at(group, change: Callable[[Group], object]):
    make_group()  # of another organisation
    score()
    change(group)
    assert newer() == [group.pk]
    score()
    assert newer() == []


def test_a_decision_that_is_open_again(group):
    _decision_done_long_ago(group)
    score()
    decision_done(actor=facilitator_of(group), group=group, item=AgendaItem.objects.get(), on=None)
    assert newer() == [group.pk]


def test_a_withdrawn_override(group):
    _overridden(group)
    score()
    Judgement.objects.update(withdrawn_on=TODAY, withdrawn_at=timezone.now(), withdrawn_by=make_staff(group))
    assert newer() == [group.pk]


def test_a_draft_is_no_record_yet(group):
    score()
    _draft(group)
    assert newer() == []


def test_a_record_of_a_later_day_than_the_score(group):
    make_meeting(group, TODAY - timedelta(1))
    score(TODAY - timedelta(2))
    assert newer() == [group.pk]
    score(TODAY - timedelta(1))
    assert newer() == []


def test_a_decision_carried_out_on_a_later_day_than_the_score(group):
    AgendaItem.objects.update(done_on=TODAY)
    score(TODAY - timedelta(1))
    assert newer() == [group.pk]
    score()
    assert newer() == []


def test_a_retired_version_scores_nobody(group):
    """From below: an organisation's own version ends, and the shared one scores again."""
    _new_version(group)
    score()
    Instrument.objects.filter(organisation=group.organisation).update(status="RETIRED")
    assert newer() == [group.pk]


def test_a_scheme_that_nobody_published_asks_for_no_score(group):
    SchemeUse.objects.create(organisation=group.organisation, scheme="kotaku", is_primary=True)
    SchemeUse.objects.create(organisation=group.organisation, scheme="nowhere")
    score()
    assert newer() == []


def test_only_the_groups_asked_for(group):
    other = make_group()
    assert with_newer_records(Group.objects.filter(pk=other.pk)) == [other.pk]
    assert with_newer_records(Group.objects.none()) == []


def test_another_groups_records_are_not_taken_for_its_own(group):
    twin = make_group(facilitator_of(group))
    member = make_member(twin)
    make_officer(member)
    score()
    _term_removed_of(twin)
    _bank_account(twin)
    assert newer() == [twin.pk]


def _term_removed_of(group: Group) -> None:
    groups_services.term_remove(
        actor=facilitator_of(group), term=OfficerTerm.objects.get(group=group), whole_election=False, reason="salah"
    )


def test_one_statement_for_any_number_of_groups(group):
    for _ in range(3):
        make_group(make_user(organisation=make_organisation()))
    with CaptureQueriesContext(connection) as queries:
        newer()
    assert len(queries) == 1


def test_scoring_changed_groups_leaves_the_others_alone(group):
    make_group()
    score(TODAY - timedelta(1))
    before = set(Assessment.objects.values_list("pk", flat=True))
    _entry(group)
    assess_groups(groups=Group.objects.filter(pk__in=newer()), as_of=TODAY)
    assert [made.group for made in Assessment.objects.exclude(pk__in=before)] == [group]
