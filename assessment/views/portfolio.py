"""The dashboard of the portfolio: savings, loans and their health, over all groups, by region and group by group."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from assessment.charts.bars import BarChart, Line, bars, of_whole
from assessment.models import CLASS_COLUMNS, GroupSnapshot
from assessment.selectors import portfolio as selectors
from assessment.selectors.comparison import region_names
from assessment.selectors.dashboard import at_stage
from assessment.selectors.portfolio import Figures, Month
from assessment.selectors.snapshots import shown_at
from assessment.views.frame import (
    MONEY,
    MONTH,
    NOWHERE,
    NUMBER,
    PERCENT,
    Frame,
    Places,
    ReadColumn,
    place_columns,
    places,
)
from finance import tables
from finance.performance import UpkClass
from finance.tables.table import Column, Row, Table
from finance.views.health import figures_shown
from finance.wording import UPK_CLASSES, UPK_STANDARD, UpkStandard
from groups.http import UserRequest
from groups.permissions import Capability, requires
from groups.shared.money import rupiah

CLASS_PATTERNS = {UpkClass.GOOD: 2, UpkClass.MINIMUM: 1, UpkClass.SUSPEND: 0}
"""The pattern each class is drawn with: fuller is better, as with stages."""


@requires(Capability.ASSESS)
def portfolio(request: UserRequest) -> HttpResponse:
    """Savings, loans, PAR, LAR and the classes of a UPK at the end of the period; most at risk first."""
    frame = Frame(request, "portfolio")
    snapshots = _snapshots(frame)
    regions = selectors.by_region(snapshots, frame.filters.region)
    total = selectors.together_of(regions.values(), frame.as_of)
    months = selectors.by_month(at_stage(frame.of_months, frame.filters), frame.filters)
    listed = selectors.listed(snapshots)
    page = frame.page(listed, total.groups)
    others = {"regions": _regions(frame, regions), "months": _months(frame, months)}
    context = {
        "total": total,
        **_classes(frame, total),
        **others,
        "month_chart": _month_chart(months) if len(months) > 1 else None,
        "page": page,
        "table": _groups(frame, total, page),
        **figures_shown(total.loans),
    }
    files = others.get(frame.choice("table", others))
    return frame.show(
        "assessment/portfolio.html", context, lambda: files or _groups(frame, total, listed, places(frame))
    )


@requires(Capability.ASSESS)
def portfolio_class(request: UserRequest) -> HttpResponse:
    """List the groups of a class by one ratio; an address that names none leads back to the portfolio."""
    frame = Frame(request, "portfolio")
    asked = {name: request.GET.get(name, "") for name in ("ratio", "class")}
    if asked["ratio"] not in CLASS_COLUMNS or asked["class"] not in UPK_CLASSES:
        return redirect(frame.address())
    upk_class, standard = UpkClass(asked["class"]), UPK_STANDARD[CLASS_COLUMNS.index(asked["ratio"])]
    listed = selectors.listed(_snapshots(frame).filter(**{asked["ratio"]: upk_class}))
    page, title = frame.page(listed), f"{standard.name}, {UPK_CLASSES[upk_class]}"
    table = _of_class(frame, title, standard, page)
    context = {"asked": asked, "title": title, "back": _("Whole portfolio"), "page": page, "table": table}
    return frame.show(
        "assessment/listed.html", context, lambda: _of_class(frame, title, standard, listed, places(frame))
    )


def _snapshots(frame: Frame) -> Any:
    """Return the snapshots of the groups of the filters at the end of the period."""
    groups = at_stage(frame.groups, frame.filters)
    return GroupSnapshot.objects.filter(shown_at(frame.filters.month), group__in=groups.order_by())


def _groups(frame: Frame, total: Figures, shown: Iterable[GroupSnapshot], known: Places = NOWHERE) -> Table:
    rows = ((snapshot.group, _place(snapshot, known), snapshot.performance) for snapshot in shown)
    return _of_day(frame, tables.portfolio(rows, total.loans, owner=frame.owner, as_of=total.as_of))


def _of_day(frame: Frame, table: Table) -> Table:
    """Say of a table as of which day its figures are; those of all months but the last are elsewhere."""
    day = _("as on %(day)s") % {"day": date_format(frame.as_of)}
    return replace(table, period=" · ".join([day, *frame.form.words()]))


def _place(snapshot: GroupSnapshot, known: Places) -> tuple[str, str]:
    return known.regency(snapshot.village_id), known.facilitator(snapshot.group_id)


def _of_class(
    frame: Frame, title: str, standard: UpkStandard, shown: Iterable[GroupSnapshot], known: Places = NOWHERE
) -> Table:
    columns = [
        Column(_("Group")),
        Column(_("Group number"), on_phone=False),
        Column(str(standard.name), PERCENT),
        *place_columns(),
    ]
    rows = (
        Row(
            [
                snapshot.group.name,
                snapshot.group.number_shown,
                standard.of(snapshot.performance),
                *_place(snapshot, known),
            ],
            reverse("health", args=[snapshot.group.code]) + f"?on={snapshot.as_of}",
        )
        for snapshot in shown
    )
    return _of_day(frame, frame.table(title, "portofolio-kelas", columns, rows))


def _classes(frame: Frame, total: Figures) -> dict[str, Any]:
    """Return how many groups are of each class by each ratio, as numbers that lead to them and as a chart."""
    counted = [(str(standard.name), counts) for standard, counts in zip(UPK_STANDARD, total.classes, strict=True)]
    rows = [
        (name, [(label, count, _class_address(frame, ratio, key)) for (key, label), count in shown])
        for (name, counts), ratio in zip(counted, CLASS_COLUMNS, strict=True)
        for shown in [zip(UPK_CLASSES.items(), counts, strict=True)]
    ]
    chart = _class_chart(counted, total.groups) if total.loans.balance else None
    return {"classes": rows, "class_names": UPK_CLASSES.values(), "class_chart": chart}


def _class_address(frame: Frame, ratio: str, upk_class: str) -> str:
    return frame.address("portfolio-class", ratio=ratio, **{"class": upk_class})


def _class_chart(classes: Sequence[tuple[str, Sequence[int]]], groups: int) -> BarChart:
    lines = [Line(name, of_whole(sum(counts), groups), counts, whole=groups) for name, counts in classes]
    parts = [(CLASS_PATTERNS[upk_class], str(label)) for upk_class, label in UPK_CLASSES.items()]
    return bars(_("Groups by class of each ratio"), lines, parts)


def _month_chart(months: Sequence[Month]) -> BarChart:
    lines = [
        Line(date_format(of.month, "F Y"), rupiah(of.balance), [of.balance - of.risk_30, of.risk_30]) for of in months
    ]
    return bars(
        _("Loans outstanding by month"), lines, [(2, _("up to 30 days late")), (0, _("more than 30 days late"))]
    )


def _months(frame: Frame, months: Sequence[Month]) -> Table:
    columns = [
        Column(_("Month"), MONTH),
        Column(_("Group count"), NUMBER, on_phone=False),
        Column(_("Savings"), MONEY, on_phone=False),
        Column(_("Outstanding"), MONEY),
        Column(_("PAR 30 (CGAP)"), PERCENT, on_phone=False),
    ]
    rows = [Row([of.month, of.groups, of.savings, of.balance, of.par_30]) for of in months]
    return frame.table(_("Portfolio by month"), "portofolio-bulan", columns, rows)


def _regions(frame: Frame, by_region: Mapping[str, Figures]) -> Table:
    """Return the same figures by the regions just below the one of the filters."""
    # The filters offer most of them already; asking for those would be one more statement.
    names = frame.form.region_names
    if lacking := by_region.keys() - names.keys() - {""}:
        names = names | region_names(lacking)
    of_region = _of_region()
    ordered = sorted(by_region.items(), key=lambda item: (not item[0], names.get(item[0], ""), item[0]))
    rows = [
        Row(
            [names.get(key) or _("Without a village"), *(read(figures) for _column, read in of_region)],
            frame.address(region=key) if key else "",
        )
        for key, figures in ordered
    ]
    columns = [Column(_("Region")), *(column for column, _read in of_region)]
    return _of_day(frame, frame.table(_("Portfolio by region"), "portofolio-wilayah", columns, rows))


def _of_region() -> list[ReadColumn]:
    """Return what stands beside the name of a region."""
    return [
        (Column(_("Group count"), NUMBER, on_phone=False), attrgetter("groups")),
        (Column(_("Savings"), MONEY, on_phone=False), attrgetter("savings")),
        (Column(_("Outstanding"), MONEY), attrgetter("loans.balance")),
        (Column(_("PAR 30 (CGAP)"), PERCENT, on_phone=False), attrgetter("loans.par_30")),
        (Column(_("PAR (UPK)"), PERCENT, on_phone=False), attrgetter("loans.upk_par")),
        (Column(_("LAR (UPK)"), PERCENT, on_phone=False), attrgetter("loans.lar")),
        (Column(_("Repayment rate"), PERCENT, on_phone=False), attrgetter("loans.repayment_rate")),
    ]
