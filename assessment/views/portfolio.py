"""The dashboard of the portfolio: savings, loans and their health, over all groups, by region and group by group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from assessment.bars import BarChart, Line, bars
from assessment.selectors.comparison import inside, region_names
from assessment.selectors.dashboard import at_stage
from assessment.views.frame import GROUPS_ON_A_PAGE, MONEY, NUMBER, PERCENT, Frame
from finance import sheets
from finance.performance import Performance, UpkClass, together
from finance.selectors.arrears import performance_by_group, savings_by_group
from finance.tables import Cell, Column, Row, Table
from finance.views.health import figures_shown
from finance.wording import UPK_CLASSES, UPK_STANDARD
from groups.http import UserRequest
from groups.models import Group
from groups.permissions import Capability, requires

CLASS_PATTERNS = {UpkClass.GOOD: 2, UpkClass.MINIMUM: 1, UpkClass.SUSPEND: 0}
"""The pattern each class is drawn with: fuller is better, as with stages."""


@requires(Capability.ASSESS)
def portfolio(request: UserRequest) -> HttpResponse:
    """Savings, loans, PAR, LAR and the classes of a UPK as on the last day of the period; most at risk first."""
    frame = Frame(request, "portfolio")
    groups = at_stage(frame.groups, frame.filters)
    on = _last_day(frame.filters.end)
    figures, savings = performance_by_group(groups, on=on), savings_by_group(groups, on=on)
    total = together(figures.values(), months=on.month)
    at_risk = {pk: found.at_risk_balance for pk, found in figures.items()}
    listed = list(groups.order_by().only("code", "name", "village_id"))
    listed.sort(key=lambda group: (-at_risk.get(group.pk, 0), group.name, group.pk))
    page = Paginator(listed, GROUPS_ON_A_PAGE).get_page(request.GET.get("page"))
    regions = _regions(frame, listed, figures, savings, on)
    classes = _classes(figures.values())

    def by_group(shown: Sequence[Group]) -> Table:
        table = sheets.portfolio(shown, figures, total, owner=frame.owner, on=on)
        return replace(table, period=" · ".join([table.period, *frame.form.words()]))

    return frame.show(
        "assessment/portfolio.html",
        {
            "on": on,
            "groups": len(listed),
            "savings": sum(savings.values()),
            "classes": classes,
            "class_names": UPK_CLASSES.values(),
            "class_chart": _class_chart(classes) if total.balance else None,
            "regions": regions,
            "page": page,
            "table": by_group([*page]),
            **figures_shown(total),
        },
        lambda: regions if request.GET.get("table") == "regions" else by_group(listed),
    )


def _last_day(month: date) -> date:
    """Return the last day of a month, today in the current one."""
    return min(timezone.localdate(), (month + timedelta(31)).replace(day=1) - timedelta(1))


def _classes(figures: Iterable[Performance]) -> list[tuple[str, list[int]]]:
    """Return by ratio how many groups are good, minimum and to suspend; groups without the ratio are left out."""
    found = list(figures)
    counted = []
    for standard in UPK_STANDARD:
        tally = Counter(standard.classed(standard.of(one)) for one in found)
        counted.append((str(standard.name), [tally[upk_class] for upk_class in UPK_CLASSES]))
    return counted


def _class_chart(classes: Sequence[tuple[str, list[int]]]) -> BarChart:
    lines = [Line(name, str(sum(counts)), "", counts) for name, counts in classes]
    parts = [(CLASS_PATTERNS[upk_class], str(label)) for upk_class, label in UPK_CLASSES.items()]
    return bars(_("Groups by class of each ratio"), lines, parts)


def _regions(
    frame: Frame,
    groups: Iterable[Group],
    figures: Mapping[int, Performance],
    savings: Mapping[int, int],
    on: date,
) -> Table:
    """Return the same figures by the regions just below the one of the filters."""
    of_region: dict[str, list[int]] = {}
    for group in groups:
        of_region.setdefault(inside(frame.filters.region, group.village_id), []).append(group.pk)
    names = region_names(of_region)
    rows = []
    for key, ids in sorted(of_region.items(), key=lambda item: (not item[0], names.get(item[0], ""), item[0])):
        loans = together((figures[pk] for pk in ids if pk in figures), months=on.month)
        saved = sum(savings.get(pk, 0) for pk in ids)
        name = names.get(key) or _("Without a village")
        cells: list[Cell] = [
            name,
            len(ids),
            saved,
            loans.balance,
            loans.par_30,
            loans.upk_par,
            loans.lar,
            loans.repayment_rate,
        ]
        rows.append(Row(cells, frame.address(region=key) if key else ""))
    columns = [
        Column(_("Region")),
        Column(_("Group count"), NUMBER),
        Column(_("Savings"), MONEY, on_phone=False),
        Column(_("Outstanding"), MONEY),
        Column(_("PAR 30"), PERCENT),
        Column(_("PAR"), PERCENT, on_phone=False),
        Column(_("LAR"), PERCENT, on_phone=False),
        Column(_("Repayment rate"), PERCENT, on_phone=False),
    ]
    return frame.table(_("Portfolio by region"), "portofolio-wilayah", columns, rows)
