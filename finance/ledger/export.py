"""The journal of a group for an outside program: hledger or a spreadsheet."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from typing import Protocol

from finance.models import Account, Entry, Transfer
from groups.models import Group

HEADINGS = {"1": "Assets", "2": "Liabilities", "3": "Equity", "4": "Revenues", "5": "Expenses"}
"""The first part of an account's name, by the first digit of its code; outside programs know these words."""
COLUMNS = (
    "date", "entry", "kind", "memo", "debit_code", "debit_account", "credit_code", "credit_account", "amount",
    "member", "line_memo", "recorded_at", "recorded_by", "reverses", "key",
)  # fmt: skip


class Out(Protocol):
    """Where an export goes: an open file, or a command's standard output."""

    def write(self, text: str, /) -> object:
        """Write text."""


def account_name(account: Account) -> str:
    """Return a readable name, one for each account: `Assets:11030.3 Loan to a member:Siti`."""
    name = f"{HEADINGS[account.code[0]]}:{account.code} {_plain(str(account.get_kind_display()))}"
    if account.external_loan is not None:
        return f"{name}:{_plain(account.external_loan.lender)}"
    return f"{name}:{_plain(str(account.member))}" if account.member is not None else name


def write_hledger(group: Group, out: Out) -> None:
    """Write the journal of `group` in hledger's format, entries in the order they were recorded."""
    out.write(f"; {_plain(group.name)} ({group.code})\ncommodity IDR 1000.\n")
    names: dict[int, str] = {}
    for entry, transfers in _entries(group):
        text = " ".join(filter(None, (str(entry.get_kind_display()), _plain(entry.memo))))
        out.write(f"\n{entry.effective_on} ({entry.number}) {text}\n")
        out.write(f"    ; recorded:{entry.recorded_at.isoformat()}\n    ; key:{entry.key}\n")
        if entry.reverses is not None:
            out.write(f"    ; reverses:{entry.reverses.number}\n")
        for transfer in transfers:
            note = f"  ; {_plain(transfer.memo)}" if transfer.memo else ""
            for account, amount in (
                (transfer.debit_account, transfer.amount),
                (transfer.credit_account, -transfer.amount),
            ):
                name = names.setdefault(account.pk, account_name(account))
                out.write(f"    {name}  IDR {amount}{note}\n")
    out.write("\n")
    for name in sorted(names.values()):
        out.write(f"account {name}\n")


def write_csv(group: Group, out: Out) -> None:
    """Write the journal of `group` as CSV, one line for each transfer, amounts in whole rupiah."""
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for entry, transfers in _entries(group):
        for transfer in transfers:
            debit, credit = transfer.debit_account, transfer.credit_account
            writer.writerow(
                [
                    entry.effective_on.isoformat(),
                    entry.number,
                    entry.kind,
                    _cell(entry.memo),
                    debit.code,
                    _cell(account_name(debit)),
                    credit.code,
                    _cell(account_name(credit)),
                    transfer.amount,
                    _cell(str(transfer.member) if transfer.member is not None else ""),
                    _cell(transfer.memo),
                    entry.recorded_at.isoformat(),
                    _cell(str(entry.recorded_by)),
                    entry.reverses.number if entry.reverses is not None else "",
                    entry.key,
                ]
            )


def _entries(group: Group) -> Iterator[tuple[Entry, list[Transfer]]]:
    """Yield entries with their transfers, a few thousand in memory at a time."""
    transfers = (
        Transfer.objects.filter(entry__group=group)
        .select_related(
            "entry__recorded_by",
            "entry__reverses",
            "debit_account__member",
            "debit_account__external_loan",
            "credit_account__member",
            "credit_account__external_loan",
            "member",
        )
        .order_by("entry_id", "pk")
    )
    yield from _by_entry(transfers.iterator(chunk_size=2000))


def _by_entry(transfers: Iterable[Transfer]) -> Iterator[tuple[Entry, list[Transfer]]]:
    together: list[Transfer] = []
    for transfer in transfers:
        if together and together[0].entry_id != transfer.entry_id:
            yield together[0].entry, together
            together = []
        together.append(transfer)
    if together:
        yield together[0].entry, together


def _plain(text: str) -> str:
    """Take out what means something in a journal: line ends, comments, and two spaces in a row."""
    return re.sub(r"[\s;:|]+", " ", text).strip()


def _cell(text: str) -> str:
    """Keep a spreadsheet from reading text as a formula."""
    return f"'{text}" if text.lstrip()[:1] in ("=", "+", "-", "@") or text[:1] in ("\t", "\r", "\n") else text
