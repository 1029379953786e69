"""A sheet that comes again after it was recorded: the same, or other entries, which a correction can take over."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext

from finance.models import Loan
from groups.models import Group
from groups.shared.content import content_of, plain
from meetings.changes import Change, changes
from meetings.minutes import Minutes
from meetings.minutes_json import minutes_to_json
from meetings.models import Meeting
from meetings.sheet.context import SheetContext, read_correction
from meetings.sheet.day import typed_day
from meetings.sheet.form import Sheet

NOT_TYPED = frozenset(
    {"csrfmiddlewaretoken", "key", "base", "by", "action", "version", "prefilled", "typed", "kept", "another"}
)
"""Fields of the sheet's form that nobody types."""
LOAN_FIELDS = ("request", "member", "principal", "periods", "first_due", "purpose", "funded_by")


def content_of_sheet(data: Mapping[str, str]) -> str:
    """Return the mark of what a sheet says.

    It is made of the fields as they were read, before the books are asked: what follows from the books, such as a fine
    for lateness or how an instalment divides, is worked out differently once the meeting is in them.
    """
    return content_of(data.items(), but=NOT_TYPED)


@dataclass(frozen=True)
class Resent:
    """Entries that came after `meeting` was recorded, and differ from it by `changes`.

    `entries` are the fields of its correction with them. `changes` is None where they cannot be read as a whole.
    """

    meeting: Meeting
    entries: dict[str, str]
    changes: list[Change] | None


def other_entries(*, group: Group, sent: Meeting, data: Mapping[str, str], today: date) -> Resent | None:
    """Return what `data` says beyond the meeting that the sheet recorded as `sent`; None if it says the same.

    Both are held against the meeting as it is now, and against what was sent first where that was corrected since.
    """
    if sent.content and sent.content == content_of_sheet(data):
        return None
    held_on = typed_day(data, group=group, today=today)
    context = read_correction(group=group, number=sent.number, held_on=held_on)
    assert context.meeting is not None and context.original is not None, "read_correction found the meeting"
    entries = as_correction(data, context)
    minutes = Sheet(context, entries, today=today).minutes
    if minutes is None:
        return Resent(context.meeting, entries, None)
    found = changes(context.original, minutes)
    return Resent(context.meeting, entries, found) if found and not _says(sent, minutes) else None


def as_correction(data: Mapping[str, str], context: SheetContext) -> dict[str, str]:
    """Return the fields of a sheet as those of the correction `context`.

    A loan that the meeting paid out is kept where a row asks for it, else marked as never paid out; the row goes.
    """
    assert context.meeting is not None and context.original is not None, "the context is that of a correction"
    entries = {name: value for name, value in data.items() if name not in NOT_TYPED and not name.startswith("loans-")}
    rows = list(_loan_rows(data))
    for loan in context.original.kept_loans:
        row = next((row for row in rows if _asks_for(row, loan)), None)
        if row is not None:
            rows.remove(row)
        elif f"k{loan.pk}-cancel" not in data and not data.get("version"):
            entries[f"k{loan.pk}-cancel"] = "on"
    entries |= {f"loans-{number}-{name}": value for number, row in enumerate(rows) for name, value in row.items()}
    entries |= {"loans-TOTAL_FORMS": str(len(rows) + 1), "loans-INITIAL_FORMS": "0"}
    reason = data.get("reason") or gettext("The sheet was sent again with other entries")
    return entries | {"reason": reason, "version": str(context.meeting.version), "key": str(uuid.uuid4())}


def _loan_rows(data: Mapping[str, str]) -> Iterator[dict[str, str]]:
    total = data.get("loans-TOTAL_FORMS", "0")
    for number in range(min(int(total) if total.isdecimal() and len(total) < 6 else 0, 1000)):
        row = {name: data.get(f"loans-{number}-{name}", "").strip() for name in LOAN_FIELDS}
        if any(row.values()):
            yield row


def _asks_for(row: dict[str, str], loan: Loan) -> bool:
    """Say whether a row of a new loan is the one that became `loan`; what it leaves open is as the loan has it."""
    has = {
        "request": str(loan.request_id),
        "member": str(loan.member_id),
        "principal": str(loan.principal),
        "periods": str(loan.periods),
        "first_due": loan.first_due.isoformat(),
    }
    names_borrower = bool(row["member"] or row["request"])
    return names_borrower and all(plain(row[name]) in ("", value) for name, value in has.items())


def _says(sent: Meeting, minutes: Minutes) -> bool:
    """Say whether the version `sent` recorded just these minutes, whatever a correction made of it."""
    if sent.minutes is None or minutes.new_loans:
        return False
    return _with_loans_kept(minutes_to_json(minutes)) == _with_loans_kept(sent.minutes)


def _with_loans_kept(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return minutes as JSON with all loans they paid out as kept ones, as a correction has them."""
    of_loans = ("kept_loans", "new_loans", "paid_out")
    rest = {name: value for name, value in document.items() if name not in of_loans}
    return rest | {"kept_loans": sorted([*document.get("kept_loans", ()), *document.get("paid_out", ())])}
