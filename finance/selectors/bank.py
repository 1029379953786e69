"""The bank book beside the bank's statements."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import BigIntegerField, Case, F, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce

from finance.models import Account, AccountKind, BankTick, Transfer
from finance.selectors.book_lines import BookLine
from groups.models import Group


@dataclass(frozen=True, slots=True)
class BankCheck:
    """The balance of the bank book, and its lines nobody has seen on a statement yet, oldest first.

    `lines` are transfers with `money_in` and `money_out`; a book that `is_unused` never had any.
    """

    balance: int
    money_in: int
    money_out: int
    lines: QuerySet[Transfer]
    is_unused: bool = False

    @property
    def on_statement(self) -> int:
        """What the bank's statement should say: the book without the lines it has not shown yet."""
        return self.balance - self.money_in + self.money_out


def bank_check(group: Group) -> BankCheck:
    """Return the bank book of `group` beside its statements, in two statements and that of the lines."""
    account = Account.objects.filter(group=group, kind=AccountKind.BANK).first()
    if account is None:
        return BankCheck(0, 0, 0, Transfer.objects.none(), is_unused=True)
    came, went = Q(debit_account=account), Q(credit_account=account)
    lines = Transfer.objects.filter(came | went, bank_tick__isnull=True)
    sums = lines.aggregate(
        money_in=Coalesce(Sum("amount", filter=came), 0), money_out=Coalesce(Sum("amount", filter=went), 0)
    )

    def amount_if(condition: Q) -> Case:
        return Case(When(condition, then=F("amount")), default=Value(0), output_field=BigIntegerField())

    return BankCheck(
        account.balance,
        sums["money_in"],
        sums["money_out"],
        lines.annotate(money_in=amount_if(came), money_out=amount_if(went))
        .select_related("entry", "entry__reverses", "entry__reversed_by", "debit_account", "credit_account")
        .order_by("entry__effective_on", "pk"),
    )


def statement_days(lines: Iterable[BookLine]) -> dict[int, date]:
    """Return the days of the bank statements on which `lines` were ticked off, by the transfer's id."""
    ticks = BankTick.objects.filter(transfer__in=[line.pk for line in lines])
    return dict(ticks.values_list("transfer_id", "statement_on"))
