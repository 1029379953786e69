"""Scoring 10,000 groups with 24 months of records, and the dashboard over them with 24 monthly scores each.

The floor of scoring is the plain SQL that reads the same rows, one statement a source for all groups at once, with
nothing computed from them and nothing stored. Scoring only what changed, in one group of a hundred, is held against
that floor too: it must cost less than to read everything. The floor of a dashboard is the plain SQL that gives the same
numbers; held against it is what the groups add to the page that staff of an organisation without groups see, its frame.
"""

from __future__ import annotations

import random
import re
import statistics
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial

from auditlog.context import disable_auditlog
from django.db import connection
from django.db.models import Model, QuerySet
from django.test import Client
from django.test.client import ClientHandler
from django.urls import reverse
from django.utils import timezone

from assessment.keeping import organisation_months_keep, signals_keep
from assessment.metrics import parameters, statements
from assessment.models import Assessment, Indicator, SchemeUse
from assessment.scoring import reads_of
from assessment.selectors.stale_scores import with_newer_records
from assessment.services import assess_chosen, assess_groups
from finance.models import CashCount, FiguresSlice, GroupFigures
from finance.services.figures import figures_keep
from groups.models import Group, MeetingEvery, Organisation, Region, RegionLevel, Role, User
from groups.shared.sql import read_relations
from kelompok.demo.copies import GroupCopy, copy_groups
from kelompok.demo.organisations import DemoOrganisation
from kelompok.demo.plans import ordinary_plan
from kelompok.demo.recorder import GroupRecorder
from tests.bench.figures import Figure
from tests.factories import make_organisation, make_user

GROUPS, MONTHS = 10_000, 24
TEMPLATES, MEMBERS = 12, (5, 6)
"""Groups that are recorded before they are copied, and the fewest and the most people in one."""
ACCOMPANIED = 40
"""Groups of one facilitator."""
CHANGED = 100
"""One of so many groups has a new record."""
SCHEMES = ("kotaku", "panca-sutra", "bina-swadaya", "aset-pentagonal")
DASHBOARD_LIMIT = 2
GROWN = 100
"""A dashboard is held against that of an organisation with one group for so many."""
GROWTH_LIMIT = 2
FIGURES_MONTHS = 12
"""Of so many months the figures of every group are kept, as a year of nightly runs leaves them."""
ASSESS_LIMIT = 3
CHANGED_LIMIT = 1


