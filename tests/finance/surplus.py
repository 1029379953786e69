"""What the tests of the surplus share: a group whose year can be worked out by hand."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from django.utils import timezone

from finance import selectors, services
from finance.models import AccountKind, Entry, PaidTo, SurplusDivision
from finance.rules.lines import OtherMoney
from groups.models import Group, Member
from tests.factories import facilitator_of, lend, make_group, make_members, repay, save

YEAR = (date(2025, 1, 1), date(2025, 12, 31))
DECIDED = date(2026, 1, 10)


def other(group: Group, kind: str, amount: int, on: date = date(2025, 6, 3), memo: str = "") -> Entry:
    """Money in or out that belongs to nobody."""
    return services.other_money_record(
        actor=facilitator_of(group), group=group, kind=OtherMoney(kind), amount=amount, memo=memo, on=on,
        key=uuid.uuid4(),
    )  # fmt: skip


def worked_year(**rules: Any) -> tuple[Group, list[Member]]:
    """A year with a surplus of Rp 1,000,000 and three members.

    Savings at the end: 3, 2 and 5 million. Fees (jasa) paid: 180,000 and 60,000 by the first two. Other income
    900,000, stationery 100,000, transport 40,000.
    """
    group = make_group(rules=rules)
    members = make_members(group, 3)
    for member, amount in zip(members, (3_000_000, 2_000_000, 5_000_000), strict=True):
        save(member, amount)
    # Flat 1.5 % a month over 12 months: a fee of 180,000 on 1,000,000, and of 60,000 on the first 10 of 400,000.
    for member, principal, paid in ((members[0], 1_000_000, 12), (members[1], 400_000, 10)):
        loan = lend(
            member, principal=principal, round_up_to=1, disbursed_on=date(2025, 1, 8), first_due=date(2025, 1, 20)
        )
        for line in loan.instalments.order_by("number")[:paid]:
            repay(loan, line.total, on=line.due_on)
    other(group, "INCOME", 900_000)
    other(group, "STATIONERY", 100_000, memo="buku")
    other(group, "TRANSPORT", 40_000)
    return group, members


def decide(group: Group, **given: Any) -> SurplusDivision:
    """The members decide about the surplus of 2025."""
    start, end = given.pop("start", YEAR[0]), given.pop("end", YEAR[1])
    surplus = selectors.period_surplus(group, start=start, end=end)
    return services.surplus_decide(
        **{
            "actor": facilitator_of(group), "group": group, "start": start, "end": end, "seen": surplus.divisible,
            "decided_on": DECIDED, "note": "rapat anggota tahunan", "key": uuid.uuid4(), **given,
        }
    )  # fmt: skip


def post(division: SurplusDivision, **given: Any) -> SurplusDivision:
    """The division is posted, to savings by default."""
    return services.surplus_post(
        **{
            "actor": facilitator_of(division.group), "division": division, "on": DECIDED, "paid_to": PaidTo.SAVINGS,
            "key": uuid.uuid4(), **given,
        }
    )  # fmt: skip


def withdraw(division: SurplusDivision, reason: str = "salah hitung", **given: Any) -> SurplusDivision:
    """The division is taken back."""
    return services.surplus_withdraw(
        **{
            "actor": facilitator_of(division.group), "division": division, "reason": reason, "key": uuid.uuid4(),
            **given,
        }
    )  # fmt: skip


def share_out(group: Group, *keep: AccountKind, **given: Any) -> Entry:
    """Everything is returned but the equity of the kinds in `keep`."""
    on = given.pop("on", timezone.localdate())
    plan = selectors.share_out_plan(group, as_of=on, keep=frozenset(keep))
    return services.share_out_post(
        **{
            "actor": facilitator_of(group), "group": group, "on": on, "keep": frozenset(keep), "seen": plan.payout,
            "note": "rapat akhir siklus", "key": uuid.uuid4(), **given,
        }
    )  # fmt: skip


def balances(group: Group) -> dict[str, int]:
    """Balances other than zero by kind of account."""
    sums: dict[str, int] = {}
    for account in group.accounts.all():
        sums[account.kind] = sums.get(account.kind, 0) + account.balance
    return {kind: balance for kind, balance in sums.items() if balance}
