"""What loans owe on a day: the one definition, for one group or thousands, in SQL over the ledger. Whole rupiah.

`finance.schedules.arrears_on` says the same of one schedule in memory; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from finance.models import AccountKind, LoanEnd
from finance.performance import (
    AGEING_DAYS,
    COLLECTABILITY_MONTHS,
    Collectability,
    ageing_bounds,
    collectability,
    collectability_bounds,
)
from groups.models import Group, Member
from groups.shared.sql import Relation, as_day, days_between, read_relations


def _least(one: str, other: str) -> str:
    return f"CASE WHEN {one} < {other} THEN {one} ELSE {other} END"


def _beyond(part: str, paid: str) -> str:
    """Return SQL for what of `part` is not paid."""
    return f"CASE WHEN {part} > {paid} THEN {part} - {paid} ELSE 0 END"


def _sum(amount: str, condition: str) -> str:
    """Return SQL for the sum of `amount` where the condition holds, whole: PostgreSQL is slow with decimals."""
    return f"CAST(SUM(CASE WHEN {condition} THEN {amount} ELSE 0 END) AS BIGINT)"


_MOVED_LATER = Relation(
    "moved_later",
    """
    SELECT account_id, CAST(SUM(debited - credited) AS BIGINT) AS moved, CAST(SUM(debited) AS BIGINT) AS debited
    FROM (
        SELECT t.debit_account_id AS account_id, t.amount AS debited, 0 AS credited
        FROM finance_entry e JOIN finance_transfer t ON t.entry_id = e.id
        WHERE e.group_id {groups} AND e.effective_on > %(as_of)s
        UNION ALL
        SELECT t.credit_account_id, 0, t.amount
        FROM finance_entry e JOIN finance_transfer t ON t.entry_id = e.id
        WHERE e.group_id {groups} AND e.effective_on > %(as_of)s
    ) moves
    GROUP BY account_id
    """,
    ("account_id", "moved", "debited"),
)
"""What moved on each account after the day: balances of today less this are those of the day."""

# A loan that came with the opening balances was paid out long before: until then the books know nothing of it. One
# that was cancelled is there as long as the books have a balance of it.
_BALANCES = Relation(
    "loan_balances",
    f"""
    SELECT id, group_id, member_id, number, disbursed_on, principal, balance, fee_paid, unpaid_principal, moved_fee,
        ended_as
    FROM (
        SELECT l.id, l.group_id, l.member_id, l.number, l.disbursed_on, l.principal, l.cancelled_at,
            a.debits_posted - a.credits_posted - COALESCE(am.moved, 0) AS balance,
            a.debits_posted - COALESCE(am.debited, 0) AS paid_out,
            COALESCE(f.credits_posted - f.debits_posted, 0) + COALESCE(fm.moved, 0) AS fee_paid,
            CASE WHEN l.ended_on <= %(as_of)s THEN l.unpaid_principal ELSE 0 END AS unpaid_principal,
            CASE WHEN l.ended_on <= %(as_of)s THEN COALESCE(n.principal - l.unpaid_principal, 0) ELSE 0 END
                AS moved_fee,
            CASE WHEN l.ended_on <= %(as_of)s THEN l.ended_as ELSE '' END AS ended_as
        FROM finance_loan l
        JOIN finance_account a
            ON a.loan_id = l.id AND a.kind = '{AccountKind.LOAN.value}' AND a.group_id {{groups}}
        LEFT JOIN finance_account f
            ON f.loan_id = l.id AND f.kind = '{AccountKind.SERVICE_FEE.value}' AND f.group_id {{groups}}
        LEFT JOIN moved_later am ON am.account_id = a.id
        LEFT JOIN moved_later fm ON fm.account_id = f.id
        LEFT JOIN finance_loan n ON n.replaces_id = l.id AND n.cancelled_at IS NULL
        WHERE l.group_id {{groups}} AND l.disbursed_on <= %(as_of)s
    ) loans
    WHERE paid_out > 0 AND (cancelled_at IS NULL OR balance > 0)
    """,  # noqa: S608 - no input
    ("id", "group_id", "member_id", "number", "disbursed_on", "principal", "balance", "fee_paid", "unpaid_principal",
     "moved_fee", "ended_as"),
    uses=(_MOVED_LATER,),
)  # fmt: skip

# A loan that was rescheduled has no dues after that day. This reads loans, not the balances: a relation that is read
# twice is worked out apart, and PostgreSQL knows nothing of how many rows it has.
_LAST_DAY = f"""CASE WHEN l.ended_as = '{LoanEnd.RESCHEDULED.value}' AND l.ended_on <= %(as_of)s
    THEN l.ended_on ELSE %(as_of)s END"""
_DUES = Relation(
    "loan_dues",
    f"""
    SELECT i.loan_id, CAST(SUM(i.service_fee) AS BIGINT) AS fee,
        {_sum("i.principal", "i.due_on < l.last_day")} AS before_principal,
        {_sum("i.service_fee", "i.due_on < l.last_day")} AS before_fee,
        {_sum("i.principal", "i.due_on <= l.last_day")} AS due_principal,
        {_sum("i.service_fee", "i.due_on <= l.last_day")} AS due_fee,
        {_sum("i.principal", "i.late_after < l.last_day")} AS fell_principal,
        {_sum("i.service_fee", "i.late_after < l.last_day")} AS fell_fee
    FROM finance_instalment i
    JOIN (SELECT l.id, {_LAST_DAY} AS last_day FROM finance_loan l WHERE l.group_id {{groups}}) l ON l.id = i.loan_id
    WHERE i.group_id {{groups}}
    GROUP BY i.loan_id
    """,  # noqa: S608 - no input
    ("loan_id", "fee", "before_principal", "before_fee", "due_principal", "due_fee", "fell_principal", "fell_fee"),
)
"""What the schedule of each loan asks for before the day and up to it, paid or not.

