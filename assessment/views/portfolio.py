"""The dashboard of the portfolio: savings, loans and their health, over all groups, by region and group by group."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from assessment.charts.bars import BarChart, Line, bars
from assessment.keeping import portfolio_keep, read_whole
from assessment.selectors.comparison import region_names
from assessment.selectors.dashboard import at_stage
from assessment.selectors.portfolio import portfolio_find
from assessment.views.frame import GROUPS_ON_A_PAGE, MONEY, NUMBER, PERCENT, Frame
from finance import tables
from finance.models import CLASSES, GroupFigures
from finance.performance import UpkClass
from finance.selectors.figures import Figures, Month, added, figures_listed
from finance.services.figures import figures_keep
from finance.tables.table import Cell, Column, Row, Table
from finance.views.health import figures_shown
from finance.wording import UPK_CLASSES, UPK_STANDARD
from groups.http import UserRequest
from groups.models import Group
from groups.permissions import Capability, requires
from groups.shared.money import rupiah

CLASS_PATTERNS = {UpkClass.GOOD: 2, UpkClass.MINIMUM: 1, UpkClass.SUSPEND: 0}
"""The pattern each class is drawn with: fuller is better, as with stages."""


@requires(Capability.ASSESS)
def portfolio(request: UserRequest) -> HttpResponse:
    """Savings, loans, PAR, LAR and the classes of a UPK as on the last day of the period; most at risk first."""
    frame = Frame(request, "portfolio")
    on, organisation = _last_day(frame.filters.end), frame.organisation
    groups = _groups_on(frame, on)
    if organisation is not None:
        portfolio_keep(organisation, on)
    found = read_whole(
        lambda: portfolio_find(groups, frame.filters.start, on, frame.filters.region, organisation=organisation),
        keep=lambda: figures_keep(groups, on=on),
    )
    total = added(found.by_region.values(), months=on.month)
    listed = figures_listed(groups, on)
    paginator = Paginator(listed, GROUPS_ON_A_PAGE)
    # The figures say it already; counting again would be one more statement.
    paginator.count = total.groups
    page = paginator.get_page(request.GET.get("page"))
    regions = _regions(frame, found.by_region)
    classes = [(str(standard.name), counts) for standard, counts in zip(UPK_STANDARD, total.classes, strict=True)]

    def by_group(shown: Iterable[GroupFigures]) -> Table:
        rows = ((figures.group, figures.performance) for figures in shown)
        table = tables.portfolio(rows, total.loans, owner=frame.owner, as_of=on)
        return replace(table, period=" · ".join([table.period, *frame.form.words()]))

    files = {"regions": lambda: regions, "months": lambda: _months(frame, found.months)}
    return frame.show(
        "assessment/portfolio.html",
        {
            "on": on,
            "groups": total.groups,
            "savings": total.savings,
            "classes": [
                (name, [(label, count, _class_address(frame, column, key)) for (key, label), count in shown])
                for (name, counts), column in zip(classes, CLASSES, strict=True)
                for shown in [zip(UPK_CLASSES.items(), counts, strict=True)]
            ],
            "class_names": UPK_CLASSES.values(),
            "class_chart": _class_chart(classes) if total.loans.balance else None,
            "regions": regions,
            "months": _months(frame, found.months),
            "month_chart": _month_chart(found.months) if len(found.months) > 1 else None,
            "page": page,
            "table": by_group(page),
            **figures_shown(total.loans),
        },
        files.get(request.GET.get("table", ""), lambda: by_group(listed)),
    )


@requires(Capability.ASSESS)
def portfolio_class(request: UserRequest) -> HttpResponse:
    """List the groups of a class by one ratio; an address that names none leads back to the portfolio."""
    frame = Frame(request, "portfolio")
    asked = {name: request.GET.get(name, "") for name in ("ratio", "class")}
    if asked["ratio"] not in CLASSES or asked["class"] not in UPK_CLASSES:
        return redirect(frame.address())
    on, upk_class = _last_day(frame.filters.end), UpkClass(asked["class"])
    groups, standard = _groups_on(frame, on), UPK_STANDARD[CLASSES.index(asked["ratio"])]
    figures_keep(groups, on=on)
    found = figures_listed(groups, on).filter(**{asked["ratio"]: upk_class})
    page = Paginator(found, GROUPS_ON_A_PAGE).get_page(request.GET.get("page"))
    title = f"{standard.name}, {UPK_CLASSES[upk_class]}"

    def listed(shown: Iterable[GroupFigures]) -> Table:
        columns = [Column(_("Group")), Column(_("Code"), on_phone=False), Column(str(standard.name), PERCENT)]
        rows = (
            Row(
                [figures.group.name, figures.group.code, standard.of(figures.performance)],
                reverse("health", args=[figures.group.code]),
            )
            for figures in shown
        )
        return frame.table(title, "portofolio-kelas", columns, rows)

    return frame.show(
        "assessment/listed.html",
        {"asked": asked, "title": title, "back": _("Whole portfolio"), "page": page, "table": listed(page)},
        lambda: listed(found),
    )


def _class_address(frame: Frame, ratio: str, upk_class: str) -> str:
    return frame.address("portfolio-class", ratio=ratio, **{"class": upk_class})


def _groups_on(frame: Frame, on: date) -> QuerySet[Group]:
    """Return the groups of the filters that there were on a day."""
    return at_stage(frame.groups, frame.filters).filter(founded_on__lte=on)


def _last_day(month: date) -> date:
    """Return the last day of a month, today in the current one."""
    return min(timezone.localdate(), (month + timedelta(31)).replace(day=1) - timedelta(1))


def _class_chart(classes: Sequence[tuple[str, Sequence[int]]]) -> BarChart:
    lines = [Line(name, str(sum(counts)), "", counts) for name, counts in classes]
    parts = [(CLASS_PATTERNS[upk_class], str(label)) for upk_class, label in UPK_CLASSES.items()]
    return bars(_("Groups by class of each ratio"), lines, parts)


def _month_chart(months: Sequence[Month]) -> BarChart:
    lines = [
        Line(date_format(found.month, "F Y"), rupiah(found.balance), "", [found.balance - found.risk_30, found.risk_30])
        for found in months
    ]
    return bars(
        _("Loans outstanding by month"), lines, [(2, _("up to 30 days late")), (0, _("more than 30 days late"))]
    )


def _months(frame: Frame, months: Sequence[Month]) -> Table:
    columns = [
        Column(_("Month")),
        Column(_("Group count"), NUMBER, on_phone=False),
        Column(_("Savings"), MONEY, on_phone=False),
        Column(_("Outstanding"), MONEY),
        Column(_("PAR 30"), PERCENT),
    ]
    rows = [
        Row([date_format(found.month, "F Y"), found.groups, found.savings, found.balance, found.par_30])
        for found in months
    ]
    return frame.table(_("Portfolio by month"), "portofolio-bulan", columns, rows)


def _regions(frame: Frame, by_region: Mapping[str, Figures]) -> Table:
    """Return the same figures by the regions just below the one of the filters."""
    # The filters offer most of them already; asking for those would be one more statement.
    names = frame.form.region_names
    if lacking := by_region.keys() - names.keys() - {""}:
        names = names | region_names(lacking)
    rows = []
    for key, found in sorted(by_region.items(), key=lambda item: (not item[0], names.get(item[0], ""), item[0])):
        loans = found.loans
        cells: list[Cell] = [
            names.get(key) or _("Without a village"),
            found.groups,
            found.savings,
            loans.balance,
            loans.par_30,
            loans.upk_par,
            loans.lar,
            loans.repayment_rate,
        ]
        rows.append(Row(cells, frame.address(region=key) if key else ""))
    columns = [
        Column(_("Region")),
        Column(_("Group count"), NUMBER, on_phone=False),
        Column(_("Savings"), MONEY, on_phone=False),
        Column(_("Outstanding"), MONEY),
        Column(_("PAR 30"), PERCENT),
        Column(_("PAR"), PERCENT, on_phone=False),
        Column(_("LAR"), PERCENT, on_phone=False),
        Column(_("Repayment rate"), PERCENT, on_phone=False),
    ]
    return frame.table(_("Portfolio by region"), "portofolio-wilayah", columns, rows)
