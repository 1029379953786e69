"""What members paid for one another (tanggung renteng) and have not got back, in whole rupiah."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Prefetch, Q

from finance.models import Cover, CoverRecovery, Entry, EntryKind, Loan
from finance.models.cover import CoverQuerySet
from finance.selectors.loans import LoanRow, loan_rows, loans_on
from groups.models import Group, Member


@dataclass(frozen=True, slots=True)
class Claim:
    """What `debtor` owes `coverer`, over all their loans."""

    debtor: Member
    coverer: Member
    covered: int
    recovered: int

    @property
    def open(self) -> int:
        """What is still to be paid back."""
        return self.covered - self.recovered


@dataclass(frozen=True, slots=True)
class Claims:
    """What a member owes to those who paid for them, and is owed by those they paid for; settled claims stay out."""

    owes: list[Claim]
    is_owed: list[Claim]

    @property
    def owes_total(self) -> int:
        """All that the member owes to others."""
        return sum(claim.open for claim in self.owes)

    @property
    def is_owed_total(self) -> int:
        """All that others owe the member."""
        return sum(claim.open for claim in self.is_owed)


def claims_of(member: Member) -> Claims:
    """Return the open claims on and of `member`, in one statement."""
    covers = _covers().filter(Q(loan__member=member) | Q(coverer=member), group_id=member.group_id)
    sums: dict[tuple[int, int], Claim] = {}
    for cover in covers.select_related("loan__member", "coverer").order_by("pk"):
        pair = (cover.loan.member_id, cover.coverer_id)
        sofar = sums.get(pair, Claim(cover.loan.member, cover.coverer, 0, 0))
        recovered = sofar.recovered + cover.recovered
        sums[pair] = Claim(sofar.debtor, sofar.coverer, sofar.covered + cover.amount, recovered)
    running = [claim for claim in sums.values() if claim.open]
    return Claims(
        owes=[claim for claim in running if claim.debtor.pk == member.pk],
        is_owed=[claim for claim in running if claim.coverer.pk == member.pk],
    )


def covers_on(loan: Loan, *, as_of: date) -> list[Cover]:
    """Return what others paid on `loan` by the day, the oldest first, with `recovered` and `open`."""
    covers = _covers().filter(loan=loan, entry__effective_on__lte=as_of)
    return list(covers.select_related("coverer", "entry").order_by("entry__effective_on", "pk"))


def cover_entries(group: Group, on: date) -> list[Entry]:
    """Return the entries by which members covered arrears or paid covers back on the day `on`; reversed ones stay out.

    Each has its `covers` and `cover_recoveries` with the people in them.
    """
    entries = Entry.objects.filter(group=group, kind=EntryKind.COVER, effective_on=on, reversed_by__isnull=True)
    covers = Cover.objects.select_related("loan__member", "coverer")
    back = CoverRecovery.objects.select_related("cover__loan__member", "cover__coverer")
    return list(entries.prefetch_related(Prefetch("covers", covers), Prefetch("cover_recoveries", back)).order_by("pk"))


def late_loans(group: Group, as_of: date) -> list[LoanRow]:
    """Return the loans with something late on the day `as_of`, which other members may cover."""
    rows = loan_rows(loans_on(group, as_of=as_of, only_running=True), as_of=as_of)
    return [row for row in rows if row.arrears.late]


def open_covers(group: Group, *, debtor: Member, as_of: date) -> list[Cover]:
    """Return what others paid for `debtor` by the day `as_of` and have not got back, oldest first, with `open`."""
    covers = _covers().filter(group=group, loan__member=debtor, entry__effective_on__lte=as_of)
    covers = covers.select_related("coverer").order_by("entry__effective_on", "pk")
    return [cover for cover in covers if cover.open]


def _covers() -> CoverQuerySet:
    return Cover.objects.effective().with_recovered()