`fell_principal` and `fell_fee` leave out what can still be paid in time at the first meeting after its due day.
"""

# A loan that was rescheduled asks for nothing from that day on, since another one does, so nothing of it is unpaid
# either: what moved falls due again, by the new schedule. One paid off early asks for no fee that was waived; one
# written off for everything. Every loan has a schedule: with a LEFT JOIN PostgreSQL knows that there are as many rows
# as loans; with a JOIN it expects a hundred times as many and reads all schedules.
_MOVED = f"b.balance = 0 AND b.ended_as = '{LoanEnd.RESCHEDULED.value}'"
_PAID_OFF = "b.balance = 0 AND b.ended_as = ''"
_PAID_PRINCIPAL = _least("d.fell_principal", "(b.principal - b.balance - b.unpaid_principal)")
_PAID_FEE = _least("d.fell_fee", "(b.fee_paid - b.moved_fee)")
_AMOUNTS = Relation(
    "loan_amounts",
    f"""
    SELECT b.id, b.group_id, b.member_id, b.number, b.disbursed_on, b.principal, b.balance, b.fee_paid,
        b.principal - b.balance - b.unpaid_principal AS principal_paid,
        CASE WHEN b.balance > 0 THEN {_beyond("d.fee", "b.fee_paid")} ELSE 0 END AS fee_left,
        CASE WHEN b.balance > 0 THEN {_beyond("d.due_principal", "(b.principal - b.balance)")} ELSE 0 END
            AS due_principal,
        CASE WHEN b.balance > 0 THEN {_beyond("d.due_fee", "b.fee_paid")} ELSE 0 END AS due_fee,
        CASE WHEN b.balance > 0 THEN {_beyond("d.before_principal", "(b.principal - b.balance)")} ELSE 0 END
            AS late_principal,
        CASE WHEN b.balance > 0 THEN {_beyond("d.before_fee", "b.fee_paid")} ELSE 0 END AS late_fee,
        CASE WHEN {_MOVED} THEN {_PAID_PRINCIPAL} ELSE d.fell_principal END
            + CASE WHEN {_MOVED} OR {_PAID_OFF} THEN {_PAID_FEE} ELSE d.fell_fee END AS fell_due,
        {_PAID_PRINCIPAL} + {_PAID_FEE} AS fell_due_paid
    FROM loan_balances b LEFT JOIN loan_dues d ON d.loan_id = b.id
    """,  # noqa: S608 - no input
    ("id", "group_id", "member_id", "number", "disbursed_on", "principal", "balance", "fee_paid", "principal_paid",
     "fee_left", "due_principal", "due_fee", "late_principal", "late_fee", "fell_due", "fell_due_paid"),
    uses=(_BALANCES, _DUES),
)  # fmt: skip

_LATENESS = Relation(
    "loan_lateness",
    """
    SELECT loan_id, MIN(due_on) AS late_since, COUNT(*) AS instalments_late
    FROM (
        SELECT i.loan_id, i.due_on, i.principal, i.service_fee, a.principal_paid, a.fee_paid,
            SUM(i.principal) OVER up_to AS principals, SUM(i.service_fee) OVER up_to AS fees
        FROM finance_instalment i JOIN loan_amounts a ON a.id = i.loan_id AND a.late_principal + a.late_fee > 0
        WHERE i.group_id {groups} AND i.due_on < %(as_of)s
        WINDOW up_to AS (PARTITION BY i.loan_id ORDER BY i.number)
    ) instalments
    WHERE principal > 0 AND principals > principal_paid OR service_fee > 0 AND fees > fee_paid
    GROUP BY loan_id
    """,
    ("loan_id", "late_since", "instalments_late"),
    uses=(_AMOUNTS,),
)
"""Since when loans are late: payments cover the oldest instalments first, fee and principal each by itself."""

LOAN_POSITIONS = Relation(
    "loan_positions",
    f"""
    SELECT a.id, a.group_id, a.member_id, a.number, a.disbursed_on, a.principal, a.balance, a.principal_paid,
        a.fee_paid, a.fee_left, a.fell_due, a.fell_due_paid, a.due_principal, a.due_fee,
        a.due_principal + a.due_fee AS due, a.late_principal, a.late_fee, a.late_principal + a.late_fee AS arrears,
        l.late_since, COALESCE(l.instalments_late, 0) AS instalments_late,
        COALESCE({days_between("l.late_since", "%(as_of)s")}, 0) AS days_late
    FROM loan_amounts a LEFT JOIN loan_lateness l ON l.loan_id = a.id
    """,  # noqa: S608 - no input
    ("id", "group_id", "member_id", "number", "disbursed_on", "principal", "balance", "principal_paid", "fee_paid",
     "fee_left", "fell_due", "fell_due_paid", "due_principal", "due_fee", "due", "late_principal", "late_fee",
     "arrears", "late_since", "instalments_late", "days_late"),
    uses=(_AMOUNTS, _LATENESS),
)  # fmt: skip
"""A row for each loan the books know on the day `%(as_of)s`, running or ended; amounts in rupiah.

