"""Every URL of the project, asked for by every role of two organisations.

A route that the table below does not know fails the test: whoever adds a page says here who may open it.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass, field
from datetime import date
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from django.contrib import admin
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import resolve, reverse
from django.utils import timezone

from assessment.models import Assessment, AssessmentStatus, Instrument, Judgement, ScoreRevision
from assessment.services import assess_groups, snapshots
from finance.models import CashCount, Entry, ExternalLoan, InventoryItem, Loan, LoanRequest, SurplusDivision, Waiver
from groups.admin import TenantAdmin
from groups.models import (
    FacilitatorAssignment,
    FormationNote,
    Group,
    MeetingMove,
    Member,
    Organisation,
    Partner,
    Role,
    User,
)
from groups.permissions import Capability, walk_urls
from kelompok.services import dissolving
from meetings.models import AgendaItem, FollowUp, Meeting, MeetingStatus, MonthReport
from tests.assessment.groups import AS_OF, make_override, make_review
from tests.factories import (
    FOUNDED,
    ask,
    borrow_external,
    buy,
    facilitator_of,
    lend,
    make_account,
    make_entry,
    make_exit_review,
    make_federation_records,
    make_founding,
    make_group,
    make_letter,
    make_member,
    make_members,
    make_officer,
    make_organisation,
    make_partnership_records,
    make_phase,
    make_plan,
    make_report,
    make_training,
    make_user,
    make_village,
    make_visit,
    save,
)
from tests.meetings.pages import post_correction, post_sheet, sign_in

WRITES = re.compile(r'\s*(INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)', re.IGNORECASE)
READ, RECORD, CONFIGURE, ASSESS = Capability.READ, Capability.RECORD, Capability.CONFIGURE, Capability.ASSESS
MENTOR, MEET = Capability.MENTOR, Capability.MEET
PUBLIC = None
MAY: dict[str, set[Capability]] = {
    "superuser": {READ, RECORD, MEET, CONFIGURE, MENTOR, ASSESS},
    "admin": {READ, RECORD, MEET, CONFIGURE, MENTOR, ASSESS},
    "staff": {READ, CONFIGURE, MENTOR, ASSESS},
    "staff of the region": {READ, CONFIGURE, MENTOR, ASSESS},
    "staff of another region": {READ, CONFIGURE, MENTOR, ASSESS},
    "facilitator": {READ, RECORD, MEET, MENTOR},
    "facilitator not assigned": {READ, RECORD, MEET, MENTOR},
    "facilitator with finished assignment": {READ, RECORD, MEET, MENTOR},
    "officer": {READ},
    "officer who records": {READ, MEET},
    "officer who records in another group": {READ, MEET},
    "officer whose term ended": {READ},
}
"""What each role may do with what it may see."""
SEES_OWN = {"superuser", "admin", "staff", "staff of the region", "facilitator", "officer", "officer who records"}
SEES_OTHER = {"superuser"}
EVERYBODY_ELSE = (
    "staff of another region", "facilitator not assigned", "facilitator with finished assignment",
)  # fmt: skip
"""Who sees what belongs to the whole organisation and to no region, though not the group; an officer does not."""


@dataclass
class World:
    """A group in the middle of its life, and the people around it."""

    group: Group
    people: dict[str, User]

    @property
    def member(self) -> Member:
        return self.group.members.order_by("number")[0]

    @property
    def draft(self) -> Meeting:
        return Meeting.objects.get(group=self.group, status=MeetingStatus.DRAFT)

    @property
    def closed(self) -> Meeting:
        return Meeting.objects.get(group=self.group, status=MeetingStatus.CLOSED)


def nothing(_world: World) -> dict[str, Any]:
    return {}


def member(world: World) -> dict[str, Any]:
    return {"pk": world.member.pk}


def account(world: World) -> dict[str, Any]:
    return {"pk": world.group.bank_accounts.get().pk}


def visit(world: World) -> dict[str, Any]:
    return {"pk": world.group.visits.get().pk}


def letter(world: World) -> dict[str, Any]:
    return {"pk": world.group.letters.get().pk}


def training(world: World) -> dict[str, Any]:
    return {"pk": world.group.trainings.get().pk}


def report(world: World) -> dict[str, Any]:
    return {"pk": MonthReport.objects.get(author=world.people["facilitator"]).pk}


def phase(world: World) -> dict[str, Any]:
    return {"pk": world.group.mentoring_phases.get(phase="ENDED").pk}


def meeting(world: World) -> dict[str, Any]:
    return {"number": world.closed.number}


def draft(world: World) -> dict[str, Any]:
    return {"number": world.draft.number}


def division(world: World) -> dict[str, Any]:
    return {"pk": world.group.surplus_divisions.get().pk}


def shared_out(world: World) -> dict[str, Any]:
    return {"number": Entry.objects.get(group=world.group, kind="SHARE_OUT").number}


def last_entry(world: World) -> dict[str, Any]:
    return {"number": Entry.objects.filter(group=world.group).latest("pk").number}


def external(world: World) -> dict[str, Any]:
    return {"number": ExternalLoan.objects.get(group=world.group).number}


def partner(world: World) -> dict[str, Any]:
    return {"pk": Partner.objects.get(organisation=world.group.organisation).pk}


def partnership(world: World) -> dict[str, Any]:
    return {"pk": world.group.partnerships.get().pk}


def agreement(world: World) -> dict[str, Any]:
    return {"pk": world.group.partnership_agreements.get().pk}


def activity(world: World) -> dict[str, Any]:
    return {"pk": world.group.partner_activities.get().pk}


def document(world: World) -> dict[str, Any]:
    return {"pk": world.group.partnerships.get().documents.get().pk}


def federation(world: World) -> dict[str, Any]:
    return {"pk": world.group.federation_memberships.get().federation_id}


def of_federation(name: str) -> Callable[[World], dict[str, Any]]:
    """The record of the world's federation under this name."""
    return lambda world: {"pk": getattr(world.group.federation_memberships.get().federation, name).get().pk}


