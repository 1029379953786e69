"""What was recorded stays: every column of every protected model, changed around the services."""

import uuid
from datetime import date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from assessment.models import (
    Assessment,
    AssessmentStatus,
    Gate,
    Indicator,
    Instrument,
    InstrumentStatus,
    Judgement,
    Level,
    Review,
    ScoreRevision,
    StageRule,
)
from finance import services
from finance.models import (
    Account,
    BankTick,
    CashCount,
    Cover,
    CoverRecovery,
    Entry,
    ExternalLoan,
    ExternalPayment,
    Instalment,
    InventoryItem,
    InventoryWriteDown,
    Loan,
    LoanRequest,
    Obligation,
    ObligationPayment,
    OpeningDue,
    PeriodBalance,
    PeriodClosing,
    RequestStatus,
    SentForm,
    SurplusDivision,
    SurplusPart,
    SurplusShare,
    Transfer,
    Waiver,
)
from groups.models import (
    BankAccount,
    BankMandate,
    BankSigner,
    Constitution,
    Dissolution,
    EarlierPlace,
    ExitReview,
    Federation,
    FederationAttendance,
    FederationContact,
    FederationContribution,
    FederationMeeting,
    FederationMembership,
    FederationOfficer,
    FederationPayment,
    FormationNote,
    Founding,
    GroupStatus,
    GroupStatusChange,
    MeetingMove,
    MeetingRhythm,
    MentoringPhase,
    Partner,
    PartnerActivity,
    Partnership,
    PartnershipAgreement,
    PartnershipAspect,
    PartnershipCandidate,
    PartnershipDocument,
    PartnershipStep,
)
from meetings.models import (
    AgendaItem,
    Attendance,
    AttendanceStatus,
    FollowUp,
    Letter,
    Meeting,
    MeetingStatus,
    MonthReport,
    PlannedVisit,
    Training,
    TrainingParticipant,
    Visit,
)
from tests.assessment.groups import AS_OF, make_assessment, make_override, make_review
from tests.factories import (
    FOUNDED,
    ask,
    borrow_external,
    buy,
    count_cash,
    cover,
    facilitator_of,
    lend,
    make_account,
    make_exit_review,
    make_federation_records,
    make_founding,
    make_group,
    make_letter,
    make_meeting,
    make_member,
    make_partnership_records,
    make_phase,
    make_plan,
    make_report,
    make_training,
    make_visit,
    other,
    pay_back,
    repay_external,
    save,
)

pytestmark = pytest.mark.django_db

