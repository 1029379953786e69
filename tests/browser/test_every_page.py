"""Every page of the site on a phone's screen: nothing sideways, nothing axe finds serious, no complaint of the browser.

The pages are those of the URLconf: a new one fails this test until its address is known here.
"""

from __future__ import annotations

import uuid

import pytest
from django.contrib import admin
from django.core.management import call_command
from django.db.models import F, QuerySet
from django.urls import URLPattern, reverse
from django.utils import timezone

from assessment.instruments import in_force
from assessment.models import Instrument, ScoreRevision
from finance.models import CashCount, Entry, InventoryItem, Loan, LoanRequest, SurplusDivision, Waiver
from finance.services import fine_charge, inventory_buy, loan_request, loan_request_approve, loan_write_off
from groups.models import FacilitatorAssignment, FederationMembership, FormationNote, Group, GroupStatus, Role, User
from groups.permissions import Capability, declared_capability, walk_urls
from kelompok.demo.organisations import PASSWORD
from kelompok.services.dissolving import group_dissolve
from meetings.models import Meeting, MeetingStatus, MonthReport
from meetings.services import draft_save
from tests.factories import (
    borrow_external,
    cover,
    make_account,
    make_exit_review,
    make_federation_records,
    make_founding,
    make_group,
    make_member,
    make_partnership_records,
    make_phase,
    make_report,
    save,
)
from tests.finance.surplus import decide, share_out, worked_year

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("committed_db")]

NO_PAGES = {
    "healthz",
    "logout",
    "language",
    "draft-discard",
    "facilitator-end",
    "group-found",
    "rhythm-withdraw",
    "meeting-move-withdraw",
    "decision-done",
    "visit-plan-withdraw",
    "follow-up-done",
    "override-withdraw",
    "dashboard-score",
    "period-close",
    "bank-tick",
    "loan-fines-take-back",
    "review-withdraw",
    "dashboard-final-run",
    "group-list-file",
}
"""Addresses that answer with something else than a page of their own."""
QUERIES = {
    "dashboard-moved": "?way=same",
    "dashboard-month": f"?month={timezone.localdate():%Y-%m}&rank=0",
    "portfolio-class": "?ratio=par_class&class=GOOD",
}
"""What pages are asked that lead elsewhere without."""
BY_STAFF = {Capability.ASSESS, Capability.CONFIGURE}


WIDE_TABLES = {"dashboard-heatmap"}
"""Pages of staff whose table has a column for each indicator: it is moved sideways, and the heads of its rows stay."""


def routes() -> dict[str, URLPattern]:
    found = {pattern.name or route: pattern for route, pattern in walk_urls()}
    return {name: pattern for name, pattern in found.items() if name not in NO_PAGES}


