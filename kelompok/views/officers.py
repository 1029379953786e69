"""The list by which officers hand over to their successors, to print and to sign."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

import finance.selectors
import groups.selectors
from finance.ledger.reading import read_books
from finance.rules.cash_counts import expected_cash
from groups.http import GroupRequest
from groups.models import Group, Member, OfficerRole, OfficerTerm
from groups.permissions import Capability, requires


@dataclass(frozen=True, slots=True)
class Succession:
    """Who took an office over from whom."""

    role: OfficerRole
    before: Member
    after: Member


def successions(group: Group, *, as_of: date) -> tuple[date | None, list[Succession]]:
    """Return the day of the last election up to the day `as_of`, None before the first, and who succeeded whom in it.

    One statement. Whoever was elected again hands nothing over, nor does an office that nobody held.
    """
    terms = [term for term in groups.selectors.officer_terms(group) if term.started_on <= as_of]
    elected_on = max((term.started_on for term in terms), default=None)
    found = []
    for role in OfficerRole:
        new = next((term for term in terms if term.role == role and term.started_on == elected_on), None)
        before = _before(terms, new) if new is not None else None
        if new is not None and before is not None and before.member_id != new.member_id:
            found.append(Succession(role, before.member, new.member))
    return elected_on, found


@requires(Capability.READ)
def officer_handover(request: GroupRequest) -> HttpResponse:
    """What the officers elected last take over: books, the cash of today, keys, the signatures at the bank."""
    group, today = request.group, timezone.localdate()
    elected_on, succeeded = successions(group, as_of=today)
    books = read_books(group, today)
    context = {
        "elected_on": elected_on,
        "successions": succeeded,
        "today": today,
        "cash": expected_cash(books, on=today),
        "accounts": groups.selectors.bank_accounts_on(group, as_of=today),
        "print_frame": finance.selectors.print_frame(group, as_of=today),
    }
    return render(request, "groups/officer_handover.html", context)


def _before(terms: list[OfficerTerm], new: OfficerTerm) -> OfficerTerm | None:
    """Return the last term of the office before the new one."""
    earlier = [term for term in terms if term.role == new.role and term.started_on < new.started_on]
    return max(earlier, key=lambda term: term.started_on, default=None)
