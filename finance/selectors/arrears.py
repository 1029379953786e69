"""What is late on the loans of one group or of thousands, and how healthy they are, as of any day.

Each function is one statement, whatever the number of groups and loans. Balances come from the columns of the
accounts less what moved after the day, so a recent day costs little. Whole rupiah.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from django.db.models import QuerySet

from finance.ledger.chart import EQUITY, EXPENSES, INCOME, SAVINGS
from finance.models import AccountKind
from finance.performance import (
    AGEING_DAYS,
    Collectability,
    Performance,
    Slice,
    ageing_bounds,
    collectability,
    collectability_bounds,
)
from groups.models import Group
from groups.shared.sql import as_day, run_over

CAPITAL = tuple(kind for kind in EQUITY if kind != AccountKind.SURPLUS_DIVIDED)
"""What the operating standard calls capital (modal): opening capital, grants, reserve."""

# An instalment is late from the day after it fell due, and not paid while the fees or the principals up to it are
# more than what was paid of each: `finance.schedules.standing` in SQL. A loan that was rescheduled asks for nothing
# after that day, since another one does; one paid off early for what was waived; one written off for everything.
# One that came with the opening balances was paid out long before: until then the books know nothing of it.
_STANDING_SQL = """
WITH chosen (id) AS ({groups}),
later AS (
    SELECT account_id, SUM(amount) AS moved, SUM(CASE WHEN amount > 0 THEN amount ELSE 0 END) AS debited
    FROM (
        SELECT t.debit_account_id AS account_id, t.amount
        FROM finance_entry e JOIN finance_transfer t ON t.entry_id = e.id
        WHERE e.group_id IN (SELECT id FROM chosen) AND e.effective_on > %(as_of)s
        UNION ALL
        SELECT t.credit_account_id, -t.amount
        FROM finance_entry e JOIN finance_transfer t ON t.entry_id = e.id
        WHERE e.group_id IN (SELECT id FROM chosen) AND e.effective_on > %(as_of)s
    ) moves
    GROUP BY account_id
),
loans AS (
    SELECT l.id, l.group_id, l.member_id, l.number, l.principal, l.disbursed_on,
        CASE WHEN l.ended_on <= %(as_of)s THEN l.ended_as ELSE '' END AS ended_as,
        CASE WHEN l.ended_on <= %(as_of)s AND l.ended_as = 'RESCHEDULED' THEN l.ended_on ELSE %(as_of)s END AS last_day,
        CASE WHEN l.ended_on <= %(as_of)s THEN l.unpaid_principal ELSE 0 END AS unpaid_principal,
        SUM(CASE WHEN a.kind = 'LOAN' THEN a.debits_posted - a.credits_posted - COALESCE(later.moved, 0) ELSE 0 END)
            AS balance,
        SUM(CASE WHEN a.kind = 'LOAN' THEN 0 ELSE a.credits_posted - a.debits_posted + COALESCE(later.moved, 0) END)
            AS fee_paid
    FROM finance_loan l
    JOIN finance_account a ON a.loan_id = l.id AND a.kind IN ('LOAN', 'SERVICE_FEE')
    LEFT JOIN later ON later.account_id = a.id
    WHERE l.group_id IN (SELECT id FROM chosen) AND l.disbursed_on <= %(as_of)s AND l.cancelled_at IS NULL
    GROUP BY l.id, l.group_id, l.member_id, l.number, l.principal, l.disbursed_on, l.ended_on, l.ended_as,
        l.unpaid_principal
    HAVING SUM(CASE WHEN a.kind = 'LOAN' THEN a.debits_posted - COALESCE(later.debited, 0) ELSE 0 END) > 0
),
instalments AS (
    SELECT i.loan_id, i.due_on, i.principal, i.service_fee,
        SUM(i.principal) OVER up_to AS principals, SUM(i.service_fee) OVER up_to AS fees
    FROM finance_instalment i
    WHERE i.group_id IN (SELECT id FROM chosen) AND i.due_on <= %(as_of)s
    WINDOW up_to AS (PARTITION BY i.loan_id ORDER BY i.number)
),
due AS (
    SELECT i.loan_id,
        SUM(CASE WHEN i.due_on <= l.last_day THEN i.principal + i.service_fee ELSE 0 END) AS by_now,
        SUM(CASE WHEN i.due_on < %(as_of)s THEN i.principal ELSE 0 END) AS principal,
        SUM(CASE WHEN i.due_on < %(as_of)s THEN i.service_fee ELSE 0 END) AS service_fee,
        MIN(CASE WHEN i.due_on < %(as_of)s AND (i.principals > l.principal - l.balance OR i.fees > l.fee_paid)
            THEN i.due_on END) AS late_since,
        SUM(CASE WHEN i.due_on < %(as_of)s AND (
            i.principal > 0 AND i.principals > l.principal - l.balance
            OR i.service_fee > 0 AND i.fees > l.fee_paid) THEN 1 ELSE 0 END) AS late
    FROM instalments i JOIN loans l ON l.id = i.loan_id
    GROUP BY i.loan_id
),
standing AS (
    SELECT l.id, l.group_id, l.member_id, l.number, l.disbursed_on, l.principal, l.balance,
        CASE WHEN l.balance = 0 AND l.ended_as = '' AND l.principal + l.fee_paid < d.by_now
            THEN l.principal + l.fee_paid ELSE COALESCE(d.by_now, 0) END AS due_by_now,
        l.principal - l.balance - l.unpaid_principal + l.fee_paid AS paid,
        CASE WHEN l.balance > 0 THEN d.late_since END AS late_since,
        CASE WHEN l.balance > 0 THEN COALESCE(d.late, 0) ELSE 0 END AS instalments_late,
        CASE WHEN l.balance > 0 AND d.principal > l.principal - l.balance
            THEN d.principal - (l.principal - l.balance) ELSE 0 END AS late_principal,
        CASE WHEN l.balance > 0 AND d.service_fee > l.fee_paid THEN d.service_fee - l.fee_paid ELSE 0 END AS late_fee
    FROM loans l LEFT JOIN due d ON d.loan_id = l.id
)
"""

_LOANS_SQL = """
SELECT s.number, m.id, m.name, s.disbursed_on, s.principal, s.balance, s.late_since, s.instalments_late,
    s.late_principal, s.late_fee