@pytest.fixture(scope="module")
def group(committed_module) -> Group:
    """A group in the middle of its life, with a draft, a corrected meeting and an open cash difference."""
    call_command("demo", "--groups", "3", "--months", "6", "--force", "--verbosity", "0")
    group = Group.objects.filter(loans__isnull=False).distinct().first()
    assert group is not None
    recorder = facilitator(group)
    today = timezone.localdate()
    inventory_buy(actor=recorder, group=group, name="Timbangan", price=1_000, on=today, key=uuid.uuid4())
    draft_save(actor=recorder, group=group, key=uuid.uuid4(), draft={})
    make_member(group, left_on=today)
    charged = group.members.filter(left_on__isnull=True).first()
    fine_charge(actor=recorder, group=group, member=charged, amount=5_000, reason="lalai", on=today, key=uuid.uuid4())
    first, second = group.members.filter(left_on__isnull=True)[:2]
    for member in (first, second):
        request = loan_request(
            actor=recorder, group=group, member=member, amount=500_000, periods=10, purpose="bibit", on=today,
            key=uuid.uuid4(),
        )  # fmt: skip
    loan_request_approve(
        actor=recorder, group=group, request=request, amount=100_000, periods=5, on=today, in_meeting=True
    )
    given_up = running_loans(group).last()
    loan_write_off(actor=recorder, group=group, loan=given_up, reason="pindah", on=today, key=uuid.uuid4())
    CashCount.objects.create(
        group=group,
        counted_on=timezone.localdate(),
        expected=100_000,
        counted=95_000,
        explanation="uang kembalian kurang",
        counted_by=recorder,
    )
    make_account(group)
    make_partnership_records(group)
    FederationMembership.objects.filter(group=group, ended_on=None).update(ended_on=timezone.localdate(), ended_why="x")
    make_federation_records(group)
    if not MonthReport.objects.filter(author=recorder).exists():
        make_report(recorder)
    if not group.mentoring_phases.filter(phase="ENDED").exists():
        make_exit_review(make_phase(group, timezone.localdate(), "ENDED"))
    if not group.foundings.exists():
        make_founding(group, group.founded_on)
    FormationNote.objects.create(group=group, step="NAME", done_on=group.founded_on, text="bunga", recorded_by=recorder)
    Waiver.objects.create(
        group=group, member=group.members.first(), kind="WAJIB", amount=1, waived_on=timezone.localdate(), why="sakit",
        key=uuid.uuid4(), recorded_by=recorder,
    )  # fmt: skip
    shown = group.assessments.latest("as_of")
    ScoreRevision.objects.create(
        group=group, scheme=shown.scheme, as_of=shown.as_of, instrument=shown.instrument, was_stage=shown.stage,
        was_rank=shown.rank, was_score=shown.score, was_measured_rank=shown.rank, was_measured_score=shown.score,
        was_computed_at=shown.computed_at, indicators=shown.indicators,
    )  # fmt: skip
    return group


@pytest.fixture(scope="module")
def later(group: Group) -> tuple[Group, Group, Group]:
    """Three more groups of the facilitator.

    One has covered arrears, a debt and a divided year, one is shared out, and one is dissolved with money left.
    """
    recorder = facilitator(group)
    worked, (payer, late, _third) = worked_year()
    borrow_external(worked)
    cover(late.loans.get(), {payer: 1_000}, on=timezone.localdate())
    decide(worked)
    saver = make_member(make_group())
    save(saver, 100_000)
    share_out(saver.group)
    Group.objects.filter(pk=saver.group.pk).update(status=GroupStatus.DORMANT)
    kept = make_member(make_group())
    save(kept, 100_000)
    group_dissolve(
        actor=kept.group.recorded_by, group=kept.group, on=timezone.localdate(), place="Balai", present="semua",
        reason="bubar", division="", unsettled_why="kas hilang", key=uuid.uuid4(),
    )  # fmt: skip
    for other in (worked, saver.group, kept.group):
        Group.objects.filter(pk=other.pk).update(organisation=group.organisation, number=1000 + other.pk)
        FacilitatorAssignment.objects.create(group=other, facilitator=recorder, started_on=other.founded_on)
    return worked, saver.group, kept.group


def address_later(name: str, worked: Group, shared: Group, ended: Group) -> str | None:
    """Return the address of a page that needs what only the later groups have; None for any other."""
    late = worked.loans.get(accounts__kind="LOAN", accounts__debits_posted__gt=F("accounts__credits_posted"))
    external = {"number": worked.external_loans.get().number}
    division = {"pk": SurplusDivision.objects.get(group=worked).pk}
    shared_out = {"number": Entry.objects.get(group=shared, kind="SHARE_OUT").number}
    rows = {
        "opening": (worked, {}),
        "loan-cover": (worked, {"number": late.number}),
        "cover-recover": (worked, {"pk": late.member_id}),
        "external-loan": (worked, external),
        "external-loan-repay": (worked, external),
        "surplus-division": (worked, division),
        "surplus-post": (worked, division),
        "surplus-withdraw": (worked, division),
        "dissolution": (ended, {}),
        "dissolution-take-back": (ended, {}),
        "dissolution-close-case": (ended, {}),
        "group-revive": (shared, {}),
        "share-out-list": (shared, shared_out),
        "share-out-reverse": (shared, shared_out),
    }
    if name not in rows:
        return None
    group, row = rows[name]
    return reverse(name, kwargs={"code": group.code} | row)


