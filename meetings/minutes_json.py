"""How minutes are kept as JSON: the one definition of how they are written and read.

Members, loans and loans from outside stand by their numbers in the group, days as ISO dates, amounts as whole rupiah;
keys are sorted, and what has its usual value is left out, so the same minutes always give the same JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from finance.models import ExternalLoan, Loan, LoanRequest
from finance.rules.loan_position import LateFine, LoanPosition
from groups.models import Member
from meetings.minutes import AgendaRow, CashCounted, MemberRow, Minutes, OtherRow, Repayment

SCHEMA = 1
"""Goes up when the keys below change their meaning; what was written before is never rewritten."""
DERIVED = frozenset({"instalments", "paid_through"})
"""Fields of the minutes that follow from others."""


def minutes_to_json(minutes: Minutes, *, paid_out: Iterable[Loan] = ()) -> dict[str, Any]:
    """Return `minutes` as JSON; `paid_out` are the loans that its `new_loans` became."""
    document = {"schema": SCHEMA, **_plain(minutes)}
    numbers = [loan.number for loan in paid_out]
    if numbers:
        document["paid_out"] = numbers
    sorted_document: dict[str, Any] = json.loads(json.dumps(document, sort_keys=True))
    return sorted_document


def minutes_from_json(
    document: Mapping[str, Any],
    *,
    members: Mapping[int, Member],
    loans: Mapping[int, Loan],
    positions: Mapping[int, LoanPosition],
) -> Minutes:
    """Return the minutes that `document` keeps, with the loans paid out at the meeting as `kept_loans`.

    `members`, `loans` and the `positions` of loans that were repaid are looked up by their numbers.
    """
    assert document["schema"] == SCHEMA, "written by a later version of the program"
    paid_out = (*document.get("kept_loans", ()), *document.get("paid_out", ()))
    return Minutes(
        held_on=date.fromisoformat(document["held_on"]),
        place=document["place"],
        leader=members[document["leader"]],
        note_taker=members[document["note_taker"]],
        members=tuple(_member_row(row, members, positions) for row in document["members"]),
        agenda=tuple(_agenda_row(row, members) for row in document.get("agenda", ())),
        kept_loans=tuple(loans[number] for number in paid_out),
        other=tuple(OtherRow(**row) for row in document.get("other", ())),
        cash=CashCounted(**document["cash"]) if "cash" in document else None,
    )


def numbers_of_members(document: Mapping[str, Any]) -> set[int]:
    """Return the numbers of the members whom `minutes_from_json` looks up."""
    responsible = {row["responsible"] for row in document.get("agenda", ()) if "responsible" in row}
    return {document["leader"], document["note_taker"], *(row["member"] for row in document["members"]), *responsible}


def numbers_of_loans_repaid(document: Mapping[str, Any]) -> set[int]:
    """Return the numbers of the loans whose positions `minutes_from_json` looks up."""
    return {paid["loan"] for row in document["members"] for paid in row.get("repayments", ())}


def fines_set(document: Mapping[str, Any]) -> dict[int, int]:
    """Return the fines in rupiah that the meeting set, for attendance and late instalments, by number of the member."""
    fines = {}
    for row in document["members"]:
        late = sum(paid["fine"]["amount"] for paid in row.get("repayments", ()) if "fine" in paid)
        fines[row["member"]] = row.get("charged", 0) + late
    return fines


def _plain(value: Any) -> Any:
    """Return a value of the minutes as JSON has it."""
    match value:
        case date():
            return value.isoformat()
        case Decimal():
            return str(value)
        case Member() | Loan() | ExternalLoan():
            return value.number
        case LoanRequest():
            return {"amount": value.amount, "periods": value.periods}
        case tuple():
            return [_plain(row) for row in value]
    if not is_dataclass(value):
        return value
    kept = [field for field in fields(value) if field.name not in DERIVED]
    return {field.name: _plain(part) for field in kept if (part := getattr(value, field.name)) != field.default}


def _member_row(
    row: Mapping[str, Any], members: Mapping[int, Member], positions: Mapping[int, LoanPosition]
) -> MemberRow:
    repayments = tuple(_repayment(paid, positions[paid["loan"]]) for paid in row.get("repayments", ()))
    return MemberRow(**{**row, "member": members[row["member"]], "repayments": repayments})


def _repayment(paid: Mapping[str, Any], position: LoanPosition) -> Repayment:
    fine = LateFine(**paid["fine"]) if "fine" in paid else None
    read = {"loan": position.loan, "instalments": position.instalments, "paid_through": position.paid_through}
    return Repayment(**{**paid, **read, "fine": fine})


def _agenda_row(row: Mapping[str, Any], members: Mapping[int, Member]) -> AgendaRow:
    responsible = members[row["responsible"]] if "responsible" in row else None
    due_on = date.fromisoformat(row["due_on"]) if "due_on" in row else None
    return AgendaRow(**{**row, "responsible": responsible, "due_on": due_on})
