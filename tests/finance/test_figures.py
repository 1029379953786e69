"""The kept figures of groups are those of the ledger, or stale."""

from datetime import date, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from finance.models import Entry, FiguresSlice, GroupFigures, Loan
from finance.selectors.figures import added, figures_by, lacking_figures
from finance.selectors.loan_performance import performance_by_group, savings_by_group
from finance.services.figures import figures_keep
from groups.models import Group
from tests.factories import lend, make_group, make_member, save

pytestmark = pytest.mark.django_db

JULY, AUGUST = date(2025, 7, 31), date(2025, 8, 31)


@pytest.fixture
def member():
    member = make_member(make_group(founded_on=date(2024, 1, 1)))
    save(member, 900_000, on=date(2025, 1, 6))
    lend(member, principal=600_000, disbursed_on=date(2025, 2, 3), first_due=date(2025, 3, 3))
    return member


def keep(*days):
    return [figures_keep(Group.objects.all(), on=day) for day in days]


def stale():
    return [row.as_of for row in GroupFigures.objects.filter(is_stale=True)]


def whole(path):
    return {"part": F(f"{path}organisation")}


def test_they_are_those_of_the_ledger(member):
    keep(JULY)
    [kept] = GroupFigures.objects.all()
    groups = Group.objects.all()
    assert kept.performance == performance_by_group(groups, as_of=JULY)[member.group_id]
    assert kept.savings == savings_by_group(groups, as_of=JULY)[member.group_id] == 900_000
    assert (kept.balance, kept.risk_30, kept.at_risk) == (600_000, 600_000, 600_000)
    assert (kept.lar_class, kept.par_class, kept.roi_class) == ("SUSPEND", "SUSPEND", "")


def test_added_up_they_are_the_figures_of_all_groups(member):
    other = make_member(make_group(member.group.recorded_by))
    save(other, 500_000, on=date(2025, 1, 6))
    lend(other, principal=200_000, disbursed_on=date(2025, 6, 3), first_due=date(2025, 8, 3))
    keep(JULY)
    total = added(figures_by(Group.objects.all(), JULY, whole).values(), months=7)
    assert (total.groups, total.kept, total.savings) == (2, 2, 1_400_000)
    assert total.loans.balance == 800_000
    assert (
        total.loans.par_30 == performance_by_group(Group.objects.all(), as_of=JULY)[member.group_id].balance / 800_000
    )
    assert total.classes[0] == (1, 0, 1)


def test_a_posting_makes_those_of_its_day_and_later_stale(member):
    keep(JULY, AUGUST)
    save(member, 10_000, on=date(2025, 8, 1))
    assert stale() == [AUGUST]


def test_a_posting_leaves_other_groups_alone(member):
    other = make_member(make_group())
    keep(AUGUST)
    save(other, 10_000, on=date(2025, 8, 1))
    assert [row.group_id for row in GroupFigures.objects.filter(is_stale=True)] == [other.group_id]


def test_an_entry_written_around_the_services_makes_them_stale(member):
    keep(JULY)
    entry = Entry.objects.filter(group=member.group).order_by("-number").first()
    Entry.objects.create(
        group=entry.group,
        number=entry.number + 1,
        kind=entry.kind,
        effective_on=JULY,
        recorded_by=entry.recorded_by,
        key="8f7be9a6-52d7-4d06-8d0b-6d9f0d5f6e11",
    )
    assert stale() == [JULY]


def test_a_loan_that_changes_makes_them_stale(member):
    keep(date(2025, 1, 31), JULY)
    Loan.objects.update(cancelled_at=timezone.now())
    assert stale() == [JULY]


def test_stale_ones_are_worked_out_anew_and_true_ones_are_not(member):
    make_group(member.group.recorded_by)
    assert keep(JULY, JULY) == [2, 0]
    save(member, 10_000, on=date(2025, 7, 1))
    assert lacking_figures(Group.objects.all(), JULY).get() == member.group
    assert keep(JULY) == [1]
    assert GroupFigures.objects.get(group=member.group).savings == 910_000
    assert stale() == []


def test_a_later_day_of_the_month_takes_the_place_of_an_earlier_one(member):
    keep(JULY - timedelta(1), JULY)
    assert [row.as_of for row in GroupFigures.objects.all()] == [JULY]
    assert FiguresSlice.objects.count() == 1


def test_a_posting_taken_back_leaves_them_true(member):
    keep(JULY)
    with transaction.atomic():
        save(member, 10_000, on=date(2025, 7, 2))
        assert stale() == [JULY]
        transaction.set_rollback(True)
    assert stale() == []


def test_statements_do_not_grow_with_the_groups(member):
    def count():
        with CaptureQueriesContext(connection) as queries:
            figures_keep(Group.objects.all(), on=AUGUST)
        return len(queries)

    keep(AUGUST)
    GroupFigures.objects.update(is_stale=True)
    few = count()
    GroupFigures.objects.update(is_stale=True)
    for _ in range(4):
        make_group(member.group.recorded_by)
    assert count() == few


def test_the_command_fills_today_and_the_months_before(member, capsys):
    call_command("portfolio", months=2)
    assert capsys.readouterr().out == "3 figures worked out.\n"
    today = timezone.localdate()
    last = today.replace(day=1) - timedelta(1)
    before = last.replace(day=1) - timedelta(1)
    assert {row.as_of for row in GroupFigures.objects.all()} == {before, last, today}


def test_the_command_leaves_out_groups_founded_later(member, capsys):
    Group.objects.update(founded_on=timezone.localdate())
    call_command("portfolio", months=2)
    assert capsys.readouterr().out == "1 figures worked out.\n"


def test_the_command_refuses_a_wrong_number_of_months():
    with pytest.raises(CommandError, match="from 0 to 120"):
        call_command("portfolio", months=-1)
