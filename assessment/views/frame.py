"""What all dashboards share: tabs, the filters kept in the address, the head of a print, and the downloads.

A page opens a `Frame`, reads what it shows for `frame.groups` within `frame.filters`, and answers with `frame.show`.
Its template extends `assessment/dashboard_base.html`.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from operator import attrgetter
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assessment import instruments
from assessment.forms import DashboardForm, no_more
from assessment.selectors.dashboard import REGENCY_CODE, Filters, dashboard_groups, groups_at_end, groups_of_months
from assessment.selectors.needs import facilitators_of
from assessment.selectors.snapshots import Summary, month_end, summary
from finance.tables import respond
from finance.tables.table import Cell, Column, ColumnKind, Only, Row, Table
from groups.http import UserRequest
from groups.models import Group, GroupStatus
from groups.selectors import regency_names
from groups.templatetags.kelompok import group_number

GROUPS_ON_A_PAGE = 25
MONEY, NUMBER, DATE, MONTH, PERCENT = (
    ColumnKind.MONEY,
    ColumnKind.NUMBER,
    ColumnKind.DATE,
    ColumnKind.MONTH,
    ColumnKind.PERCENT,
)

ReadColumn = tuple[Column, Callable[[Any], Cell]]
"""A column with the function that reads its cell from a row of a selector."""


CHOICES: dict[str, Promise] = {
    "by": gettext_lazy("Comparison"),
    "list": gettext_lazy("List"),
    "person": gettext_lazy("Recorded by"),
    "reason": gettext_lazy("Reason"),
    "signal": gettext_lazy("Signal"),
    "sort": gettext_lazy("Indicator"),
    "table": gettext_lazy("Table"),
}
"""What people call that which an address chooses besides the filters."""


@dataclass(frozen=True, slots=True)
class Tab:
    """A dashboard: its route and what it is called; `of_period` says whether it shows the months of the filters."""

    route: str
    label: Promise
    of_period: bool = False


TABS = (
    Tab("dashboard", gettext_lazy("Stages"), of_period=True),
    Tab("dashboard-moves", gettext_lazy("Moves"), of_period=True),
    Tab("dashboard-needs", gettext_lazy("Needs help")),
    Tab("dashboard-heatmap", gettext_lazy("Indicators")),
    Tab("dashboard-bank", gettext_lazy("Ready for a bank")),
    Tab("dashboard-compare", gettext_lazy("Comparison")),
    Tab("portfolio", gettext_lazy("Portfolio"), of_period=True),
    Tab("dashboard-signals", gettext_lazy("To look into")),
    Tab("dashboard-quality", gettext_lazy("Data quality"), of_period=True),
)


class Frame:
    """A dashboard as one person sees it: the filters asked for, and the groups within them."""

    by_stage = True
    """Whether all that the page shows is of the stage chosen, so that the head names it."""

    def __init__(self, request: UserRequest, route: str, *, with_stage: bool = True) -> None:
        self.request = request
        self.tab = next(tab for tab in TABS if tab.route == route)
        self.today = timezone.localdate()
        self.form = DashboardForm(request.GET, actor=request.user, with_stage=with_stage)
        self.filters: Filters = self.form.filters()

    @cached_property
    def groups(self) -> QuerySet[Group]:
        """The groups within the filters at the end of the period, whatever their stage, without dissolved ones."""
        if self.filters.month is not None:
            return groups_at_end(self.request.user, self.filters)
        return dashboard_groups(self.request.user, self.filters, self.today)

    @cached_property
    def with_dissolved(self) -> QuerySet[Group]:
        """The groups within the filters at the end of the period, those dissolved by then too."""
        if self.filters.month is not None:
            return groups_at_end(self.request.user, self.filters, with_dissolved=True)
        return dashboard_groups(self.request.user, self.filters, self.today, with_dissolved=True)

    @cached_property
    def of_months(self) -> QuerySet[Group]:
        """The groups whose snapshots of the months shown may be within the filters, wherever they are now."""
        return groups_of_months(self.request.user, self.filters)

    @cached_property
    def summary(self) -> Summary:
        """As of when the figures are, how far they are behind the records, and how many people stand behind them."""
        return summary(self.with_dissolved, self.filters.month)

    @property
    def day(self) -> date:
        """The day up to which records count: today, or the end of the last month."""
        return self.today if self.filters.month is None else month_end(self.filters.end)

    @property
    def as_of(self) -> date:
        """The day that the figures are of: that of the oldest snapshot."""
        return self.summary.as_of or self.day

    def choice(self, name: str, offered: Container[str]) -> str:
        """Return what the address asks for by `name`, "" for nothing; what is not on offer is refused like a filter."""
        asked = self.request.GET.get(name, "")
        if not asked or asked in offered:
            return asked
        self.form.refuse(no_more(CHOICES[name]))
        return ""

    @property
    def owner(self) -> str:
        """Whose groups these are, for people."""
        return self.form.owner

    @property
    def query(self) -> str:
        """The filters as the end of an address: `?kind=SOCIAL`, or nothing."""
        chosen = self.form.chosen()
        return f"?{urlencode(chosen)}" if chosen else ""

    @property
    def of_scheme(self) -> str:
        """The end of an address of a page of one group, for the scheme that was chosen: `?scheme=kotaku`."""
        return f"?{urlencode({'scheme': self.filters.scheme})}" if "scheme" in self.form.chosen() else ""

    def address(self, route: str = "", **parameters: str | None) -> str:
        """Return the address of this dashboard, or another, within the filters, with what it asks for besides."""
        asked = self.form.chosen() | parameters
        return reverse(route or self.tab.route) + (f"?{urlencode(asked)}" if asked else "")

    @property
    def tabs(self) -> list[tuple[Tab, str]]:
        """All dashboards, each with its address within these filters."""
        return [(tab, reverse(tab.route) + self.query) for tab in TABS]

    @property
    def period(self) -> str:
        """The months shown, or the day, and what else narrows the groups, for people; no months that were refused."""
        shown = ""
        if {"start", "end"} & self.form.errors.keys():
            pass
        elif self.tab.of_period:
            start, end = (date_format(month, "F Y") for month in (self.filters.start, self.filters.end))
            shown = _("%(start)s to %(end)s") % {"start": start, "end": end}
        else:
            shown = _("as on %(day)s") % {"day": date_format(self.as_of)}
        return " · ".join([*filter(None, [shown]), *self.form.words(with_stage=self.by_stage)])

    def stage_name(self, stage: str | None) -> str:
        """Return the name of a stage of the scheme, which may be of an earlier version alone; "" for none."""
        if not stage:
            return ""
        return self._stage_names.get(stage) or self._earlier_stage_names.get(stage, stage)

    @cached_property
    def _stage_names(self) -> dict[str, str]:
        return {rule.stage: rule.name for rule in self.form.stages}

    @cached_property
    def _earlier_stage_names(self) -> dict[str, str]:
        return instruments.earlier_stage_names(self.assessors, self.filters.scheme)

    @property
    def assessors(self) -> int | None:
        """The organisation whose versions of the scheme assessed the groups, None for any."""
        actor = self.request.user
        return self.filters.organisation if actor.is_superuser else actor.organisation_id

    def page(self, rows: QuerySet[Any] | Sequence[Any], count: int | None = None) -> Page[Any]:
        """Return the page asked for of `rows`; a `count` that is known already saves a statement."""
        paginator = Paginator(rows, GROUPS_ON_A_PAGE)
        if count is not None:
            paginator.count = count
        return paginator.get_page(self.request.GET.get("page"))

    def table_of(self, title: str, name: str, columns: Sequence[ReadColumn], rows: Iterable[Any]) -> Table:
        """Return a table of rows of a selector; see `table`."""
        cells = (Row([read(row) for _column, read in columns]) for row in rows)
        return self.table(title, name, [column for column, _read in columns], cells)

    def table(self, title: str, name: str, columns: Sequence[Column], rows: Iterable[Row]) -> Table:
        """Return a table of this dashboard; `name` is that of its files."""
        return Table(
            title=title,
            name=name,
            number="",
            owner=self.owner,
            period=self.period,
            until=self.as_of,
            columns=columns,
            rows=rows,
            is_list=True,
        )

    def show(self, template: str, context: dict[str, Any], table: Callable[[], Table]) -> HttpResponse:
        """Answer with the page, or with the file of `table` that the address asks for.

        Of filters that are no more nothing is shown: the figures would be of other groups than asked for.
        """
        if self.form.errors:
            template = "assessment/refused.html"
        return respond(self.request, template, {"frame": self, "form": self.form} | context, table)


@dataclass(frozen=True, slots=True)
class Places:
    """Where groups are and who accompanies them, for files; two statements read both for all groups of a dashboard."""

    regencies: Mapping[str, str]
    facilitators: Mapping[int, str]

    def regency(self, code: str | None) -> str:
        """Return the name of the regency of a village or regency with a code, "" for none."""
        return self.regencies.get((code or "")[:REGENCY_CODE], "")

    def facilitator(self, group: int) -> str:
        """Return who accompanies a group, "" for nobody."""
        return self.facilitators.get(group, "")


NOWHERE = Places({}, {})
"""For a page, which says less of a group than a file."""


def place_columns() -> list[Column]:
    """Return the columns of a file that say where a group is and who accompanies it."""
    return [Column(_("Regency or city"), only=Only.FILES), Column(_("Facilitator"), only=Only.FILES)]


def places(frame: Frame) -> Places:
    """Return the places of the groups of a dashboard, with who accompanies them on its day."""
    return Places(regency_names(), facilitators_of(frame.of_months.order_by(), frame.day))


def group_columns(frame: Frame, *, key: str = "pk", with_status: bool = True) -> list[ReadColumn]:
    """Return the columns of a file that say which group a row is about; two statements.

    A row has what `NAMED` says, and under `key` the id of the group.
    """
    known = places(frame)
    status: ReadColumn = (Column(_("Status")), lambda row: str(GroupStatus(row.status_then).label))
    return [
        (Column(_("Group number")), group_number),
        (Column(_("Group")), attrgetter("name")),
        (Column(_("Village")), attrgetter("village_name")),
        (Column(_("Regency or city")), lambda row: known.regency(row.regency)),
        (Column(_("Facilitator")), lambda row: known.facilitator(getattr(row, key))),
        *([status] if with_status else []),
    ]
