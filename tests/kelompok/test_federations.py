"""Pages of federations: whose figures are shown, what they add up to, and payments that the books have too."""

import uuid
from datetime import date, timedelta
from fractions import Fraction

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from finance.models import AccountKind, Entry
from groups.models import Federation, FederationMeeting, FederationPayment, Role
from kelompok.selectors.federations import federation_figures
from kelompok.services.federations import contribution_pay, contribution_take_back
from tests.assessment.groups import make_snapshot, stand
from tests.factories import (
    FOUNDED,
    facilitator_of,
    make_federation,
    make_federation_records,
    make_group,
    make_member,
    make_user,
    save,
)

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


@pytest.fixture
def group():
    return make_group(name="Melati")


@pytest.fixture
def staff(group):
    return make_user(Role.STAFF, organisation=group.organisation)


def stood(group, rank, **figures):
    stand(group, rank, of_snapshot=figures)
    return group


class TestFigures:
    def test_they_add_up(self, group, staff):
        other = make_group(organisation=group.organisation)
        stood(group, 1, members=10, savings=500_000, balance=300_000, risk_30=100_000)
        stood(other, 2, members=5, savings=100_000, balance=100_000)
        total = federation_figures(staff, make_federation(group, other), as_of=TODAY).total
        assert (total.members, total.savings, total.loans, total.par) == (15, 600_000, 400_000, Fraction(1, 4))
        assert dict(total.ranks) == {1: 1, 2: 1}

    def test_a_facilitator_reads_the_figures_of_own_groups_alone(self, group):
        other = make_group(organisation=group.organisation, name="Mawar")
        stood(group, 1, members=10)
        stood(other, 1, members=99)
        figures = federation_figures(facilitator_of(group), make_federation(group, other), as_of=TODAY)
        assert figures.total.members == 10
        assert figures.hidden == 1
        assert [(row.group.name, row.standing is None) for row in figures.belonging] == [
            ("Mawar", True), ("Melati", False),
        ]  # fmt: skip

    def test_a_group_that_left_counts_no_more(self, group, staff):
        stood(group, 1, members=10)
        federation = make_federation(group)
        federation.memberships.update(ended_on=TODAY, ended_why="pindah")
        figures = federation_figures(staff, federation, as_of=TODAY)
        assert (figures.total.members, len(figures.left)) == (0, 1)
        assert federation_figures(staff, federation, as_of=TODAY - timedelta(1)).total.members == 10

    def test_without_loans_nothing_is_at_risk(self, group, staff):
        make_snapshot(group)
        assert federation_figures(staff, make_federation(group), as_of=TODAY).total.par is None


class TestPages:
    def test_the_page_names_every_group_and_tells_of_those_one_may_see(self, client, group):
        other = make_group(organisation=group.organisation, name="Mawar")
        stood(group, 1, savings=500_000)
        stood(other, 1, savings=777_000)
        federation = make_federation(group, other)
        client.force_login(facilitator_of(group))
        page = client.get(f"/federations/{federation.pk}/").content.decode()
        assert "Mawar" in page
        assert f"/g/{other.code}/" not in page
        assert "777.000" not in page
        assert "500.000" in page

    def test_statements_are_few_and_do_not_grow_with_the_groups(self, client, group, staff):
        federation = make_federation(group)
        client.force_login(staff)
        counts = []
        for _round in range(2):
            with CaptureQueriesContext(connection) as queries:
                client.get(f"/federations/{federation.pk}/")
            counts.append(len(queries))
            for _number in range(4):
                member_group = stood(make_group(organisation=group.organisation), 1)
                federation.memberships.create(group=member_group, started_on=FOUNDED, recorded_by=staff)
        assert counts[0] == counts[1] <= 12

    def test_staff_make_one_and_a_group_joins(self, client, group, staff):
        client.force_login(staff)
        data = {"key": uuid.uuid4(), "name": "Gapoktan", "founded_on": "2025-02-01"}
        page = client.post("/federations/new/", data).url
        data = {"key": uuid.uuid4(), "group": group.pk, "started_on": "2025-02-01"}
        assert client.post(f"{page}join/", data).url == page
        assert "Gapoktan" in client.get(f"/g/{group.code}/").content.decode()
        member = make_member(group, "Ani")
        data = {"key": uuid.uuid4(), "role": "KETUA", "member": member.pk, "started_on": "2025-03-01"}
        assert client.post(f"{page}elect/", data).url == page
        assert "Ani" in client.get(page).content.decode()
        data = {"key": uuid.uuid4(), "agreed_from": "2025-03-01", "amount": "10.000", "every": "MONTH"}
        assert client.post(f"{page}contributions/agree/", data).url == f"{page}contributions/"
        membership = Federation.objects.get().memberships.get()
        leave = client.post(f"/federations/memberships/{membership.pk}/leave/", {"on": "2025-04-01", "why": "pindah"})
        assert leave.url == page

    def test_a_facilitator_records_a_meeting(self, client, group):
        federation = make_federation(group)
        client.force_login(facilitator_of(group))
        data = {"key": uuid.uuid4(), "held_on": "2025-03-01", "place": "Balai", "agenda": "pupuk",
                "decisions": "beli bersama", "present": [group.pk]}  # fmt: skip
        page = f"/federations/{federation.pk}/meetings/"
        assert client.post(f"{page}new/", data).url == page
        assert "beli bersama" in client.get(page).content.decode()
        meeting = FederationMeeting.objects.get()
        assert client.post(f"/federations/meetings/{meeting.pk}/withdraw/", {"why": "salah"}).url == page

    def test_a_record_of_another_federation_is_not_found(self, client, group):
        make_federation_records(other := make_group())
        client.force_login(facilitator_of(group))
        federation = other.federation_memberships.get().federation
        for name, record in (("meetings", federation.meetings), ("contacts", federation.contacts),
                             ("payments", federation.payments)):  # fmt: skip
            assert client.get(f"/federations/{name}/{record.get().pk}/withdraw/").status_code == 404

    def test_contributions_are_of_groups_one_may_see(self, client, group):
        federation = make_federation_records(group)
        other = make_group(organisation=group.organisation, name="Mawar")
        federation.memberships.create(group=other, started_on=FOUNDED, recorded_by=group.recorded_by)
        client.force_login(facilitator_of(group))
        page = client.get(f"/federations/{federation.pk}/contributions/").content.decode()
        assert "Melati" in page
        assert "Mawar" not in page


