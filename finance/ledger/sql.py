"""The statements of the ledger that are written by hand, the same for both databases, with what they give.

Django takes several times longer to put them together than a database to answer, and makes one object of a loan for
each of its accounts. `make bench` holds posting to three times its floor.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import accumulate, pairwise
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models.sql import Query

from finance.models import Account, AccountKind, ExternalLoan, Loan
from groups.models import Group
from groups.shared.sql import as_day, read, write

_READ = (Account, Loan, ExternalLoan)

# The loans are looked up by group too: without fresh statistics PostgreSQL would read those of all groups.
# Numbering rides along: a group with a loan or an entry always has accounts.
_FROM = """ FROM finance_account
    LEFT JOIN finance_loan ON finance_loan.id = finance_account.loan_id AND finance_loan.group_id = %(group)s
    LEFT JOIN finance_externalloan ON finance_externalloan.id = finance_account.external_loan_id
        AND finance_externalloan.group_id = %(group)s
    WHERE finance_account.group_id = %(group)s"""
_NUMBERS = """,
    (SELECT MAX(number) FROM finance_loan WHERE group_id = %(group)s),
    (SELECT MAX(number) FROM finance_entry WHERE group_id = %(group)s),
    (SELECT MAX(effective_on) FROM finance_entry WHERE group_id = %(group)s),
    (SELECT MAX(COALESCE(settled_on, counted_on)) FROM finance_cashcount WHERE group_id = %(group)s),
    (SELECT SUM(counted - expected - carried) FROM finance_cashcount WHERE group_id = %(group)s
        AND settled_on IS NULL AND corrected_at IS NULL AND counted <> expected + carried),
    (SELECT MAX(owed_on) FROM finance_obligation WHERE group_id = %(group)s AND cancelled_at IS NULL)"""
# The group's own, loans from outside among them, for they are few; those of members, also of who left since, for what
# happened before is recorded late; and of running loans, where the fee account comes along with the balance account
# while that one has a balance.
_OPEN = f"""
    AND (finance_account.loan_id IN (
            SELECT loan_id FROM finance_account
            WHERE group_id = %(group)s AND kind = '{AccountKind.LOAN.value}' AND debits_posted > credits_posted)
        OR finance_account.loan_id IS NULL)"""  # noqa: S608 - no input
_IN_ORDER = " ORDER BY finance_account.id"


@dataclass(frozen=True, slots=True)
class AccountsRead:
    """The accounts of a group, the last number a loan and an entry of it got, and the latest day of an entry.

    `counts_through` is the last day of a count of cash or a settlement, `open_differences` are the sum of those open
    now, in rupiah. `has_fines` says whether a fine was ever set that stands outside the accounts.
    """

    accounts: list[Account]
    last_loan_number: int
    last_entry_number: int
    last_moved_on: date | None
    counts_through: date | None
    open_differences: int
    has_fines: bool


def read_accounts(group: Group, *, everything: bool) -> AccountsRead:
    """Read the accounts with their loans, as balanced now.

    Without `everything` they are those a new posting can touch. A loan is the same object in each of its accounts.
    """
    columns = [field.get_col(model._meta.db_table) for model in _READ for field in model._meta.concrete_fields]
    names = ", ".join(f"{column.alias}.{column.target.column}" for column in columns)
    statement = "".join(["SELECT ", names, _NUMBERS, _FROM, "" if everything else _OPEN, _IN_ORDER])
    rows = read(statement, {"group": group.pk})
    # Without an account there is nothing to ride along with: whether cash was counted and fines set is then not known.
    last_loan, last_entry, moved_on, counted_on, differences, last_fine = (
        rows[0][-6:] if rows else (0, 0, None, date.max, 0, True)
    )
    compiler = Query(Account).get_compiler(connection=connection)
    converted = compiler.apply_converters(rows, compiler.get_converters(columns))
    return AccountsRead(
        accounts=list(_objects(converted)),
        last_loan_number=last_loan or 0,
        last_entry_number=last_entry or 0,
        last_moved_on=as_day(moved_on) if moved_on is not None else None,
        counts_through=as_day(counted_on) if counted_on is not None else None,
        open_differences=int(differences or 0),
        has_fines=last_fine is not None,
    )


def _objects(rows: Iterable[Sequence[Any]]) -> Iterator[Account]:
    """Make an account of each row, with its loan of either kind."""
    of_account, of_loan, of_external_loan = _slices()
    loans: dict[int, Loan] = {}
    for row in rows:
        account = Account.from_db(DEFAULT_DB_ALIAS, (), row[of_account])
        if account.loan_id is not None:
            if account.loan_id not in loans:
                loans[account.loan_id] = Loan.from_db(DEFAULT_DB_ALIAS, (), row[of_loan])
            account.loan = loans[account.loan_id]
        if account.external_loan_id is not None:
            account.external_loan = ExternalLoan.from_db(DEFAULT_DB_ALIAS, (), row[of_external_loan])
        yield account


def _slices() -> Iterator[slice]:
    """Say which columns of a row belong to each of the models read."""
    ends = accumulate((len(model._meta.concrete_fields) for model in _READ), initial=0)
    return (slice(start, end) for start, end in pairwise(ends))


def moved_between(
    group: Group, spans: Sequence[tuple[date, date]], *, kinds: Sequence[str] = ()
) -> list[tuple[Any, ...]]:
    """Return the ids of a debited and a credited account, and the rupiah moved between them in each of `spans`.

    A span is what follows its first day, up to the end of its last. Where `kinds` are given, one of the two accounts is
    of them.
    """
    values: dict[str, Any] = {"group": group.pk}
    conditions, of_kinds = [], ""
    for number, (after, until) in enumerate(spans):
        values |= {f"after{number}": after, f"until{number}": until}
        conditions.append(f"e.effective_on > %(after{number})s AND e.effective_on <= %(until{number})s")
    if kinds:
        values |= {f"kind{number}": kind for number, kind in enumerate(kinds)}
        places = ", ".join(f"%(kind{number})s" for number in range(len(kinds)))
        chosen = f"(SELECT id FROM finance_account WHERE group_id = %(group)s AND kind IN ({places}))"  # noqa: S608
        of_kinds = f" AND (t.debit_account_id IN {chosen} OR t.credit_account_id IN {chosen})"
    sums = ", ".join(f"CAST(SUM(CASE WHEN {span} THEN t.amount ELSE 0 END) AS BIGINT)" for span in conditions)
    return read(
        f"SELECT t.debit_account_id, t.credit_account_id, {sums}"  # noqa: S608 - no input
        " FROM finance_entry e JOIN finance_transfer t ON t.entry_id = e.id"
        f" WHERE e.group_id = %(group)s AND ({' OR '.join(conditions)}){of_kinds}"
        " GROUP BY t.debit_account_id, t.credit_account_id",
        values,
    )


# A waiver lets go of its own amount: a payment undone since is owed again. One that was taken back by the day leaves
# the fine owed since the day on which it was.
_OPEN_FINES = """
    SELECT o.id, o.member_id, o.loan_id, o.owed_on, COALESCE((SELECT MAX(w.ended_on) FROM finance_waiver w
            WHERE w.obligation_id = o.id AND w.ended_on <= %(as_of)s), o.owed_on),
        o.memo, o.amount, o.amount - COALESCE(p.paid, 0) - COALESCE(let_go.amount, 0)
    FROM finance_obligation o
    LEFT JOIN finance_waiver let_go ON let_go.obligation_id = o.id
        AND let_go.waived_on <= %(as_of)s AND (let_go.ended_on IS NULL OR let_go.ended_on > %(as_of)s)
    LEFT JOIN (
        SELECT f.obligation_id, SUM(f.amount) AS paid
        FROM finance_obligationpayment f
        JOIN finance_entry e ON e.id = f.entry_id
        LEFT JOIN finance_entry r ON r.reverses_id = e.id AND r.effective_on <= %(as_of)s
        WHERE f.group_id = %(group)s AND e.effective_on <= %(as_of)s AND r.id IS NULL AND e.id NOT IN ({undone})
        GROUP BY f.obligation_id
    ) p ON p.obligation_id = o.id
    WHERE o.group_id = %(group)s AND o.cancelled_at IS NULL AND o.owed_on <= %(as_of)s
        AND (o.entry_id IS NULL OR o.entry_id NOT IN ({undone}))
        AND o.amount > COALESCE(p.paid, 0) + COALESCE(let_go.amount, 0)
    ORDER BY 5, o.id"""


def open_fine_rows(group: Group, *, as_of: date, undone: Collection[int]) -> list[tuple[Any, ...]]:
    """Return the fines not paid at the end of a day: id, member, loan, two days, memo, amount and what is left of it.

    The days are that on which it was set, and that since which it is owed. Without the entries with the ids
    `undone` and what they charged.
    """
    sql = _OPEN_FINES.format(undone=", ".join(str(int(entry)) for entry in undone))
    return [
        (pk, member, loan, as_day(charged_on), as_day(owed_on), memo, amount, int(left))
        for pk, member, loan, charged_on, owed_on, memo, amount, left in read(sql, {"group": group.pk, "as_of": as_of})
    ]


OPEN_BEFORE = """
    c.corrected_at IS NULL AND c.counted <> c.expected + c.carried
    AND (c.counted_on < {day} OR c.counted_on = {day} AND (c.place < {place} OR c.place = {place} AND c.id < {id}))
    AND (c.settled_on IS NULL OR c.settled_on > {day} OR c.settled_on = {day}
        AND CASE WHEN s.id IS NULL THEN c.settled_at > {moment} ELSE s.number > {place} END)