`principal` is what was lent, `balance` what of it is left (above zero: the loan runs), `principal_paid` and `fee_paid`
what was paid by the day, without what was rescheduled or written off; `fee_left` the fee still to be paid to the end.

`fell_due` is what was to be paid in time before the day, on loans that ended too, and `fell_due_paid` what of it was
paid: their sums are the repayment rate. In time is up to the first meeting on or after the due day. A payment ahead on
one loan does not hide the arrears of another. What a loan was rescheduled with is due and unpaid until that day; from
then on it falls due by the schedule of the new loan only.

`due` is what a running loan asks for up to the day, that day included, and was not paid; `due_principal` and `due_fee`
are its parts. `arrears` is what of it fell due before the day, `late_principal` and `late_fee` its parts. `late_since`
is the day the oldest unpaid instalment fell due, NULL for a loan on time, `days_late` the days since then,
`instalments_late` how many are not fully paid.
"""

_AGES = " ".join(f"WHEN late_since < %(age{number})s THEN {number + 1}" for number in reversed(range(len(AGEING_DAYS))))
_LEVELS = " ".join(
    f"WHEN late_since <= %(level{level})s THEN {level}" for level in sorted(COLLECTABILITY_MONTHS, reverse=True)
)
AGED_LOANS = Relation(
    "aged_loans",
    f"""
    SELECT id, group_id, balance, late_principal, late_fee, fell_due, fell_due_paid,
        CASE WHEN balance > 0 THEN 1 ELSE 0 END AS is_running,
        CASE WHEN late_since IS NULL THEN 0 {_AGES} ELSE 0 END AS age,
        CASE WHEN late_since IS NULL THEN {Collectability.LANCAR} {_LEVELS} ELSE {Collectability.PERHATIAN} END
            AS collectability,
        CASE WHEN balance > 0 AND 1 = ROW_NUMBER() OVER (
            PARTITION BY member_id, balance > 0
            ORDER BY CASE WHEN late_since IS NULL THEN 1 ELSE 0 END, late_since, id
        ) THEN 1 ELSE 0 END AS borrower
    FROM loan_positions
    """,  # noqa: S608 - no input
    ("id", "group_id", "balance", "late_principal", "late_fee", "fell_due", "fell_due_paid", "is_running", "age",
     "collectability", "borrower"),
    uses=(LOAN_POSITIONS,),
)  # fmt: skip
"""Loans with their row in the ageing table and their collectability, as `Slice` has them; values: `ageing_values`.