def shipped(_world: World) -> dict[str, Any]:
    return {"pk": Instrument.objects.get(code="kotaku", organisation=None).pk}


@dataclass(frozen=True)
class Route:
    """Who may open a route (`PUBLIC`: everybody), what it needs besides the group's code, and its GET status.

    `seen_by` are the roles of the own organisation that find its objects, None where those of the other do too.
    """

    capability: Capability | None
    objects: Callable[[World], dict[str, Any]] = nothing
    of_group: bool = True
    get: set[int] = field(default_factory=lambda: {200})
    seen_by: Set[str] | None = None

    def is_found(self, role: str, whose: str) -> bool:
        """Whether somebody of the role finds what the route is about in the own or the other organisation."""
        if whose == "other":
            return role in SEES_OTHER or not (self.of_group or self.seen_by is not None)
        return role in self.seen_by if self.seen_by is not None else role in SEES_OWN or not self.of_group


def of_organisation(capability: Capability, objects: Callable[[World], dict[str, Any]], *seen_by: str) -> Route:
    return Route(capability, objects, of_group=False, seen_by={*SEES_OWN, *seen_by})


def site(capability: Capability | None, *statuses: int) -> Route:
    return Route(capability, of_group=False, get=set(statuses) or {200})


ROUTES: dict[str, Route] = {
    "home": site(READ, 200, 302),
    "healthz": site(PUBLIC),
    "login": site(PUBLIC, 200, 302),
    "logout": site(PUBLIC, 405),
    "language": site(PUBLIC, 302),
    "admin-login": site(PUBLIC, 302, 403),
    # groups
    "group-list": site(READ),
    "group-list-file": site(READ),
    "group-create": site(RECORD),
    "group": Route(READ),
    "group-edit": Route(RECORD),
    "member-create": Route(RECORD),
    "members-create": Route(RECORD),
    "member-edit": Route(RECORD, member),
    "member-leave": Route(RECORD, member),
    "member-leave-undo": Route(RECORD, member, get={302}),
    "constitution": Route(READ),
    "constitution-adopt": Route(RECORD),
    "constitution-version": Route(READ, lambda _world: {"version": 1}),
    "rhythm": Route(READ),
    "rhythm-adopt": Route(RECORD),
    "rhythm-withdraw": Route(RECORD, lambda world: {"pk": world.group.rhythms.get().pk}, get={302}),
    "calendar": Route(READ),
    "meeting-move": Route(RECORD),
    "meeting-move-withdraw": Route(RECORD, lambda world: {"pk": world.group.moves.get().pk}, get={302}),
    "meetings-move": site(RECORD),
    "officers": Route(READ),
    "officer-handover": Route(READ),
    "annual-meeting": Route(READ),
    "election": Route(RECORD),
    "term-correct": Route(RECORD, lambda world: {"pk": world.group.officer_terms.get(role="KETUA", ended_on=None).pk}),
    "formation": Route(READ),
    "formation-step": Route(RECORD, lambda _world: {"step": "name"}),
    "formation-note-withdraw": Route(RECORD, lambda world: {"pk": world.group.formation_notes.get().pk}),
    "founding": Route(READ),
    "founding-record": Route(RECORD),
    "founding-withdraw": Route(RECORD),
    "group-found": Route(RECORD, get={302}),
    "group-revive": Route(RECORD, get={302}),
    "facilitators": Route(CONFIGURE),
    "facilitator-end": Route(
        CONFIGURE, lambda world: {"pk": world.group.assignments.filter(ended_on=None).get().pk}, get={302}
    ),
    "bank-accounts": Route(READ),
    "bank-account-open": Route(RECORD),
    "bank-mandate": Route(RECORD, account),
    "bank-account-close": Route(RECORD, account),
    "partner-list": site(READ),
    "partner-create": site(RECORD),
    "partner": of_organisation(READ, partner, *EVERYBODY_ELSE),
    "partner-edit": of_organisation(RECORD, partner, *EVERYBODY_ELSE),
    "federation-list": site(READ),
    "federation-create": site(CONFIGURE),
    "federation": of_organisation(READ, federation),
    "federation-edit": of_organisation(CONFIGURE, federation),
    "federation-join": of_organisation(CONFIGURE, federation),
    "federation-elect": of_organisation(CONFIGURE, federation),
    "federation-leave": of_organisation(CONFIGURE, of_federation("memberships")),
    "federation-meetings": of_organisation(READ, federation),
    "federation-meeting-record": of_organisation(RECORD, federation),
    "federation-contact-record": of_organisation(RECORD, federation),
    "federation-meeting-withdraw": of_organisation(RECORD, of_federation("meetings")),
    "federation-contact-withdraw": of_organisation(RECORD, of_federation("contacts")),
    "federation-contributions": of_organisation(READ, federation),
    "contribution-agree": of_organisation(CONFIGURE, federation),
    "contribution-payment": of_organisation(RECORD, federation),
    "contribution-withdraw": of_organisation(RECORD, of_federation("payments")),
    "partnerships": Route(READ),
    "partnership-create": Route(RECORD),
    "partnership": Route(READ, partnership),
    "partnership-step": Route(RECORD, lambda world: partnership(world) | {"number": 2}),
    "partnership-close": Route(RECORD, partnership),
    "agreement-create": Route(RECORD, partnership),
    "partnership-document": Route(RECORD, partnership),
    "agreement": Route(READ, agreement),
    "agreement-end": Route(RECORD, agreement),
    "agreement-withdraw": Route(RECORD, agreement),
    "document-withdraw": Route(RECORD, document),
    "activity-record": Route(RECORD),
    "activity-withdraw": Route(RECORD, activity),
    "group-dissolve": Route(RECORD),
    "dissolution": Route(READ),
    "dissolution-take-back": Route(RECORD, get={302}),
    "dissolution-close-case": Route(CONFIGURE, get={302}),
    # finance
    "member": Route(READ, member),
    "books": Route(READ),
    "general-ledger": Route(READ),
    "trial-balance": Route(READ),
    "balance-sheet": Route(READ),
    "income-statement": Route(READ),
    "health": Route(READ),
    "portfolio": site(ASSESS),
    "cash-book": Route(READ),
    "savings-book": Route(READ),
    "loan-book": Route(READ),
    "loan": Route(READ, lambda world: {"number": Loan.objects.get(group=world.group).number}),
    "entry": Route(READ, last_entry),
    "entry-reverse": Route(RECORD, last_entry),
    "loan-cover": Route(RECORD, lambda world: {"number": Loan.objects.get(group=world.group).number}),
    "cover-recover": Route(RECORD, member),
    "owed": Route(READ),
    "member-owed": Route(RECORD, member),
    "waiver-take-back": Route(RECORD, lambda world: {"pk": world.group.waivers.get().pk}),
    "fine-charge": Route(RECORD, member),
    "external-loans": Route(READ),
    "external-loan": Route(READ, external),
    "external-loan-receive": Route(RECORD),
    "external-loan-repay": Route(RECORD, external),
    **dict.fromkeys(
        ("loan-pay", "loan-reschedule", "loan-write-off"),
        Route(RECORD, lambda world: {"number": Loan.objects.get(group=world.group).number}),
    ),
    "loan-fines-take-back": Route(
        RECORD, lambda world: {"number": Loan.objects.get(group=world.group).number}, get={302}
    ),
    "loan-recover": Route(RECORD, lambda world: {"number": Loan.objects.get(group=world.group).number}, get={302}),
    "loan-requests": Route(READ),
    "loan-request-new": Route(RECORD),
    **dict.fromkeys(
        ("loan-request-decide", "loan-request-cancel"),
        Route(RECORD, lambda world: {"pk": LoanRequest.objects.get(group=world.group).pk}),
    ),
    "loan-request-pay-out": Route(
        RECORD, lambda world: {"pk": LoanRequest.objects.get(group=world.group).pk}, get={302}
    ),
    "cash-differences": Route(READ),
    "cash-difference-settle": Route(RECORD, lambda world: {"pk": CashCount.objects.get(group=world.group).pk}),
    "opening": Route(RECORD),
    "periods": Route(READ),
    "period-close": Route(RECORD, get={302}),
    "surplus": Route(READ),
    "surplus-divide": Route(RECORD),
    "surplus-division": Route(READ, division),
    "surplus-post": Route(RECORD, division),
    "surplus-withdraw": Route(RECORD, division),
    "share-out": Route(READ),
    "share-out-post": Route(RECORD),
    "share-out-list": Route(READ, shared_out),
    "share-out-reverse": Route(RECORD, shared_out),
    "money-record": Route(RECORD),
    "inventory": Route(READ),
    "inventory-buy": Route(RECORD),
    "inventory-write-down": Route(RECORD, lambda world: {"pk": InventoryItem.objects.get(group=world.group).pk}),
    "cash-count": Route(RECORD),
    "bank-statement": Route(READ),
    "bank-tick": Route(RECORD, get={302}),
    # meetings
    "decisions": site(READ),
    "meeting-list": Route(READ),
    "meeting-new": Route(MEET),
    "meeting": Route(READ, meeting),
    "meeting-edit": Route(MEET, draft),
    "draft-discard": Route(MEET, draft, get={302}),
    "meeting-correct": Route(RECORD, meeting),
    "meeting-version": Route(READ, lambda world: {"number": world.closed.number, "version": 1}),
    "decision-list": Route(READ),
    "decision-done": Route(RECORD, lambda world: {"pk": AgendaItem.objects.get(meeting=world.closed).pk}, get={302}),
    "visits": Route(READ),
    "guest-book": Route(READ),
    "letters": Route(READ),
    "letter": Route(READ, letter),
    "letter-record": Route(RECORD),
    "letter-withdraw": Route(RECORD, letter),
    "visit": Route(READ, visit),
    "visit-brief": Route(MENTOR),
    "visit-plan": Route(MENTOR),
    "visit-plan-withdraw": Route(MENTOR, lambda world: {"pk": world.group.planned_visits.get().pk}, get={302}),
    "visit-record": Route(MENTOR),
    "visit-withdraw": Route(MENTOR, visit),
    "follow-up-done": Route(MENTOR, lambda world: {"pk": FollowUp.objects.get(group=world.group).pk}, get={302}),
    "trainings": site(ASSESS),
    "training": Route(READ, training),
    "training-attendance": Route(READ),
    "training-record": Route(MENTOR),
    "training-withdraw": Route(MENTOR, training),
    "workload": site(ASSESS),
    "handover": site(CONFIGURE),
    "month-report": site(MENTOR),
    "month-reports": site(MENTOR),
    "month-report-shown": Route(MENTOR, report, of_group=False, get={200, 404}),
    "mentoring": Route(READ),
    "mentoring-phase": Route(MENTOR),
    "mentoring-end": Route(MENTOR),
    "exit-review": Route(READ, phase),
    "mentoring-withdraw": Route(MENTOR, phase),
    # assessment
    "assessment": Route(READ),
    "judge": Route(ASSESS),
    "assessment-evidence": Route(READ, lambda _world: {"indicator": "attendance"}),
    "override-give": Route(ASSESS, lambda _world: {"indicator": "attendance"}),
    "override-withdraw": Route(ASSESS, lambda world: {"pk": Judgement.objects.get(group=world.group).pk}, get={302}),
    "review": Route(ASSESS),
    "review-withdraw": Route(ASSESS, lambda world: {"pk": world.group.reviews.get().pk}, get={302}),
    "assessment-finalise": Route(ASSESS),
    "assessment-what-if": Route(READ),
    "assessment-stored": Route(READ, lambda world: {"day": world.group.assessments.get().as_of}),
    "assessment-certificate": Route(READ, lambda world: {"day": world.group.assessments.get().as_of}),
    "assessment-shown": Route(READ, lambda world: {"pk": ScoreRevision.objects.get(group=world.group).pk}),
    "instrument-list": site(READ),
    "instrument": Route(READ, shipped, of_group=False),
    "instrument-compare": Route(CONFIGURE, shipped, of_group=False),
    "dashboard": site(ASSESS),
    "dashboard-month": site(ASSESS, 302),
    "portfolio-class": site(ASSESS, 302),
    "dashboard-score": site(ASSESS, 302),
    "dashboard-final": site(ASSESS),
    "dashboard-final-confirm": site(ASSESS),
    "dashboard-final-run": site(ASSESS, 302),
    "dashboard-moves": site(ASSESS),
    "dashboard-signals": site(ASSESS),
    "dashboard-quality": site(ASSESS),
    "dashboard-compare": site(ASSESS),
    "dashboard-moved": site(ASSESS, 302),
    "dashboard-needs": site(ASSESS),
    "dashboard-heatmap": site(ASSESS),
    "dashboard-bank": site(ASSESS),
    "bank-profile": Route(READ),
}


