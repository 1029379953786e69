"""Why a meeting cannot be recorded as asked."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from groups.models import Member, User
from groups.shared.money import rupiah
from groups.shared.refusals import Refused
from meetings.models import Meeting


class MeetingError(Refused):
    """Something the minute book refuses; `field` is the sheet's field it belongs to, if to one.

    `is_conflict` where it speaks of what somebody else recorded, and not of the sheet itself.
    """

    is_conflict = False


class NoSuchMeeting(MeetingError):
    """The group has no meeting of this number in the state asked for."""


class MeetingChanged(MeetingError):
    """Somebody else saved or closed the meeting since this form was opened."""

    is_conflict = True


class AlreadyRecorded(MeetingChanged):
    """The sheet, or another one of the same draft, was closed before: `meeting` is the version it recorded.

    `actor` is who sent it again.
    """

    def __init__(self, meeting: Meeting, *, actor: User) -> None:
        self.meeting = meeting
        if meeting.saved_by_id == actor.pk:
            super().__init__(_("You closed this meeting yourself meanwhile."))
        else:
            super().__init__(_("This meeting was closed meanwhile by %(who)s.") % {"who": meeting.saved_by})


class OtherPerson(MeetingError):
    """The sheet was filled in by somebody else, who was signed in before on the same device."""

    def __init__(self) -> None:
        super().__init__(
            _("Somebody else, who was signed in here before, filled this sheet in. Look at it, and send it again.")
        )


class DayTaken(MeetingError):
    """The group has closed meetings on that day already, and nobody said that this is another one."""

    field = "held_on"
    is_conflict = True

    def __init__(self, numbers: Sequence[int]) -> None:
        super().__init__(
            ngettext(
                "Meeting %s was recorded on this day already. If this is another meeting, say so below the date.",
                "Meetings %s were recorded on this day already. If this is another meeting, say so below the date.",
                len(numbers),
            )
            % ", ".join(map(str, numbers))
        )


class NoSuchAction(MeetingError):
    """A sheet sent with none of its buttons."""

    def __init__(self) -> None:
        super().__init__(_("Choose whether to save the draft or to close the meeting. Nothing was saved yet."))


class NothingChanged(MeetingError):
    """A correction that corrects nothing."""

    def __init__(self) -> None:
        super().__init__(_("Nothing was changed, so there is nothing to correct."))


class LoanInUse(MeetingError):
    """A loan that was repaid in part cannot be made never to have been."""

    def __init__(self) -> None:
        super().__init__(_("Instalments were paid on this loan. Correct those meetings first."))


class CountSettled(MeetingError):
    """The difference of the cash counted at this meeting was settled since, so that count stays."""

    field = "counted"

    def __init__(self) -> None:
        super().__init__(
            _(
                "The cash difference of this meeting was settled since, so the cash that was counted and the day "
                "stay as they are. Count the cash again instead."
            )
        )


class GroupDissolvedBefore(MeetingError):
    """The group had been dissolved by the day of the meeting."""

    field = "held_on"


class NotAMemberThen(MeetingError):
    """Somebody is named in a meeting of a day on which that person did not belong to the group.

    `member` is whose row it is, where it is one; else `field` says who led or took the minutes.
    """

    def __init__(self, message: str, *, member: Member | None = None, field: str | None = None) -> None:
        self.member = member
        self.field = field
        super().__init__(message)


class SavingsMustStay(MeetingError):
    """A withdrawal would leave `member` less than the rules say must stay of the voluntary savings."""

    def __init__(self, member: Member, stays: int) -> None:
        self.member = member
        super().__init__(_("By the rules %s must stay.") % rupiah(stays))


class LoanPaidBefore(MeetingError):
    """The meeting would move to a day after somebody paid on a loan it paid out."""

    field = "held_on"

    def __init__(self) -> None:
        super().__init__(_("Somebody paid before that day on a loan paid out at this meeting."))


class LoanDueBefore(MeetingError):
    """The meeting would move to a day after the first instalment of a loan it paid out."""

    field = "held_on"

    def __init__(self) -> None:
        super().__init__(_("The first instalment of a loan paid out at this meeting is due before that day."))