def figures(groups: int = GROUPS, months: int = MONTHS, repetitions: int = 5) -> Iterator[Figure]:
    """Fill the database, then measure scoring and the dashboard, each beside its floor."""
    today = timezone.localdate()
    fill_regions()
    organisation = make_organisation()
    fill(organisation, groups, months, today)
    of_bench = Group.objects.filter(organisation=organisation)
    ids = list(of_bench.values_list("pk", flat=True))

    ms, floor_ms = in_turns(3, lambda: assess_groups(groups=of_bench, as_of=today), lambda: assess_floor(ids, today))
    yield Figure(f"assess {groups} groups of {months} months", ms, floor_ms, ASSESS_LIMIT, 3)

    for scheme in SCHEMES:
        SchemeUse.objects.create(organisation=organisation, scheme=scheme, is_primary=scheme == SCHEMES[0])
    ms, floor_ms, changed_ms = in_turns(
        3,
        lambda: assess_groups(groups=of_bench, as_of=today),
        lambda: assess_floor(ids, today, SCHEMES),
        lambda: assess_changed(of_bench, ids[::CHANGED], today),
    )
    yield Figure(f"assess {groups} groups by {len(SCHEMES)} schemes", ms, floor_ms, ASSESS_LIMIT, 3)
    yield Figure(f"assess --changed: 1 in {CHANGED} of {groups} groups", changed_ms, floor_ms, CHANGED_LIMIT, 3)

    copy_scores(organisation, months)
    small = make_organisation()
    fill(small, groups // GROWN, months, today)
    assess_groups(groups=Group.objects.filter(organisation=small), as_of=today)
    copy_scores(small, months)
    for each in (organisation, small):  # as the nightly run leaves it
        signals_keep(Group.objects.filter(organisation=each), as_of=today)
        figures_keep(Group.objects.filter(organisation=each), on=today)
        copy_figures(each, FIGURES_MONTHS)
        organisation_months_keep(each, today=today)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    client, of_small = staff_client(organisation), staff_client(small)
    nobody = staff_client(make_organisation())
    check_dashboard(client)
    for name, page in PAGES.items():
        ms, frame_ms, floor_ms = in_turns(
            2 * repetitions,
            partial(open_page, client, page),
            partial(open_page, nobody, page),
            partial(page_floor, page, organisation, today),
        )
        about = f"its page of {ms:.1f} ms without a frame of {frame_ms:.1f} ms"
        yield Figure(f"{name} of {groups} groups, {about}", ms - frame_ms, floor_ms, DASHBOARD_LIMIT, 2 * repetitions)
    for route in GROWING:
        ms, small_ms = in_turns(
            2 * repetitions, *(partial(open_page, staff, Page(route, "", ())) for staff in (client, of_small))
        )
        yield Figure(
            f"{route} of {groups} groups beside {groups // GROWN}", ms, small_ms, GROWTH_LIMIT, 2 * repetitions
        )


def staff_client(organisation: Organisation) -> Client:
    """Return a browser of staff of an organisation, whose middleware is built: a server does that once."""
    client = Client()
    client.force_login(make_user(Role.STAFF, organisation=organisation))
    client.handler = ClientHandler(enforce_csrf_checks=False)
    client.handler.load_middleware()
    return client


def in_turns(repetitions: int, *works: Callable[[], object]) -> list[float]:
    """Return the median milliseconds of each of `works`, called in turns after one call that does not count."""
    taken: list[list[float]] = [[] for _ in works]
    for repetition in range(repetitions + 1):
        for work, times in zip(works, taken, strict=True):
            start = time.perf_counter()
            work()
            if repetition:
                times.append((time.perf_counter() - start) * 1000)
    return [statistics.median(times) for times in taken]


def assess_floor(ids: Sequence[int], as_of: date, schemes: Iterable[str] = SCHEMES[:1]) -> None:
    """Read everything that scoring by the schemes reads, and nothing else."""
    indicators = Indicator.objects.filter(instrument__code__in=schemes).exclude(metric="")
    for relation, sql, _places in statements(reads_of(indicators.values_list("metric", flat=True))):
        read_relations(sql, [relation], ids, parameters(as_of))


def assess_changed(groups: QuerySet[Group], touched: Sequence[int], as_of: date) -> None:
    """Write a record to some of the groups, then score those that have one."""
    CashCount.objects.bulk_create(
        CashCount(group=group, counted_on=as_of, expected=100, counted=100, counted_by_id=group.recorded_by_id)
        for group in Group.objects.filter(pk__in=touched)
    )
    changed = with_newer_records(groups)
    assert len(changed) == len(touched)
    assess_chosen(group_ids=changed, as_of=as_of)


def check_dashboard(client: Client) -> None:
    """See that the page shows what it should."""
    response = client.get(reverse("dashboard"), secure=True)
    assert response.status_code == 200
    assert len(re.findall(rb"/assessment/\"", response.content)) == 25


@dataclass(frozen=True)
class Page:
    """A dashboard: its route with what is asked, and the statements that read the same numbers."""

    route: str
    query: str
    statements: tuple[str, ...]


OPTIONS = (
    "SELECT code, name FROM groups_region WHERE parent_id IS NULL AND code IN "
    "(SELECT LEFT(village_id, 2) FROM groups_group WHERE organisation_id = %(organisation)s)",
    "SELECT id, first_name, last_name, username FROM groups_user "
    "WHERE organisation_id = %(organisation)s AND role = 'FACILITATOR' AND is_active ORDER BY 2, 3, 4",
)
"""What every dashboard offers as filters."""
LATEST = "JOIN assessment_assessment a ON a.group_id = g.id AND a.latest AND a.scheme = 'kotaku'"
STANDING = "(SELECT rank FROM assessment_assessment m WHERE m.group_id = g.id AND m.closes_month AND scheme = 'kotaku' "
OWN = "WHERE g.organisation_id = %(organisation)s"
KEPT = "JOIN finance_groupfigures f ON f.group_id = g.id AND f.as_of = %(today)s AND NOT f.is_stale"
TODAYS = (
    "LEFT JOIN groups_facilitatorassignment w ON w.group_id = g.id AND w.started_on <= %(today)s "
    "AND (w.ended_on IS NULL OR w.ended_on > %(today)s)"
)
SIGNALS = "JOIN assessment_keptsignals s ON s.group_id = g.id AND s.as_of = %(today)s AND NOT s.is_stale"
BY_RANK = ", ".join(f"COUNT(*) FILTER (WHERE a.rank = {rank})" for rank in range(3))
BY_CLASS = ", ".join(
    f"COUNT(*) FILTER (WHERE f.{ratio}_class = '{upk_class}')"
    for ratio in ("lar", "par", "rr", "ccr", "roi")
    for upk_class in ("GOOD", "MINIMUM", "SUSPEND")
)
PAGES = {
    "stages": Page(
        "dashboard",
        "",
        (
            f"SELECT a.stage, COUNT(*) FROM groups_group g LEFT {LATEST} {OWN} GROUP BY a.stage",
            "SELECT a.month, a.stage, COUNT(*) FROM assessment_assessment a JOIN groups_group g ON g.id = a.group_id "
            f"{OWN} AND a.closes_month AND a.scheme = 'kotaku' AND a.month >= %(since)s GROUP BY 1, 2 ORDER BY 1",
            "SELECT g.code, g.name, a.stage, a.score, a.as_of, a.need "
            f"FROM groups_group g LEFT {LATEST} {OWN} ORDER BY COALESCE(a.need, 64) DESC, a.score NULLS FIRST, g.name "
            "LIMIT 25",
        ),
    ),
    "moves": Page(
        "dashboard-moves",
        "",
        (
            f"SELECT {STANDING} AND month <= %(since)s ORDER BY month DESC LIMIT 1), "
            f"{STANDING} AND month <= %(today)s ORDER BY month DESC LIMIT 1), COUNT(*) FROM groups_group g {OWN} "
            "GROUP BY 1, 2",
        ),
    ),
    "needs help": Page(
        "dashboard-needs",
        "",
        (
            f"SELECT COALESCE(a.need, 64), COUNT(*) FROM groups_group g LEFT {LATEST} {OWN} GROUP BY 1",
            f"SELECT g.id, g.code, g.name, v.name, a.stage, a.rank, a.score, a.arrears, a.as_of, COALESCE(a.need, 64) "
            f"FROM groups_group g LEFT {LATEST} LEFT JOIN groups_region v ON v.code = g.village_id {OWN} "
            "AND COALESCE(a.need, 64) > 0 ORDER BY 10 DESC, a.score NULLS FIRST, g.name LIMIT 25",
        ),
    ),
    "heat map": Page(
        "dashboard-heatmap",
        "?sort=attendance",
        (
            f"SELECT COUNT(*) FROM groups_group g {LATEST} {OWN}",
            # What a person gave goes before what was measured.
            "SELECT g.code, g.name, v.name, a.score, a.as_of, a.indicators "
            f"FROM groups_group g {LATEST} LEFT JOIN groups_region v ON v.code = g.village_id {OWN} "
            "ORDER BY COALESCE((a.indicators #>> '{attendance,given,points}')::int, "
            "CASE WHEN a.indicators #>> '{attendance,value}' IS NOT NULL "
            "THEN (a.indicators #>> '{attendance,points}')::int END) NULLS LAST, g.name LIMIT 25",
        ),
    ),
    "ready for a bank": Page(
        "dashboard-bank",
        "",
        (
            f"SELECT COUNT(*) FROM groups_group g {LATEST} {OWN} AND a.stage = 'KEMBANG'",
            f"SELECT g.code, g.name, a.stage, a.score, a.as_of FROM groups_group g {LATEST} {OWN} "
            "AND a.stage = 'KEMBANG' ORDER BY a.score DESC, g.name LIMIT 25",
        ),
    ),
    "comparison": Page(
        "dashboard-compare",
        "",
        (
            f"SELECT LEFT(g.village_id, 2), COUNT(*), COUNT(a.id), SUM(a.score), {BY_RANK}, "
            "COUNT(*) FILTER (WHERE a.need > 0), SUM(f.savings), SUM(f.balance), SUM(f.risk_30) "
            f"FROM groups_group g LEFT {LATEST} LEFT {KEPT} {OWN} GROUP BY 1",
        ),
    ),
    "comparison of facilitators": Page(
        "dashboard-compare",
        "?by=facilitator",
        (
            f"SELECT u.id, u.first_name, u.last_name, COUNT(*), COUNT(a.id), SUM(a.score), {BY_RANK}, "
            "COUNT(*) FILTER (WHERE a.need > 0), SUM(f.savings), SUM(f.balance), SUM(f.risk_30) "
            f"FROM groups_group g LEFT {LATEST} LEFT {KEPT} {TODAYS} "
            f"LEFT JOIN groups_user u ON u.id = w.facilitator_id {OWN} GROUP BY 1",
            f"SELECT COUNT(*), COUNT(a.id), SUM(a.score), {BY_RANK}, COUNT(*) FILTER (WHERE a.need > 0), "
            f"SUM(f.savings), SUM(f.balance), SUM(f.risk_30) FROM groups_group g LEFT {LATEST} LEFT {KEPT} {OWN}",
        ),
    ),
    "signals": Page(
        "dashboard-signals",
        "",
        (
            f"SELECT s.names, COUNT(*) FROM groups_group g LEFT {SIGNALS} {OWN} GROUP BY 1",
            f"SELECT g.code, g.name, v.name, s.found FROM groups_group g {SIGNALS} "
            f"LEFT JOIN groups_region v ON v.code = g.village_id {OWN} AND s.names > 0 "
            "ORDER BY s.count DESC, g.name LIMIT 25",
            "SELECT w.facilitator_id, COUNT(*), MIN(a.score), MAX(a.score) "
            f"FROM groups_group g {LATEST} {TODAYS.removeprefix('LEFT ')} {OWN} GROUP BY 1 "
            "HAVING COUNT(*) >= 5 AND MAX(a.score) - MIN(a.score) <= 2",
        ),
    ),
    "data quality": Page(
        "dashboard-quality",
        "",
        (
            "SELECT date_trunc('month', m.held_on), m.saved_by_id, COUNT(*) FILTER (WHERE late <= 7), "
            "COUNT(*) FILTER (WHERE late BETWEEN 8 AND 30), COUNT(*) FILTER (WHERE late > 30) FROM (SELECT m.*, "
            "(m.closed_at AT TIME ZONE 'Asia/Jakarta')::date - m.held_on AS late FROM meetings_meeting m "
            "WHERE m.version = 1 AND m.status <> 'DRAFT' AND m.held_on >= %(since)s) m "
            f"JOIN groups_group g ON g.id = m.group_id {OWN} GROUP BY 1, 2",
            "SELECT COUNT(*), SUM(c.expected - c.counted) FILTER (WHERE c.counted < c.expected), "
            "SUM(c.counted - c.expected) FILTER (WHERE c.counted > c.expected), MIN(c.counted_on) "
            f"FROM finance_cashcount c JOIN groups_group g ON g.id = c.group_id {OWN} "
            "AND c.counted <> c.expected AND c.settled_on IS NULL",
            f"SELECT COUNT(*) FROM meetings_meeting m JOIN groups_group g ON g.id = m.group_id {OWN} "
            "AND m.status = 'DRAFT' AND m.held_on < %(today)s - 7",
            "SELECT COUNT(*) FILTER (WHERE g.rules_id IS NULL OR r.version = 1 AND r.aims = ''), "
            "COUNT(*) FILTER (WHERE o.held IS DISTINCT FROM 3) FROM groups_group g "
            "LEFT JOIN groups_constitution r ON r.id = g.rules_id LEFT JOIN (SELECT group_id, COUNT(*) AS held "
            f"FROM groups_officerterm WHERE ended_on IS NULL GROUP BY 1) o ON o.group_id = g.id {OWN}",
        ),
    ),
    "portfolio": Page(
        "portfolio",
        "",
        (
            "SELECT LEFT(g.village_id, 2), COUNT(*), COUNT(f.id), SUM(f.savings), SUM(f.due), SUM(f.paid), "
            f"SUM(f.income), SUM(f.costs), SUM(f.capital), {BY_CLASS} "
            f"FROM groups_group g LEFT {KEPT} {OWN} GROUP BY 1",
            "SELECT LEFT(g.village_id, 2), s.age, s.collectability, SUM(s.loans), SUM(s.borrowers), SUM(s.balance), "
            "SUM(s.late_principal), SUM(s.late_fee) "
            f"FROM groups_group g {KEPT} JOIN finance_figuresslice s ON s.figures_id = f.id {OWN} GROUP BY 1, 2, 3",
            f"SELECT g.code, g.name, f.* FROM groups_group g {KEPT} {OWN} ORDER BY f.at_risk DESC, g.name LIMIT 25",
            "SELECT f.month, f.as_of, COUNT(*), SUM(f.savings), SUM(f.balance), SUM(f.risk_30) FROM groups_group g "
            f"JOIN finance_groupfigures f ON f.group_id = g.id AND NOT f.is_stale {OWN} GROUP BY 1, 2",
        ),
    ),
}


GROWING = (
    "dashboard",
    "portfolio",
    *(f"dashboard-{name}" for name in ("moves", "needs", "heatmap", "bank", "compare", "signals", "quality")),
)


def open_page(client: Client, page: Page) -> None:
    """Ask for the page as a browser does."""
    assert client.get(reverse(page.route) + page.query, secure=True).status_code == 200


def page_floor(page: Page, organisation: Organisation, today: date) -> None:
    """Read the numbers of the page."""
    since = (today - timedelta(335)).replace(day=1)
    with connection.cursor() as cursor:
        for sql in (*OPTIONS, *page.statements):
            cursor.execute(sql, {"organisation": organisation.pk, "today": today, "since": since})
            cursor.fetchall()


def fill_regions() -> None:
    """Write ten provinces with four regencies of five districts of ten villages each: 2,000 villages."""
    parts = ((31, 40), (11, 14), (11, 15), (2001, 2010))
    with connection.cursor() as cursor:
        for level, (first, last) in enumerate(parts, start=1):
            cursor.execute(
                "INSERT INTO groups_region (code, name, level, parent_id) "
                "SELECT CONCAT_WS('.', r.code, i), 'Wilayah ' || i, %s, r.code "
                "FROM generate_series(%s, %s) i LEFT JOIN groups_region r ON TRUE WHERE COALESCE(r.level, 0) = %s - 1",
                [level, first, last, level],
            )


def fill(organisation: Organisation, groups: int, months: int, today: date) -> None:
    """Record small groups that meet monthly through the services, as the demo does, and copy them (PostgreSQL)."""
    User.objects.bulk_create(
        User(organisation=organisation, username=f"f{organisation.pk}-{number}", password="!", role=Role.FACILITATOR)
        for number in range(-(-groups // ACCOMPANIED))
    )
    villages = list(Region.objects.filter(level=RegionLevel.VILLAGE).order_by("code").values_list("code", flat=True))
    demo = DemoOrganisation(
        organisation=organisation,
        short=f"b{organisation.pk}",
        administrator=make_user(Role.ADMIN, organisation=organisation),
        staff=make_user(Role.STAFF, organisation=organisation),
        facilitators=list(User.objects.filter(organisation=organisation, password="!").order_by("pk")),
        villages=[villages],
        groups=groups,
    )
    recorded = []
    with disable_auditlog():
        for index in range(min(TEMPLATES, groups)):
            rng = random.Random(f"bench-{index}")
            plan = replace(ordinary_plan(demo, index, index, rng), every=MeetingEvery.MONTH, members=MEMBERS)
            recorded.append((plan, GroupRecorder(plan, rng, today=today, months=months).record()))
    copies = (
        GroupCopy(
            template=recorded[index % TEMPLATES][1].pk,
            code=demo.code(index),
            name=f"Melati {index}",
            village=villages[index % len(villages)],
            former=recorded[index % TEMPLATES][0].facilitator.pk,
            facilitator=demo.facilitators[index // ACCOMPANIED].pk,
            key=uuid.uuid4(),
        )
        for index in range(TEMPLATES, groups)
    )
    assert sum(copy_groups(copies)) == max(0, groups - TEMPLATES)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def copy_scores(organisation: Organisation, months: int) -> None:
    """Give every group a score for each month, as a monthly run of `assess` leaves them."""
    columns = columns_but(Assessment, "id", "as_of", "month", "latest", "closes_month")
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO assessment_assessment (as_of, month, latest, closes_month, {', '.join(columns)}) "
            "SELECT a.month - make_interval(months => m), a.month - make_interval(months => m), FALSE, TRUE, "
            f"{', '.join(f'a.{column}' for column in columns)} "
            "FROM assessment_assessment a JOIN groups_group g ON g.id = a.group_id, generate_series(1, %s) m "
            "WHERE a.latest AND g.organisation_id = %s",
            [months - 1, organisation.pk],
        )
        cursor.execute("VACUUM ANALYZE")


def copy_figures(organisation: Organisation, months: int) -> None:
    """Give every group the figures of today at the end of each of the months before, too."""
    figures = columns_but(GroupFigures, "id", "month", "as_of")
    slices = columns_but(FiguresSlice, "id", "figures_id")
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO finance_groupfigures (month, as_of, {', '.join(figures)}) "
            "SELECT f.month - make_interval(months => m), f.month - make_interval(months => m - 1) - interval '1 day', "
            f"{', '.join(f'f.{column}' for column in figures)} FROM finance_groupfigures f "
            "JOIN groups_group g ON g.id = f.group_id AND g.organisation_id = %s, generate_series(1, %s) m",
            [organisation.pk, months - 1],
        )
        cursor.execute(
            f"INSERT INTO finance_figuresslice (figures_id, {', '.join(slices)}) "
            f"SELECT c.id, {', '.join(f's.{column}' for column in slices)} FROM finance_figuresslice s "
            "JOIN finance_groupfigures f ON f.id = s.figures_id JOIN groups_group g ON g.id = f.group_id "
            "JOIN finance_groupfigures c ON c.group_id = f.group_id AND c.month < f.month WHERE g.organisation_id = %s",
            [organisation.pk],
        )
        cursor.execute("VACUUM ANALYZE")


def columns_but(model: type[Model], *left_out: str) -> list[str]:
    """Return the columns of a table without those that a copy gives anew."""
    return [field.column for field in model._meta.local_concrete_fields if field.column not in left_out]
