"""What seldom happens to a group, recorded for a few of those a visitor sees. It is all recorded on one evening."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from django.db import transaction
from django.db.models import Max, Q

from finance import selectors, services
from finance.ledger.errors import LedgerError
from finance.ledger.reading import read_books
from finance.models import Account, AccountKind, Loan, PaidTo
from finance.rules.joint_liability import arrears
from finance.rules.lines import OtherMoney
from finance.sharing import equal_shares
from groups.models import Group, GroupStatus, Member, User
from groups.shared.clock import clock_set_to
from kelompok.demo import words
from kelompok.demo.organisations import DemoOrganisation
from meetings.models import Meeting, MeetingStatus
from meetings.services import meeting_correct
from meetings.sheet.context import open_correction

_MOST_GROUPS = 3
"""To how many groups of an organisation the same thing happens."""
_STILL_MEETS = timedelta(days=35)
_OUTSIDE_LOAN = 5_000_000
_LEFT_ALONE = (
    words.WITH_LOAN, words.WITH_MINUTE_BOOK, words.SHOWING["same_amounts"], words.SHOWING["cash_always_agrees"],
    *words.ALIKE,
)  # fmt: skip
"""An event would spoil what these groups show."""
_EVENING = time(11, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class MeetingGroup:
    """A group that meets, who records for it, yesterday, the day it last met, and its loan that is late the longest."""

    group: Group
    actor: User
    day: date
    met_on: date
    late: Loan | None
    rng: Random

    def key(self) -> uuid.UUID:
        """Return a key that the same seed gives again."""
        return uuid.UUID(int=self.rng.getrandbits(128), version=4)

    @property
    def record(self) -> dict[str, Any]:
        """What every service asks for."""
        return {"actor": self.actor, "group": self.group}

    def people(self) -> list[Member]:
        """Return the members of the day, by their numbers."""
        return list(Member.objects.filter(group=self.group, left_on__isnull=True).order_by("number"))


def record_events(organisations: list[DemoOrganisation], shown: list[Group], *, seed: int, today: date) -> None:
    """Let each event happen to groups of its own in every organisation; one that fits no group is left out."""
    day = today - timedelta(1)
    with clock_set_to(datetime.combine(day, _EVENING)):
        for demo in organisations:
            waiting = _meeting_groups(demo, shown, seed, day)
            often = min(_MOST_GROUPS, max(1, len(waiting) // (2 * len(_EVENTS))))
            # The second organisation begins with the last, so that no group lives through all of them.
            for event in _EVENTS if demo.is_first else reversed(_EVENTS):
                fitting = (group for group in list(waiting) if _happened(event, group))
                for _time, group in zip(range(often), fitting, strict=False):
                    waiting.remove(group)


def _meeting_groups(demo: DemoOrganisation, shown: list[Group], seed: int, day: date) -> list[MeetingGroup]:
    closed = Q(meetings__status=MeetingStatus.CLOSED)
    chosen = list(
        Group.objects.filter(organisation=demo.organisation, status=GroupStatus.ACTIVE, pk__in=[g.pk for g in shown])
        .exclude(name__in=_LEFT_ALONE)
        .annotate(met_on=Max("meetings__held_on", filter=closed))
        .filter(met_on__gte=day - _STILL_MEETS)
        .select_related("rules")
        .order_by("code")
    )
    arrears_of = selectors.loan_arrears(Group.objects.filter(pk__in=[group.pk for group in chosen]), as_of=day)
    late = {(row.member_id, row.number) for row in arrears_of if row.days_late}
    loans: dict[int, Loan] = {}
    for loan in Loan.objects.filter(group__in=chosen).select_related("member").order_by("-first_due", "-pk"):
        if (loan.member_id, loan.number) in late:
            loans[loan.group_id] = loan
    return [
        MeetingGroup(
            group=group,
            actor=User.objects.get(assignments__group=group, assignments__ended_on=None),
            day=day,
            met_on=group.met_on,  # type: ignore[attr-defined]  # annotated above
            late=loans.get(group.pk),
            rng=Random(f"{seed}-{group.code}"),  # noqa: S311 - demo data, repeatable by its seed
        )
        for group in chosen
    ]


def _happened(event: Callable[[MeetingGroup], bool], group: MeetingGroup) -> bool:
    """Record an event, whole or not at all; say whether it fitted the group."""
    try:
        with transaction.atomic():
            return event(group)
    except LedgerError:
        return False


def _reschedules(at: MeetingGroup) -> bool:
    loan = at.late
    if loan is None:
        return False
    schedule = services.NewSchedule(periods=6, rate=loan.rate, first_due=at.day + timedelta(30))
    services.loan_reschedule(
        actor=at.actor, group=at.group, loan=loan, schedule=schedule, add_fee=True,
        reason=words.RESCHEDULED_FOR, on=at.day, key=at.key(),
    )  # fmt: skip
    return True


def _writes_off(at: MeetingGroup) -> bool:
    """Give a loan up at the last meeting; a little came in since."""
    loan, record = at.late, at.record
    if loan is None:
        return False
    services.loan_write_off(**record, loan=loan, reason=words.WRITTEN_OFF_FOR, on=at.met_on, key=at.key())
    services.loan_recover(**record, loan=loan, amount=25_000, on=at.day, key=at.key())
    return True


def _covers(at: MeetingGroup) -> bool:
    """Let three members answer for a fourth, who has paid the first of them back since."""
    loan, record = at.late, at.record
    if loan is None:
        return False
    late = arrears(read_books(at.group, at.met_on), loan, as_of=at.met_on)
    saved = {row.member: row.sukarela for row in selectors.savings_book(at.group, end=at.day).rows}
    sharers = sorted((m for m in at.people() if m != loan.member), key=lambda m: -saved.get(m, 0))[:3]
    shares = equal_shares(late, sharers)
    if not late or any(saved.get(member, 0) < share for member, share in shares.items()):
        return False
    services.loan_cover(**record, loan=loan, shares=shares, from_savings=True, on=at.met_on, key=at.key())
    services.cover_recover(
        **record, member=loan.member, amounts={sharers[0]: shares[sharers[0]]}, to_savings=True, on=at.day,
        key=at.key(),
    )  # fmt: skip
    return True


def _borrows_external(at: MeetingGroup) -> bool:
    """Take a loan from a lender, pass half of it on to two members, and pay the first instalment."""
    record = at.record
    received_on = at.day - timedelta(40)
    free = [m for m in at.people() if m.joined_on <= received_on and not m.loans.exists()] or at.people()
    if len(free) < 2 or at.group.rules is None:
        return False
    terms = services.ExternalTerms(
        lender=words.LENDER, principal=_OUTSIDE_LOAN, periods=10, rate=Decimal("0.01"), method="flat",
        round_up_to=1000, received_on=received_on, first_due=received_on + timedelta(30), purpose=words.PURPOSES[1],
    )  # fmt: skip
    loan = services.external_loan_receive(**record, terms=terms, into=AccountKind.CASH, key=at.key())
    for member in free[:2]:
        passed_on = services.terms_by_rules(
            at.group.rules, member=member, principal=_OUTSIDE_LOAN // 4, periods=6, disbursed_on=received_on,
            purpose=at.rng.choice(words.PURPOSES),
        )  # fmt: skip
        services.loan_disburse(**record, terms=replace(passed_on, funded_by=loan), key=at.key())
    services.external_loan_repay(
        **record, loan=loan, amount=550_000, source=AccountKind.CASH, on=loan.first_due, key=at.key()
    )
    return True


def _corrects(at: MeetingGroup) -> bool:
    """Correct the last meeting: what one member saved was forgotten, and the money was in the box all along."""
    meeting = Meeting.objects.filter(group=at.group, status=MeetingStatus.CLOSED).latest("held_on", "number")
    context = open_correction(actor=at.actor, group=at.group, number=meeting.number)
    old, forgotten = context.original, 20_000
    here = [row for row in old.members if row.wajib] if old is not None else []
    if old is None or not here:
        return False
    rows = tuple(
        replace(row, sukarela_in=row.sukarela_in + forgotten) if row is here[0] else row for row in old.members
    )
    cash = replace(old.cash, counted=old.cash.counted + forgotten) if old.cash is not None else None
    meeting_correct(
        context=context, minutes=replace(old, members=rows, cash=cash), reason=words.CORRECTED_FOR, key=at.key()
    )
    return True


def _divides(at: MeetingGroup) -> bool:
    """Divide the surplus of each year that is over, post it to savings, and close the books of those years."""
    if not (ended := _decide_years(at, posts=True)):
        return False
    services.period_close(actor=at.actor, group=at.group, through=ended, key=at.key())
    return True


def _decides(at: MeetingGroup) -> bool:
    """Decide about the surplus, and wait with the posting."""
    return _decide_years(at, posts=False) is not None


def _decide_years(at: MeetingGroup, *, posts: bool) -> date | None:
    """Let the last meeting divide the years before it that brought a surplus; return the last day divided."""
    group, after, divided = at.group, None, None
    while True:
        start, end = selectors.next_period(group, after=after, as_of=at.day)
        if end >= at.met_on or (divided and not posts):
            return divided
        seen = selectors.period_surplus(group, start=start, end=end).divisible
        after = end
        if seen:
            division = services.surplus_decide(
                actor=at.actor, group=group, start=start, end=end, seen=seen, decided_on=at.met_on,
                note=words.ANNUAL_MEETING, key=at.key(),
            )  # fmt: skip
            divided = end
            if posts:
                services.surplus_post(
                    actor=at.actor, division=division, on=at.met_on, paid_to=PaidTo.SAVINGS, key=at.key()
                )


def _counts(at: MeetingGroup) -> bool:
    """Count the cash box by notes and coins; what is left of a hundred rupiah is the open difference."""
    cash = Account.objects.filter(group=at.group, kind=AccountKind.CASH).first()
    left, pieces = cash.balance if cash is not None else 0, {}
    for worth in services.PECAHAN:
        pieces[worth], left = divmod(left, worth)
    if left == 0:
        pieces[1_000] += 5
    services.cash_count_take(
        actor=at.actor, group=at.group, pieces=pieces, explanation=words.DIFFERENCES[0], on=at.day,
        key=at.key(),
    )  # fmt: skip
    return True


def _wears_down(at: MeetingGroup) -> bool:
    """Write a third of a thing down; buy it first where the group has none."""
    thing = selectors.inventory_items(at.group).first()
    if thing is None:
        name, price = words.THINGS[0]
        thing = services.inventory_buy(
            actor=at.actor, group=at.group, name=name, price=price, on=at.met_on, key=at.key()
        )
    services.inventory_write_down(
        actor=at.actor, item=thing, amount=thing.price // 3, reason=words.WORN, on=at.day, key=at.key()
    )
    return True


def _runs_enterprise(at: MeetingGroup) -> bool:
    """Sell what the members made together, after the costs, and bring help to one of them from the social fund."""
    record = at.record
    for kind, amount, memo in (
        (OtherMoney.ENTERPRISE, 450_000, words.INCOMES[0]),
        (OtherMoney.ENTERPRISE_COST, 180_000, words.COSTS),
        (OtherMoney.INCENTIVE, 50_000, words.INCENTIVE),
    ):
        services.other_money_record(**record, kind=kind, amount=amount, memo=memo, on=at.day, key=at.key())
    return True


_EVENTS: tuple[Callable[[MeetingGroup], bool], ...] = (
    _divides, _covers, _writes_off, _reschedules, _decides, _borrows_external, _corrects, _counts, _wears_down,
    _runs_enterprise,
)  # fmt: skip