WITHDRAWAL = {"withdrawn_on", "withdrawn_at", "withdrawn_by"}
ENDED = {"ended_on", "ended_why", "ended_at", "ended_by"}
SETTLEMENT = {"settled_on", "settled_by", "settled_at", "settled_how", "settlement"}
DECISION = {
    "status", "approved_amount", "approved_periods", "decided_on", "decided_in_meeting", "decided_by", "decided_at",
    "note", "cancelled_on", "cancelled_by", "cancelled_why",
}  # fmt: skip
CASE = ("case_closed_on", "case_closed_how", "case_closed_at", "case_closed_by")
TAKEN_BACK = ("taken_back_why", "taken_back_at", "taken_back_by")
WITHDRAWN = {"withdrawn_at", "withdrawn_by", "withdrawn_why"}
MAY_CHANGE = {
    Partner: {"name", "name_key", "kind", "region", "criteria", "contact_person", "phone"},
    Partnership: {"closed_on", "closed_why", "closed_by"},
    PartnershipStep: set(),
    PartnershipAspect: set(),
    PartnershipCandidate: set(),
    PartnershipAgreement: {"ended_on", "ended_why", "ended_by", *WITHDRAWN},
    PartnershipDocument: WITHDRAWN,
    PartnerActivity: WITHDRAWN,
    Federation: {"name", "name_key", "founded_on", "region", "purpose"},
    FederationMembership: {"ended_on", "ended_why"},
    FederationOfficer: {"ended_on"},
    FederationMeeting: WITHDRAWN,
    FederationAttendance: set(),
    FederationContact: WITHDRAWN,
    FederationContribution: set(),
    FederationPayment: WITHDRAWN,
    Constitution: set(),
    GroupStatusChange: set(),
    EarlierPlace: set(),
    BankAccount: {"closed_on"},
    BankMandate: set(),
    BankSigner: set(),
    Dissolution: {*CASE, *TAKEN_BACK},
    FormationNote: {"withdrawn_at", "withdrawn_by", "withdrawn_why"},
    Founding: {"withdrawn_at", "withdrawn_by", "withdrawn_why"},
    Review: {"withdrawn_at", "withdrawn_by"},
    ScoreRevision: set(),
    MeetingRhythm: {"withdrawn_at", "withdrawn_by"},
    MeetingMove: {"withdrawn_at", "withdrawn_by"},
    Entry: set(),
    Transfer: set(),
    Instalment: {"due_on", "late_after"},
    ExternalPayment: set(),
    Cover: set(),
    CoverRecovery: set(),
    Obligation: {"owed_on", "memo", "cancelled_at"},
    ObligationPayment: set(),
    OpeningDue: set(),
    Waiver: ENDED,
    PeriodClosing: set(),
    PeriodBalance: set(),
    InventoryItem: set(),
    InventoryWriteDown: set(),
    BankTick: set(),
    SurplusShare: set(),
    SurplusPart: set(),
    SentForm: set(),
    Account: {"debits_posted", "credits_posted"},
    Loan: {"disbursed_on", "ended_as", "ended_on", "unpaid_principal", "cancelled_at"},
    LoanRequest: DECISION,
    ExternalLoan: {"cancelled_at"},
    CashCount: {*SETTLEMENT, "carried", "corrected_at"},
    SurplusDivision: {"entry", "paid_to", "withdrawn_at", "withdrawn_by", "withdrawn_why"},
    Meeting: {"status"},
    Attendance: set(),
    AgendaItem: {"done_on", "done_by"},
    PlannedVisit: {"withdrawn_at", "withdrawn_by"},
    Visit: {"withdrawn_at", "withdrawn_by", "withdrawn_why"},
    Training: WITHDRAWN,
    Letter: WITHDRAWN,
    TrainingParticipant: set(),
    FollowUp: {"done_on", "done_by"},
    MentoringPhase: {"withdrawn_at", "withdrawn_by", "withdrawn_why"},
    ExitReview: set(),
    MonthReport: set(),
    Instrument: {"status", "retired_at"},
    Indicator: set(),
    StageRule: set(),
    Level: set(),
    Gate: set(),
    Judgement: WITHDRAWAL,
    Assessment: set(),
}
"""Every protected model, with the columns that may change after it was written."""


