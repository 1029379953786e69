"""Triggers of the ledger: what is posted is never changed or deleted, and stays within one group."""

from finance.models import (
    Account,
    BankTick,
    CashCount,
    Cover,
    CoverRecovery,
    Entry,
    EntryKind,
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
from groups.models import Group, Member
from groups.shared.sql import quoted
from groups.shared.triggers import (
    WITHDRAWN,
    Trigger,
    changes,
    forbid_change,
    forbid_delete,
    forbid_insert,
    forbid_insert_of_any,
    forbid_update,
    forbid_write,
    same_group,
)
from groups.triggers import AFTER_THE_END, MEMBERSHIP_MOVES, OPEN_CASE

_ACCOUNT, _ENTRY, _TRANSFER, _LOAN, _REQUEST, _COVER, _RECOVERY, _DIVISION, _FINE, _FINE_PAID = (
    model._meta.db_table
    for model in (
        Account, Entry, Transfer, Loan, LoanRequest, Cover, CoverRecovery, SurplusDivision, Obligation,
        ObligationPayment,
    )
)  # fmt: skip
_GROUP, _MEMBER = Group._meta.db_table, Member._meta.db_table
_OVER = quoted(RequestStatus.REFUSED, RequestStatus.CANCELLED)
_WAITING = quoted(RequestStatus.ASKED, RequestStatus.APPROVED)
_ENDED = ("ended_on", "ended_why", "ended_at", "ended_by")
_SETTLEMENT = ("settled_on", "settled_by", "settled_at", "settled_how", "settlement")
_OF_COUNT = (*_SETTLEMENT, "carried", "corrected_at")
_DECISION = (
    "approved_amount", "approved_periods", "decided_on", "decided_in_meeting", "decided_by", "decided_at", "note",
)  # fmt: skip

_STAYS_AS_WRITTEN = (
    Entry,
    Transfer,
    ExternalPayment,
    Cover,
    CoverRecovery,
    ObligationPayment,
    OpeningDue,
    PeriodClosing,
    PeriodBalance,
    InventoryItem,
    InventoryWriteDown,
    BankTick,
    SurplusShare,
    SurplusPart,
    SentForm,
)
_STAYS = (
    *_STAYS_AS_WRITTEN, Account, Loan, Instalment, LoanRequest, ExternalLoan, CashCount, Obligation, Waiver,
    SurplusDivision,
)  # fmt: skip

_CHANGES = (
    *(forbid_update(model) for model in _STAYS_AS_WRITTEN),
    # Balances move; what an account is does not.
    forbid_update(Account, but=("debits_posted", "credits_posted")),
    # The terms of a loan are those of the day it was decided. One that was cancelled never was.
    forbid_update(
        Loan,
        but=("disbursed_on", "ended_as", "ended_on", "unpaid_principal", "cancelled_at"),
        or_when=f"(OLD.cancelled_at IS NOT NULL AND {changes(Loan, ['cancelled_at'])})",
    ),
    # A meeting that is moved takes what falls due at it along.
    forbid_update(Instalment, but=("due_on", "late_after")),
    # What was asked for stays, and so does what was decided: an approved request can only be cancelled.
    forbid_update(
        LoanRequest,
        but=("status", *_DECISION, "cancelled_on", "cancelled_by", "cancelled_why"),
        or_when=f"OLD.status IN ({_OVER}) OR (OLD.status = '{RequestStatus.APPROVED}' "
        f"AND (NEW.status <> '{RequestStatus.CANCELLED}' OR {changes(LoanRequest, _DECISION)}))",
    ),
    forbid_update(
        ExternalLoan,
        but=("cancelled_at",),
        or_when=f"(OLD.cancelled_at IS NOT NULL AND {changes(ExternalLoan, ['cancelled_at'])})",
    ),
    # A count stays as it was written. What it is held against follows the books until it is settled or taken anew.
    forbid_update(
        CashCount,
        but=_OF_COUNT,
        or_when=f"((OLD.settled_on IS NOT NULL OR OLD.corrected_at IS NOT NULL) AND {changes(CashCount, _OF_COUNT)})",
    ),
    # A fine stays as it was charged, on the day of its meeting. One that was cancelled never was.
    forbid_update(Obligation, but=("owed_on", "memo", "cancelled_at"), or_when="OLD.cancelled_at IS NOT NULL"),
    # A waiver is taken back once.
    forbid_update(Waiver, but=_ENDED, or_when="OLD.ended_on IS NOT NULL"),
    # A division of the surplus stays as it was decided; posting and withdrawing are added to it, once.
    forbid_update(
        SurplusDivision,
        but=("entry", "paid_to", *WITHDRAWN),
        or_when="OLD.withdrawn_at IS NOT NULL "
        f"OR (OLD.entry_id IS NOT NULL AND {changes(SurplusDivision, ['entry', 'paid_to'])})",
    ),
    forbid_change(
        "after_payment",
        Loan,
        when=f"NEW.disbursed_on > OLD.disbursed_on AND EXISTS (SELECT 1 FROM {_TRANSFER} t "
        f"JOIN {_ACCOUNT} a ON a.id = t.credit_account_id JOIN {_ENTRY} e ON e.id = t.entry_id "
        "WHERE a.loan_id = NEW.id AND e.effective_on < NEW.disbursed_on AND e.reverses_id IS NULL "
        f"AND NOT EXISTS (SELECT 1 FROM {_ENTRY} r WHERE r.reverses_id = e.id))",
    ),
)

_NOT_REVERSED = f"e.reverses_id IS NULL AND NOT EXISTS (SELECT 1 FROM {_ENTRY} r WHERE r.reverses_id = e.id)"
_MEMBERSHIPS = (
    # Loans and covers lie within the membership. What takes a loan's place lends no new money.
    forbid_write(
        "membership",
        Loan,
        when=f"NEW.replaces_id IS NULL AND EXISTS (SELECT 1 FROM {_MEMBER} m WHERE m.id = NEW.member_id "
        "AND (NEW.disbursed_on < m.joined_on OR NEW.disbursed_on > m.left_on))",
        change=changes(Loan, ["disbursed_on"]),
    ),
    forbid_insert(
        "membership",
        Cover,
        when=f"EXISTS (SELECT 1 FROM {_MEMBER} m JOIN {_ENTRY} e ON e.id = NEW.entry_id WHERE m.id = NEW.coverer_id "
        "AND (e.effective_on < m.joined_on OR e.effective_on > m.left_on))",
    ),
    forbid_change(
        "keeps_loans",
        Member,
        when=f"{MEMBERSHIP_MOVES} AND EXISTS (SELECT 1 FROM {_LOAN} l WHERE l.member_id = NEW.id "
        "AND l.cancelled_at IS NULL AND l.replaces_id IS NULL "
        "AND (l.disbursed_on < NEW.joined_on OR l.disbursed_on > NEW.left_on))",
    ),
    forbid_change(
        "keeps_money",
        Member,
        when=f"{changes(Member, ['joined_on'])} AND EXISTS (SELECT 1 FROM {_TRANSFER} t "
        f"JOIN {_ENTRY} e ON e.id = t.entry_id WHERE t.member_id = NEW.id AND e.effective_on < NEW.joined_on "
        f"AND {_NOT_REVERSED})",
    ),
    forbid_change(
        "keeps_money",
        Group,
        when=f"{changes(Group, ['founded_on'])} AND EXISTS (SELECT 1 FROM {_ENTRY} e WHERE e.group_id = NEW.id "
        f"AND e.effective_on < NEW.founded_on AND {_NOT_REVERSED})",
    ),
)

_INSERTS = (
    # After the end of a group only what settles an open case is posted.
    forbid_insert("after_end", Entry, when=AFTER_THE_END.format(day="NEW.effective_on", unless=OPEN_CASE)),
    forbid_insert(
        "period_closed",
        Entry,
        when=f"EXISTS (SELECT 1 FROM {_GROUP} g WHERE g.id = NEW.group_id "
        "AND NEW.effective_on <= g.books_closed_through)",
    ),
    forbid_insert(
        # Opening balances come first: nothing recorded before them still stands. What is recorded after them may come
        # in the same statement, which PostgreSQL looks at when it is done.
        "opening_first",
        Entry,
        when=f"NEW.kind = '{EntryKind.OPENING}' AND EXISTS (SELECT 1 FROM {_ENTRY} e WHERE e.group_id = NEW.group_id "
        f"AND e.number < NEW.number AND e.kind <> '{EntryKind.REVERSAL}' "
        f"AND NOT EXISTS (SELECT 1 FROM {_ENTRY} r WHERE r.reverses_id = e.id))",
    ),
    forbid_insert_of_any(
        # What is reversed is dated like it, which may be before the day a meeting was moved to.
        "before_loan",
        Transfer,
        when=f"EXISTS (SELECT 1 FROM {_ACCOUNT} a JOIN {_LOAN} l ON l.id = a.loan_id "
        f"JOIN {_ENTRY} e ON e.id = {{row}}.entry_id "
        "WHERE a.id = {row}.credit_account_id AND e.effective_on < l.disbursed_on AND e.reverses_id IS NULL)",
    ),
    forbid_insert(
        "of_its_request",
        Loan,
        when=f"EXISTS (SELECT 1 FROM {_REQUEST} r WHERE r.id = NEW.request_id "
        f"AND (r.member_id <> NEW.member_id OR r.status IN ({_OVER})))",
    ),
    forbid_insert(
        "of_its_borrower",
        Loan,
        when=f"EXISTS (SELECT 1 FROM {_LOAN} l WHERE l.id = NEW.replaces_id AND l.member_id <> NEW.member_id)",
    ),
    forbid_insert(
        "one_running",
        LoanRequest,
        when=f"NEW.status IN ({_WAITING}) AND EXISTS (SELECT 1 FROM {_REQUEST} r "
        f"WHERE r.member_id = NEW.member_id AND r.key <> NEW.key AND r.status IN ({_WAITING}) "
        f"AND NOT EXISTS (SELECT 1 FROM {_LOAN} l WHERE l.request_id = r.id AND l.cancelled_at IS NULL)) "
        # One that comes with its loan, as demo data does, is not running either.
        f"AND NOT EXISTS (SELECT 1 FROM {_LOAN} l WHERE l.request_id = NEW.id AND l.cancelled_at IS NULL)",
    ),
    forbid_insert(
        "of_another",
        Cover,
        when=f"EXISTS (SELECT 1 FROM {_LOAN} l WHERE l.id = NEW.loan_id AND l.member_id = NEW.coverer_id)",
    ),
    # What was paid back and then reversed is owed again.
    forbid_insert(
        "owed",
        CoverRecovery,
        when=f"NEW.amount + (SELECT COALESCE(SUM(r.amount), 0) FROM {_RECOVERY} r "
        "WHERE r.cover_id = NEW.cover_id AND r.entry_id <> NEW.entry_id "
        f"AND NOT EXISTS (SELECT 1 FROM {_ENTRY} e WHERE e.reverses_id = r.entry_id)) "
        f"> (SELECT c.amount FROM {_COVER} c WHERE c.id = NEW.cover_id)",
    ),
    # As with covers: a payment that was reversed leaves the fine open again.
    forbid_insert(
        "owed",
        ObligationPayment,
        when=f"NEW.amount + (SELECT COALESCE(SUM(p.amount), 0) FROM {_FINE_PAID} p "
        "WHERE p.obligation_id = NEW.obligation_id AND p.entry_id <> NEW.entry_id "
        f"AND NOT EXISTS (SELECT 1 FROM {_ENTRY} e WHERE e.reverses_id = p.entry_id)) "
        f"> (SELECT o.amount FROM {_FINE} o WHERE o.id = NEW.obligation_id)",
    ),
    forbid_insert(
        "of_its_borrower",
        Obligation,
        when=f"EXISTS (SELECT 1 FROM {_LOAN} l WHERE l.id = NEW.loan_id AND l.member_id <> NEW.member_id)",
    ),
    forbid_insert(
        "of_its_member",
        Waiver,
        when=f"EXISTS (SELECT 1 FROM {_FINE} o WHERE o.id = NEW.obligation_id AND o.member_id <> NEW.member_id)",
    ),
    forbid_insert(
        "overlap",
        SurplusDivision,
        when=f"NEW.withdrawn_at IS NULL AND EXISTS (SELECT 1 FROM {_DIVISION} d "
        "WHERE d.group_id = NEW.group_id AND d.id <> COALESCE(NEW.id, 0) AND d.withdrawn_at IS NULL "
        "AND d.period_start <= NEW.period_end AND d.period_end >= NEW.period_start)",
    ),
)

_SAME_GROUP = {
    Transfer: ("entry", "debit_account", "credit_account", "member"),
    Entry: ("reverses",),
    Account: ("member", "loan", "external_loan"),
    Loan: ("member", "funded_by", "request", "replaces"),
    Instalment: ("loan",),
    LoanRequest: ("member",),
    ExternalPayment: ("external_loan", "entry"),
    Cover: ("loan", "coverer", "entry"),
    CoverRecovery: ("cover", "entry"),
    CashCount: ("settlement",),
    Obligation: ("member", "loan", "entry"),
    ObligationPayment: ("obligation", "entry"),
    OpeningDue: ("member", "entry"),
    Waiver: ("member", "obligation"),
    PeriodBalance: ("account",),
    InventoryItem: ("entry",),
    InventoryWriteDown: ("item", "entry"),
    BankTick: ("transfer",),
    SurplusDivision: ("rules", "entry"),
    SurplusShare: ("division", "member"),
    SurplusPart: ("division",),
}

TRIGGERS: tuple[Trigger, ...] = (
    *(forbid_delete(model) for model in _STAYS),
    *_CHANGES,
    *_MEMBERSHIPS,
    *_INSERTS,
    *(same_group(model, field) for model, fields in _SAME_GROUP.items() for field in fields),
)
