"""Ready for a bank: which groups, the page to hand to the lender, and what both cost."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assessment.instruments import publish
from assessment.models import Instrument, Need
from assessment.services import assessment_finalise, instrument_copy
from finance.selectors import performance
from groups.models import Group, OfficerRole, Role
from groups.shared.money import rupiah
from tests.assessment.groups import bring_up_to_date, make_kembang_minus_outside, make_review, make_staff, stand
from tests.factories import (
    facilitator_of,
    lend,
    make_group,
    make_meeting,
    make_member,
    make_officer,
    make_user,
    repay,
    save,
)

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate()
KEMBANG = {"rank": 2, "stage": "KEMBANG", "score": 90, "measured_score": 90}


@pytest.fixture
def ready(facilitator) -> Group:
    group = make_group(facilitator, name="Anggrek")
    stand(group, **KEMBANG)
    return group


def republish(group: Group, *bankable: str) -> None:
    """The organisation's instrument says anew at which stages a group is ready for a bank."""
    admin = make_user(Role.ADMIN, organisation=group.organisation)
    draft = instrument_copy(actor=admin, instrument=Instrument.objects.get(code="kotaku", organisation=None))
    draft.rules.update(is_bankable=False)
    draft.rules.filter(stage__in=bankable).update(is_bankable=True)
    publish(draft)


def show(client, query: str = ""):
    response = client.get(f"/dashboard/bank/?{query}")
    assert response.status_code == 200
    return response


def listed(client, query: str = "") -> list[str]:
    return [row.name for row, *_ in show(client, query).context["rows"]]


class TestList:
    def test_only_stages_a_lender_can_take(self, staff_client, facilitator, ready):
        stand(make_group(facilitator, name="Bakung"), rank=1)
        make_group(facilitator, name="Cempaka")
        assert listed(staff_client) == ["Anggrek"]

    def test_the_instrument_says_which_stages(self, staff_client, facilitator, ready):
        stand(make_group(facilitator, name="Bakung"), rank=1)
        republish(ready, "TUMBUH", "KEMBANG")
        assert listed(staff_client) == ["Anggrek", "Bakung"]

    def test_a_scheme_without_such_a_stage_says_so(self, staff_client, ready):
        republish(ready)
        assert "No stage of this scheme makes a group ready for a bank." in show(staff_client).content.decode()

    def test_the_best_first(self, staff_client, facilitator, ready):
        stand(make_group(facilitator, name="Zinnia"), **KEMBANG | {"score": 95})
        assert listed(staff_client) == ["Zinnia", "Anggrek"]

    def test_an_override_shows_what_was_measured(self, staff_client, facilitator):
        stand(make_group(facilitator), **KEMBANG | {"measured_score": 61, "measured_rank": 1})
        assert "measured 61" in show(staff_client).content.decode()

    def test_what_needs_attention_is_told(self, staff_client, facilitator):
        stand(make_group(facilitator), **KEMBANG, need=Need.ARREARS_RISING)
        assert "Needs attention: Arrears rising" in show(staff_client).content.decode()

    def test_open_signals_are_told_until_they_were_looked_into(self, staff_client, facilitator):
        group = make_kembang_minus_outside(facilitator, until=TODAY)
        republish(group, "TUMBUH")
        for days in range(1, 5):
            make_meeting(group, TODAY - timedelta(20 * days + 1))
        bring_up_to_date()
        open_signal = "One recorder, nobody else checks"
        assert f"To look into: {open_signal}" in show(staff_client).content.decode()
        assert open_signal in show(staff_client, "format=csv").content.decode()
        make_review(group, "one_recorder", seen={"counted": 99, "records": [str(number) for number in range(1, 11)]})
        assert open_signal not in show(staff_client).content.decode()
        assert open_signal not in show(staff_client, "format=csv").content.decode()

    def test_portfolio_and_repayment_of_a_loan_are_those_of_the_snapshot(self, staff_client, facilitator):
        group = make_kembang_minus_outside(facilitator, until=TODAY)
        republish(group, "TUMBUH")
        member = make_member(group)
        save(member, 2_000_000)
        repay(lend(member, 1_200_000, rate=Decimal(0)), 100_000)
        bring_up_to_date()
        [(_row, _stage, _reasons, _signals, health)] = show(staff_client).context["rows"]
        assert (health.balance, health.par_30) == (1_100_000, 1)
        assert health.repayment_rate == performance(Group.objects.all(), as_of=TODAY).repayment_rate

    def test_another_organisation_is_left_out(self, staff_client, ready):
        stand(make_group(name="Rahasia"), **KEMBANG)
        assert listed(staff_client) == ["Anggrek"]
        assert "Rahasia" not in show(staff_client, "format=csv").content.decode()

    def test_each_row_leads_to_group_and_profile(self, staff_client, ready):
        html = show(staff_client).content.decode()
        assert f'href="/g/{ready.code}/assessment/"' in html
        assert f'href="/g/{ready.code}/profile/?scheme=kotaku"' in html

    def test_nobody_is_ready_yet(self, staff_client, facilitator):
        stand(make_group(facilitator))
        assert "No group within these filters stands there yet." in show(staff_client).content.decode()

    def test_at_most_twelve_statements_at_any_size(self, staff_client, facilitator):
        taken = []
        for size in (2, 30):
            while Group.objects.count() < size:
                stand(make_group(facilitator), **KEMBANG)
            with CaptureQueriesContext(connection) as queries:
                show(staff_client, "kind=REVOLVING&stage=KEMBANG")
            taken.append(len(queries))
        assert taken[0] == taken[1] <= 12


