"""The ledger of one demo group, kept in memory as `finance.ledger.posting` would have posted it."""

from __future__ import annotations

from finance.ledger.chart import CHART
from finance.models import AccountKind, Side
from kelompok.demo.tables import Tables

_CODES = {str(kind): line.code for kind, line in CHART.items()}
_SIGNS = {str(kind): 1 if line.side == Side.DEBIT else -1 for kind, line in CHART.items()}


class Account:
    """One account with its running sums in rupiah; `member` and `loan` are primary keys."""

    __slots__ = ("code", "credits", "debits", "kind", "loan", "member", "pk", "sign")

    def __init__(self, pk: int, kind: str, code: str, member: int | None, loan: int | None) -> None:
        self.pk = pk
        self.kind = kind
        self.code = code
        self.member = member
        self.loan = loan
        self.sign = _SIGNS[kind]
        self.debits = 0
        self.credits = 0

    @property
    def balance(self) -> int:
        """Rupiah on the account's normal side."""
        return (self.debits - self.credits) * self.sign


class Books:
    """The accounts of one group. Groups are written one after another, so their keys follow each other."""

    def __init__(self, tables: Tables, group: int) -> None:
        self._tables = tables
        self._group = group
        self._first_pk = tables.accounts.next_pk
        self._accounts: dict[str, Account] = {}
        self.cash = self.account(AccountKind.CASH.value)

    def account(self, kind: str, *, number: int = 0, member: int | None = None, loan: int | None = None) -> Account:
        """Return the account of `kind`, opened when first asked for; `number` is that of its member or loan."""
        code = f"{_CODES[kind]}.{number}" if number else _CODES[kind]
        account = self._accounts.get(code)
        if account is None:
            account = Account(self._first_pk + len(self._accounts), kind, code, member, loan)
            self._accounts[code] = account
        return account

    def balance(self, kind: str) -> int:
        """Return the balance in rupiah of an account of the group itself, 0 if nobody has used it."""
        account = self._accounts.get(_CODES[kind])
        return account.balance if account is not None else 0

    def move(
        self, entry: int, debit: Account, credit: Account, amount: int, member: int | None = None, memo: str = ""
    ) -> None:
        """Move rupiah from the account credited to the account debited; neither may go below zero."""
        debit.debits += amount
        credit.credits += amount
        debit_after, credit_after = debit.balance, credit.balance
        if debit_after < 0 or credit_after < 0:
            raise ValueError(f"group {self._group}: {debit.code} {debit_after}, {credit.code} {credit_after}")
        self._tables.transfers.add(
            entry, self._group, debit.pk, credit.pk, amount, debit_after, credit_after, member, memo
        )

    def write(self) -> None:
        """Hand the accounts with their final sums to the tables."""
        for account in self._accounts.values():
            line = CHART[account.kind]
            self._tables.accounts.add(
                self._group, account.kind, account.member, account.loan, account.code, line.side.value,
                int(line.may_go_negative), account.debits, account.credits,
            )  # fmt: skip
