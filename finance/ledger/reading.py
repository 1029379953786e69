"""The accounts of a group with their loans, read in the one statement that every posting begins with.

In plain SQL: Django takes several times longer to put this query together than a database to answer it, and makes
one object of a loan for each of its accounts. `make bench` holds posting to three times its floor.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models.sql import Query

from finance.models import Account, ExternalLoan, Loan
from groups.models import Group

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
    (SELECT MAX(number) FROM finance_entry WHERE group_id = %(group)s)"""
# The group's own, loans from outside among them, for they are few; those of members who are there; and of running
# loans, where the fee account comes along with the balance account while that one has a balance.
_OPEN = """
    AND (finance_account.loan_id IN (
            SELECT loan_id FROM finance_account
            WHERE group_id = %(group)s AND kind = 'LOAN' AND debits_posted > credits_posted)
        OR finance_account.loan_id IS NULL AND (
            finance_account.member_id IS NULL OR finance_account.member_id IN (
                SELECT id FROM groups_member WHERE group_id = %(group)s AND left_on IS NULL)))"""
_IN_ORDER = " ORDER BY finance_account.id"


def read_accounts(group: Group, *, everything: bool) -> tuple[list[Account], int, int]:
    """Return the accounts with their loans, and the last number a loan and an entry of the group got.

    Without `everything` they are those a new posting can touch. A loan is the same object in each of its accounts.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    columns = [field.get_col(model._meta.db_table) for model in _READ for field in model._meta.concrete_fields]
    names = ", ".join(f"{column.alias}.{column.target.column}" for column in columns)
    statement = "".join(["SELECT ", names, _NUMBERS, _FROM, "" if everything else _OPEN, _IN_ORDER])
    with connection.cursor() as cursor:
        cursor.execute(statement, {"group": group.pk})
        rows = cursor.fetchall()
    last_loan, last_entry = rows[0][-2:] if rows else (None, None)
    compiler = Query(Account).get_compiler(connection=connection)
    converted = compiler.apply_converters(rows, compiler.get_converters(columns))
    return list(_objects(converted)), last_loan or 0, last_entry or 0


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