class TestProfile:
    def read(self, client, group: Group, person=None) -> str:
        client.force_login(person or facilitator_of(group))
        client.cookies["django_language"] = "en"
        response = client.get(f"/g/{group.code}/profile/")
        assert response.status_code == 200
        return re.sub(r"[ \n]+", " ", response.content.decode())

    @pytest.fixture
    def group(self) -> Group:
        return make_kembang_minus_outside(until=TODAY, name="Anggrek", bank_name="BRI")

    def test_stage_with_each_indicator(self, client, group):
        html = self.read(client, group)
        assert "76 of 100 points" in html
        assert "present 100%, last 4 meetings" in html
        assert "not enough data" in html

    def test_not_yet_ready_is_said(self, client, group):
        words = "The group does not stand at a stage that can be linked to a lender yet."
        assert words in self.read(client, group)
        republish(group, "TUMBUH")
        assert words not in self.read(client, group)

    def test_officers_without_nik_and_with_masked_phones(self, client, group):
        member = make_member(group, "Rahma", phone="081234567890", nik="3519050101900001")
        make_officer(member, OfficerRole.KETUA)
        html = self.read(client, group)
        assert "Rahma" in html
        assert "••••••••7890" in html
        assert "081234567890" not in html
        assert "3519050101900001" not in html

    def test_a_former_officer_does_not_sign(self, client, group):
        make_officer(make_member(group, "Rahma"), OfficerRole.KETUA, ended_on=TODAY - timedelta(1))
        assert "Rahma" not in self.read(client, group)

    def test_money(self, client, group):
        member = make_member(group)
        save(member, 2_000_000)
        repay(lend(member, 1_200_000, rate=Decimal(0)), 100_000)
        html = self.read(client, group)
        assert f"<dt>Savings (simpanan)</dt><dd>{rupiah(2_000_000)}</dd>" in html
        assert f"{rupiah(1_100_000)} (1 loan)" in html
        assert "BRI 123, 2 signatures needed" in html

    def test_the_last_meetings_and_lines_to_sign(self, client, group):
        html = self.read(client, group)
        assert html.count("10 of 10 present") == 6
        assert html.count('class="sign ') == 1

    def test_a_new_group_without_anything(self, client):
        assert "No meeting has been recorded yet." in self.read(client, make_group())

    def test_open_signals_are_for_staff_and_not_printed(self, client, group):
        for days in range(1, 5):
            make_meeting(group, TODAY - timedelta(20 * days + 1))
        html = self.read(client, group, make_staff(group))
        panel = html[: html.index("One recorder, nobody else checks")].rpartition("<section")[2]
        assert "d-print-none" in panel
        assert "One recorder, nobody else checks" not in self.read(client, group)

    def test_who_made_the_score_final_and_when(self, client, group):
        staff = make_staff(group)
        assessment_finalise(actor=staff, group=group, as_of=TODAY)
        assert f"made final by {staff}, " in self.read(client, group)

    def test_officers_of_the_group_and_staff_may_read_it(self, client, group):
        self.read(client, group, make_staff(group))

    def test_another_organisation_does_not_find_it(self, client, group):
        client.force_login(make_staff())
        assert client.get(f"/g/{group.code}/profile/").status_code == 404

    @pytest.mark.parametrize("scheme", ["", "abc", "%27", "kotaku"])
    def test_a_scheme_nobody_uses_is_the_primary_one(self, client, group, scheme):
        client.force_login(facilitator_of(group))
        response = client.get(f"/g/{group.code}/profile/?scheme={scheme}")
        assert response.context["current"].instrument.code == "kotaku"