def build() -> World:
    """Let one organisation live for a while, through its own pages where there are some."""
    organisation = make_organisation()
    facilitator = make_user(organisation=organisation)
    group = make_group(facilitator, village=make_village())
    make_members(group, 3)
    first, second, third = group.members.order_by("number")
    make_officer(first)
    make_officer(third, "SEKRETARIS")
    Organisation.objects.filter(pk=organisation.pk).update(officers_record=True)
    neighbour = make_member(make_group(facilitator, name="Tetangga"))
    make_officer(neighbour)
    make_phase(neighbour.group, phase="ACCESS")
    make_officer(second, "BENDAHARA", ended_on=date(2025, 2, 4))
    save(first, 5_000_000)
    lend(first)
    buy(group)
    ask(second)
    borrow_external(group)
    browser = sign_in(group)
    post_sheet(browser, group, agenda_0_title="Pakan", agenda_0_decision="Beli pakan", agenda_0_due_on="2025-04-01")
    post_correction(
        browser, group, agenda_0_title="Pakan", agenda_0_decision="Beli jagung", agenda_0_due_on="2025-04-01"
    )
    post_sheet(browser, group, action="draft", held_on=date(2025, 4, 1))
    CashCount.objects.create(
        group=group, counted_on=FOUNDED, expected=10, counted=9, explanation="hilang", counted_by=facilitator
    )
    SurplusDivision.objects.create(
        group=group, period_start=date(2024, 1, 1), period_end=date(2024, 12, 31), surplus=1, rounding=0,
        rules=group.rules, decided_on=FOUNDED, note="rapat", key=uuid.uuid4(), recorded_by=facilitator,
    )  # fmt: skip
    Waiver.objects.create(
        group=group, member=first, kind="WAJIB", amount=1, waived_on=FOUNDED, why="sakit", key=uuid.uuid4(),
        recorded_by=facilitator,
    )  # fmt: skip
    make_entry(group, "SHARE_OUT")
    MeetingMove.objects.create(group=group, planned_on=date(2025, 5, 6), reason="Lebaran", recorded_by=facilitator)
    make_override(group)
    make_review(group)
    assess_groups(groups=Group.objects.filter(pk=group.pk), as_of=AS_OF)
    shown = Assessment.objects.get(group=group)
    ScoreRevision.objects.create(
        group=group, scheme=shown.scheme, as_of=AS_OF, instrument=shown.instrument, was_stage=shown.stage,
        was_rank=shown.rank, was_score=shown.score, was_measured_rank=shown.rank, was_measured_score=shown.score,
        was_computed_at=shown.computed_at, indicators=shown.indicators,
    )  # fmt: skip
    Assessment.objects.filter(group=group).update(
        status=AssessmentStatus.FINAL, finalised_by=facilitator, finalised_at=timezone.now()
    )
    make_account(group)
    make_partnership_records(group)
    make_federation_records(group)
    make_visit(group, follow_up="Beli buku tamu")
    make_plan(group, timezone.localdate())
    make_training(group, first)
    make_letter(group)
    make_phase(group)
    make_exit_review(make_phase(group, AS_OF, "ENDED"))
    make_report(facilitator)
    FormationNote.objects.create(group=group, step="NAME", done_on=FOUNDED, text="bunga", recorded_by=facilitator)
    make_founding(group)
    ended = dissolving.group_dissolve(
        actor=facilitator, group=group, on=timezone.localdate(), place="Balai", present="semua", reason="bubar",
        division="", unsettled_why="kas hilang", key=uuid.uuid4(),
    )  # fmt: skip
    dissolving.dissolution_take_back(actor=facilitator, dissolution=ended, reason="salah catat")
    former = make_user(organisation=organisation)
    FacilitatorAssignment.objects.create(group=group, facilitator=former, started_on=FOUNDED, ended_on=date(2025, 3, 4))
    return World(
        group,
        {
            "superuser": User.objects.create_superuser(f"root of {group.code}"),
            "admin": make_user(Role.ADMIN, organisation=organisation),
            "staff": make_user(Role.STAFF, organisation=organisation),
            "staff of the region": make_user(Role.STAFF, organisation=organisation, regions=["35.19"]),
            "staff of another region": make_user(Role.STAFF, organisation=organisation, regions=["32", "35.1"]),
            "facilitator": facilitator,
            "facilitator not assigned": make_user(organisation=organisation),
            "facilitator with finished assignment": former,
            "officer": make_user(Role.OFFICER, organisation=organisation, member=first),
            "officer who records": make_user(
                Role.OFFICER, organisation=organisation, member=third, records_meetings=True
            ),
            "officer who records in another group": make_user(
                Role.OFFICER, organisation=organisation, member=neighbour, records_meetings=True
            ),
            "officer whose term ended": make_user(Role.OFFICER, organisation=organisation, member=second),
        },
    )