def running_loans(group: Group) -> QuerySet[Loan]:
    return Loan.objects.filter(
        group=group, accounts__kind="LOAN", accounts__debits_posted__gt=F("accounts__credits_posted")
    )


def facilitator(group: Group) -> User:
    assignment = FacilitatorAssignment.objects.filter(group=group, ended_on=None).select_related("facilitator").first()
    assert assignment is not None
    return assignment.facilitator


def address(name: str, group: Group) -> str:
    """Return the address of the page `name` for some row of `group` that it can show."""
    closed = Meeting.objects.filter(group=group, status=MeetingStatus.CLOSED).first()
    instrument = Instrument.objects.get(code="kotaku", organisation=None)
    member = group.members.filter(left_on__isnull=True).first()
    running = running_loans(group).first()
    asked = LoanRequest.objects.filter(group=group, status="ASKED").last()
    approved = LoanRequest.objects.filter(group=group, status="APPROVED", loans=None).last()
    partnership, agreement = {"pk": group.partnerships.last().pk}, {"pk": group.partnership_agreements.last().pk}
    partner = {"pk": group.partnership_agreements.last().partner_id}
    membership = group.federation_memberships.get(ended_on=None)
    federation, of = {"pk": membership.federation_id}, membership.federation
    rows = {
        **dict.fromkeys(
            (
                "federation",
                "federation-edit",
                "federation-join",
                "federation-elect",
                "federation-meetings",
                "federation-meeting-record",
                "federation-contact-record",
                "federation-contributions",
                "contribution-agree",
                "contribution-payment",
            ),
            federation,
        ),
        "federation-leave": {"pk": membership.pk},
        "federation-meeting-withdraw": {"pk": of.meetings.get().pk},
        "federation-contact-withdraw": {"pk": of.contacts.get().pk},
        "contribution-withdraw": {"pk": of.payments.get().pk},
        "partner": partner,
        "partner-edit": partner,
        "partnership": partnership,
        "partnership-step": partnership | {"number": 3},
        "partnership-close": partnership,
        "agreement-create": partnership,
        "partnership-document": partnership,
        "agreement": agreement,
        "agreement-end": agreement,
        "agreement-withdraw": agreement,
        "document-withdraw": {"pk": group.partnerships.last().documents.last().pk},
        "activity-withdraw": {"pk": group.partner_activities.last().pk},
        "member": {"pk": member.pk},
        "member-edit": {"pk": member.pk},
        "member-owed": {"pk": member.pk},
        "fine-charge": {"pk": member.pk},
        "waiver-take-back": {"pk": group.waivers.last().pk},
        "member-leave": {"pk": member.pk},
        "member-leave-undo": {"pk": group.members.filter(left_on__isnull=False).first().pk},
        "formation-step": {"step": "nearby"},
        "formation-note-withdraw": {"pk": group.formation_notes.first().pk},
        "bank-mandate": {"pk": group.bank_accounts.last().pk},
        "bank-account-close": {"pk": group.bank_accounts.last().pk},
        "assessment-shown": {"pk": group.score_revisions.last().pk},
        "term-correct": {"pk": group.officer_terms.filter(ended_on=None).first().pk},
        "loan": {"number": Loan.objects.filter(group=group).first().number},
        "loan-pay": {"number": running.number},
        "loan-reschedule": {"number": running.number},
        "loan-write-off": {"number": running.number},
        "loan-recover": {"number": Loan.objects.filter(group=group, ended_as="WRITTEN_OFF").last().number},
        "loan-request-decide": {"pk": asked.pk},
        "loan-request-cancel": {"pk": asked.pk},
        "loan-request-pay-out": {"pk": approved.pk},
        "entry": {"number": Entry.objects.filter(group=group).first().number},
        "entry-reverse": {"number": Entry.objects.filter(group=group).first().number},
        "cash-difference-settle": {"pk": CashCount.objects.filter(group=group, counted=95_000).first().pk},
        "inventory-write-down": {"pk": InventoryItem.objects.filter(group=group).first().pk},
        "instrument": {"pk": instrument.pk},
        "instrument-compare": {"pk": instrument.pk},
        "assessment-stored": {"day": group.assessments.latest("as_of").as_of},
        "constitution-version": {"version": group.rules.version},
        "assessment-certificate": {"day": group.assessments.filter(status="FINAL").latest("as_of").as_of},
        "override-give": {"indicator": "attendance"},
        "assessment-evidence": {"indicator": "repayment"},
        "meeting": {"number": closed.number},
        "meeting-edit": {"number": Meeting.objects.filter(group=group, status=MeetingStatus.DRAFT).first().number},
        "meeting-correct": {"number": closed.number},
        "meeting-version": {"number": closed.number, "version": 1},
        "visit": {"pk": group.visits.last().pk},
        "month-report-shown": {"pk": MonthReport.objects.filter(author=facilitator(group)).first().pk},
        "exit-review": {"pk": group.mentoring_phases.get(exit_review__isnull=False).pk},
        "mentoring-withdraw": {"pk": group.mentoring_phases.first().pk},
        "letter": {"pk": group.letters.last().pk},
        "letter-withdraw": {"pk": group.letters.last().pk},
        "training": {"pk": group.trainings.last().pk},
        "training-withdraw": {"pk": group.trainings.last().pk},
        "visit-withdraw": {"pk": group.visits.last().pk},
    }
    pattern = routes()[name]
    own = {"code": group.code} if "code" in pattern.pattern.converters else {}
    return reverse(name, kwargs=own | rows.get(name, {}))


