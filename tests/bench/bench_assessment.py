"""Scoring 10,000 groups with 24 months of records, and the dashboards over their snapshots of 24 months.

The floor of scoring is the plain SQL that reads the same rows, one statement a source for all groups at once, with
nothing computed from them and nothing stored. Scoring only what changed, in one group of a hundred, is held against
that floor too: it must cost less than to read everything. The floor of a dashboard is the plain SQL that gives the same
numbers from the snapshots; held against it is what the groups add to the page that staff of an organisation without
groups see, its frame. The first page after midnight and the portfolio after a deposit are held against the page
before, and verifying the ledger of the groups that posted on one day against verifying all.
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
from io import StringIO

from auditlog.context import disable_auditlog
from django.core.management import call_command
from django.db import connection
from django.db.models import F, Model, QuerySet
from django.test import Client
from django.test.client import ClientHandler
from django.urls import reverse
from django.utils import timezone

from assessment.metrics import parameters, statements
from assessment.models import (
    GroupSnapshot,
    Indicator,
    SchemeUse,
    SnapshotAgeing,
    SnapshotLateness,
    SnapshotScore,
)
from assessment.scoring import reads_of
from assessment.services import assess_groups, snapshots, snapshots_write
from finance.models import CashCount, LedgerVerification
from finance.rules.lines import OtherMoney
from groups.models import ChangedGroup, Group, MeetingEvery, Organisation, Region, RegionLevel, Role, User
from groups.shared.sql import read_relations
from kelompok.demo.copies import GroupCopy, copy_groups
from kelompok.demo.organisations import DemoOrganisation
from kelompok.demo.plans import ordinary_plan
from kelompok.demo.recorder import GroupRecorder
from tests.bench.figures import Figure
from tests.factories import make_organisation, make_user, other

GROUPS, MONTHS = 10_000, 24
TEMPLATES, MEMBERS = 12, (5, 6)
"""Groups that are recorded before they are copied, and the fewest and the most people in one."""
ACCOMPANIED = 40
"""Groups of one facilitator."""
MEETING_DAYS = 30
"""Groups meet once in so many days, and post on that day."""
CHANGED = 100
"""One of so many groups has a new record."""
SCHEMES = ("kotaku", "panca-sutra", "bina-swadaya", "aset-pentagonal")
DASHBOARD_LIMIT = 2
VERIFY_NEW_LIMIT = 0.1
STALE_LIMIT = 2
"""A page whose snapshot is of yesterday, or of a group with newer records, is held against the page before."""
ASSESS_LIMIT = 3
CHANGED_LIMIT = 1


def figures(groups: int = GROUPS, months: int = MONTHS, repetitions: int = 5) -> Iterator[Figure]:
    """Fill the database, then measure scoring and the dashboard, each beside its floor."""
    today = timezone.localdate()
    snapshots.MONTHS = 0  # those of the months are copied
    fill_regions()
    organisation = make_organisation()
    fill(organisation, groups, months, today)
    of_bench = Group.objects.filter(organisation=organisation)
    ids = list(of_bench.values_list("pk", flat=True))

    ms, floor_ms = in_turns(3, lambda: assess_groups(groups=of_bench, as_of=today), lambda: assess_floor(ids, today))
    yield Figure(f"assess {groups} groups of {months} months", ms, floor_ms, ASSESS_LIMIT, 3)

    for scheme in SCHEMES:
        SchemeUse.objects.create(organisation=organisation, scheme=scheme, is_primary=scheme == SCHEMES[0])
    snapshots_write(groups=of_bench, as_of=today)
    ms, floor_ms, changed_ms = in_turns(
        3,
        lambda: assess_groups(groups=of_bench, as_of=today),
        lambda: assess_floor(ids, today, SCHEMES),
        lambda: assess_changed(of_bench, ids[::CHANGED], today),
    )
    yield Figure(f"assess {groups} groups by {len(SCHEMES)} schemes", ms, floor_ms, ASSESS_LIMIT, 3)
    yield Figure(f"assess --changed: 1 in {CHANGED} of {groups} groups", changed_ms, floor_ms, CHANGED_LIMIT, 3)

    copy_months(months)
    client, nobody = staff_client(organisation), staff_client(make_organisation())
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
    yield from stale_figures(client, groups, repetitions)
    yield verify_figure(ids)


def verify_figure(ids: Sequence[int]) -> Figure:
    """Measure `verify_ledger --new` after a day on which the groups that meet that day posted, beside a full run."""
    call_command("verify_ledger", stdout=StringIO())
    for group in Group.objects.filter(pk__in=ids[::MEETING_DAYS]):
        other(group, OtherMoney.GRANT, 1000, on=timezone.localdate())

    def verify_all() -> None:
        call_command("verify_ledger", stdout=StringIO())
        LedgerVerification.objects.latest("pk").delete()  # the entries of the day stay new

    ms, full_ms = in_turns(3, lambda: call_command("verify_ledger", new=True, stdout=StringIO()), verify_all)
    name = f"verify_ledger --new: 1 in {MEETING_DAYS} of {len(ids)} groups, beside a full run"
    return Figure(name, ms, full_ms, VERIFY_NEW_LIMIT, 3)


def stale_figures(client: Client, groups: int, repetitions: int) -> Iterator[Figure]:
    """Measure pages of snapshots that are behind: of yesterday, as after midnight, and with newer records."""
    for name in ("stages", "portfolio"):
        [before_ms] = in_turns(repetitions, partial(open_page, client, PAGES[name]))
        GroupSnapshot.objects.filter(month=None).update(as_of=F("as_of") - timedelta(1))
        start = time.perf_counter()
        open_page(client, PAGES[name])
        first_ms = (time.perf_counter() - start) * 1000
        yield Figure(f"{name} of {groups} groups, first after midnight", first_ms, before_ms, STALE_LIMIT, 1)
        GroupSnapshot.objects.filter(month=None).update(as_of=F("as_of") + timedelta(1))
    [before_ms] = in_turns(repetitions, partial(open_page, client, PAGES["portfolio"]))
    ChangedGroup.objects.get_or_create(
        group=Group.objects.order_by("pk")[0], defaults={"changed_from": timezone.localdate()}
    )
    [after_ms] = in_turns(repetitions, partial(open_page, client, PAGES["portfolio"]))
    yield Figure(f"portfolio of {groups} groups, after a deposit", after_ms, before_ms, STALE_LIMIT, repetitions)


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
    """Write a record to some of the groups, then bring up to date those that have one."""
    # A count that was taken anew, so that no count stands that the books know nothing of.
    CashCount.objects.bulk_create(
        CashCount(
            group=group,
            counted_on=as_of,
            expected=100,
            counted=100,
            counted_by_id=group.recorded_by_id,
            corrected_at=timezone.now(),
        )
        for group in Group.objects.filter(pk__in=touched)
    )
    assert snapshots_write(groups=groups.filter(changed__isnull=False), as_of=as_of) == len(touched)


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
SUMMARY = (
    "SELECT MIN(f.as_of), COUNT(c.group_id), SUM(f.members), SUM(f.women) FROM groups_group g "
    "LEFT JOIN assessment_groupsnapshot f ON f.group_id = g.id AND f.month IS NULL "
    "LEFT JOIN groups_changedgroup c ON c.group_id = g.id WHERE g.organisation_id = %(organisation)s"
)
"""As of when the figures of every dashboard are, how far they are behind, and how many people stand behind them."""
LATEST = "JOIN assessment_snapshotscore a ON a.group_id = g.id AND a.month IS NULL AND a.scheme = 'kotaku'"
INDICATORS = "JOIN assessment_assessment i ON i.group_id = g.id AND i.scheme = a.scheme AND i.as_of = a.as_of"
OWN = "WHERE g.organisation_id = %(organisation)s"
SNAPSHOT = "JOIN assessment_groupsnapshot f ON f.group_id = g.id AND f.month IS NULL"
TODAYS = (
    "LEFT JOIN groups_facilitatorassignment w ON w.group_id = g.id AND w.started_on <= %(today)s "
    "AND (w.ended_on IS NULL OR w.ended_on > %(today)s)"
)
WORKING = (
    "SELECT w.group_id FROM groups_facilitatorassignment w JOIN groups_user u ON u.id = w.facilitator_id "
    "WHERE u.is_active AND w.started_on <= %(today)s AND (w.ended_on IS NULL OR w.ended_on > %(today)s)"
)
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
            "SELECT COALESCE(a.month, date_trunc('month', a.as_of)), a.rank, COUNT(*) FROM assessment_snapshotscore a "
            f"JOIN groups_group g ON g.id = a.group_id {OWN} AND a.scheme = 'kotaku' "
            "AND (a.month >= %(since)s OR a.month IS NULL) GROUP BY 1, 2 ORDER BY 1",
            # How many people were members, and women among them, month by month.
            "SELECT COALESCE(f.month, date_trunc('month', f.as_of)), SUM(f.members), SUM(f.women) "
            f"FROM assessment_groupsnapshot f JOIN groups_group g ON g.id = f.group_id {OWN} "
            "AND f.status <> 'DISSOLVED' AND (f.month >= %(since)s OR f.month IS NULL) GROUP BY 1",
            "SELECT g.code, g.name, a.stage, a.score, a.as_of, a.need "
            f"FROM groups_group g LEFT {LATEST} {OWN} ORDER BY COALESCE(a.need, 64) DESC, a.score NULLS FIRST, g.name "
            "LIMIT 25",
        ),
    ),
    "moves": Page(
        "dashboard-moves",
        "",
        (
            "SELECT f.status, l.status, a.rank, b.rank, COUNT(*) FROM groups_group g "
            "LEFT JOIN assessment_groupsnapshot f ON f.group_id = g.id AND f.month = %(since)s "
            "LEFT JOIN assessment_groupsnapshot l ON l.group_id = g.id AND l.month IS NULL "
            "LEFT JOIN assessment_snapshotscore a ON a.snapshot_id = f.id AND a.scheme = 'kotaku' "
            f"LEFT JOIN assessment_snapshotscore b ON b.snapshot_id = l.id AND b.scheme = 'kotaku' {OWN} "
            "GROUP BY 1, 2, 3, 4",
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
            "SELECT g.code, g.name, v.name, a.score, a.as_of, i.indicators "
            f"FROM groups_group g {LATEST} {INDICATORS} LEFT JOIN groups_region v ON v.code = g.village_id {OWN} "
            "ORDER BY COALESCE((i.indicators #>> '{attendance,given,points}')::int, "
            "CASE WHEN i.indicators #>> '{attendance,value}' IS NOT NULL "
            "THEN (i.indicators #>> '{attendance,points}')::int END) NULLS LAST, g.name LIMIT 25",
        ),
    ),
    "ready for a bank": Page(
        "dashboard-bank",
        "",
        (
            f"SELECT COUNT(*) FROM groups_group g {LATEST} {OWN} AND a.stage = 'KEMBANG'",
            "SELECT g.code, g.name, v.name, a.stage, a.score, a.measured_score, a.as_of, a.need, f.balance, f.risk_30, "
            f"f.due, f.paid FROM (SELECT g.* FROM groups_group g {LATEST} {OWN} AND a.stage = 'KEMBANG' "
            f"ORDER BY a.score DESC, g.name LIMIT 25) g {LATEST} {SNAPSHOT} "
            "LEFT JOIN groups_region v ON v.code = g.village_id ORDER BY a.score DESC, g.name",
        ),
    ),
    "comparison": Page(
        "dashboard-compare",
        "",
        (
            f"SELECT LEFT(g.village_id, 2), COUNT(*), COUNT(a.id), SUM(a.score), {BY_RANK}, "
            "COUNT(*) FILTER (WHERE a.need > 0), SUM(f.savings), SUM(f.balance), SUM(f.risk_30) "
            f"FROM groups_group g LEFT {LATEST} LEFT {SNAPSHOT} {OWN} GROUP BY 1",
        ),
    ),
    "comparison of facilitators": Page(
        "dashboard-compare",
        "?by=facilitator",
        (
            f"SELECT u.id, u.first_name, u.last_name, COUNT(*), COUNT(a.id), SUM(a.score), {BY_RANK}, "
            "COUNT(*) FILTER (WHERE a.need > 0), SUM(f.savings), SUM(f.balance), SUM(f.risk_30) "
            f"FROM groups_group g LEFT {LATEST} LEFT {SNAPSHOT} {TODAYS} "
            f"LEFT JOIN groups_user u ON u.id = w.facilitator_id {OWN} GROUP BY 1",
            f"SELECT COUNT(*), COUNT(a.id), SUM(a.score), {BY_RANK}, COUNT(*) FILTER (WHERE a.need > 0), "
            f"SUM(f.savings), SUM(f.balance), SUM(f.risk_30) FROM groups_group g LEFT {LATEST} LEFT {SNAPSHOT} {OWN}",
        ),
    ),
    "signals": Page(
        "dashboard-signals",
        "",
        (
            f"SELECT f.signals, COUNT(*) FROM groups_group g LEFT {SNAPSHOT} {OWN} GROUP BY 1",
            f"SELECT g.code, g.name, v.name, f.found FROM groups_group g {SNAPSHOT} "
            f"LEFT JOIN groups_region v ON v.code = g.village_id {OWN} AND f.signals > 0 "
            "ORDER BY f.signal_count DESC, g.name LIMIT 25",
            "SELECT w.facilitator_id, COUNT(*), MIN(a.score), MAX(a.score) "
            f"FROM groups_group g {LATEST} {TODAYS.removeprefix('LEFT ')} {OWN} GROUP BY 1 "
            "HAVING COUNT(*) >= 5 AND MAX(a.score) - MIN(a.score) <= 2",
        ),
    ),
    "data quality": Page(
        "dashboard-quality",
        "",
        (
            "SELECT COALESCE(f.month, date_trunc('month', f.as_of)), t.person_id, SUM(t.in_time), SUM(t.late), "
            "SUM(t.very_late) FROM assessment_snapshotlateness t JOIN assessment_groupsnapshot f "
            "ON f.id = t.snapshot_id AND (f.month >= %(since)s OR f.month IS NULL) "
            f"JOIN groups_group g ON g.id = f.group_id {OWN} GROUP BY 1, 2",
            "SELECT SUM(f.differences), SUM(f.missing), SUM(f.too_much), MIN(f.oldest_difference_on), SUM(f.drafts), "
            "COUNT(*) FILTER (WHERE NOT f.has_rules), COUNT(*) FILTER (WHERE f.offices_held < 3), "
            f"COUNT(*) FILTER (WHERE g.id NOT IN ({WORKING})), COUNT(d.id) FROM groups_group g {SNAPSHOT} "
            f"LEFT JOIN groups_dissolution d ON d.group_id = g.id {OWN}",
        ),
    ),
    "portfolio": Page(
        "portfolio",
        "",
        (
            "SELECT LEFT(g.village_id, 2), COUNT(*), COUNT(f.id), SUM(f.savings), SUM(f.due), SUM(f.paid), "
            f"SUM(f.income), SUM(f.costs), SUM(f.capital), {BY_CLASS} "
            f"FROM groups_group g LEFT {SNAPSHOT} {OWN} GROUP BY 1",
            "SELECT LEFT(g.village_id, 2), s.age, s.collectability, SUM(s.loans), SUM(s.borrowers), SUM(s.balance), "
            "SUM(s.late_principal), SUM(s.late_fee) "
            f"FROM groups_group g {SNAPSHOT} JOIN assessment_snapshotageing s ON s.snapshot_id = f.id {OWN} "
            "GROUP BY 1, 2, 3",
            f"SELECT g.code, g.name, f.* FROM groups_group g {SNAPSHOT} {OWN} ORDER BY f.at_risk DESC, g.name LIMIT 25",
            "SELECT f.month, COUNT(*), SUM(f.savings), SUM(f.balance), SUM(f.risk_30) FROM groups_group g "
            "JOIN assessment_groupsnapshot f ON f.group_id = g.id AND (f.month >= %(since)s OR f.month IS NULL) "
            f"{OWN} GROUP BY 1",
        ),
    ),
}


def open_page(client: Client, page: Page) -> None:
    """Ask for the page as a browser does."""
    assert client.get(reverse(page.route) + page.query, secure=True).status_code == 200


def page_floor(page: Page, organisation: Organisation, today: date) -> None:
    """Read the numbers of the page."""
    since = (today - timedelta(335)).replace(day=1)
    with connection.cursor() as cursor:
        for sql in (*OPTIONS, SUMMARY, *page.statements):
            cursor.execute(sql, {"organisation": organisation.pk, "today": today, "since": since})
            cursor.fetchall()


def fill_regions() -> None:
    """Write ten provinces with four regencies of five districts of ten villages each: 2,000 villages."""
    parts = ((31, 40), (11, 14), (11, 15), (2001, 2010))
    with connection.cursor() as cursor:
        for level, (first, last) in enumerate(parts, start=1):
            cursor.execute(
                "INSERT INTO groups_region (code, name, name_key, level, parent_id) "
                "SELECT CONCAT_WS('.', r.code, i), 'Wilayah ' || i, 'wilayah ' || i, %s, r.code "
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


def copy_months(months: int) -> None:
    """Give every group the snapshot of today at the end of each of the months before, too."""
    own = columns_but(GroupSnapshot, "id", "month", "as_of")
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO assessment_groupsnapshot (month, as_of, {', '.join(own)}) "
            "SELECT e.month, e.month + interval '1 month' - interval '1 day', "
            f"{', '.join(f's.{column}' for column in own)} FROM assessment_groupsnapshot s, "
            "LATERAL (SELECT date_trunc('month', s.as_of) - make_interval(months => m) AS month "
            "FROM generate_series(1, %s) m) e WHERE s.month IS NULL",
            [months - 1],
        )
        for part in (SnapshotScore, SnapshotAgeing, SnapshotLateness):
            of_snapshot = ("month", "as_of") if part is SnapshotScore else ()
            copied = columns_but(part, "id", "snapshot_id", *of_snapshot)
            cursor.execute(
                f"INSERT INTO {part._meta.db_table} (snapshot_id, {', '.join((*of_snapshot, *copied))}) "
                f"SELECT {', '.join(('c.id', *(f'c.{column}' for column in of_snapshot)))}, "
                f"{', '.join(f'p.{column}' for column in copied)} FROM {part._meta.db_table} p "
                "JOIN assessment_groupsnapshot s ON s.id = p.snapshot_id AND s.month IS NULL "
                "JOIN assessment_groupsnapshot c ON c.group_id = s.group_id AND c.month IS NOT NULL"
            )
        cursor.execute("VACUUM ANALYZE")


def columns_but(model: type[Model], *left_out: str) -> list[str]:
    """Return the columns of a table without those that a copy gives anew."""
    return [field.column for field in model._meta.local_concrete_fields if field.column not in left_out]
