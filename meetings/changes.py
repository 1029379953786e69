"""What a correction changes, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from finance.rules.lines import OtherMoney
from groups.shared.money import rupiah
from meetings.minutes import AgendaRow, MemberRow, Minutes
from meetings.models import AttendanceStatus

NOTHING = "–"
EMPTY = ("", 0, None, False)


@dataclass(frozen=True, slots=True)
class Change:
    """One thing a correction changes, in words."""

    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class _Fact:
    """`value` is `what` the minutes say `of` somebody or something; `key` tells facts with the same words apart."""

    what: str
    value: Any
    of: str = ""
    key: int = 0

    @property
    def label(self) -> str:
        return f"{self.of}: {self.what}" if self.of else self.what

    @property
    def text(self) -> str:
        if isinstance(self.value, date):
            return date_format(self.value)
        return rupiah(self.value) if isinstance(self.value, int) else str(self.value)


def changes(before: Minutes, after: Minutes) -> list[Change]:
    """Return what differs between two versions of a meeting, in the order of the sheet."""
    old, new = _by_key(before), _by_key(after)
    changed = []
    for key in {**old, **new}:
        label = (old.get(key) or new[key]).label
        texts = [facts[key].text if key in facts else NOTHING for facts in (old, new)]
        if texts[0] != texts[1]:
            changed.append(Change(label, *texts))
    return changed


def _by_key(minutes: Minutes) -> dict[tuple[str, int], _Fact]:
    return {(fact.label, fact.key): fact for fact in _facts(minutes) if fact.value not in EMPTY}


def _facts(minutes: Minutes) -> Iterator[_Fact]:
    # Texts stand outside f-strings: xgettext does not look into them.
    yield _Fact(_("Date"), minutes.held_on)
    yield _Fact(_("Place"), minutes.place)
    yield _Fact(_("Led by"), str(minutes.leader))
    yield _Fact(_("Minutes by"), str(minutes.note_taker))
    for row in minutes.members:
        yield from _of_member(row, str(row.member))
    for number, item in enumerate(minutes.agenda, start=1):
        yield from _of_agenda(item, _("Agenda %d") % number)
    for loan in minutes.kept_loans:
        yield _Fact(str(loan.member), loan.principal, of=_("Loan %d") % loan.number)
    for number, terms in enumerate(minutes.new_loans, start=1):
        yield _Fact(str(terms.member), terms.principal, of=_("New loan %d") % number)
        yield _Fact(_("passed on from"), terms.funded_by, of=_("New loan %d") % number)
    for number, other in enumerate(minutes.other, start=1):
        what = f"{OtherMoney(other.kind).label} {other.memo}"
        yield _Fact(what, other.amount, of=_("Other money %d") % number)
    if minutes.cash is not None:
        yield _Fact(_("Cash counted"), rupiah(minutes.cash.counted))
        yield _Fact(_("Explanation of the difference"), minutes.cash.explanation)


def _of_member(row: MemberRow, who: str) -> Iterator[_Fact]:
    yield _Fact(_("attendance"), AttendanceStatus(row.attendance).label, of=who)
    yield _Fact(_("initial savings"), row.pokok, of=who)
    yield _Fact(_("compulsory savings"), row.wajib, of=who)
    yield _Fact(_("social fund"), row.social, of=who)
    yield _Fact(_("voluntary savings in"), row.sukarela_in, of=who)
    yield _Fact(_("voluntary savings out"), row.sukarela_out, of=who)
    yield _Fact(_("fine"), row.charged, of=who)
    yield _Fact(_("fine paid"), row.fine, of=who)
    yield _Fact(_("reason for the fine"), row.fine_reason, of=who)
    yield _Fact(_("why the fine by the rules is waived"), row.waiver, of=who)
    for paid in row.repayments:
        number = paid.loan.number
        yield _Fact(_("instalment of loan %d") % number, paid.amount, of=who)
        yield _Fact(_("rest to voluntary savings, loan %d") % number, paid.rest, of=who)
        yield _Fact(_("deposit for joint liability, loan %d") % number, paid.put_by, of=who)
        yield _Fact(_("fine for a late instalment"), paid.fine.amount if paid.fine else 0, of=who, key=number)
        yield _Fact(_("why the fine is waived"), paid.waived, of=who, key=number)
        alone = _("yes") if paid.principal_alone else ""
        yield _Fact(_("on the principal alone"), alone, of=who, key=number)


def _of_agenda(item: AgendaRow, which: str) -> Iterator[_Fact]:
    yield _Fact(which, item.title)
    yield _Fact(_("discussed"), item.discussion, of=which)
    yield _Fact(_("decision"), item.decision, of=which)
    yield _Fact(_("who does it"), str(item.responsible) if item.responsible else "", of=which)
    yield _Fact(_("by when"), item.due_on, of=which)
    yield _Fact(_("critical matter"), _("yes") if item.is_critical else "", of=which)