@pytest.fixture(scope="module")
def worlds(module_db: None) -> tuple[World, World]:
    """Two organisations, built once: no test of this module leaves a trace in them."""
    return build(), build()


@pytest.fixture(autouse=True)
def latest_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Groups of tests are years old; whoever may score need not write the snapshot of every month."""
    monkeypatch.setattr(snapshots, "MONTHS", 0)


@pytest.fixture
def own(worlds: tuple[World, World], db: None) -> World:
    return worlds[0]


@pytest.fixture
def other(worlds: tuple[World, World], db: None) -> World:
    return worlds[1]


class Browser:
    """Somebody's browser, whose every request finds the world as it was."""

    def __init__(self, user: User | None) -> None:
        self.client = Client(raise_request_exception=True)
        if user is not None:
            self.client.force_login(user)
        self.cookies = self.client.cookies.output(header="", sep=";")

    def status(self, method: str, url: str) -> tuple[int, str]:
        client = Client()
        client.cookies.load(self.cookies)
        with transaction.atomic():
            response = getattr(client, method)(url)
            transaction.set_rollback(True)
        return response.status_code, response.headers.get("Location", "")

    def page(self, url: str) -> tuple[int, str]:
        client = Client()
        client.cookies.load(self.cookies)
        response = client.get(url)
        return response.status_code, response.content.decode()


