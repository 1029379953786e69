"""The lines of a book in its order, with the balance after each, read a page at a time. Whole rupiah.

In plain SQL: a page of lines is read in a few milliseconds, which Django doubles by putting the query together and
making objects of its rows (`make bench`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple, overload

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from finance.models import AccountKind, EntryKind
from groups.selectors.relations import MEMBER_NAMES
from groups.shared.sql import as_day, read, with_relations


class BookLine(NamedTuple):
    """A line of a book with the amounts in and out of what the book is about, and the balance after it in rupiah.

    `number` is its entry's, `reverses` and `reversed_by` are those of the entries that it undoes and that undid it.
    """

    pk: int
    number: int
    on: date
    entry_kind: str
    reverses: int | None
    reversed_by: int | None
    member_id: int | None
    member: str | None
    memo: str
    debit_code: str
    debit_kind: str
    credit_code: str
    credit_kind: str
    money_in: int
    money_out: int
    running: int

    @property
    def what(self) -> str:
        """What the money was for, in words: where it came from or went to, and both where it was no money."""
        direction = 1 if self.money_in else -1 if self.money_out else 0
        return _what(self.debit_kind, self.credit_kind, self.entry_kind, direction, get_language())


@lru_cache(maxsize=1000)
def _what(debit_kind: str, credit_kind: str, entry_kind: str, direction: int, _language: str | None) -> str:
    """Say in the language of the reader what lines of a kind are for; a book has many of one kind."""

    def account(kind: str, *, comes_in: bool) -> str:
        if kind != AccountKind.LOAN:
            return str(AccountKind(kind).label)
        if AccountKind.SERVICE_FEE in (debit_kind, credit_kind):
            return _("Principal (angsuran pokok)")
        if entry_kind == EntryKind.REVERSAL:
            return _("Payout of a loan undone") if comes_in else _("Instalment undone")
        return _("Principal repaid (angsuran pokok)") if comes_in else _("Loan paid out")

    came, gone = account(credit_kind, comes_in=True), account(debit_kind, comes_in=False)
    return came if direction > 0 else gone if direction < 0 else f"{gone} → {came}"


def amount_if(condition: str) -> str:
    """Return SQL for the amount of a transfer where the condition holds, else 0."""
    return f"CASE WHEN {condition} THEN t.amount ELSE 0 END"


_SUMS = """
SELECT COALESCE(SUM(t.amount) FILTER (WHERE {came} AND e.effective_on > %(after)s AND e.effective_on <= %(until)s), 0),
    COALESCE(SUM(t.amount) FILTER (WHERE {went} AND e.effective_on > %(after)s AND e.effective_on <= %(until)s), 0),
    COALESCE(SUM(t.amount) FILTER (WHERE {came} AND e.effective_on BETWEEN %(start)s AND %(end)s), 0),
    COALESCE(SUM(t.amount) FILTER (WHERE {went} AND e.effective_on BETWEEN %(start)s AND %(end)s), 0),
    COUNT(*) FILTER (WHERE e.effective_on BETWEEN %(start)s AND %(end)s)
