"""The share-out at the end of a cycle: who gets what when everything is returned. Whole rupiah."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db.models import Max, QuerySet, Sum
from django.utils.translation import gettext as _

from finance.ledger.chart import EQUITY, EXPENSES, INCOME, LIABILITIES, SAVINGS
from finance.ledger.fines import open_fines
from finance.models import Account, AccountKind, CashCount, Cover, Entry, EntryKind, Purpose, SurplusDivision
from finance.selectors.surplus import divided_through
from finance.selectors.surplus_division import FUND, DivisionSheet, division_preview
from finance.surplus import apportion
from groups.models import Constitution, Group, Member, OfficerTerm
from groups.selectors import rules_in_force
from groups.shared.money import rupiah

CAN_BE_KEPT = (AccountKind.RESERVE, AccountKind.GRANT, AccountKind.CAPITAL)
"""What the group may keep for its next cycle; everything else is returned."""
BEARS_LOSS = (
    AccountKind.RESERVE, AccountKind.OTHER_FUND, AccountKind.EDUCATION_FUND, AccountKind.STAFF_FUND,
    AccountKind.DEVELOPMENT_FUND, AccountKind.OFFICERS_FUND, AccountKind.CAPITAL, AccountKind.GRANT,
)  # fmt: skip
"""What makes good a loss before the members' savings do, in this order; capital and grants unless they are kept."""
EQUALLY = (
    AccountKind.SOCIAL_FUND, AccountKind.OTHER_FUND, AccountKind.EDUCATION_FUND, AccountKind.STAFF_FUND,
    AccountKind.DEVELOPMENT_FUND,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Move:
    """One line of the entry to be; `member` owns the account that is one of savings, and gets what cash pays."""

    debit: AccountKind
    credit: AccountKind
    amount: int
    member: Member | None = None


@dataclass(slots=True)
class ShareOutRow:
    """What one member gets: savings returned, the part of the surplus, and parts of funds and equity."""

    member: Member
    savings: int = 0
    surplus: int = 0
    funds: int = 0

    @property
    def total(self) -> int:
        """Everything the member gets."""
        return self.savings + self.surplus + self.funds

    def add(self, kind: str, amount: int) -> None:
        """Count `amount`, paid from an account of `kind`."""
        if kind in SAVINGS:
            self.savings += amount
        elif kind == AccountKind.SURPLUS_DIVIDED:
            self.surplus += amount
        else:
            self.funds += amount


@dataclass(frozen=True, slots=True)
class Hindrance:
    """Something to be done before a share-out, and the name of the page where it is done."""

    text: str
    page: str


@dataclass(slots=True)
class ShareOutPlan:
    """A share-out as it would be posted on `as_of`; nothing is written.

    `loss` is what was lost and is made good, `kept` the equity that stays. Without hindrances the moves bring every
    balance to zero but those of the equity kept and the money that belongs to it.
    """

    as_of: date
    rows: list[ShareOutRow] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    kept: dict[AccountKind, int] = field(default_factory=dict)
    loss: int = 0
    hindrances: list[Hindrance] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def payout(self) -> int:
        """What all members get, in cash."""
        return sum(move.amount for move in self.moves if move.credit == AccountKind.CASH)

    @property
    def from_bank(self) -> int:
        """What has to come from the bank for it."""
        return sum(move.amount for move in self.moves if move.credit == AccountKind.BANK)


def share_out_plan(group: Group, *, as_of: date, keep: frozenset[AccountKind]) -> ShareOutPlan:
    """Return who gets what when everything is returned on `as_of` but the equity of the kinds in `keep`.

    Savings go to their savers. The surplus not divided yet is divided by the rules; the parts for purposes join
    their funds. The social fund and other funds go to the members in equal shares, the officers' fund to the
    officers of the day, equity that is not kept to the members in proportion to their savings.
    A loss is made good first, by `BEARS_LOSS` and then by savings in proportion. What cannot be divided evenly
    goes rupiah by rupiah to the first (`finance.surplus.apportion`).
    """
    accounts = list(Account.objects.filter(group=group).select_related("member").order_by("pk"))
    balance: dict[str, int] = {}
    for account in accounts:
        balance[account.kind] = balance.get(account.kind, 0) + account.balance
    plan = ShareOutPlan(as_of)
    plan.hindrances = list(_hindrances(group, balance, as_of, keep))
    plan.warnings = list(_warnings(group))
    rules = rules_in_force(group, as_of=as_of)
    if plan.hindrances and rules is None:
        return plan
    members = list(group.members.effective(as_of).order_by("number"))
    savings = {account: account.balance for account in accounts if account.kind in SAVINGS and account.balance > 0}
    funds = {AccountKind(kind): balance.get(kind, 0) for kind in (*LIABILITIES, *EQUITY) if kind not in SAVINGS}
    funds.pop(AccountKind.EXTERNAL_LOAN)
    funds.pop(AccountKind.SURPLUS_DIVIDED)
    undivided = _undivided(balance)
    if funds[AccountKind.CAPITAL] < 0:
        # What the group brought along was a loss.
        undivided += funds[AccountKind.CAPITAL]
        plan.moves.append(Move(AccountKind.SURPLUS_DIVIDED, AccountKind.CAPITAL, -funds[AccountKind.CAPITAL]))
        funds[AccountKind.CAPITAL] = 0
    if undivided > 0:
        assert rules is not None, "a group without rules is hindered"
        _divide(plan, _sheet(group, rules, undivided, as_of), funds)
    elif undivided < 0:
        plan.loss = -undivided
        _make_good(plan, funds, savings, keep)
    saved: dict[Member, int] = dict.fromkeys(members, 0)
    for account, amount in savings.items():
        if amount:
            assert account.member is not None
            saved[account.member] = saved.get(account.member, 0) + account.balance
            plan.moves.append(Move(AccountKind(account.kind), AccountKind.CASH, amount, account.member))
    for kind, amount in funds.items():
        if kind in keep:
            plan.kept[kind] = amount
        elif amount:
            _return(plan, kind, amount, _bases(group, kind, members, saved, as_of))
    short = plan.payout - balance.get(AccountKind.CASH, 0)
    if short > 0:
        plan.moves.insert(0, Move(AccountKind.CASH, AccountKind.BANK, short))
    if not plan.payout and not plan.hindrances:
        plan.hindrances.append(Hindrance(_("There is nothing to share out."), "books"))
    plan.rows = _rows((move.member, move.debit, move.amount) for move in plan.moves if move.credit == AccountKind.CASH)
    return plan


def _undivided(balance: dict[str, int]) -> int:
    earned = sum(balance.get(kind, 0) for kind in INCOME) - sum(balance.get(kind, 0) for kind in EXPENSES)
    return earned - balance.get(AccountKind.SURPLUS_DIVIDED, 0)


def _sheet(group: Group, rules: Constitution, surplus: int, as_of: date) -> DivisionSheet:
    last = divided_through(group)
    start = group.founded_on if last is None else last + timedelta(days=1)
    return division_preview(group, rules, surplus=surplus, start=min(start, as_of), end=as_of)


def _divide(plan: ShareOutPlan, sheet: DivisionSheet, funds: dict[AccountKind, int]) -> None:
    """Give the members their parts of the surplus, and the funds theirs, with the rounding to the reserve."""
    divided = AccountKind.SURPLUS_DIVIDED
    for part in sheet.members:
        if part.total:
            plan.moves.append(Move(divided, AccountKind.CASH, part.total, part.member))
    for purpose, kind in FUND.items():
        amount = sheet.purposes.get(purpose, 0) + (sheet.rounding if purpose == Purpose.RESERVE else 0)
        if amount:
            plan.moves.append(Move(divided, kind, amount))
            funds[kind] += amount


def _make_good(
    plan: ShareOutPlan, funds: dict[AccountKind, int], savings: dict[Account, int], keep: frozenset[AccountKind]
) -> None:
    """Take the loss from funds and equity, then from savings in proportion; what then is left hinders."""
    loss = plan.loss
    for kind in BEARS_LOSS:
        part = min(loss, funds[kind])
        # The reserve is there for losses, kept or not.
        if part and (kind == AccountKind.RESERVE or kind not in keep):
            plan.moves.append(Move(kind, AccountKind.SURPLUS_DIVIDED, part))
            funds[kind] -= part
            loss -= part
    borne = min(loss, sum(savings.values()))
    for account, part in apportion(borne, dict(savings)).items() if borne else ():
        if part:
            plan.moves.append(Move(AccountKind(account.kind), AccountKind.SURPLUS_DIVIDED, part, account.member))
            savings[account] -= part
    if loss > borne:
        text = _("A loss of %(amount)s is more than the members' savings can bear.") % {"amount": rupiah(loss - borne)}
        plan.hindrances.append(Hindrance(text, "surplus"))


def _bases(
    group: Group, kind: AccountKind, members: list[Member], saved: dict[Member, int], as_of: date
) -> dict[Member, int]:
    """Return by what the balance of a fund or of equity is divided."""
    if kind in EQUALLY:
        return dict.fromkeys(members, 1)
    if kind == AccountKind.OFFICERS_FUND:
        terms = OfficerTerm.objects.effective(as_of).filter(group=group, member__in=members)
        officers = [term.member for term in terms.select_related("member").order_by("member__number")]
        return dict.fromkeys(officers or members, 1)
    return {member: saved[member] for member in members}


def _return(plan: ShareOutPlan, kind: AccountKind, amount: int, bases: dict[Member, int]) -> None:
    if not bases:
        text = _("Nobody is a member on this day to share %(fund)s with.") % {"fund": kind.label}
        plan.hindrances.append(Hindrance(text, "books"))
        return
    for member, part in apportion(amount, bases).items():
        if part:
            plan.moves.append(Move(kind, AccountKind.CASH, part, member))


def _hindrances(
    group: Group, balance: dict[str, int], as_of: date, keep: frozenset[AccountKind]
) -> Iterable[Hindrance]:
    if rules_in_force(group, as_of=as_of) is None:
        yield Hindrance(_("The group has not agreed its rules yet."), "constitution")
    for kind, text, page in (
        (AccountKind.LOAN, _("Loans of %(amount)s are not repaid; they are repaid or written off first."), "loan-book"),
        (AccountKind.EXTERNAL_LOAN, _("The group owes %(amount)s on loans from outside."), "books"),
    ):
        if balance.get(kind, 0):
            yield Hindrance(text % {"amount": rupiah(balance[kind])}, page)
    if fines := sum(fine.left for fine in open_fines(group, as_of=as_of).fines):
        text = _("Members owe fines of %(amount)s; they are paid or waived first.")
        yield Hindrance(text % {"amount": rupiah(fines)}, "owed")
    inventory = balance.get(AccountKind.INVENTORY, 0)
    if inventory > sum(balance.get(kind, 0) for kind in keep):
        text = _("Inventory of %(amount)s is not money; it is sold or written off first.")
        yield Hindrance(text % {"amount": rupiah(inventory)}, "books")
    if CashCount.objects.differing().filter(group=group, settled_on__isnull=True).exists():
        yield Hindrance(_("A cash difference is not settled."), "cash-differences")
    if SurplusDivision.objects.valid().filter(group=group, entry__isnull=True).exists():
        yield Hindrance(_("A division of the surplus is decided and not posted; post or withdraw it."), "surplus")
    latest = Entry.objects.filter(group=group).aggregate(day=Max("effective_on"))["day"]
    if latest is not None and latest > as_of:
        yield Hindrance(_("Money was recorded after this day; choose a later one."), "cash-book")


def _warnings(group: Group) -> Iterable[str]:
    covers = Cover.objects.effective().with_recovered().filter(group=group)
    owed = covers.aggregate(total=Sum("open"))
    if owed["total"]:
        yield _(
            "Members still owe each other %(amount)s for arrears they covered; settle it when the money is paid."
        ) % {"amount": rupiah(owed["total"])}


def share_outs(group: Group) -> QuerySet[Entry]:
    """Return all share-outs of a group, reversed ones too, the latest first."""
    entries = Entry.objects.filter(group=group, kind=EntryKind.SHARE_OUT)
    return entries.select_related("reversed_by", "reverses", "recorded_by").order_by("-effective_on", "-pk")


def share_out_rows(entry: Entry) -> list[ShareOutRow]:
    """Return what each member got in a share-out that was posted, in the order of their numbers."""
    paid = entry.transfers.filter(credit_account__kind=AccountKind.CASH, member__isnull=False)
    return _rows(
        (transfer.member, transfer.debit_account.kind, transfer.amount)
        for transfer in paid.select_related("member", "debit_account")
    )


def _rows(paid: Iterable[tuple[Member | None, str, int]]) -> list[ShareOutRow]:
    rows: dict[int, ShareOutRow] = {}
    for member, kind, amount in paid:
        assert member is not None, "cash goes to members"
        rows.setdefault(member.pk, ShareOutRow(member)).add(kind, amount)
    return sorted(rows.values(), key=lambda row: row.member.number)