def addresses(world: World) -> Iterator[tuple[str, Route, str]]:
    for name, route in ROUTES.items():
        kwargs = ({"code": world.group.code} if route.of_group else {}) | route.objects(world)
        yield name, route, reverse(name, kwargs=kwargs)


def test_the_table_knows_every_route():
    names = [pattern.name or route for route, pattern in walk_urls()]
    assert sorted(names) == sorted(ROUTES)


def test_strangers_are_sent_to_sign_in(own):
    stranger = Browser(None)
    wrong = [
        (method, name, answer)
        for name, route, url in addresses(own)
        for method in ("get", "post")
        if (answer := stranger.status(method, url)) and route.capability is not PUBLIC
        if answer[0] != 302 or not answer[1].startswith(reverse("login"))
    ]
    assert wrong == []


def test_opening_a_page_writes_nothing(own):
    browser, wrote = Browser(own.people["admin"]), {}
    for name, route, url in addresses(own):
        if route.capability is PUBLIC:
            continue  # signing in and out, the language
        with CaptureQueriesContext(connection) as queries:
            browser.status("get", url)
        tables = {found[2] for query in queries if (found := WRITES.match(query["sql"]))} - {"django_session"}
        if tables:
            wrote[name] = tables
    assert wrote == {}


@pytest.mark.parametrize("role", MAY)
@pytest.mark.parametrize("whose", ["own", "other"])
def test_each_role_gets_what_it_may(role, whose, own, other):
    """What may not be seen is not found, what may be seen but not done is refused, the rest answers."""
    world = own if whose == "own" else other
    browser = Browser(own.people[role])
    wrong = []
    for name, route, url in addresses(world):
        may = route.capability is PUBLIC or route.capability in MAY[role]
        for method in ("get", "post"):
            status, _location = browser.status(method, url)
            if not route.is_found(role, whose) and (route.of_group or may):
                fits = status == 404
            elif not may:
                fits = status == 403
            elif method == "get":
                fits = status in route.get
            else:
                fits = status in {200, 302, 405, 409, 422} or route.capability is PUBLIC
            if not fits:
                wrong.append((method, name, status))
    assert wrong == []


