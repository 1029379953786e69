"""Pages of the health of loans: of one group, and of all groups a person may see."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from finance import selectors, sheets
from finance.forms.reports import DayForm, PortfolioForm
from finance.performance import (
    Performance,
    Slice,
    UpkClass,
    together,
    upk_class_of_cost_coverage,
    upk_class_of_repayment,
    upk_class_of_return,
    upk_class_of_risk,
)
from finance.tables import respond
from finance.wording import AGES, COLLECTABILITY, UPK_CLASSES
from groups.http import GroupRequest, UserRequest
from groups.models import Group
from groups.permissions import Capability, requires
from groups.selectors import groups_within

GROUPS_ON_A_PAGE = 25
BAR_WIDTH = 200
"""Of the longest bar of the ageing chart, in the units of its viewBox."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A ratio of the operating standard of UPKs: what it is, how it is counted, and its class."""

    name: str
    meaning: str
    value: Fraction | None
    css: str
    class_label: str | Promise


@dataclass(frozen=True, slots=True)
class Age:
    """A row of the ageing table with the length of its bar."""

    label: str | Promise
    part: Slice
    width: int
    y: int


@requires(Capability.READ)
def health(request: GroupRequest) -> HttpResponse:
    """How the group's loans are repaid: ageing, collectability, and the figures of a UPK, as on a day."""
    form = DayForm(request.GET)
    on = form.day(timezone.localdate())
    if form.is_valid():
        form = DayForm(initial={"on": on})
    own = Group.objects.filter(pk=request.group.pk)
    table = sheets.loan_ageing(request.group, selectors.loan_arrears(own, on=on), on=on)
    return respond(
        request,
        "finance/health.html",
        {
            "form": form,
            "on": on,
            "table": table,
            "signers": selectors.signers(request.group),
            **_shown(selectors.performance(own, on=on)),
        },
        lambda: table,
    )


@requires(Capability.ASSESS)
def portfolio(request: UserRequest) -> HttpResponse:
    """The loans of all groups a person may see, those with most at risk first."""
    form = PortfolioForm(request.GET, actor=request.user)
    on = form.day(timezone.localdate())
    groups = groups_within(request.user, **form.filters())
    figures = selectors.performance_by_group(groups, on=on)
    total = together(figures.values(), months=on.month)
    at_risk = {pk: found.at_risk_balance for pk, found in figures.items()}
    names = sorted(groups.values_list("pk", "name"), key=lambda group: (-at_risk.get(group[0], 0), group[1]))
    page = Paginator([pk for pk, _name in names], GROUPS_ON_A_PAGE).get_page(request.GET.get("page"))

    def rows(ids: list[int]) -> list[Group]:
        found = Group.objects.in_bulk(ids)
        return [found[pk] for pk in ids]

    owner = str(request.user.organisation or _("All organisations"))
    return respond(
        request,
        "finance/portfolio.html",
        {
            "form": form,
            "on": on,
            "owner": owner,
            "groups": len(names),
            "page": page,
            "table": sheets.portfolio(rows(list(page)), figures, total, owner=owner, on=on),
            **_shown(total),
        },
        lambda: sheets.portfolio(rows([pk for pk, _name in names]), figures, total, owner=owner, on=on),
    )


def _shown(figures: Performance) -> dict[str, object]:
    return {
        "figures": figures,
        "ages": _ages(figures),
        "collectability": list(zip(COLLECTABILITY.values(), figures.by_collectability(), strict=True)),
        "upk": [
            _figure(
                _("LAR"),
                _("Borrowers at least three months late, of the borrowers with a balance"),
                figures.lar,
                upk_class_of_risk(figures.lar),
            ),
            _figure(
                _("PAR"),
                _("Balances of loans at least three months late, of all balances"),
                figures.upk_par,
                upk_class_of_risk(figures.upk_par),
            ),
            _figure(
                _("RR"),
                _("Balances less what is late on loans at least three months late, of all balances"),
                figures.upk_repayment_rate,
                upk_class_of_repayment(figures.upk_repayment_rate),
            ),
            _figure(
                _("CCR"),
                _("Income of this year, of the costs of this year"),
                figures.cost_coverage,
                upk_class_of_cost_coverage(figures.cost_coverage),
            ),
            _figure(
                _("ROI"),
                _("Surplus of this year brought to twelve months, of the capital"),
                figures.return_on_investment,
                upk_class_of_return(figures.return_on_investment),
            ),
        ],
    }


def _figure(name: str, meaning: str, value: Fraction | None, upk_class: UpkClass | None) -> Figure:
    if upk_class is None:
        return Figure(name, meaning, value, "", "")
    return Figure(name, meaning, value, f"upk-{upk_class}", UPK_CLASSES[upk_class])


def _ages(figures: Performance) -> list[Age]:
    parts = figures.ageing()
    longest = max((part.balance for part in parts), default=0) or 1
    return [
        Age(label, part, part.balance * BAR_WIDTH // longest, 26 * number)
        for number, (label, part) in enumerate(zip(AGES, parts, strict=True))
    ]
