"""Fines that members owe, outside the ledger: which are open, and which of them a payment pays. Whole rupiah."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Sum
from django.utils.translation import gettext as _

from finance.ledger.errors import NotAllowed
from finance.ledger.sql import open_fine_rows
from finance.models import Entry, Loan, Obligation, ObligationPayment, Waiver
from groups.models import Group, Member, User
from groups.shared.clock import now


@dataclass(frozen=True, slots=True)
class Charge:
    """A fine of `amount` rupiah that a member owes from now on; `meeting` is the number of the one it was set at."""

    member: Member
    kind: str
    amount: int
    memo: str
    loan: Loan | None = None
    meeting: int | None = None


@dataclass(slots=True)
class OpenFine:
    """What is left of one fine, in rupiah; `loan` is the id of the loan whose instalment was late.

    It was set on `charged_on` and is owed since `owed_on`: that is a later day where it was let go and that was taken
    back. `let_go` are the times it was let go and is no more: from a day on, until the one on which it was owed again.
    """

    pk: int
    member: int
    loan: int | None
    charged_on: date
    owed_on: date
    memo: str
    amount: int
    left: int
    let_go: tuple[tuple[date, date], ...] = ()

    def was_owed(self, on: date) -> bool:
        """Say whether it was owed on a day: set by then, and not let go at that time."""
        return self.charged_on <= on and not any(since <= on < until for since, until in self.let_go)


@dataclass(frozen=True, slots=True)
class OpenFines:
    """The fines of a group that are not paid, the oldest first; those of running loans are asked for with the loan."""

    fines: list[OpenFine] = field(default_factory=list)

    def of_loan(self, loan: Loan, on: date = date.max) -> int:
        """Return the rupiah of fines that are owed on a loan, by default now, and were owed on the day `on`."""
        return sum(fine.left for fine in self.fines_of_loan(loan) if fine.was_owed(on))

    def fines_of_loan(self, loan: Loan) -> tuple[OpenFine, ...]:
        """Return the fines that are owed on a loan."""
        return tuple(fine for fine in self.fines if fine.loan == loan.pk)

    def owed_then(self, on: date) -> OpenFines:
        """Return those that were owed on a day too."""
        return OpenFines([fine for fine in self.fines if fine.was_owed(on)])

    def of_member(self, member: Member, running: Collection[int]) -> list[OpenFine]:
        """Return the fines of a member that no loan asks for; `running` are the ids of the loans that do."""
        return [fine for fine in self.fines if fine.member == member.pk and fine.loan not in running]

    def without(self, charged: Collection[int]) -> OpenFines:
        """Return the fines but for those with the ids `charged`."""
        return OpenFines([fine for fine in self.fines if fine.pk not in charged])

    def set_aside(self, charged: Sequence[Obligation], undone: int) -> OpenFines:
        """Return the fines without `charged`, which a correction sets anew, and without what the entry `undone` paid.

        What others paid of those counts below zero, for it is paid already when they are set anew.
        """
        paid = ObligationPayment.objects.filter(obligation__in=charged, entry__reversed_by__isnull=True)
        sums = paid.exclude(entry=undone).order_by().values_list("obligation").annotate(Sum("amount"))
        already = dict(sums) if charged else {}
        own = [_open(fine, -already[fine.pk]) for fine in charged if fine.pk in already]
        return OpenFines([*self.without([fine.pk for fine in charged]).fines, *own])

    def add(self, charged: Iterable[Obligation]) -> None:
        """Take fines in that were charged just now."""
        self.fines.extend(_open(fine, fine.amount) for fine in charged)
        self.fines.sort(key=lambda fine: (fine.owed_on, fine.pk))


def _open(fine: Obligation, left: int) -> OpenFine:
    """Return a fine that was never let go, with what is left of it."""
    return OpenFine(fine.pk, fine.member_id, fine.loan_id, fine.owed_on, fine.owed_on, fine.memo, fine.amount, left)


def oldest_first(fines: Iterable[OpenFine], amount: int) -> Iterator[tuple[OpenFine, int]]:
    """Yield which fines a payment of `amount` rupiah pays, and how much of each; what is too much stays over."""
    for fine in fines:
        part = min(amount, fine.left)
        if part > 0:
            yield fine, part
            amount -= part


def open_fines(group: Group, *, as_of: date = date.max, undone: int = 0, also: Collection[int] = ()) -> OpenFines:
    """Return the fines owed at the end of the day `as_of`, by default all there are.

    `undone`, and `also` more, are ids of entries that are left out, with what they charged. One statement, and one
    more where something was let go and is owed again.
    """
    fines = [OpenFine(*row) for row in open_fine_rows(group, as_of=as_of, undone=(undone, *also))]
    again = {fine.pk: fine for fine in fines if fine.owed_on != fine.charged_on}
    if again:
        for waiver in Waiver.objects.filter(obligation__in=again, ended_on__lte=as_of).order_by("pk"):
            assert waiver.ended_on is not None and waiver.obligation_id is not None, "it was taken back, of a fine"
            again[waiver.obligation_id].let_go += ((waiver.waived_on, waiver.ended_on),)
    return OpenFines(fines)


def write_charges(
    charges: Sequence[Charge], *, group: Group, actor: User, on: date, entry: Entry | None = None
) -> list[Obligation]:
    """Write down what members owe from the day `on`, in one statement; `entry` is the one that brought it."""
    return Obligation.objects.bulk_create(
        Obligation(
            group=group,
            member=charge.member,
            kind=charge.kind,
            amount=charge.amount,
            owed_on=on,
            memo=charge.memo,
            loan=charge.loan,
            meeting=charge.meeting,
            entry=entry if charge.meeting is None else None,
            recorded_by=actor,
        )
        for charge in charges
    )


def pay_fines(entry: Entry, paid: Iterable[tuple[Iterable[OpenFine], int]]) -> None:
    """Write down which fines `entry` pays, in one statement: of each list the oldest first, with the amount for it."""
    payments = []
    for fines, amount in paid:
        for fine, part in oldest_first(fines, amount):
            fine.left -= part
            payments.append(ObligationPayment(group_id=entry.group_id, obligation_id=fine.pk, amount=part, entry=entry))
    if payments:
        ObligationPayment.objects.bulk_create(payments)


def cancel_charges(charged: Sequence[Obligation]) -> None:
    """Take fines back that never should have been; one that was paid since is `NotAllowed`."""
    if not charged:
        return
    paid = ObligationPayment.objects.filter(obligation__in=charged, entry__reversed_by__isnull=True)
    if (payment := paid.select_related("obligation__member").first()) is not None:
        raise NotAllowed(
            _("The fine of %(member)s was paid since; undo that payment first.") % {"member": payment.obligation.member}
        )
    Obligation.objects.filter(pk__in=[fine.pk for fine in charged]).update(cancelled_at=now())
