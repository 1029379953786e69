"""Signals in words: what was seen, what to ask about it, and where the records are. Questions, no accusations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from assessment.signals import TERM_YEARS, SignalHit
from groups.models import OfficerRole
from groups.shared.money import rupiah


@dataclass(frozen=True, slots=True)
class Question:
    """A signal in words; `records` is the page of the group with its records.

    `of_meetings` says whether the records of a `SignalHit` are numbers of meetings, each with a page of its own.
    """

    label: Promise
    ask: Promise
    sentence: Callable[[SignalHit], str]
    records: str
    records_name: Promise
    of_meetings: bool = False


def _copied(found: SignalHit) -> str:
    return ngettext(
        "%(count)d meeting has the same attendance and the same texts as the one before it",
        "%(count)d meetings have the same attendance and the same texts as the one before them",
        found.counted,
    ) % {"count": found.counted}


def _same_amounts(found: SignalHit) -> str:
    return _("at the last %(count)d meetings every member brought %(amount)s") % {
        "count": found.counted,
        "amount": rupiah(found.amount),
    }


def _late_night(found: SignalHit) -> str:
    return _("%(count)d meetings closed late at night, several in one night, each more than a week after its date") % {
        "count": found.counted
    }


def _cash_agrees(found: SignalHit) -> str:
    return _("%(count)d counts of the cash in a year, none with a difference") % {"count": found.counted}


def _full_attendance(found: SignalHit) -> str:
    return _("every member at every one of %(count)d meetings in a year") % {"count": found.counted}


def _terms_expired(found: SignalHit) -> str:
    offices = ", ".join(str(OfficerRole(role).label) for role in found.records)
    return _("in office for more than %(years)d years: %(offices)s") % {"years": TERM_YEARS, "offices": offices}


def _one_recorder(found: SignalHit) -> str:
    return _(
        "nobody else judged the group; one person recorded all %(count)d meetings, entries and cash counts of a year"
    ) % {"count": found.counted}


_MINUTES = gettext_lazy("Minute book")
QUESTIONS: dict[str, Question] = {
    "copied_meetings": Question(
        gettext_lazy("Meetings like the one before"),
        gettext_lazy("Was there a meeting, or were the minutes of the last one taken over? What was talked about?"),
        _copied,
        "meeting-list",
        _MINUTES,
        of_meetings=True,
    ),
    "same_amounts": Question(
        gettext_lazy("Same amounts for everybody every time"),
        gettext_lazy("Did every member bring the money in person? Do the members' own passbooks say the same?"),
        _same_amounts,
        "savings-book",
        gettext_lazy("Savings book"),
        of_meetings=True,
    ),
    "late_night_batches": Question(
        gettext_lazy("Recorded in batches late at night"),
        gettext_lazy("What were the minutes written from? Are there notes on paper of those days?"),
        _late_night,
        "meeting-list",
        _MINUTES,
        of_meetings=True,
    ),
    "cash_always_agrees": Question(
        gettext_lazy("Cash never differs"),
        gettext_lazy("Is the box really counted at the meeting, by whom, and who watches?"),
        _cash_agrees,
        "cash-differences",
        gettext_lazy("Cash differences"),
    ),
    "full_attendance": Question(
        gettext_lazy("Full attendance for a year"),
        gettext_lazy("Are those who are ill or away marked as present? Is there a list with signatures?"),
        _full_attendance,
        "meeting-list",
        _MINUTES,
    ),
    "terms_expired": Question(
        gettext_lazy("Term of office over"),
        gettext_lazy("When will the group elect again? Was there an election that nobody recorded?"),
        _terms_expired,
        "officers",
        gettext_lazy("Officers"),
    ),
    "one_recorder": Question(
        gettext_lazy("One recorder, nobody else looks in"),
        gettext_lazy(
            "Who else has read the books and counted the cash? Visit the group, and judge what no record measures."
        ),
        _one_recorder,
        "meeting-list",
        _MINUTES,
    ),
}
"""By the names of `assessment.signals.SIGNALS`."""