@pytest.mark.parametrize("role", sorted(SEES_OWN))
def test_objects_of_another_group_are_not_found_under_the_own_one(role, own, other):
    browser = Browser(own.people[role])
    wrong = []
    for name, route in ROUTES.items():
        objects = route.objects(other)
        if "pk" in objects and route.of_group and route.capability in MAY[role]:
            url = reverse(name, kwargs={"code": own.group.code, **objects})
            (shown, location), (taken, _location) = (browser.status(method, url) for method in ("get", "post"))
            # Where only posts are taken, looking leads to a page of the own group, whatever there is.
            own_page = reverse("group", args=[own.group.code])
            is_led = shown == 302 and hasattr(resolve(url).func, "page") and location.startswith(own_page)
            if not (shown in {404, 405} or is_led) or taken not in {404, 405} or shown == taken == 405:
                wrong.append((name, shown, taken))
    assert wrong == []


def test_a_deactivated_person_is_signed_out(own):
    user = own.people["facilitator"]
    browser = Browser(user)
    User.objects.filter(pk=user.pk).update(is_active=False)
    status, location = browser.status("get", reverse("group", args=[own.group.code]))
    assert status == 302
    assert location.startswith(reverse("login"))


def test_lists_and_day_of_a_facilitator_name_no_other_group(own, other):
    client = Client()
    client.force_login(facilitator_of(own.group))
    for name in ("home", "group-list", "decisions"):
        content = client.get(reverse(name)).content.decode()
        assert own.group.name in content
        assert other.group.code not in content


