"""Who belongs to a group on which day: the one rule that services, forms and the ledger ask.

Whoever leaves on a day is no member any more at its end, and takes no loan, office or share in arrears on it; records
of the day still name the member, for the meeting in which somebody leaves has the name on its list.
"""

from __future__ import annotations

from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from groups.models import Member


def outside_membership(member: Member, on: date, *, leaving_day: bool = False) -> str:
    """Say why `member` does not belong to the group on the day `on`, "" if the member does.

    With `leaving_day` the day of leaving itself counts as a day of the membership.
    """
    if on < member.joined_on:
        return _("%(member)s joined on %(day)s, after this day.") % {
            "member": member,
            "day": date_format(member.joined_on),
        }
    if member.is_member_on(on) or (leaving_day and on == member.left_on):
        return ""
    assert member.left_on is not None
    return _("%(member)s left the group on %(day)s.") % {"member": member, "day": date_format(member.left_on)}