`borrower` is 1 for the loan that is late the longest among the running loans of a member.
"""


def ageing_values(as_of: date) -> dict[str, date]:
    """Return the values that `AGED_LOANS` reads: the day, and the bounds of ages and collectabilities."""
    ages = {f"age{number}": bound for number, bound in enumerate(ageing_bounds(as_of))}
    levels = {f"level{level}": bound for level, bound in collectability_bounds(as_of).items()}
    return {"as_of": as_of, **ages, **levels}


_TOTALS_SQL = """
SELECT COALESCE(SUM(principal), 0), COALESCE(SUM(principal_paid), 0), COALESCE(SUM(fee_paid), 0),
    COALESCE(SUM(balance), 0), COALESCE(SUM(arrears), 0)
FROM loan_positions
WHERE balance >= %(least)s
"""


def sums_of_loans(group: Group, *, as_of: date, only_running: bool) -> list[int]:
    """Return the principal, the principal paid, the fee paid, the balances and the arrears of all loans, in rupiah."""
    values = {"as_of": as_of, "least": 1 if only_running else 0}
    rows = read_relations(_TOTALS_SQL, [LOAN_POSITIONS], Group.objects.filter(pk=group.pk), values)
    return [int(amount) for amount in rows[0]]


def fees_due(group: Group, *, as_of: date) -> int:
    """Return the service fee due up to the day and not paid on the running loans of `group`, in rupiah."""
    rows = read_relations(_FEES_SQL, [LOAN_POSITIONS], Group.objects.filter(pk=group.pk), {"as_of": as_of})
    return int(rows[0][0])


_FEES_SQL = "SELECT COALESCE(SUM(due_fee), 0) FROM loan_positions"

_LOANS_SQL = """
SELECT number, member_id, disbursed_on, principal, balance, late_since, instalments_late, late_principal, late_fee
FROM loan_positions
WHERE balance > 0
ORDER BY CASE WHEN late_since IS NULL THEN 1 ELSE 0 END, late_since, group_id, number
"""


@dataclass(frozen=True, slots=True)
class LoanArrears:
    """A running loan as it stands on a day; `late_since` is when its oldest unpaid instalment fell due."""

    number: int
    member_id: int
    member: str
    disbursed_on: date
    principal: int
    balance: int
    late_since: date | None
    instalments_late: int
    late_principal: int
    late_fee: int
    as_of: date

    @property
    def late(self) -> int:
        """Principal and service fee that are late."""
        return self.late_principal + self.late_fee

    @property
    def days_late(self) -> int:
        """Days since the oldest unpaid instalment fell due, 0 for a loan on time."""
        return (self.as_of - self.late_since).days if self.late_since is not None else 0

    @property
    def collectability(self) -> Collectability:
        """Kolektibilitas from 1 to 5."""
        return collectability(self.late_since, self.as_of)


def loan_arrears(groups: QuerySet[Group], *, as_of: date, names: Mapping[int, str] | None = None) -> list[LoanArrears]:
    """Return the running loans of `groups` on a day, those late the longest first, in two statements.

    In one where the `names` of all members are read already, by their ids.
    """
    rows = read_relations(_LOANS_SQL, [LOAN_POSITIONS], groups, {"as_of": as_of})
    if names is None:
        names = dict(Member.objects.filter(pk__in={row[1] for row in rows}).values_list("pk", "name"))
    return [_loan(as_of, names, *row) for row in rows]


def _loan(
    as_of: date,
    names: Mapping[int, str],
    number: int,
    member_id: int,
    disbursed_on: date | str,
    principal: int,
    balance: int,
    late_since: date | str | None,
    *late: int,
) -> LoanArrears:
    instalments_late, late_principal, late_fee = map(int, late)
    return LoanArrears(
        number=number,
        member_id=member_id,
        member=names[member_id],
        disbursed_on=as_day(disbursed_on),
        principal=principal,
        balance=int(balance),
        late_since=None if late_since is None else as_day(late_since),
        instalments_late=instalments_late,
        late_principal=late_principal,
        late_fee=late_fee,
        as_of=as_of,
    )