def test_staff_of_a_region_read_of_its_groups_alone(own):
    """Every page and file of many groups, as it is and narrowed to the group by whatever can be asked."""
    named: dict[str, set[str]] = {}
    usual = ["", "format=csv", f"facilitator={own.people['facilitator'].pk}&region=35.19"]
    asked = {
        "group-list": ["format=xlsx", f"q={own.group.code}"],
        "dashboard-quality": [f"list={kind}" for kind in ("late", "cash", "drafts", "rules", "officers")],
        "dashboard-moved": ["was=-1&became=-1"],
        "dashboard-needs": ["format=xlsx"],
    }
    marks = [f"/g/{own.group.code}/", own.group.name, own.member.name]
    for role in ("staff", "staff of the region", "staff of another region"):
        named[role] = set()
        client = Client()
        client.force_login(own.people[role])
        for name, route, url in addresses(own):
            if route.of_group or route.capability is PUBLIC:
                continue
            for query in usual + asked.get(name, []):
                # What was asked for is on the page that answers.
                text = words_of(client.get(f"{url}?{query}", follow=True)).replace(query.partition("q=")[2] or "\0", "")
                if any(mark in text for mark in marks):
                    named[role].add(f"{name}?{query}")
    assert len(named["staff"]) > 10
    assert named["staff of the region"] == named["staff"]
    assert named["staff of another region"] == set()


