"""What seldom happens to a group, told about a few chosen ones through the services themselves.

It all happens on the day before today: Django's clock stands on that evening while a chapter is told, so that the same
seed gives the same data to the second.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from unittest.mock import patch

from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone

from finance import selectors, services
from finance.ledger.errors import LedgerError
from finance.ledger.posting import open_books
from finance.models import Account, AccountKind, Loan, PaidTo
from finance.rules.joint_liability import arrears
from finance.rules.lines import OtherMoney
from finance.sharing import equal_shares
from groups.models import Group, GroupStatus, Member, Organisation, User
from kelompok.demo import words
from meetings.models import Meeting, MeetingStatus
from meetings.services import meeting_correct
from meetings.sheet.context import open_correction

_MOST_SCENES, _MOST_A_CHAPTER = 60, 3
"""How many groups of an organisation are looked at, and how many of them a chapter is told about."""
_STILL_MEETS = timedelta(days=35)
_OUTSIDE_LOAN = 5_000_000
_LEFT_ALONE = (
    words.WITH_LOAN, words.WITH_MINUTE_BOOK, words.SHOWING["same_amounts"], words.SHOWING["cash_always_agrees"],
    *words.ALIKE,
)  # fmt: skip
"""A chapter would spoil what these groups show."""
_EVENING = time(11, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Scene:
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


def tell(*, seed: int, today: date) -> None:
    """Tell the chapters, each about groups of its own, in every organisation; those nothing fits are left out."""
    with _evening_of(today - timedelta(1)):
        for organisation in Organisation.objects.order_by("pk"):
            scenes = _scenes(organisation, seed, today)
            often = min(_MOST_A_CHAPTER, max(1, len(scenes) // (2 * len(_CHAPTERS))))
            # The second organisation begins with the last, so that few groups hear all of them.
            for chapter in reversed(_CHAPTERS) if organisation.name == words.ORGANISATIONS[1][0] else _CHAPTERS:
                fitting = (scene for scene in list(scenes) if _told(chapter, scene))
                for _time, scene in zip(range(often), fitting, strict=False):
                    scenes.remove(scene)


@contextmanager
def _evening_of(day: date) -> Iterator[None]:
    with patch.object(timezone, "now", return_value=datetime.combine(day, _EVENING)):
        yield


def _scenes(organisation: Organisation, seed: int, today: date) -> list[Scene]:
    closed = Q(meetings__status=MeetingStatus.CLOSED)
    groups = (
        Group.objects.filter(organisation=organisation, status=GroupStatus.ACTIVE)
        .exclude(name__in=_LEFT_ALONE)
        .annotate(met_on=Max("meetings__held_on", filter=closed))
        .filter(met_on__gte=today - _STILL_MEETS)
        .select_related("recorded_by", "rules")
        .order_by("code")[:_MOST_SCENES]
    )
    day = today - timedelta(1)
    chosen = list(groups)
    found = selectors.loan_arrears(Group.objects.filter(pk__in=[group.pk for group in chosen]), as_of=day)
    late = {(row.member_id, row.number) for row in found if row.days_late}
    loans: dict[int, Loan] = {}
    for loan in Loan.objects.filter(group__in=chosen).select_related("member").order_by("-first_due"):
        if (loan.member_id, loan.number) in late:
            loans[loan.group_id] = loan
    return [
        Scene(
            group=group,
            actor=group.recorded_by,
            day=day,
            met_on=group.met_on,  # type: ignore[attr-defined]  # annotated above
            late=loans.get(group.pk),
            rng=Random(f"{seed}-{group.code}"),  # noqa: S311 - demo data, repeatable by its seed
        )
        for group in chosen
    ]


def _told(chapter: Callable[[Scene], bool], scene: Scene) -> bool:
    """Tell a chapter about a group, whole or not at all; say whether it fitted."""
    try:
        with transaction.atomic():
            return chapter(scene)
    except LedgerError:
        return False


def _reschedules(scene: Scene) -> bool:
    loan = scene.late
    if loan is None:
        return False
    schedule = services.NewSchedule(periods=6, rate=loan.rate, first_due=scene.day + timedelta(30))
    services.loan_reschedule(
        actor=scene.actor, group=scene.group, loan=loan, schedule=schedule, add_fee=True,
        reason=words.RESCHEDULED_FOR, on=scene.day, key=scene.key(),
    )  # fmt: skip
    return True


def _writes_off(scene: Scene) -> bool:
    """Give a loan up at the last meeting; a little came in since."""
    loan, record = scene.late, scene.record
    if loan is None:
        return False
    services.loan_write_off(**record, loan=loan, reason=words.WRITTEN_OFF_FOR, on=scene.met_on, key=scene.key())
    services.loan_recover(**record, loan=loan, amount=25_000, on=scene.day, key=scene.key())
    return True


def _covers(scene: Scene) -> bool:
    """Let three members answer for a fourth, who has paid the first of them back since."""
    loan, record = scene.late, scene.record
    if loan is None:
        return False
    late = arrears(open_books(**record), loan, as_of=scene.met_on)
    saved = {row.member: row.sukarela for row in selectors.savings_book(scene.group, end=scene.day).rows}
    sharers = sorted((m for m in scene.people() if m != loan.member), key=lambda m: -saved.get(m, 0))[:3]
    shares = equal_shares(late, sharers)
    if not late or any(saved.get(member, 0) < share for member, share in shares.items()):
        return False
    services.loan_cover(**record, loan=loan, shares=shares, from_savings=True, on=scene.met_on, key=scene.key())
    services.cover_recover(
        **record, member=loan.member, amounts={sharers[0]: shares[sharers[0]]}, to_savings=True, on=scene.day,
        key=scene.key(),
    )  # fmt: skip
    return True


def _borrows_external(scene: Scene) -> bool:
    """Take a loan from a lender, pass half of it on to two members, and pay the first instalment."""
    record = scene.record
    received_on = scene.day - timedelta(40)
    free = [m for m in scene.people() if m.joined_on <= received_on and not m.loans.exists()] or scene.people()
    if len(free) < 2 or scene.group.rules is None:
        return False
    terms = services.ExternalTerms(
        lender=words.LENDER, principal=_OUTSIDE_LOAN, periods=10, rate=Decimal("0.01"), method="flat",
        round_up_to=1000, received_on=received_on, first_due=received_on + timedelta(30), purpose=words.PURPOSES[1],
    )  # fmt: skip
    loan = services.external_loan_receive(**record, terms=terms, into=AccountKind.CASH, key=scene.key())
    for member in free[:2]:
        passed_on = services.terms_by_rules(
            scene.group.rules, member=member, principal=_OUTSIDE_LOAN // 4, periods=6, disbursed_on=received_on,
            purpose=scene.rng.choice(words.PURPOSES),
        )  # fmt: skip
        services.loan_disburse(**record, terms=replace(passed_on, funded_by=loan), key=scene.key())
    services.external_loan_repay(
        **record, loan=loan, amount=550_000, source=AccountKind.CASH, on=loan.first_due, key=scene.key()
    )
    return True


def _corrects(scene: Scene) -> bool:
    """Correct the last meeting: what one member saved was forgotten, and the money was in the box all along."""
    meeting = Meeting.objects.filter(group=scene.group, status=MeetingStatus.CLOSED).latest("number")
    context = open_correction(actor=scene.actor, group=scene.group, number=meeting.number)
    old, forgotten = context.original, 20_000
    here = [row for row in old.members if row.wajib] if old is not None else []
    if old is None or not here:
        return False
    rows = tuple(
        replace(row, sukarela_in=row.sukarela_in + forgotten) if row is here[0] else row for row in old.members
    )
    cash = replace(old.cash, counted=old.cash.counted + forgotten) if old.cash is not None else None
    meeting_correct(
        actor=scene.actor, group=scene.group, number=meeting.number, minutes=replace(old, members=rows, cash=cash),
        reason=words.CORRECTED_FOR, key=scene.key(), context=context,
    )  # fmt: skip
    return True


def _divides(scene: Scene) -> bool:
    """Divide the surplus of each year that is over, post it to savings, and close the books of those years."""
    if not (ended := _decide_years(scene, posts=True)):
        return False
    services.period_close(actor=scene.actor, group=scene.group, through=ended, key=scene.key())
    return True


def _decides(scene: Scene) -> bool:
    """Decide about the surplus, and wait with the posting."""
    return _decide_years(scene, posts=False) is not None


def _decide_years(scene: Scene, *, posts: bool) -> date | None:
    """Let the last meeting divide the years before it that brought a surplus; return the last day divided."""
    group, after, divided = scene.group, None, None
    while True:
        start, end = selectors.next_period(group, after=after, as_of=scene.day)
        if end >= scene.met_on or (divided and not posts):
            return divided
        seen = selectors.period_surplus(group, start=start, end=end).divisible
        after = end
        if seen:
            division = services.surplus_decide(
                actor=scene.actor, group=group, start=start, end=end, seen=seen, decided_on=scene.met_on,
                note=words.ANNUAL_MEETING, key=scene.key(),
            )  # fmt: skip
            divided = end
            if posts:
                services.surplus_post(
                    actor=scene.actor, division=division, on=scene.met_on, paid_to=PaidTo.SAVINGS, key=scene.key()
                )


def _counts(scene: Scene) -> bool:
    """Count the cash box by notes and coins; what is left of a hundred rupiah is the open difference."""
    cash = Account.objects.filter(group=scene.group, kind=AccountKind.CASH).first()
    left, pieces = cash.balance if cash is not None else 0, {}
    for worth in services.PECAHAN:
        pieces[worth], left = divmod(left, worth)
    if left == 0:
        pieces[1_000] += 5
    services.cash_count_take(
        actor=scene.actor, group=scene.group, pieces=pieces, explanation=words.DIFFERENCES[0], on=scene.day,
        key=scene.key(),
    )  # fmt: skip
    return True


def _wears_down(scene: Scene) -> bool:
    """Write a third of a thing down; buy it first where the group has none."""
    thing = selectors.inventory_items(scene.group).first()
    if thing is None:
        name, price = words.THINGS[0]
        thing = services.inventory_buy(
            actor=scene.actor, group=scene.group, name=name, price=price, on=scene.met_on, key=scene.key()
        )
    services.inventory_write_down(
        actor=scene.actor, item=thing, amount=thing.price // 3, reason=words.WORN, on=scene.day, key=scene.key()
    )
    return True


def _runs_enterprise(scene: Scene) -> bool:
    """Sell what the members made together, after the costs, and bring help to one of them from the social fund."""
    record = scene.record
    for kind, amount, memo in (
        (OtherMoney.ENTERPRISE, 450_000, words.INCOMES[0]),
        (OtherMoney.ENTERPRISE_COST, 180_000, words.COSTS),
        (OtherMoney.INCENTIVE, 50_000, words.INCENTIVE),
    ):
        services.other_money_record(**record, kind=kind, amount=amount, memo=memo, on=scene.day, key=scene.key())
    return True


_CHAPTERS: tuple[Callable[[Scene], bool], ...] = (
    _divides, _covers, _writes_off, _reschedules, _decides, _borrows_external, _corrects, _counts, _wears_down,
    _runs_enterprise,
)  # fmt: skip
