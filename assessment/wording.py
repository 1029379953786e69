"""Measured values in the words of the field, and the pages with the records behind them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from assessment.metrics import Facts
from assessment.models import Need
from groups.shared.money import rupiah


@dataclass(frozen=True, slots=True)
class Wording:
    """How one metric is told: its facts as a sentence, its value, and the URL name of its records."""

    sentence: Callable[[Facts], str]
    records: str
    records_name: Promise
    is_share: bool = True


def _percent(part: int, whole: int) -> int:
    """Whole percent, rounded down: 89.6 % is not yet 90 %."""
    return part * 100 // whole if whole else 0


def _meetings(facts: Facts) -> str:
    return ngettext("last meeting", "last %(count)d meetings", facts["meetings"]) % {"count": facts["meetings"]}


def _held(facts: Facts) -> str:
    return _("%(held)d of %(expected)d agreed meetings held in %(days)d days") % facts


def _attendance(facts: Facts) -> str:
    words = _("present %(percent)d%%, %(meetings)s") % {
        "percent": _percent(facts["counted"], facts["of"]),
        "meetings": _meetings(facts),
    }
    if facts["represented"]:
        percent = _percent(facts["represented"], facts["of"])
        words += " · " + _("represented %(percent)d%%") % {"percent": percent}
    return words


def _agenda(facts: Facts) -> str:
    return _("agenda and decision in %(counted)d of the %(meetings)s") % {**facts, "meetings": _meetings(facts)}


def _savings(facts: Facts) -> str:
    return _("%(percent)d%% of members saved, %(meetings)s") % {
        "percent": _percent(facts["counted"], facts["of"]),
        "meetings": _meetings(facts),
    }


def _rules(facts: Facts) -> str:
    return [_("no written rules"), _("written rules"), _("rules agreed in a meeting")][facts["level"]]


def _repayment(facts: Facts) -> str:
    words = _("%(percent)d%% paid: %(paid)s of %(due)s due") % {
        "percent": _percent(facts["paid"], facts["due"]),
        "paid": rupiah(facts["paid"]),
        "due": rupiah(facts["due"]),
    }
    if facts["late"]:
        late = ngettext("%(count)d loan late", "%(count)d loans late", facts["late"]) % {"count": facts["late"]}
        words += f" · {late}"
    return words


def _books(facts: Facts) -> str:
    return _("books complete in %(counted)d of the %(meetings)s") % {**facts, "meetings": _meetings(facts)}


def _account(facts: Facts) -> str:
    if not facts["level"]:
        return _("no bank account")
    count = facts["signatories"]
    return ngettext("bank account, %(count)d signatory", "bank account, %(count)d signatories", count) % {
        "count": count
    }


def _critical(facts: Facts) -> str:
    return _("%(raised)d raised, %(decided)d decided in 182 days") % facts


def _decisions(facts: Facts) -> str:
    return _("%(done)d of %(due)d decisions due in 182 days carried out") % facts


def _growth(facts: Facts) -> str:
    return _("savings per member %(now)s, 182 days ago %(then)s") % {
        "now": rupiah(facts["now"] // facts["members"]),
        "then": rupiah(facts["then"] // facts["members_then"]),
    }


def _portfolio(facts: Facts) -> str:
    return _("%(late)s of %(balance)s lent is more than 30 days late") % {
        "late": rupiah(facts["late"]),
        "balance": rupiah(facts["balance"]),
    }


def _lending(facts: Facts) -> str:
    return _("%(borrowers)d of %(members)d members have a running loan") % facts


def _officers(facts: Facts) -> str:
    return _("%(held)d of 3 offices held") % facts


def _settled(facts: Facts) -> str:
    return _("%(settled)d of the last %(counts)d cash counts without an open difference") % facts


def _social_fund(facts: Facts) -> str:
    return _("social fund: %(received)s received, %(given)s given in 182 days") % {
        "received": rupiah(facts["received"]),
        "given": rupiah(facts["given"]),
    }


_MINUTES = gettext_lazy("Minute book")
WORDINGS: dict[str, Wording] = {
    "meeting_regularity": Wording(_held, "meeting-list", _MINUTES),
    "attendance": Wording(_attendance, "meeting-list", _MINUTES),
    "agenda": Wording(_agenda, "meeting-list", _MINUTES),
    "savings_regularity": Wording(_savings, "savings-book", gettext_lazy("Savings book")),
    "rules_in_force": Wording(_rules, "constitution", gettext_lazy("Rules"), is_share=False),
    "repayment_rate": Wording(_repayment, "loan-book", gettext_lazy("Loan book")),
    "books_complete": Wording(_books, "cash-differences", gettext_lazy("Cash differences")),
    "bank_account": Wording(_account, "group", gettext_lazy("Profile"), is_share=False),
    "critical_matters": Wording(_critical, "meeting-list", _MINUTES, is_share=False),
    "decisions_followed_up": Wording(_decisions, "decision-list", gettext_lazy("Decisions")),
    "savings_growth": Wording(_growth, "savings-book", gettext_lazy("Savings book")),
    "portfolio_quality": Wording(_portfolio, "health", gettext_lazy("Health of the loans")),
    "internal_lending": Wording(_lending, "loan-book", gettext_lazy("Loan book")),
    "officers_in_place": Wording(_officers, "officers", gettext_lazy("Officers"), is_share=False),
    "cash_settled": Wording(_settled, "cash-differences", gettext_lazy("Cash differences")),
    "social_fund_used": Wording(
        _social_fund, "general-ledger", gettext_lazy("General ledger (buku besar)"), is_share=False
    ),
}
OF_LAST_MEETINGS = frozenset({"attendance", "agenda", "savings_regularity", "books_complete"})
"""Metrics that count the last meetings only; the page links to these very meetings."""

NEED_LABELS: dict[Need, Promise] = {
    Need.NEVER_ASSESSED: gettext_lazy("Never assessed"),
    Need.NO_MEETING: gettext_lazy("No meeting for 60 days"),
    Need.STAGE_DROPPED: gettext_lazy("Stage dropped"),
    Need.ARREARS: gettext_lazy("Arrears: repayment under 80%"),
    Need.ARREARS_RISING: gettext_lazy("Arrears rising"),
    Need.FALLING_ATTENDANCE: gettext_lazy("Attendance falling"),
    Need.LOW_ATTENDANCE: gettext_lazy("Attendance under 60%"),
}
NO_DATA = gettext_lazy("not enough data")


def sentence(metric: str, value: float | None, facts: Facts) -> str:
    """Return a measured value in words: "present 87%, last 4 meetings"."""
    return str(NO_DATA) if value is None else WORDINGS[metric].sentence(facts)


def records_url(metric: str, code: str) -> str:
    """Return the page of the group with the records that the metric counts."""
    return reverse(WORDINGS[metric].records, args=[code])


def value_text(metric: str, value: float | None) -> str:
    """Return a value or a threshold: a share as percent, else the number."""
    if value is None:
        return str(NO_DATA)
    if metric in WORDINGS and WORDINGS[metric].is_share:
        # Rounded down, as in the sentences; the small amount undoes 0.29 * 100 = 28.999…
        return f"{math.floor(value * 100 + 1e-9)}%"
    return f"{value:g}"


def reasons(need: int) -> list[Promise]:
    """Return why a group needs help, most urgent first."""
    return [label for flag, label in NEED_LABELS.items() if flag in Need(need)]


def reasons_text(need: int) -> str:
    """Return why a group needs help as one text."""
    return " · ".join(map(str, reasons(need)))