def test_every_page_fits_a_phone_and_is_accessible(visit_of_module, group, later):
    by_recorder, by_staff, by_stranger = (visit_of_module() for _who in range(3))
    staff = User.objects.filter(organisation=group.organisation, role=Role.STAFF).first()
    by_recorder.sign_in(facilitator(group).username, PASSWORD)
    by_staff.sign_in(staff.username, PASSWORD)
    found: dict[str, list[str]] = {}
    for name, pattern in routes().items():
        capability = declared_capability(pattern.callback)
        site = by_stranger if capability is None else by_staff if capability in BY_STAFF else by_recorder
        path = address_later(name, *later) or address(name, group)
        site.open(path + QUERIES.get(name, ""))
        wrong = site.accessibility_violations()
        if site.scrolls_sideways():
            wrong.append(f"wider than the screen: {site.widest()}")
        if name not in WIDE_TABLES:
            wrong += [f"cut off: {cell}" for cell in site.cut_tables()]
        if site.path != path and name != "admin-login":
            wrong.append(f"led to {site.path}")
        if wrong:
            found[name] = wrong
    assert not found, "\n".join(f"{name}: {text}" for name, wrong in found.items() for text in wrong)


def test_the_evidence_of_every_indicator_fits_a_phone(visit_of_module, group):
    site = visit_of_module()
    site.sign_in(facilitator(group).username, PASSWORD)
    found = {}
    for indicator in in_force(group.organisation_id).indicators.all():
        site.open(reverse("assessment-evidence", args=[group.code, indicator.code]))
        assert site.page.locator("h1").count() == 1
        if cut := site.cut_tables():
            found[indicator.code] = cut
    assert found == {}


def test_the_administration_keeps_to_the_content_policy(visit_of_module, group):
    site = visit_of_module(viewport={"width": 1280, "height": 800}, is_mobile=False)
    site.sign_in("admin", PASSWORD)
    lists = [f"{model._meta.app_label}_{model._meta.model_name}_changelist" for model in admin.site._registry]
    for name in ("index", "groups_group_add", *lists):
        site.open(reverse(f"admin:{name}"))
        assert site.page.locator("#content").count() == 1
