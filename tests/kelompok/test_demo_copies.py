"""Groups of the demo that are copied in SQL: each like its template, with what is its own."""

import uuid

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from finance.models import Account, Entry, Instalment, Transfer
from groups.models import FacilitatorAssignment, Group, Member
from kelompok.demo import plans
from kelompok.demo.copies import GroupCopy, copy_groups
from meetings.models import Attendance, Meeting
from tests.factories import ask, count_cash, lend, make_group, make_members, make_officer, make_user, save

pytestmark = pytest.mark.django_db
ROWS = (
    (Member, "number name joined_on key recorded_at"),
    (Meeting, "number held_on key leader__number entry__number cash_count__counted closed_at"),
    (Attendance, "meeting__number member__number status"),
    (Entry, "number kind effective_on recorded_at key"),
    (Transfer, "entry__number debit_account__code credit_account__code amount member__number debit_balance_after"),
    (Account, "code member__number loan__number debits_posted credits_posted"),
    (Instalment, "loan__number number due_on principal"),
)


@pytest.fixture
def template():
    """A group with members, officers, savings, a loan, a request and a count."""
    group = make_group()
    members = make_members(group, 3)
    make_officer(members[0])
    for member in members:
        save(member, 500_000)
    lend(members[0], principal=600_000)
    ask(members[1])
    count_cash(group, 800_000)
    return group


def copy_of(template, number, facilitator):
    return GroupCopy(
        template=template.pk, code=f"SALIN-{number}", name=f"Salinan {number}", village=None,
        former=template.recorded_by_id, facilitator=facilitator.pk, key=uuid.uuid4(),
    )  # fmt: skip


def copied(template, count=1):
    facilitator = make_user(organisation=template.organisation)
    list(copy_groups(copy_of(template, number, facilitator) for number in range(count)))
    return list(Group.objects.filter(code__startswith="SALIN").order_by("code"))


def rows_of(group):
    return [sorted(map(str, model.objects.filter(group=group).values_list(*names.split()))) for model, names in ROWS]


def test_a_copy_has_the_rows_of_its_template(template):
    for copy in copied(template, 3):
        assert rows_of(copy) == rows_of(template)
    assert Transfer.objects.filter(group=template).count() == 4


def test_a_copy_has_its_own_name_code_and_facilitator(template):
    copy = copied(template)[0]
    assert (copy.code, copy.name) == ("SALIN-0", "Salinan 0")
    facilitator = FacilitatorAssignment.objects.get(group=copy).facilitator
    assert facilitator != template.recorded_by
    assert {entry.recorded_by for entry in copy.entries.all()} == {facilitator}


def test_a_copy_points_at_nothing_of_its_template(template):
    copy = copied(template)[0]
    assert copy.rules.group == copy
    assert not Transfer.objects.exclude(group=F("entry__group")).exists()
    assert not Transfer.objects.exclude(group=F("debit_account__group"), member__group=F("group")).exists()
    assert not Account.objects.filter(loan__isnull=False).exclude(group=F("loan__group")).exists()


def test_the_books_of_copies_agree(template):
    copied(template, 2)
    connection.check_constraints()
    call_command("verify_ledger", verbosity=0)


def test_the_database_goes_on_with_free_keys(template):
    copy = copied(template)[0]
    save(Member.objects.get(group=copy, number=1), 10_000)
    assert Entry.objects.filter(group=copy).count() == Entry.objects.filter(group=template).count() + 1


def test_the_template_stays_as_it_is(template):
    before = rows_of(template)
    copied(template, 2)
    assert rows_of(template) == before


def test_what_the_database_refuses_is_refused_in_a_copy(template):
    twice = [copy_of(template, 1, make_user(organisation=template.organisation))] * 2
    with pytest.raises(IntegrityError), transaction.atomic():
        list(copy_groups(twice))


def test_statements_do_not_grow_with_copies(template):
    counts = []
    for count in (1, 5):
        with transaction.atomic():
            with CaptureQueriesContext(connection) as queries:
                copied(template, count)
            transaction.set_rollback(True)
        # executemany is one statement; SQLite writes it down once for each row.
        counts.append(sum("INSERT INTO demo_copy" not in query["sql"] for query in queries))
    assert counts[0] == counts[1]


def test_the_command_copies_beyond_what_it_records(monkeypatch, settings):
    settings.DEBUG = True
    monkeypatch.setattr(plans, "SHOWN", 3)
    monkeypatch.setattr(plans, "TEMPLATES", 3)
    call_command("demo", groups=12, months=2, seed=3, verbosity=0)
    assert Group.objects.count() == 12
    first = Group.objects.filter(organisation__name__startswith="Yayasan").order_by("code")
    assert rows_of(first[4]) == rows_of(first[2])
    assert all(group.organisation == group.recorded_by.organisation for group in first)
    call_command("verify_ledger", verbosity=0)
