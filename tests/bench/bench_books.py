"""The books of a group with 10,000 transfers: the first page of each, beside the plain SQL that gives its numbers.

The limit holds for reading a book, and for all that a book adds to a page of its group with nothing on it: who asks,
which group, the head of every page, which no book makes slower. That page is measured in the same run.

The trial balance has no floor of its own: it is held against that of a group with a tenth of the history.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.test import Client
from django.test.client import ClientHandler
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import reverse
from django.utils import timezone

from finance import selectors
from finance.models import Account
from groups.models import Group, Organisation, Role
from tests.bench.figures import Figure, interleaved
from tests.factories import lend, make_group, make_members, make_organisation, make_user, save

TRANSFERS, MEMBERS = 10_000, 25
LIMIT, INDEPENDENT = 3, 1.5
STATEMENTS = 10

Statement = tuple[str, dict[str, Any]]

_LINES = """
SELECT t.id, e.effective_on, t.amount, t.memo, d.code, d.kind, c.code, c.kind, m.name
FROM finance_entry e JOIN finance_transfer t ON t.entry_id = e.id
JOIN finance_account d ON d.id = t.debit_account_id JOIN finance_account c ON c.id = t.credit_account_id
LEFT JOIN groups_member m ON m.id = t.member_id
WHERE e.group_id = %(group)s AND e.effective_on BETWEEN %(start)s AND %(end)s
    AND (t.debit_account_id = %(cash)s OR t.credit_account_id = %(cash)s)
ORDER BY e.effective_on, e.id, t.id LIMIT {limit}
"""
_SUMS = """
SELECT COUNT(*) FILTER (WHERE e.effective_on <= %(end)s),
    SUM(t.amount) FILTER (WHERE t.debit_account_id = %(cash)s),
    SUM(t.amount) FILTER (WHERE t.credit_account_id = %(cash)s),
    SUM(t.amount) FILTER (WHERE t.debit_account_id = %(cash)s AND e.effective_on <= %(end)s),
    SUM(t.amount) FILTER (WHERE t.credit_account_id = %(cash)s AND e.effective_on <= %(end)s)
FROM finance_entry e JOIN finance_transfer t ON t.entry_id = e.id
WHERE e.group_id = %(group)s AND e.effective_on >= %(start)s
    AND (t.debit_account_id = %(cash)s OR t.credit_account_id = %(cash)s)