def words_of(response: Any) -> str:
    """The text of a page or a file."""
    content = response.content
    if content.startswith(b"PK"):
        with ZipFile(BytesIO(content)) as file:
            content = b" ".join(file.read(name) for name in file.namelist())
    return content.decode()


SHARED_IN_ADMIN = {"region", "instrument", "indicator", "stagerule"}
"""Models whose rows may belong to nobody, so that both organisations see them."""


def test_the_admin_keeps_each_organisation_to_itself(own, other):
    """Lists, forms and pages of every registered model, for an organisation's administrator."""
    browser = Browser(own.people["admin"])
    marks = {other.group.code, other.group.name, other.group.organisation.name, other.people["facilitator"].username}
    wrong = []
    for model, model_admin in admin.site._registry.items():
        if not isinstance(model_admin, TenantAdmin):
            continue
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        for page in ("changelist", "add"):
            status, content = browser.page(reverse(f"{name}_{page}"))
            if status not in {200, 403} or any(mark in content for mark in marks):
                wrong.append((name, page, status))
        path = model_admin.organisation_path
        if path is None or model._meta.model_name in SHARED_IN_ADMIN:
            continue
        for world, expected in ((own, 200), (other, 302)):
            found = model._default_manager.filter(**{path: world.group.organisation_id}).first()
            if found is not None:
                status, content = browser.page(reverse(f"{name}_change", args=[found.pk]))
                if status != expected or any(mark in content for mark in marks):
                    wrong.append((name, found, status))
    assert wrong == []


@pytest.mark.parametrize("role", [role for role in MAY if role not in {"superuser", "admin"}])
def test_the_admin_is_closed_to_everybody_else(role, own):
    browser = Browser(own.people[role])
    assert {browser.page(reverse(f"admin:{page}"))[0] for page in ("index", "groups_group_changelist")} == {302}