@pytest.fixture
def records():
    """One group with a row of every protected model."""
    group = make_group(rules={"pokok": 1_000})
    actor, (first, second) = facilitator_of(group), (make_member(group), make_member(group))
    by = {"actor": actor, "group": group}
    save(second, 5_000_000)
    loan = lend(first)
    cover(loan, {second: 10_000})
    pay_back(first, {second: 5_000})
    services.fine_pay(**by, member=first, amount=1_000, reason="lalai", on=FOUNDED, key=uuid.uuid4())
    services.savings_waive(**by, member=first, kind="POKOK", reason="janda", on=FOUNDED, key=uuid.uuid4())
    OpeningDue.objects.create(group=group, member=first, amount=1, entry=group.entries.last())
    request = ask(second)
    external = borrow_external(group)
    repay_external(external, 100_000)
    item = buy(group)
    services.inventory_write_down(actor=actor, item=item, amount=1_000, reason="aus", on=FOUNDED, key=uuid.uuid4())
    deposit = other(group, "BANK_DEPOSIT", 100_000)
    services.bank_tick(**by, transfers=[deposit.transfers.get().pk], statement_on=FOUNDED)
    count = count_cash(group, 1)
    EarlierPlace.objects.create(group=group, kind=group.kind, until=FOUNDED, recorded_by=actor)
    GroupStatusChange.objects.create(
        group=group, from_status=GroupStatus.ACTIVE, to_status=GroupStatus.DISSOLVED, changed_on=FOUNDED,
        reason="bubar", recorded_by=actor,
    )  # fmt: skip
    FormationNote.objects.create(group=group, step="NAME", done_on=FOUNDED, text="bunga", recorded_by=actor)
    make_founding(group)
    MeetingMove.objects.create(
        group=group, planned_on=date(2026, 3, 3), moved_to=date(2026, 3, 10), reason="Lebaran", recorded_by=actor
    )
    division = SurplusDivision.objects.create(
        group=group, period_start=FOUNDED, period_end=FOUNDED, surplus=3, rounding=0, rules=group.rules,
        decided_on=FOUNDED, note="rapat", key=uuid.uuid4(), recorded_by=actor,
    )  # fmt: skip
    SurplusShare.objects.create(
        group=group, division=division, member=first, savings_base=1, borrowing_base=1, by_savings=1, by_borrowing=1
    )
    SurplusPart.objects.create(group=group, division=division, purpose="reserve", amount=1)
    meeting = make_meeting(group, FOUNDED)
    Attendance.objects.create(group=group, meeting=meeting, member=first, status=AttendanceStatus.PRESENT)
    AgendaItem.objects.create(group=group, meeting=meeting, number=1, title="Kas")
    SentForm.objects.create(group=group, key=uuid.uuid4(), content="x", sent_by=actor)
    services.period_close(**by, through=FOUNDED, key=uuid.uuid4())
    Dissolution.objects.create(
        group=group, change=GroupStatusChange.objects.get(), ended_on=date(2027, 1, 1), place="Balai", present="semua",
        reason="bubar", unsettled_why="x", recorded_by=actor,
    )  # fmt: skip
    make_visit(group, FOUNDED, follow_up="Beli buku tamu")
    make_plan(group, FOUNDED)
    make_training(group, first)
    make_letter(group)
    make_exit_review(make_phase(group))
    make_report(actor)
    mandate = make_account(group).mandates.get()
    BankSigner.objects.create(group=group, mandate=mandate, member=first)
    instrument = Instrument.objects.get(code="kotaku", organisation=None)
    ScoreRevision.objects.create(
        group=group, scheme="kotaku", as_of=AS_OF, instrument=instrument, was_stage="TUNAS", was_rank=0, was_score=1,
        was_measured_rank=0, was_measured_score=1, was_computed_at=timezone.now(), indicators={},
    )  # fmt: skip
    make_partnership_records(group)
    make_federation_records(group)
    make_override(group)
    make_review(group)
    make_assessment(group, AS_OF, status=AssessmentStatus.FINAL, finalised_at=timezone.now(), finalised_by=actor)
    return SimpleNamespace(
        group=group, actor=actor, loan=loan, request=request, external=external, count=count, division=division,
        meeting=meeting, entry=deposit, instrument=Instrument.objects.get(code="kotaku", organisation=None),
    )  # fmt: skip


def row_of(model):
    """The newest row of the model."""
    return model.objects.order_by("-pk")[0]


def another(field, value):
    """A plausible value of the field that is not `value`."""
    if field.choices:
        return next(choice for choice, _label in field.flatchoices if choice != value)
    match field.get_internal_type():
        case "CharField" | "TextField" | "SlugField":
            return "y" if value == "x" else "x"
        case "DateField":
            return (value or date(2025, 1, 1)) + timedelta(1)
        case "DateTimeField":
            return (value or datetime(2025, 1, 1, tzinfo=timezone.get_current_timezone())) + timedelta(hours=1)
        case "BooleanField":
            return not value
        case "UUIDField":
            return uuid.uuid4()
        case "DecimalField":
            return (value or Decimal(0)) + Decimal(1).scaleb(-field.decimal_places)
        case "JSONField":
            return {"x": 1}
        case "BigAutoField" | "ForeignKey" | "OneToOneField" if not isinstance(value, str):
            return (value or 0) + 1_000_000  # of a row that need not be there
        case "ForeignKey":
            return "x"
        case _:
            return (value or 0) + 1


def refusal(rows, **change):
    """The text with which the database refuses an update, "" if it lets it through."""
    try:
        with transaction.atomic():
            rows.update(**change)
    except IntegrityError as error:
        return str(error)
    return ""


def fixed_columns():
    for model, may_change in MAY_CHANGE.items():
        for field in model._meta.concrete_fields:
            if field.name not in may_change:
                yield model, field


def test_no_column_changes_but_those_that_may(records):
    slipped = []
    for model, field in fixed_columns():
        row = row_of(model)
        text = refusal(model.objects.filter(pk=row.pk), **{field.name: another(field, getattr(row, field.attname))})
        rules = ["_no_update", "_frozen", *(["_same_group"] if field.name == "group" else [])]
        if not any(rule in text for rule in rules):
            slipped.append(f"{model.__name__}.{field.name}: {text}")
    assert slipped == []


