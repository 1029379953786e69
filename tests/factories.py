"""Small plain functions that make what a test needs, through the services where there is one.

What is made around the services leaves no line in the audit log, which takes longer than the making.
"""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from auditlog.context import disable_auditlog
from django.db import transaction

from finance import services as finance
from finance.ledger.posting import Posting, open_books
from finance.ledger.reading import Line, read_books
from finance.models import (
    AccountKind,
    CashCount,
    Entry,
    EntryKind,
    ExternalLoan,
    ExternalPayment,
    InventoryItem,
    Loan,
    LoanRequest,
)
from finance.rules.cash_counts import expected_cash
from finance.rules.lines import OtherMoney
from groups.models import (
    BankAccount,
    BankMandate,
    Constitution,
    ExitReview,
    FacilitatorAssignment,
    Federation,
    FederationAttendance,
    FederationContact,
    FederationContribution,
    FederationMeeting,
    FederationMembership,
    FederationOfficer,
    FederationPayment,
    Founding,
    Group,
    MeetingEvery,
    MeetingRhythm,
    Member,
    MentoringPhase,
    OfficerRole,
    OfficerTerm,
    Organisation,
    Partner,
    PartnerActivity,
    Partnership,
    PartnershipAgreement,
    PartnershipAspect,
    PartnershipCandidate,
    PartnershipDocument,
    PartnershipStep,
    Region,
    Role,
    User,
)
from meetings.models import (
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

FOUNDED = date(2025, 1, 7)
PASSWORD = "padi-menguning-42"
_counter = iter(range(1, 10**9))


@disable_auditlog()
def make_organisation(name: str = "") -> Organisation:
    return Organisation.objects.create(name=name or f"Yayasan {next(_counter)}")


@disable_auditlog()
def make_user(role: str = Role.FACILITATOR, *, organisation: Organisation | None = None, **fields: Any) -> User:
    username = fields.pop("username", f"{role.lower()}{next(_counter)}")
    organisation = organisation or make_organisation()
    return User.objects.create_user(
        username, password=PASSWORD, role=role, organisation=organisation, is_staff=role == Role.ADMIN, **fields
    )


def first_tuesdays(**fields: Any) -> MeetingRhythm:
    """An unsaved rhythm: the first Tuesday of each month, or what `fields` say."""
    fields = fields if "every" in fields else {"every": MeetingEvery.MONTH, "weekday": 1, "week": 1, **fields}
    return MeetingRhythm(**fields)


@disable_auditlog()
def make_group(
    facilitator: User | None = None,
    *,
    rules: dict[str, Any] | None = None,
    rhythm: dict[str, Any] | None = None,
    **fields: Any,
) -> Group:
    """A group with its rules and rhythm, first Tuesdays, assigned to `facilitator`, who is made if not given."""
    facilitator = facilitator or make_user()
    organisation = fields.pop("organisation", facilitator.organisation)
    bank = {name: fields.pop(f"bank_{name}", "") for name in ("name", "account_number", "signatories")}
    group = Group.objects.create(
        **{
            "organisation": organisation,
            "code": f"G{next(_counter)}",
            "number": Group.objects.filter(organisation=organisation).count() + 1,
            "name": f"Melati {next(_counter)}",
            "founded_on": FOUNDED,
            "recorded_by": facilitator,
            **fields,
        }
    )
    group.rules = Constitution.objects.create(
        group=group,
        version=1,
        agreed_on=FOUNDED,
        recorded_by=facilitator,
        **{
            "pokok": 0,
            "wajib": 10_000,
            "missed_wajib": "LET_GO",
            "fine_late": 2_000,
            "loan_max_periods": 24,
            **(rules or {}),
        },
    )
    group.save(update_fields=["rules"])
    agreed = first_tuesdays(**{"agreed_from": group.founded_on, **(rhythm or {})})
    agreed.group, agreed.recorded_by = group, facilitator
    agreed.save()
    if bank["account_number"]:
        make_account(group, bank["account_number"], bank["signatories"] or 0, bank=bank["name"] or "BRI")
    if facilitator.role == Role.FACILITATOR:
        FacilitatorAssignment.objects.create(group=group, facilitator=facilitator, started_on=FOUNDED)
    return group


@disable_auditlog()
def make_account(group: Group, number: str = "123", signatures: int = 2, **fields: Any) -> BankAccount:
    """A bank account since the founding, for which `signatures` people must sign; 0 is not known."""
    account = BankAccount.objects.create(
        **{
            "group": group,
            "bank": "BRI",
            "number": number,
            "opened_on": group.founded_on,
            "recorded_by": group.recorded_by,
            **fields,
        }
    )
    if signatures:
        BankMandate.objects.create(
            group=group,
            account=account,
            valid_from=account.opened_on,
            signatures=signatures,
            recorded_by=group.recorded_by,
        )
    return account


def make_partner(organisation: Organisation, name: str = "", **fields: Any) -> Partner:
    """A buyer the organisation knows."""
    recorder = fields.pop("recorded_by", None) or User.objects.filter(organisation=organisation).first()
    return Partner.objects.create(
        **{
            "organisation": organisation,
            "name": name or f"UD {next(_counter)}",
            "kind": "BUYER",
            "contact_person": "Haji Mansur",
            "phone": "081234567890",
            "recorded_by": recorder or make_user(organisation=organisation),
            **fields,
        }
    )


def make_partnership(group: Group, title: str = "Menjual jagung", **fields: Any) -> Partnership:
    """A partnership the group wants since its founding, without any step."""
    return Partnership.objects.create(
        **{"group": group, "title": title, "started_on": FOUNDED, "recorded_by": group.recorded_by, **fields}
    )


def make_agreement(partnership: Partnership, partner: Partner | None = None, **fields: Any) -> PartnershipAgreement:
    """An agreement since the founding, without an end."""
    return PartnershipAgreement.objects.create(
        **{
            "group": partnership.group,
            "partnership": partnership,
            "partner": partner or make_partner(partnership.group.organisation),
            "pattern": "NUCLEUS",
            "number": "01/MoU/2025",
            "agreed_on": FOUNDED,
            "starts_on": FOUNDED,
            "group_rights": "harga pasar",
            "group_duties": "panen bersih",
            "partner_rights": "membeli lebih dulu",
            "partner_duties": "membayar tunai",
            "partner_signer": "Haji Mansur",
            "recorded_by": partnership.group.recorded_by,
            **fields,
        }
    )


def make_activity(group: Group, partner: Partner | None = None, **fields: Any) -> PartnerActivity:
    """Something sold to a partner on the day of the founding."""
    return PartnerActivity.objects.create(
        **{
            "group": group,
            "partner": partner or make_partner(group.organisation),
            "held_on": FOUNDED,
            "kind": "MARKETING",
            "what": "jual jagung",
            "result": "laku semua",
            "recorded_by": group.recorded_by,
            **fields,
        }
    )


def make_partnership_records(group: Group) -> Partnership:
    """A partnership with steps, candidates, an agreement, a document and an activity."""
    by: dict[str, Any] = {"group": group, "recorded_by": group.recorded_by}
    partnership = make_partnership(group)
    step = PartnershipStep.objects.create(**by, partnership=partnership, number=1, done_on=FOUNDED, text="pembeli")
    PartnershipAspect.objects.create(group=group, step=step, aspect="RESULTS", priority=1, need="pembeli tetap")
    partner = make_partner(group.organisation)
    PartnershipCandidate.objects.create(group=group, step=step, partner=partner, fits="dekat")
    make_agreement(partnership, partner)
    PartnershipDocument.objects.create(
        **by, partnership=partnership, title="Surat", number="7", dated_on=FOUNDED, kept_at="lemari"
    )
    make_activity(group, partner, partnership=partnership)
    return partnership


def make_federation(*groups: Group, name: str = "", **fields: Any) -> Federation:
    """A federation of the groups, the organisation's of the first, since the founding."""
    recorder = groups[0].recorded_by
    federation = Federation.objects.create(
        **{
            "organisation": groups[0].organisation,
            "name": name or f"Gapoktan {next(_counter)}",
            "founded_on": FOUNDED,
            "recorded_by": recorder,
            **fields,
        }
    )
    for group in groups:
        FederationMembership.objects.create(
            group=group, federation=federation, started_on=FOUNDED, recorded_by=recorder
        )
    return federation


def make_federation_records(group: Group) -> Federation:
    """A federation of the group with a meeting, a contact, an officer, a contribution and a payment."""
    federation = make_federation(group)
    by: dict[str, Any] = {"federation": federation, "recorded_by": group.recorded_by}
    member = group.members.first() or make_member(group)
    FederationOfficer.objects.create(**by, group=group, member=member, role="KETUA", started_on=FOUNDED)
    meeting = FederationMeeting.objects.create(**by, held_on=FOUNDED, place="Balai", agenda="pupuk", decisions="beli")
    FederationAttendance.objects.create(group=group, meeting=meeting)
    partner = Partner.objects.filter(organisation=group.organisation).first() or make_partner(group.organisation)
    FederationContact.objects.create(**by, partner=partner, held_on=FOUNDED, what="bertamu", result="diundang")
    FederationContribution.objects.create(**by, agreed_from=FOUNDED, amount=10_000)
    FederationPayment.objects.create(**by, group=group, paid_on=FOUNDED, amount=10_000)
    return federation


@disable_auditlog()
def make_member(group: Group, name: str = "", **fields: Any) -> Member:
    number = fields.pop("number", None) or Member.objects.filter(group=group).count() + 1
    return Member.objects.create(
        **{
            "group": group,
            "number": number,
            "name": name or f"Siti {number}",
            "gender": "P",
            "joined_on": group.founded_on,
            "recorded_by": group.recorded_by,
            **fields,
        }
    )


def make_members(group: Group, count: int) -> list[Member]:
    return [make_member(group, number=number) for number in range(1, count + 1)]


@disable_auditlog()
def make_officer(member: Member, role: str = OfficerRole.KETUA, **fields: Any) -> OfficerTerm:
    return OfficerTerm.objects.create(
        **{
            "group": member.group,
            "member": member,
            "role": role,
            "started_on": member.joined_on,
            "recorded_by": member.group.recorded_by,
            **fields,
        }
    )


@disable_auditlog()
def make_founding(group: Group, held_on: date = FOUNDED, **fields: Any) -> Founding:
    """The meeting that founded the group."""
    return Founding.objects.create(
        **{
            "group": group,
            "held_on": held_on,
            "place": "Balai",
            "present": "Kepala desa",
            "activity": "Simpan pinjam",
            "address": "RT 2",
            "recorded_by": group.recorded_by,
            **fields,
        }
    )


@disable_auditlog()
def make_village(code: str = "35.19.05.2003", *names: str) -> Region:
    """A village with its district, regency and province; `names` go from the province down."""
    region = None
    parts = code.split(".")
    names = names or ("Jawa Timur", "Kabupaten Madiun", "Dolopo", "Sukamaju")
    for level, name in enumerate(names, start=1):
        region, _ = Region.objects.get_or_create(
            code=".".join(parts[:level]), defaults={"name": name, "level": level, "parent": region}
        )
    assert region is not None
    return region


def facilitator_of(group: Group) -> User:
    return group.recorded_by


def save(member: Member, amount: int, kind: str = AccountKind.SUKARELA, on: date = FOUNDED) -> None:
    """The member brings savings in cash."""
    finance.savings_deposit(
        actor=facilitator_of(member.group),
        group=member.group,
        member=member,
        kind=AccountKind(kind),
        amount=amount,
        on=on,
        key=uuid.uuid4(),
    )


def withdraw(member: Member, amount: int, on: date = FOUNDED) -> None:
    """The member takes voluntary savings out in cash."""
    finance.savings_withdraw(
        actor=facilitator_of(member.group), group=member.group, member=member, amount=amount, on=on, key=uuid.uuid4()
    )


def lend(member: Member, principal: int = 1_200_000, periods: int = 12, **terms: Any) -> Loan:
    """The member gets a loan in cash; the cash must be there (see `save`)."""
    return finance.loan_disburse(
        actor=facilitator_of(member.group),
        group=member.group,
        terms=finance.LoanTerms(
            **{
                "member": member,
                "principal": principal,
                "periods": periods,
                "rate": Decimal("0.015"),
                "method": "flat",
                "round_up_to": 1000,
                "disbursed_on": date(2025, 2, 4),
                "first_due": date(2025, 3, 4),
                **terms,
            }
        ),
        key=uuid.uuid4(),
    )


def ask(member: Member, amount: int = 500_000, periods: int = 10, on: date = FOUNDED) -> LoanRequest:
    """The member asks for a loan."""
    return finance.loan_request(
        actor=facilitator_of(member.group),
        group=member.group,
        member=member,
        amount=amount,
        periods=periods,
        purpose="bibit",
        on=on,
        key=uuid.uuid4(),
    )


def repay(loan: Loan, amount: int, on: date = date(2025, 3, 4)) -> Entry:
    """The borrower pays on the loan in cash."""
    return finance.loan_repay(
        actor=facilitator_of(loan.group), group=loan.group, loan=loan, amount=amount, on=on, key=uuid.uuid4()
    )


def count_cash(group: Group, counted: int, on: date = FOUNDED, explanation: str = "kembalian kurang") -> CashCount:
    """The cash box is counted."""
    with transaction.atomic():
        books = open_books(group=group, actor=facilitator_of(group))
        expected = expected_cash(read_books(group, on), on=on)
        return finance.cash_count_record(books, expected=expected, counted=counted, explanation=explanation, on=on)


def make_entry(group: Group, kind: str = EntryKind.OTHER, on: date = FOUNDED, **fields: Any) -> Entry:
    """An entry written around the services, without lines, under the next number."""
    numbered = {"number": group.entries.count() + 1} | fields
    return Entry.objects.create(
        group=group, kind=kind, effective_on=on, recorded_by=facilitator_of(group), key=uuid.uuid4(), **numbered
    )


def reverse(entry: Entry, reason: str = "salah tulis") -> Entry:
    """The entry is undone by its mirror image."""
    return finance.entry_reverse(actor=facilitator_of(entry.group), entry=entry, reason=reason, key=uuid.uuid4())


def make_meeting(group: Group, held_on: date, **fields: Any) -> Meeting:
    """A closed meeting without money, with the tallies given: ten members, all present and saving by default."""
    closed_at = datetime.combine(held_on, time(9), tzinfo=UTC)
    return Meeting.objects.create(
        **{
            "group": group,
            "number": Meeting.objects.filter(group=group).count() + 1,
            "status": MeetingStatus.CLOSED,
            "held_on": held_on,
            "key": uuid.uuid4(),
            "minutes": {} if fields.get("status", MeetingStatus.CLOSED) != MeetingStatus.DRAFT else None,
            "closed_at": closed_at,
            "member_count": 10,
            "present_count": 10,
            "saver_count": 10,
            "recorded_by": group.recorded_by,
            "saved_by": group.recorded_by,
            **fields,
        }
    )


def other(group: Group, kind: OtherMoney, amount: int, on: date = FOUNDED, memo: str = "") -> Entry:
    """Money comes or goes that belongs to no member."""
    return finance.other_money_record(
        actor=facilitator_of(group), group=group, kind=kind, amount=amount, memo=memo, on=on, key=uuid.uuid4()
    )


def endow(group: Group, fund: AccountKind | str, amount: int) -> None:
    """Put cash into a fund that no page fills by itself, such as the reserve."""
    with transaction.atomic():
        books = open_books(group=group, actor=facilitator_of(group))
        line = Line(books.account(AccountKind.CASH), books.account(AccountKind(fund)), amount)
        books.post([Posting(EntryKind.OTHER, FOUNDED, [line], uuid.uuid4())])


def cover(loan: Loan, shares: dict[Member, int], on: date = date(2025, 5, 10), from_savings: bool = True) -> Entry:
    """Members pay what is late on another's loan."""
    return finance.loan_cover(
        actor=facilitator_of(loan.group), group=loan.group, loan=loan, shares=shares, from_savings=from_savings, on=on,
        key=uuid.uuid4(),
    )  # fmt: skip


def pay_back(
    member: Member, amounts: dict[Member, int], on: date = date(2025, 6, 10), to_savings: bool = True
) -> Entry:
    """The member pays back to those who covered the arrears."""
    return finance.cover_recover(
        actor=facilitator_of(member.group), group=member.group, member=member, amounts=amounts, to_savings=to_savings,
        on=on, key=uuid.uuid4(),
    )  # fmt: skip


def borrow_external(
    group: Group, principal: int = 10_000_000, into: str = AccountKind.CASH, **terms: Any
) -> ExternalLoan:
    """The group gets a loan from a lender."""
    return finance.external_loan_receive(
        actor=facilitator_of(group),
        group=group,
        terms=finance.ExternalTerms(
            **{
                "lender": "UPK Dolopo",
                "principal": principal,
                "periods": 10,
                "rate": Decimal("0.01"),
                "method": "flat",
                "round_up_to": 1000,
                "received_on": date(2025, 2, 4),
                "first_due": date(2025, 3, 4),
                **terms,
            }
        ),
        into=AccountKind(into),
        key=uuid.uuid4(),
    )


def repay_external(
    loan: ExternalLoan, amount: int, on: date = date(2025, 3, 4), source: str = AccountKind.CASH
) -> ExternalPayment:
    """The group pays the lender."""
    return finance.external_loan_repay(
        actor=facilitator_of(loan.group), group=loan.group, loan=loan, amount=amount, source=AccountKind(source), on=on,
        key=uuid.uuid4(),
    )  # fmt: skip


def buy(group: Group, price: int = 100_000, name: str = "Timbangan", on: date = FOUNDED) -> InventoryItem:
    """The group buys a thing in cash."""
    return finance.inventory_buy(
        actor=facilitator_of(group), group=group, name=name, price=price, on=on, key=uuid.uuid4()
    )


def make_plan(group: Group, planned_on: date, **fields: Any) -> PlannedVisit:
    """A planned visit of the facilitator."""
    facilitator = facilitator_of(group)
    return PlannedVisit.objects.create(
        **{
            "group": group,
            "planned_on": planned_on,
            "visitor": facilitator,
            "task": "PLANNING",
            "recorded_by": facilitator,
            **fields,
        }
    )


def make_letter(group: Group, on: date = FOUNDED, **fields: Any) -> Letter:
    """A letter that the group received."""
    return Letter.objects.create(
        **{
            "group": group,
            "place": group.letters.count() + 1,
            "direction": "IN",
            "dated_on": on,
            "other": "Kepala Desa",
            "subject": "Undangan musyawarah desa",
            "recorded_by": facilitator_of(group),
            **fields,
        }
    )


def make_training(group: Group, *members: Member, held_on: date = FOUNDED, **fields: Any) -> Training:
    """A training of three hours in which members took part."""
    training = Training.objects.create(
        **{
            "group": group,
            "held_on": held_on,
            "subject": "Pembukuan",
            "trainer": "Bu Ratna",
            "hours": 3,
            "recorded_by": facilitator_of(group),
            **fields,
        }
    )
    for member in members:
        TrainingParticipant.objects.create(group=group, training=training, member=member)
    return training


def make_visit(group: Group, visited_on: date = FOUNDED, **fields: Any) -> Visit:
    """A visit of the facilitator, with what is to follow from it if `follow_up` says so, due two weeks later."""
    follow_up = fields.pop("follow_up", "")
    facilitator = facilitator_of(group)
    visit = Visit.objects.create(
        **{
            "group": group,
            "visited_on": visited_on,
            "visitor": facilitator,
            "role": "FACILITATOR",
            "task": "PLANNING",
            "met": "pengurus",
            "recorded_by": facilitator,
            **fields,
        }
    )
    if follow_up:
        due_on = visited_on + timedelta(14)
        FollowUp.objects.create(group=group, visit=visit, number=1, what=follow_up, who="Ketua", due_on=due_on)
    return visit


def make_phase(group: Group, started_on: date = FOUNDED, phase: str = "STRENGTHENING", **fields: Any) -> MentoringPhase:
    """A phase of mentoring for 100 days of 400, with a visit every 30 days."""
    planned_until = started_on + timedelta(100)
    agreed = {
        "planned_until": planned_until,
        "mentoring_until": started_on + timedelta(400),
        "criteria": "buku rapi",
        "visit_every_days": 30,
        "first_planned_until": planned_until,
    }
    return MentoringPhase.objects.create(
        **{
            "group": group,
            "phase": phase,
            "started_on": started_on,
            "phase_since": started_on,
            "recorded_by": facilitator_of(group),
            **(agreed if phase != "ENDED" else {}),
            **fields,
        }
    )


def make_exit_review(phase: MentoringPhase) -> ExitReview:
    """The review with which mentoring ended."""
    names = ("present", *ExitReview.MONEY_AND_BOOKS, *ExitReview.SOCIAL, *ExitReview.AFTERWARDS)
    return ExitReview.objects.create(group=phase.group, phase=phase, **dict.fromkeys(names, "baik"))


def make_report(author: User, month: date = date(2025, 1, 1), text: str = "Dua kunjungan") -> MonthReport:
    """The report of a month in its first version."""
    return MonthReport.objects.create(
        organisation=author.organisation, author=author, month=month, version=1, text=text
    )