FROM standing s JOIN groups_member m ON m.id = s.member_id
WHERE s.balance > 0
ORDER BY CASE WHEN s.late_since IS NULL THEN 1 ELSE 0 END, s.late_since, s.group_id, s.number
"""

_SLICES_SQL = """,
aged AS (
    SELECT s.*, {age} AS age, {collectability} AS collectability,
        CASE WHEN s.balance > 0 AND 1 = ROW_NUMBER() OVER (
            PARTITION BY s.member_id, s.balance > 0
            ORDER BY CASE WHEN s.late_since IS NULL THEN 1 ELSE 0 END, s.late_since, s.id
        ) THEN 1 ELSE 0 END AS borrower
    FROM standing s
)
SELECT {group_id}, age, collectability,
    SUM(CASE WHEN balance > 0 THEN 1 ELSE 0 END), SUM(borrower),
    SUM(balance), SUM(late_principal), SUM(late_fee),
    SUM(due_by_now), SUM(CASE WHEN paid < due_by_now THEN paid ELSE due_by_now END)
FROM aged
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3
"""

_MONEY_SQL = """
WITH chosen (id) AS ({groups}),
moves AS (
    SELECT account_id,
        SUM(CASE WHEN effective_on <= %(as_of)s THEN amount ELSE 0 END) AS this_year,
        SUM(CASE WHEN effective_on > %(as_of)s THEN amount ELSE 0 END) AS later
    FROM (
        SELECT t.credit_account_id AS account_id, t.amount, e.effective_on
        FROM finance_entry e JOIN finance_transfer t ON t.entry_id = e.id
        WHERE e.group_id IN (SELECT id FROM chosen) AND e.effective_on >= %(year)s
        UNION ALL
        SELECT t.debit_account_id, -t.amount, e.effective_on
        FROM finance_entry e JOIN finance_transfer t ON t.entry_id = e.id
        WHERE e.group_id IN (SELECT id FROM chosen) AND e.effective_on >= %(year)s
    ) moved
    GROUP BY account_id
)
SELECT {group_id}, a.kind, SUM(COALESCE(m.this_year, 0)),
    SUM(a.credits_posted - a.debits_posted - COALESCE(m.later, 0))
FROM finance_account a LEFT JOIN moves m ON m.account_id = a.id
WHERE a.group_id IN (SELECT id FROM chosen) AND a.kind IN ({kinds})
GROUP BY 1, 2
"""


_NO_MONEY = {"income": 0, "costs": 0, "capital": 0}


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


def loan_arrears(groups: QuerySet[Group], *, as_of: date) -> list[LoanArrears]:
    """Return the running loans of `groups` on a day, those late the longest first, in one statement."""
    rows = run_over(_STANDING_SQL + _LOANS_SQL, groups, {"as_of": as_of})
    return [_loan(as_of, *row) for row in rows]


def performance(groups: QuerySet[Group], *, as_of: date) -> Performance:
    """Return the figures of all `groups` together on a day, in two statements: the loans, and the money."""
    return _figures(groups, as_of, "0").get(0, Performance(months=as_of.month))


def performance_by_group(groups: QuerySet[Group], *, as_of: date) -> dict[int, Performance]:
    """Return the figures of each of `groups` that has any, by the group's id, in the same two statements."""
    return _figures(groups, as_of, "group_id")