"""
"""The condition for a count `c`, with its settlement `s`, whose difference was open when another one was taken.

That one's `day`, `place`, `id` and the `moment` it was recorded at are filled in as SQL.
"""

_DIFFERENCES_SQL = f"""
SELECT COALESCE(SUM(c.counted - c.expected - c.carried), 0)
FROM finance_cashcount c LEFT JOIN finance_entry s ON s.id = c.settlement_id
WHERE c.group_id = %(group)s AND c.id <> %(id)s
    AND {OPEN_BEFORE.format(day="%(day)s", place="%(place)s", id="%(id)s", moment="%(moment)s")}
"""  # noqa: S608 - no input


def differences_open_before(group: Group, *, day: date, place: int, pk: int, moment: datetime) -> int:
    """Return the sum of the differences that were open when the count `pk` was taken, as `OPEN_BEFORE` says."""
    values = {"group": group.pk, "day": day, "place": place, "id": pk, "moment": moment}
    return int(read(_DIFFERENCES_SQL, values)[0][0])


def add_to_balances(moved: Sequence[tuple[int, int, int]]) -> None:
    """Add debits and credits to accounts, given with their ids in the order of these, in one statement.

    Django's `bulk_update` builds a CASE per column and costs many times this statement.
    """
    if moved:
        values = ", ".join(["(%s, %s, %s)"] * len(moved))
        write(
            "UPDATE finance_account SET debits_posted = debits_posted + v.column2, "  # noqa: S608 - only placeholders
            f"credits_posted = credits_posted + v.column3 FROM (VALUES {values}) AS v "
            "WHERE finance_account.id = v.column1",
            [number for row in moved for number in row],
        )


TRANSFER_COLUMNS = (
    "entry_id", "group_id", "debit_account_id", "credit_account_id", "amount", "debit_balance_after",
    "credit_balance_after", "member_id", "memo", "principal_alone",
)  # fmt: skip


def insert_transfers(rows: Sequence[tuple[int | str | bool | None, ...]]) -> None:
    """Write transfers in one statement; `bulk_create` took 1 ms longer for the 47 of a meeting (`make bench`)."""
    if rows:
        places = ", ".join([f"({', '.join(['%s'] * len(TRANSFER_COLUMNS))})"] * len(rows))
        write(
            f"INSERT INTO finance_transfer ({', '.join(TRANSFER_COLUMNS)}) VALUES {places}",  # noqa: S608 - no input
            [value for row in rows for value in row],
        )
