"""What members owe besides loans on a day, in a fixed number of statements. Whole rupiah.

Fines are written down when they are set. Pokok and wajib follow from the rules of each day and from what was paid.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import NamedTuple

from django.db.models import Min, Q, Sum
from django.utils.translation import gettext, ngettext

from finance.ledger.fines import OpenFine, open_fines
from finance.models import AccountKind, Entry, EntryKind, Waiver
from finance.rules.dues import Due, Dues, RulesOn, unpaid, wajib_dues
from finance.selectors.loans import loans_on
from finance.selectors.relations import SETTLED_DUES
from groups.models import Group, Member, MissedWajib, WajibEvery
from groups.records import recorded_meetings
from groups.selectors import meeting_calendar, rules_by_day
from groups.shared.schedule import MeetingCalendar
from groups.shared.sql import rows_of


@dataclass(frozen=True, slots=True)
class Owed:
    """What one member owes besides loans, in rupiah; `since` is the day of the oldest of it.

    `fines` are all that are not paid, those for late instalments too; `wajib` and `pokok` are savings that the rules
    ask for and that were neither paid nor waived. `running` are the ids of the loans that ask for their own fines.
    """

    fines: tuple[OpenFine, ...] = ()
    missed: tuple[Due, ...] = ()
    pokok: int = 0
    joined_on: date = date.max
    running: frozenset[int] = frozenset()

    @property
    def fine(self) -> int:
        """All fines."""
        return sum(fine.left for fine in self.fines)

    @property
    def fine_of_no_loan(self) -> int:
        """The fines that no loan asks for: those for late instalments are paid with their loan while it runs."""
        return sum(fine.left for fine in self.fines if fine.loan not in self.running)

    @property
    def wajib(self) -> int:
        """Compulsory savings."""
        return sum(due.amount for due in self.missed)

    @property
    def total(self) -> int:
        """Everything together."""
        return self.fine + self.wajib + self.pokok

    @property
    def since(self) -> date:
        """The day since which the oldest of it is owed."""
        days = [fine.owed_on for fine in self.fines] + [due.on for due in self.missed[:1]]
        return min([*days, self.joined_on] if self.pokok else days)

    @property
    def lines(self) -> list[OwedLine]:
        """What is owed, thing by thing."""
        lines = [
            OwedLine(f"fine-{fine.pk}", gettext("Fine (denda): %s") % fine.memo, fine.owed_on, fine.left)
            for fine in self.fines
        ]
        if self.missed:
            count = len(self.missed)
            text = ngettext(
                "Compulsory savings (wajib), %(count)d time", "Compulsory savings (wajib), %(count)d times", count
            )
            lines.append(OwedLine(AccountKind.WAJIB, text % {"count": count}, self.missed[0].on, self.wajib))
        if self.pokok:
            lines.append(OwedLine(AccountKind.POKOK, gettext("Initial savings (pokok)"), self.joined_on, self.pokok))
        return lines


@dataclass(frozen=True, slots=True)
class OwedLine:
    """One thing that is owed since a day; `key` names it in a form."""

    key: str
    what: str
    since: date
    amount: int


def owed(
    group: Group,
    *,
    as_of: date,
    everybody: Iterable[Member] | None = None,
    calendar: MeetingCalendar | None = None,
) -> dict[int, Owed]:
    """Return what the members of a group owe at the end of the day `as_of`, by id; who owes nothing is left out.

    Of those who left, only fines. Wajib of a meeting that was agreed for the day itself counts once that is recorded:
    until then it is not missed. `everybody` who is or was a member, and when the group meets, where they are read.
    """
    people = _members(group, as_of) if everybody is None else _of_day(everybody, as_of)
    found = _owing(group, people, as_of, calendar)
    running = _running(group, {fine.loan for owing in found.values() for fine in owing.fines}, as_of)
    return {pk: replace(owing, running=running) for pk, owing in found.items()}


def owed_totals(
    group: Group, *, everybody: Iterable[Member], as_of: date, latest: Collection[date] = ()
) -> dict[int, int]:
    """Return the rupiah that `owed` finds, by member; `everybody` who is or was a member is read already.

    `latest` are the days of the latest meetings recorded up to the day, where they are read: they save a statement.
    """
    owing = _owing(group, _of_day(everybody, as_of), as_of, latest=latest)
    return {pk: one.total for pk, one in owing.items()}


def _of_day(everybody: Iterable[Member], as_of: date) -> list[tuple[int, date]]:
    """Return the members of a day, of everybody who is or was one, with the days on which they joined."""
    return [
        (one.pk, one.joined_on)
        for one in everybody
        if one.joined_on <= as_of and (one.left_on is None or one.left_on > as_of)
    ]


def _owing(
    group: Group,
    people: Iterable[tuple[int, date]],
    as_of: date,
    calendar: MeetingCalendar | None = None,
    latest: Collection[date] = (),
) -> dict[int, Owed]:
    """Return what `owed` does, without the loans that run; `people` are the members of the day and when they joined."""
    rules_on = rules_by_day(group)
    rules = rules_on(as_of)
    pokok = rules.pokok if rules is not None else 0
    dues = _missed(group, rules_on, as_of, calendar or meeting_calendar(group), latest)
    saved = _saved(group, since=dues.since, as_of=as_of)
    fines: dict[int, list[OpenFine]] = {}
    for fine in open_fines(group, as_of=as_of).fines:
        fines.setdefault(fine.member, []).append(fine)
    found = {}
    for pk, joined_on in people:
        settled = saved.get(pk, _NOTHING)
        owing = Owed(
            tuple(fines.pop(pk, ())),
            tuple(unpaid(dues.of_member(pk, joined_on), settled.wajib)),
            max(0, pokok - settled.pokok),
            joined_on,
        )
        if owing.total:
            found[pk] = owing
    return found | {pk: Owed(tuple(gone)) for pk, gone in fines.items()}


def _running(group: Group, loans: Collection[int | None], as_of: date) -> frozenset[int]:
    """Return those of `loans` that ran at the end of the day, by their ids; a statement where there are any."""
    wanted = [loan for loan in loans if loan is not None]
    if not wanted:
        return frozenset()
    return frozenset(loans_on(group, as_of=as_of, only_running=True).filter(pk__in=wanted).values_list("pk", flat=True))


def owed_rows(
    group: Group,
    *,
    as_of: date,
    everybody: Iterable[Member] | None = None,
    calendar: MeetingCalendar | None = None,
) -> list[tuple[Member, Owed]]:
    """Return who owes what on a day, in the order of the members' numbers; one statement more than `owed`.

    None more where `everybody` is read, by number; see `owed`.
    """
    found = owed(group, as_of=as_of, everybody=everybody, calendar=calendar)
    if everybody is None:
        everybody = Member.objects.filter(group=group, pk__in=found).order_by("number")
    return [(member, found[member.pk]) for member in everybody if member.pk in found]


class WajibAsked(NamedTuple):
    """The wajib that a member is asked for at a meeting, in rupiah, and how much of it was to be paid before."""

    total: int = 0
    missed: int = 0


def wajib_asked(group: Group, *, held_on: date, joined: Mapping[int, date] | None = None) -> dict[int, WajibAsked]:
    """Return the wajib to ask each member for at a meeting on a day, by id: that of the meeting and what was missed.

    `joined` are the members of the day, by id, with the days on which they joined, where they were read already.

    By meeting it is what is left of the agreed days up to the one that the meeting stands for, so that a second meeting
    for one day asks for nothing that one of a day before brought; by month what is left of the months up to this one.
    What is let go is not asked for. One statement more where somebody has brought more than was missed.
    """
    rules_on = rules_by_day(group)
    rules = rules_on(held_on)
    if rules is None or not rules.wajib:
        return {}
    calendar = meeting_calendar(group)
    agreed = calendar.day_of(held_on)
    day = min(agreed or held_on, held_on + timedelta(1))
    if rules.wajib_every == WajibEvery.MONTH:
        this = held_on.replace(day=1)
        if rules.missed_wajib == MissedWajib.LET_GO:
            dues = Dues(this, (Due(held_on, rules.wajib),))
        else:
            dues = _dues(group, rules_on, calendar, through=_month_end(held_on), at_least_from=this)
    else:
        dues = _dues(group, rules_on, calendar, through=day - timedelta(1))
        dues = replace(dues, since=min(dues.since, held_on, calendar.counts_from(agreed or held_on)))
    people = dict(_members(group, held_on)) if joined is None else joined
    saved = _saved(group, since=dues.since, as_of=held_on)
    owing = {pk: dues.of_member(pk, joined_on) for pk, joined_on in people.items()}
    left = {pk: unpaid(owed, saved.get(pk, _NOTHING).wajib) for pk, owed in owing.items()}
    missed = {pk: sum(due.amount for due in found if due.on < day) for pk, found in left.items()}
    if rules.wajib_every == WajibEvery.MONTH:
        return {pk: WajibAsked(sum(due.amount for due in found), missed[pk]) for pk, found in left.items()}
    now = dict.fromkeys(people, rules.wajib)
    if any(saved.get(pk, _NOTHING).wajib > sum(due.amount for due in owed) for pk, owed in owing.items()):
        # What this very meeting brings, where it is opened again, does not make it ask for less.
        before = _saved(group, since=dues.since, as_of=held_on - timedelta(1))
        for pk, owed in owing.items():
            ahead = before.get(pk, _NOTHING).wajib - sum(due.amount for due in owed)
            now[pk] = min(rules.wajib, max(0, rules.wajib - ahead))
    return {pk: WajibAsked(missed[pk] + now[pk], missed[pk]) for pk in people}


class _Saved(NamedTuple):
    """Rupiah that a member paid or was let off: all the pokok there is, and wajib since a day."""

    pokok: int = 0
    wajib: int = 0


_NOTHING = _Saved()


def _saved(group: Group, *, since: date, as_of: date) -> dict[int, _Saved]:
    """Return what was paid by the day `as_of`, by member: wajib that was brought since `since`, pokok at all.

    What was brought before the books began, or taken out since, changes nothing about what was asked for. What was
    waived counts as if it were paid.
    """
    rows = rows_of(SETTLED_DUES, ["member_id", "pokok", "wajib"], [group.pk], {"since": since, "as_of": as_of})
    return {pk: _Saved(int(pokok), int(wajib)) for pk, pokok, wajib in rows}


def waived(group: Group, kind: AccountKind, *, as_of: date) -> dict[int, int]:
    """Return the rupiah of savings of a kind that members were let off on a day or are let off, by member."""
    lasts = Q(ended_on__isnull=True) | Q(waived_on__lte=as_of, ended_on__gt=as_of)
    waivers = Waiver.objects.filter(lasts, group=group, kind=kind).order_by()
    return dict(waivers.values_list("member").annotate(Sum("amount")))


def _members(group: Group, as_of: date) -> list[tuple[int, date]]:
    """Return the members of the day with the days on which they joined."""
    return list(Member.objects.filter(group=group).effective(as_of).order_by("number").values_list("pk", "joined_on"))


_OPENING = Q(kind=EntryKind.OPENING)


def _dues(
    group: Group, rules_on: RulesOn, calendar: MeetingCalendar, *, through: date, at_least_from: date = date.max
) -> Dues:
    """Return the wajib due up to a day since the books began, or since `at_least_from` if that is earlier."""
    standing = Entry.objects.filter(group=group, reverses__isnull=True, reversed_by__isnull=True)
    # A row of all entries that brought nothing, and one for each member of what the opening balances brought.
    rows = standing.order_by().values_list("opening_dues__member", "opening_dues__amount")
    days = list(rows.annotate(first=Min("effective_on"), opening=Min("effective_on", filter=_OPENING)))
    first = min((first for _member, _amount, first, _opening in days), default=None)
    opening = min((opening for *_rest, opening in days if opening is not None), default=None)
    # What was missed before the cut-off is in the opening balances, or forgotten.
    began = opening + timedelta(1) if opening is not None else first
    start = min(at_least_from, began or date.max)
    if start == date.max:
        return Dues(start, ())
    meetings = calendar.dates(start.replace(day=1), _month_end(through))
    found = wajib_dues(rules_on, meetings, start=start, end=through)
    if opening is None or opening > through or found.since > start:
        return found
    brought = {member: Due(opening, amount) for member, amount, *_days in days if member is not None}
    return replace(found, brought=brought)


def _missed(group: Group, rules_on: RulesOn, as_of: date, calendar: MeetingCalendar, latest: Collection[date]) -> Dues:
    """Return the wajib due up to a day, without that of a meeting agreed for the day itself and not recorded yet."""
    dues = _dues(group, rules_on, calendar, through=as_of)
    is_of_meeting = any(due.on == as_of for due in dues.dues) and calendar.expected(as_of, as_of)
    return dues.before(as_of) if is_of_meeting and not _has_met(group, calendar, as_of, latest) else dues


def _has_met(group: Group, calendar: MeetingCalendar, day: date, latest: Collection[date]) -> bool:
    """Whether a meeting that counts for the agreed day is recorded of that day or one before.

    The days of the `latest` meetings are all there are since the agreed day before it where one of them is earlier.
    """
    start = calendar.on_or_before(day - timedelta(1)) or group.founded_on
    if any(held_on < start for held_on in latest):
        return any(calendar.day_of(held_on) == day for held_on in latest if held_on >= start)
    return any(calendar.day_of(held_on) == day for held_on in recorded_meetings(group, start=start, end=day))


def _month_end(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])