"""
_POSITIONS = """
SELECT a.code, a.kind, a.debits_posted, a.credits_posted, m.name, l.debits, l.credits
FROM finance_account a LEFT JOIN groups_member m ON m.id = a.member_id
LEFT JOIN (
    SELECT account_id, SUM(debit) AS debits, SUM(credit) AS credits
    FROM (
        SELECT t.debit_account_id AS account_id, t.amount AS debit, 0 AS credit
        FROM finance_entry e JOIN finance_transfer t ON t.entry_id = e.id
        WHERE e.group_id = %(group)s AND e.effective_on > %(on)s
        UNION ALL
        SELECT t.credit_account_id, 0, t.amount
        FROM finance_entry e JOIN finance_transfer t ON t.entry_id = e.id
        WHERE e.group_id = %(group)s AND e.effective_on > %(on)s
    ) moved GROUP BY account_id
) l ON l.account_id = a.id
WHERE a.group_id = %(group)s ORDER BY a.code
"""

# What else a page shows: where the group is and who signs; in the general ledger, whose accounts there are to choose.
_PAPER = """
SELECT v.name, d.name, r.name, o.role, m.name FROM groups_group g LEFT JOIN groups_region v ON v.code = g.village_id
LEFT JOIN groups_region d ON d.code = v.parent_id LEFT JOIN groups_region r ON r.code = d.parent_id
LEFT JOIN groups_officerterm o ON o.group_id = g.id AND o.ended_on IS NULL
LEFT JOIN groups_member m ON m.id = o.member_id
WHERE g.id = %(group)s
"""
_ACCOUNTS = """
SELECT a.code, a.kind, m.name, o.lender FROM finance_account a LEFT JOIN groups_member m ON m.id = a.member_id
LEFT JOIN finance_externalloan o ON o.id = a.external_loan_id WHERE a.group_id = %(group)s
"""


def figures(transfers: int = TRANSFERS, repetitions: int = 40) -> Iterator[Figure]:
    """Fill two groups, then measure each first page beside its floor."""
    with override_settings(ROOT_URLCONF="tests.bench.urls"):
        yield from _figures(transfers, repetitions)


def _figures(transfers: int, repetitions: int) -> Iterator[Figure]:
    organisation = make_organisation()
    today = timezone.localdate()
    large, small = fill(organisation, transfers, today), fill(organisation, transfers // 10, today)
    client = Client()
    client.force_login(make_user(Role.STAFF, organisation=organisation))
    # A server builds its middleware once, before its first request.
    client.handler = ClientHandler(enforce_csrf_checks=False)
    client.handler.load_middleware()
    begun = today.replace(year=today.year - 3)
    cash = Account.objects.get(group=large, kind="CASH").pk
    span = {"group": large.pk, "cash": cash, "start": begun, "end": today}
    last_year: dict[str, Any] = {"group": large.pk, "on": date(today.year - 1, 12, 31)}
    period = {"start": begun.isoformat(), "end": today.isoformat()}

    def first_lines(number: int) -> Callable[[int], object]:
        return lambda _: selectors.cash_book(large, start=begun, end=today).lines[0:number]

    closing = last_year["on"]
    lines = [(_SUMS, span), (_LINES.format(limit=50), span)]
    pages: list[tuple[str, str, dict[str, str], Callable[[int], object], list[Statement], list[Statement]]] = [
        ("cash book", "cash-book", period, first_lines(50), lines, []),
        ("general ledger", "general-ledger", period, first_lines(50), lines, [(_ACCOUNTS, span)]),
        (
            "trial balance of last year",
            "trial-balance",
            {"end": closing.isoformat()},
            lambda _: selectors.trial_balance(large, end=closing),
            [(_POSITIONS, last_year)],
            [],
        ),
        (
            "balance sheet of last year",
            "balance-sheet",
            {"on": closing.isoformat()},
            lambda _: selectors.balance_sheet(large, as_of=closing),
            # The surplus of the year asks for the balances at the end of the year before too.
            [(_POSITIONS, last_year | {"on": closing.replace(year=closing.year - 1)})],
            [],
        ),
    ]
    for name, page, query, work, floor, beside in pages:
        name = f"{name} of {transfers} transfers"
        ms, floor_ms = interleaved(repetitions, work, read(floor))
        yield Figure(f"{name}, read", ms, floor_ms, LIMIT, repetitions)
        whole, frame = opened(client, page, large, query), opened(client, "empty", large, {})
        shown = read([*floor, (_PAPER, {"group": large.pk}), *beside])
        ms, frame_ms, floor_ms = interleaved(repetitions, whole, frame, shown)
        about = f"its page of {ms:.1f} ms without a frame of {frame_ms:.1f} ms"
        yield Figure(f"{name}, {about}", ms - frame_ms, floor_ms, LIMIT, repetitions)

    ms, floor_ms = interleaved(
        repetitions,
        lambda _: selectors.trial_balance(large, end=today),
        lambda _: selectors.trial_balance(small, end=today),
    )
    yield Figure(
        f"trial balance of today, {transfers} transfers beside a tenth", ms, floor_ms, INDEPENDENT, repetitions
    )


def opened(client: Client, name: str, group: Group, query: dict[str, str]) -> Callable[[int], None]:
    """Return the work of opening a page of `group`, which takes few statements."""
    url = reverse(name, args=[group.code])

    def work(_number: int) -> None:
        assert client.get(url, query, secure=True).status_code == 200

    with CaptureQueriesContext(connection) as queries:
        work(0)
    assert len(queries) <= STATEMENTS, f"{url}: {len(queries)} statements"
    return work


def read(statements: Sequence[Statement]) -> Callable[[int], None]:
    """Return the work of reading statements of plain SQL."""

    def work(_number: int) -> None:
        with connection.cursor() as cursor:
            for sql, parameters in statements:
                cursor.execute(sql, parameters)
                cursor.fetchall()

    return work


def fill(organisation: Organisation, transfers: int, today: date) -> Group:
    """Make a group whose members saved and borrowed at weekly meetings, each meeting one entry (PostgreSQL)."""
    group = make_group(make_user(organisation=organisation), founded_on=today - timedelta(1500))
    first = today - timedelta(1400)
    for member in make_members(group, MEMBERS):
        save(member, 2_000_000, on=first)
        save(member, 10_000, kind="WAJIB", on=first)
        lend(member, principal=1_000_000, disbursed_on=first, first_due=first + timedelta(30))
    meetings = transfers // (2 * MEMBERS)
    parameters = {"group": group.pk, "user": group.recorded_by_id, "meetings": meetings, "today": today}
    with connection.cursor() as cursor:
        for statement in _FILL.split(";\n"):
            cursor.execute(statement, parameters)
        cursor.execute("VACUUM ANALYZE")
    return group


_FILL = """
INSERT INTO finance_entry (group_id, number, kind, effective_on, recorded_at, recorded_by_id, memo, key)
SELECT %(group)s, i + (SELECT MAX(number) FROM finance_entry WHERE group_id = %(group)s), 'MEETING',
    %(today)s - (1000 * i / %(meetings)s)::int, now(), %(user)s, '', gen_random_uuid()
FROM generate_series(1, %(meetings)s) i;
INSERT INTO finance_transfer (entry_id, group_id, debit_account_id, credit_account_id, amount, debit_balance_after,
    credit_balance_after, member_id, memo)
SELECT e.id, %(group)s, cash.id, a.id, 1000,
    cash.debits_posted - cash.credits_posted + 1000 * ROW_NUMBER() OVER (ORDER BY e.id, a.id),
    a.credits_posted - a.debits_posted + 1000 * ROW_NUMBER() OVER (PARTITION BY a.id ORDER BY e.id), a.member_id, ''
FROM finance_entry e
JOIN finance_account cash ON cash.group_id = %(group)s AND cash.kind = 'CASH'
JOIN finance_account a ON a.group_id = %(group)s AND a.kind IN ('WAJIB', 'SUKARELA')
WHERE e.group_id = %(group)s AND e.kind = 'MEETING'
ORDER BY e.id, a.id;
UPDATE finance_account a SET
    debits_posted = COALESCE((SELECT SUM(amount) FROM finance_transfer t WHERE t.debit_account_id = a.id), 0),
    credits_posted = COALESCE((SELECT SUM(amount) FROM finance_transfer t WHERE t.credit_account_id = a.id), 0)
WHERE a.group_id = %(group)s"""