class TestPayments:
    @pytest.fixture
    def federation(self, group):
        save(make_member(group), 100_000)
        return make_federation(group)

    def pay(self, group, federation, amount=10_000, **fields):
        options = {"in_books": True} | {
            name: fields.pop(name) for name in ("in_books", "entry_number") if name in fields
        }
        payment = FederationPayment(**{"paid_on": date(2025, 3, 1), "amount": amount, **fields})
        return contribution_pay(
            actor=facilitator_of(group), federation=federation, group=group, payment=payment, **options
        )

    def cash(self, group):
        return group.accounts.get(kind=AccountKind.CASH).balance

    def test_the_books_of_the_group_get_the_expense(self, group, federation):
        payment = self.pay(group, federation)
        entry = Entry.objects.get(group=group, number=payment.entry_number)
        assert (entry.effective_on, self.cash(group)) == (date(2025, 3, 1), 90_000)

    def test_sent_twice_it_is_paid_once(self, group, federation):
        key = uuid.uuid4()
        assert self.pay(group, federation, key=key) == self.pay(group, federation, key=key)
        assert self.cash(group) == 90_000

    def test_more_than_the_cash_box_holds_is_refused_at_the_amount(self, group, federation):
        with pytest.raises(ValidationError) as refused:
            self.pay(group, federation, 200_000)
        assert "amount" in refused.value.message_dict
        assert not FederationPayment.objects.exists()

    def test_a_payment_the_books_have_names_its_entry(self, group, federation):
        number = group.entries.latest("number").number
        assert self.pay(group, federation, in_books=False, entry_number=number).entry_number == number
        with pytest.raises(ValidationError, match="no entry"):
            self.pay(group, federation, in_books=False, entry_number=999)
        assert self.cash(group) == 100_000

    def test_withdrawn_its_entry_is_reversed(self, group, federation):
        payment = self.pay(group, federation)
        contribution_take_back(actor=facilitator_of(group), payment=payment, why="salah catat")
        assert self.cash(group) == 100_000
        payment.refresh_from_db()
        assert payment.withdrawn_why == "salah catat"

    def test_withdrawn_an_entry_that_was_there_before_stays(self, group, federation):
        number = group.entries.latest("number").number
        payment = self.pay(group, federation, in_books=False, entry_number=number)
        contribution_take_back(actor=facilitator_of(group), payment=payment, why="salah catat")
        assert self.cash(group) == 100_000
        assert not Entry.objects.filter(group=group, reverses__isnull=False).exists()

    def test_the_page_records_one_with_a_link_to_its_voucher(self, client, group, federation):
        client.force_login(facilitator_of(group))
        page = f"/federations/{federation.pk}/contributions/"
        data = {"key": uuid.uuid4(), "group": group.pk, "paid_on": "2025-03-01", "amount": "10.000", "in_books": "on"}
        assert client.post(f"{page}pay/", data).url == page
        payment = FederationPayment.objects.get()
        assert f"/g/{group.code}/books/entries/{payment.entry_number}/" in client.get(page).content.decode()
        assert client.post(f"/federations/payments/{payment.pk}/withdraw/", {"why": "salah"}).url == page
        assert self.cash(group) == 100_000

    def test_a_number_beside_a_new_entry_is_refused(self, client, group, federation):
        client.force_login(facilitator_of(group))
        data = {"key": uuid.uuid4(), "group": group.pk, "paid_on": "2025-03-01", "amount": "10.000", "in_books": "on",
                "entry_number": "1"}  # fmt: skip
        form = client.post(f"/federations/{federation.pk}/contributions/pay/", data).context["form"]
        assert "entry_number" in form.errors