@pytest.mark.parametrize("model", [CashCount, LoanRequest, Loan, SurplusDivision, Meeting])
def test_nothing_is_written_where_nothing_was(records, model):
    row = row_of(model)
    for field in model._meta.concrete_fields:
        if field.null and getattr(row, field.attname) is None and field.name not in MAY_CHANGE[model]:
            text = refusal(model.objects.filter(pk=row.pk), **{field.name: another(field, None)})
            assert f"{model._meta.db_table}_no_update" in text, field.name


def test_a_column_with_nothing_is_no_change_where_it_stays_so(records):
    CashCount.objects.get().save()
    Loan.objects.get().save()


def allowed(records):
    """Changes that a record may see, by name: rows, and their columns."""
    now, by = timezone.now(), records.actor
    return {
        "a balance moves": (Account.objects.filter(kind="CASH"), {"debits_posted": 10**9}),
        "a loan follows its meeting": (Loan.objects.all(), {"disbursed_on": FOUNDED}),
        "a loan ends": (
            Loan.objects.all(), {"ended_as": "WRITTEN_OFF", "ended_on": date(2026, 1, 1), "unpaid_principal": 1},
        ),
        "a loan is cancelled": (Loan.objects.all(), {"cancelled_at": now}),
        "a loan from outside is cancelled": (ExternalLoan.objects.all(), {"cancelled_at": now}),
        "a request is approved": (
            LoanRequest.objects.all(),
            {
                "status": RequestStatus.APPROVED, "approved_amount": 1, "approved_periods": 1,
                "decided_on": date(2026, 1, 1), "decided_by": by, "decided_at": now,
            },
        ),
        "a request is cancelled": (
            LoanRequest.objects.all(),
            {
                "status": RequestStatus.CANCELLED, "cancelled_on": date(2026, 1, 1), "cancelled_by": by,
                "cancelled_why": "x",
            },
        ),
        "a count expects something else": (CashCount.objects.all(), {"carried": 5}),
        "a difference is settled": (
            CashCount.objects.all(),
            {"settled_on": FOUNDED, "settled_by": by, "settled_at": now, "settled_how": "ketemu"},
        ),
        "a division is posted": (SurplusDivision.objects.all(), {"entry": records.entry, "paid_to": "CASH"}),
        "a division is withdrawn": (
            SurplusDivision.objects.all(), {"withdrawn_at": now, "withdrawn_by": by, "withdrawn_why": "x"},
        ),
        "a waiver is taken back": (
            Waiver.objects.all(), {"ended_on": FOUNDED, "ended_why": "x", "ended_at": now, "ended_by": by},
        ),
        "a rhythm is withdrawn": (MeetingRhythm.objects.all(), {"withdrawn_at": now, "withdrawn_by": by}),
        "a move is withdrawn": (MeetingMove.objects.all(), {"withdrawn_at": now, "withdrawn_by": by}),
        "a step of forming a group is withdrawn": (
            FormationNote.objects.all(), {"withdrawn_at": now, "withdrawn_by": by, "withdrawn_why": "x"},
        ),
        "a founding is withdrawn": (
            Founding.objects.all(), {"withdrawn_at": now, "withdrawn_by": by, "withdrawn_why": "x"},
        ),
        "a review is withdrawn": (Review.objects.all(), {"withdrawn_at": now, "withdrawn_by": by}),
        "a meeting is corrected": (Meeting.objects.all(), {"status": MeetingStatus.CORRECTED}),
        "a case is closed": (
            Dissolution.objects.all(),
            {"case_closed_on": date(2026, 1, 1), "case_closed_how": "x", "case_closed_at": now, "case_closed_by": by},
        ),
        "a dissolution is taken back": (
            Dissolution.objects.all(), {"taken_back_why": "x", "taken_back_at": now, "taken_back_by": by},
        ),
        "a bank account is closed": (BankAccount.objects.all(), {"closed_on": date(2026, 1, 1)}),
        "a decision is carried out": (AgendaItem.objects.all(), {"done_on": FOUNDED, "done_by": by}),
        "a plan is called off": (PlannedVisit.objects.all(), {"withdrawn_at": now, "withdrawn_by": by}),
        "a visit is withdrawn": (
            Visit.objects.all(), {"withdrawn_at": now, "withdrawn_by": by, "withdrawn_why": "x"},
        ),
        "a letter is withdrawn": (
            Letter.objects.all(), {"withdrawn_at": now, "withdrawn_by": by, "withdrawn_why": "x"},
        ),
        "a training is withdrawn": (
            Training.objects.all(), {"withdrawn_at": now, "withdrawn_by": by, "withdrawn_why": "x"},
        ),
        "a phase of mentoring is withdrawn": (
            MentoringPhase.objects.all(), {"withdrawn_at": now, "withdrawn_by": by, "withdrawn_why": "x"},
        ),
        "a follow-up is done": (FollowUp.objects.all(), {"done_on": FOUNDED, "done_by": by}),
        "an instrument is retired": (
            Instrument.objects.filter(pk=records.instrument.pk),
            {"status": InstrumentStatus.RETIRED, "retired_at": now},
        ),
        "an override is withdrawn": (
            Judgement.objects.all(),
            {"withdrawn_on": row_of(Judgement).judged_on, "withdrawn_at": now, "withdrawn_by": by},
        ),
    }  # fmt: skip