def loans_by_group(groups: QuerySet[Group], *, as_of: date) -> dict[int, Performance]:
    """Return the figures of the loans of each of `groups` that has any, without those of income, in one statement."""
    return {key: Performance(*loans) for key, loans in _loans(groups, as_of, "group_id").items()}


def savings_by_group(groups: QuerySet[Group], *, as_of: date) -> dict[int, int]:
    """Return the savings of all members of each of `groups` that has accounts for them, in one statement."""
    words = {"group_id": "a.group_id", "kinds": ", ".join(f"'{kind}'" for kind in SAVINGS)}
    found: dict[int, int] = {}
    # Only what moved after the day matters, so the year begins there.
    for group_id, _kind, _moved, balance in run_over(
        _MONEY_SQL, groups, {"as_of": as_of, "year": as_of + timedelta(1)}, **words
    ):
        found[group_id] = found.get(group_id, 0) + int(balance)
    return found


def _loan(
    as_of: date,
    number: int,
    member_id: int,
    member: str,
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
        member=member,
        disbursed_on=as_day(disbursed_on),
        principal=principal,
        balance=int(balance),
        late_since=None if late_since is None else as_day(late_since),
        instalments_late=instalments_late,
        late_principal=late_principal,
        late_fee=late_fee,
        as_of=as_of,
    )


class _Loans(NamedTuple):
    """The loans of a group, or of all together; `due` and `paid` as `Performance` has them."""

    slices: tuple[Slice, ...] = ()
    due: int = 0
    paid: int = 0


def _loans(groups: QuerySet[Group], as_of: date, group_id: str) -> dict[int, _Loans]:
    """Return the loans by `group_id`, a column or the constant 0 for all groups together."""
    days = {"as_of": as_of}
    days |= {f"age{number}": bound for number, bound in enumerate(ageing_bounds(as_of))}
    days |= {f"level{level}": bound for level, bound in collectability_bounds(as_of).items()}
    ages = " ".join(
        f"WHEN s.late_since < %(age{number})s THEN {number + 1}" for number in reversed(range(len(AGEING_DAYS)))
    )
    levels = " ".join(
        f"WHEN s.late_since <= %(level{level})s THEN {level}" for level in sorted(collectability_bounds(as_of))[::-1]
    )
    words = {
        "group_id": group_id,
        "age": f"CASE WHEN s.late_since IS NULL THEN 0 {ages} ELSE 0 END",
        "collectability": f"CASE WHEN s.late_since IS NULL THEN 1 {levels} ELSE 2 END",
    }
    found: dict[int, _Loans] = {}
    for key, age, level, loans, *amounts in run_over(_STANDING_SQL + _SLICES_SQL, groups, days, **words):
        borrowers, balance, late_principal, late_fee, due_by_now, paid = map(int, amounts)
        so_far = found.get(key, _Loans())
        part = (Slice(age, level, loans, borrowers, balance, late_principal, late_fee),) if loans else ()
        found[key] = _Loans(so_far.slices + part, so_far.due + due_by_now, so_far.paid + paid)
    return found


def _figures(groups: QuerySet[Group], as_of: date, group_id: str) -> dict[int, Performance]:
    """Return all figures by `group_id`, as `_loans` takes it."""
    loans = _loans(groups, as_of, group_id)
    money: dict[int, dict[str, int]] = {}
    kinds = ", ".join(f"'{kind}'" for kind in (*INCOME, *EXPENSES, *CAPITAL))
    year = {"as_of": as_of, "year": as_of.replace(month=1, day=1)}
    of_column = {"group_id": "a.group_id" if group_id == "group_id" else group_id, "kinds": kinds}
    for key, kind, this_year, balance in run_over(_MONEY_SQL, groups, year, **of_column):
        sums = money.setdefault(key, dict(_NO_MONEY))
        if kind in CAPITAL:
            sums["capital"] += int(balance)
        elif kind in INCOME:
            sums["income"] += int(this_year)
        else:
            sums["costs"] -= int(this_year)
    return {
        key: Performance(
            *loans.get(key, _Loans()),
            income=of_money["income"],
            costs=of_money["costs"],
            capital=of_money["capital"],
            months=as_of.month,
        )
        for key in {*loans, *money}
        for of_money in (money.get(key, _NO_MONEY),)
    }