FROM finance_entry e JOIN finance_transfer t ON t.entry_id = e.id
WHERE e.group_id = %(group)s AND e.effective_on > %(after)s AND e.effective_on <= %(last)s AND ({came} OR {went})
"""


def book_sums(came: str, went: str, moved: tuple[date, date], values: Mapping[str, Any]) -> tuple[int, ...]:
    """Return what came in and what went out between the days `moved`, and from `start` to `end` with its lines' number.

    `came` and `went` are conditions on a transfer `t`, `values` those of their placeholders, with `start` and `end`.
    """
    after, until = moved
    days = {"after": after, "until": until, "last": max(values["end"], until)}
    [sums] = read(_SUMS.format(came=came, went=went), {**values, **days})
    return tuple(map(int, sums))


@dataclass(frozen=True, slots=True)
class BookQuery:
    """The transfers of a book in SQL over a transfer `t`, its entry `e` and its accounts `d` and `c`.

    `where` chooses them; `money_in`, `money_out` and the `change` of the balance are amounts; `values` are those of
    their placeholders, among them the id of the `group`.
    """

    where: str
    money_in: str
    money_out: str
    change: str
    values: Mapping[str, Any] = field(default_factory=dict)


# The names are looked up for the lines of a page alone, whatever the database thinks of joining all of them.
_LINES = """
{names}
SELECT t.id, e.number, e.effective_on, e.kind,
    (SELECT r.number FROM finance_entry r WHERE r.id = e.reverses_id),
    (SELECT r.number FROM finance_entry r WHERE r.reverses_id = e.id),
    t.member_id, (SELECT m.name FROM member_names m WHERE m.id = t.member_id), t.memo,
    d.code, d.kind, c.code, c.kind, {money_in}, {money_out}, {change}, {skipped}
FROM {transfers} WHERE {page} ORDER BY {order}
"""
_NAMES = with_relations([MEMBER_NAMES]).replace("{groups}", "= %(group)s")
_TRANSFERS = """finance_transfer t JOIN finance_entry e ON e.id = t.entry_id
    JOIN finance_account d ON d.id = t.debit_account_id JOIN finance_account c ON c.id = t.credit_account_id"""
_PAGE = """t.id IN (
    SELECT t.id FROM finance_transfer t JOIN finance_entry e ON e.id = t.entry_id
    WHERE {where} ORDER BY {order} LIMIT %(lines)s OFFSET %(before)s)"""
_SKIPPED = """(SELECT SUM(s.change) FROM (
    SELECT {change} AS change FROM {transfers} WHERE {where} ORDER BY {order} LIMIT %(before)s) s)"""
_ORDER = ("e.effective_on", "e.id", "t.id")
"""Books run by date, and within a day by the order of recording; an index of entries gives just this."""


class RunningLines:
    """The lines of a book in its order, each a `BookLine` with the balance after it.

    A paginator reads one page in one statement, which adds up what came before it and nothing more.
    """

    def __init__(self, query: BookQuery | None, *, count: int, begin: int, newest_first: bool = False) -> None:
        """Take what the book has, none for nothing, and the number of its lines.

        `begin` is the balance before the first line, with `newest_first` the one after the last.
        """
        self._query = query
        self._count = count
        self._begin = begin
        self._newest_first = newest_first

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, part: int) -> BookLine: ...

    @overload
    def __getitem__(self, part: slice) -> list[BookLine]: ...

    def __getitem__(self, part: int | slice) -> BookLine | list[BookLine]:
        if isinstance(part, int):
            return self[part : part + 1][0]
        first, end, _step = part.indices(self._count)
        return list(self._read(first, end - first))

    def __iter__(self) -> Iterator[BookLine]:
        return self._read(0, self._count)

    def _read(self, first: int, lines: int) -> Iterator[BookLine]:
        if self._query is None or lines <= 0:
            return iter(())
        words = {
            "transfers": _TRANSFERS,
            "order": ", ".join(f"{column} DESC" if self._newest_first else column for column in _ORDER),
            "where": self._query.where,
            "change": self._query.change,
        }
        sql = _LINES.format(
            names=_NAMES,
            page=_PAGE.format(**words) if lines < self._count else self._query.where,
            skipped=_SKIPPED.format(**words) if first else 0,
            money_in=self._query.money_in,
            money_out=self._query.money_out,
            **words,
        )
        return self._run(read(sql, {**self._query.values, "before": first, "lines": lines}))

    def _run(self, rows: list[tuple[Any, ...]]) -> Iterator[BookLine]:
        running = None
        for pk, number, on, *line, change, skipped in rows:
            if running is None:
                running = self._begin + (-int(skipped) if self._newest_first else int(skipped))
            after = running if self._newest_first else running + change
            yield BookLine._make((pk, number, as_day(on), *line, after))
            running += -change if self._newest_first else change