def test_what_may_change_does(records):
    refused = {what: text for what, (rows, change) in allowed(records).items() if (text := refusal(rows, **change))}
    assert refused == {}


AFTERWARDS = {
    "a loan is cancelled": {"cancelled_at": None},
    "a loan from outside is cancelled": {"cancelled_at": None},
    "a request is approved": {"approved_amount": 2},
    "a request is cancelled": {"status": RequestStatus.ASKED, "cancelled_on": None, "cancelled_by": None},
    "a difference is settled": {"settled_on": None, "settled_by": None, "settled_at": None},
    "a division is posted": {"entry": None, "paid_to": ""},
    "a division is withdrawn": {"withdrawn_at": None, "withdrawn_by": None, "withdrawn_why": ""},
    "a waiver is taken back": {"ended_on": None, "ended_why": "", "ended_at": None, "ended_by": None},
    "a rhythm is withdrawn": {"withdrawn_at": None, "withdrawn_by": None},
    "a move is withdrawn": {"withdrawn_at": None, "withdrawn_by": None},
    "a review is withdrawn": {"withdrawn_at": None, "withdrawn_by": None},
    "a meeting is corrected": {"status": MeetingStatus.CLOSED},
    "a bank account is closed": {"closed_on": None},
    "a case is closed": {"case_closed_on": None, "case_closed_at": None, "case_closed_by": None},
    "a dissolution is taken back": {"taken_back_at": None, "taken_back_by": None},
    "a plan is called off": {"withdrawn_at": None, "withdrawn_by": None},
    "a phase of mentoring is withdrawn": {"withdrawn_at": None, "withdrawn_by": None, "withdrawn_why": ""},
    "a training is withdrawn": {"withdrawn_at": None, "withdrawn_by": None, "withdrawn_why": ""},
    "a visit is withdrawn": {"withdrawn_at": None, "withdrawn_by": None, "withdrawn_why": ""},
    "an instrument is retired": {"status": InstrumentStatus.PUBLISHED},
    "an override is withdrawn": {"withdrawn_on": None, "withdrawn_at": None, "withdrawn_by": None},
}


@pytest.mark.parametrize("what", AFTERWARDS)
def test_what_happened_to_a_record_is_not_taken_back(records, what):
    rows, change = allowed(records)[what]
    rows.update(**change)
    assert "_no_update" in refusal(rows, **AFTERWARDS[what])


@pytest.mark.parametrize(
    "change", [{"settled_how": "lain"}, {"settled_on": date(2026, 1, 1)}, {"settled_by": None}, {"settled_at": None}]
)
def test_how_a_difference_was_settled_stays(records, change):
    rows, settled = allowed(records)["a difference is settled"]
    rows.update(**settled)
    assert "finance_cashcount_no_update" in refusal(rows, **change)


def test_an_approved_request_can_only_be_cancelled(records):
    steps = allowed(records)
    rows, approved = steps["a request is approved"]
    rows.update(**approved)
    assert "_no_update" in refusal(rows, status=RequestStatus.REFUSED, note="x", approved_amount=None)
    assert "_no_update" in refusal(rows, **steps["a request is cancelled"][1], approved_amount=2)
    assert refusal(rows, **steps["a request is cancelled"][1]) == ""


def test_every_model_of_money_and_minutes_is_either_protected_or_named_here():
    free = {"LedgerVerification"}
    for model in (*apps_models("finance"), *apps_models("meetings")):
        assert model in MAY_CHANGE or model.__name__ in free, model


def apps_models(label):
    from django.apps import apps

    return [model for model in apps.get_app_config(label).get_models() if issubclass(model, models.Model)]
