"""What the ledger refuses, as exceptions with the account or key they speak of."""

from __future__ import annotations

from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from finance.models import Account
from groups.membership import outside_membership
from groups.models import Member
from groups.shared.money import rupiah
from groups.shared.refusals import Refused


class LedgerError(Refused):
    """Something the ledger refuses; `str()` is a message for the person at the form."""


class InsufficientFunds(LedgerError):
    """An account would go below zero; `short` is by how many rupiah."""

    def __init__(self, account: Account, short: int) -> None:
        self.account = account
        self.short = short
        super().__init__(
            _("%(account)s is short of %(amount)s.") % {"account": account.get_kind_display(), "amount": rupiah(short)}
        )


class AlreadyDone(LedgerError):
    """What was asked for was done before: nobody has to put anything right."""


class AlreadyPosted(AlreadyDone):
    """The same action was posted before, under the same idempotency key."""

    def __init__(self) -> None:
        super().__init__(_("This was recorded already."))


class AlreadyReversed(AlreadyDone):
    """The entry was reversed before; a mistake is put right once."""

    def __init__(self) -> None:
        super().__init__(_("This entry was reversed already."))


class AlreadySettled(AlreadyDone):
    """The cash difference was settled before."""

    def __init__(self) -> None:
        super().__init__(_("This difference was settled already."))


class NotAllowed(LedgerError):
    """A rule of the group or of bookkeeping forbids the posting."""


class PeriodClosed(NotAllowed):
    """The books of the group are closed through a day on or after the posting's."""

    def __init__(self, closed_through: date) -> None:
        super().__init__(_("The books are closed through %s.") % date_format(closed_through))


class DayToCome(NotAllowed):
    """The day of the posting has not come yet where the group is."""

    def __init__(self) -> None:
        super().__init__(_("This date is in the future."))


class GroupDissolved(NotAllowed):
    """The group had been dissolved by the day of the posting, and nothing was left to settle."""


class CoverRefused(NotAllowed):
    """A share in a member's arrears, or what is paid back of it, cannot be; `member` is whose share, if one's."""

    def __init__(self, message: str, member: Member | None = None) -> None:
        self.member = member
        super().__init__(message)


class RuleBroken(NotAllowed):
    """A rule of the group forbids it; `field` is what was typed that goes beyond it."""

    def __init__(self, field: str, message: str) -> None:
        self.field: str = field
        super().__init__(message)


class NotAMember(RuleBroken):
    """Something of `member` on a day on which that person did not belong to the group."""

    def __init__(self, member: Member, on: date, *, leaving_day: bool = False, field: str = "on") -> None:
        self.member = member
        super().__init__(field, outside_membership(member, on, leaving_day=leaving_day))
