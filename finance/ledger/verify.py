"""Every invariant of the ledger, recomputed from the transfers in SQL, for all groups at once.

Each check is one statement that returns the rows which break it. They run on both databases. A run can be held to the
groups in which something was posted since the last full run that found nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection
from django.db.models import Count, Max

from finance.ledger.membership import SETTLES_A_MEMBERSHIP
from finance.ledger.sql import OPEN_BEFORE
from finance.models import Account, AccountKind, Entry, EntryKind, LedgerVerification, Loan, LoanEnd, Side, Transfer
from groups.models import Group
from groups.selectors.relations import MEMBERSHIP_DAYS
from groups.shared.sql import days_between


@dataclass(frozen=True, slots=True)
class Check:
    """A rule in words, and the statement that finds what breaks it: group id, then what it is, as text."""

    rule: str
    sql: str


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One row that breaks a rule, in the group with this code."""

    rule: str
    group: str
    what: str


_VALUES = {choice.name: choice.value for choices in (AccountKind, EntryKind, LoanEnd, Side) for choice in choices}
"""The values of enums that the checks name."""

_SAVINGS = "(%(POKOK)s, %(WAJIB)s, %(SUKARELA)s)"
# As `finance.ledger.membership` has it. The money of a meeting of a closed period counts on the first open day, on
# which somebody may have left who was there.
_SETTLES = f"({', '.join(sorted(f'%({kind.name})s' for kind in SETTLES_A_MEMBERSHIP))})"

CHECKS = (
    Check(
        "stored sums are those of the transfers",
        """
        SELECT a.group_id, a.code || ': stored ' || a.debits_posted || ' / ' || a.credits_posted
            || ', transfers ' || COALESCE(d.total, 0) || ' / ' || COALESCE(c.total, 0)
        FROM finance_account a
        LEFT JOIN (
            SELECT debit_account_id AS account_id, SUM(amount) AS total
            FROM finance_transfer GROUP BY debit_account_id
        ) d ON d.account_id = a.id
        LEFT JOIN (
            SELECT credit_account_id AS account_id, SUM(amount) AS total
            FROM finance_transfer GROUP BY credit_account_id
        ) c ON c.account_id = a.id
        WHERE a.debits_posted <> COALESCE(d.total, 0) OR a.credits_posted <> COALESCE(c.total, 0)
        """,
    ),
    Check(
        "no balance is negative",
        """
        SELECT group_id, code || ': ' || debits_posted || ' / ' || credits_posted
        FROM finance_account
        WHERE NOT may_go_negative AND (
            (normal_side = %(DEBIT)s AND debits_posted < credits_posted)
            OR (normal_side = %(CREDIT)s AND credits_posted < debits_posted))
        """,
    ),
    Check(
        "each line carries its accounts' balances after it",
        """
        SELECT group_id, code || ': transfer ' || transfer_id || ' says ' || said || ', is ' || running
        FROM (
            SELECT a.group_id, a.code, m.transfer_id, m.said,
                SUM(CASE WHEN a.normal_side = m.side THEN m.amount ELSE -m.amount END)
                    OVER (PARTITION BY a.id ORDER BY m.transfer_id) AS running
            FROM (
                SELECT id AS transfer_id, debit_account_id AS account_id, %(DEBIT)s AS side, amount,
                    debit_balance_after AS said FROM finance_transfer
                UNION ALL
                SELECT id, credit_account_id, %(CREDIT)s, amount, credit_balance_after FROM finance_transfer
            ) m
            JOIN finance_account a ON a.id = m.account_id
        ) lines
        WHERE running <> said
        """,
    ),
    Check(
        "entry, transfer and accounts belong to one group",
        """
        SELECT t.group_id, 'transfer ' || t.id
        FROM finance_transfer t
        LEFT JOIN finance_entry e ON e.id = t.entry_id AND e.group_id = t.group_id
        LEFT JOIN finance_account d ON d.id = t.debit_account_id AND d.group_id = t.group_id
        LEFT JOIN finance_account c ON c.id = t.credit_account_id AND c.group_id = t.group_id
        WHERE e.id IS NULL OR d.id IS NULL OR c.id IS NULL
        """,
    ),
    Check(
        "the voucher numbers of a group run from 1 without gaps",
        """
        SELECT group_id, 'entry ' || MIN(number) || ' should be ' || MIN(place)
        FROM (
            SELECT group_id, number, ROW_NUMBER() OVER (PARTITION BY group_id ORDER BY number) AS place
            FROM finance_entry
        ) numbered
        WHERE number <> place
        GROUP BY group_id
        """,
    ),
    # Opening balances may bring dues alone, which stand outside the accounts.
    Check(
        "every entry moves money",
        """
        SELECT e.group_id, 'entry ' || e.number
        FROM finance_entry e
        WHERE NOT EXISTS (SELECT 1 FROM finance_transfer t WHERE t.entry_id = e.id)
            AND NOT EXISTS (
                SELECT 1 FROM finance_entry o WHERE o.id = COALESCE(e.reverses_id, e.id) AND o.kind = %(OPENING)s
                AND (EXISTS (SELECT 1 FROM finance_obligation f WHERE f.entry_id = o.id)
                    OR EXISTS (SELECT 1 FROM finance_openingdue d WHERE d.entry_id = o.id)))
        """,
    ),
    Check(
        "a reversal mirrors its entry, line by line, on the same day unless that is closed",
        """
        SELECT r.group_id, 'entry ' || r.number || ' reverses ' || o.number
        FROM finance_entry r
        JOIN finance_entry o ON o.id = r.reverses_id
        LEFT JOIN (SELECT group_id, MAX(through) AS through FROM finance_periodclosing GROUP BY group_id) closed
            ON closed.group_id = o.group_id
        WHERE r.group_id <> o.group_id OR (r.effective_on <> o.effective_on AND (r.effective_on < o.effective_on
            OR closed.through IS NULL OR o.effective_on > closed.through))
        UNION
        SELECT group_id, 'entry ' || reversal || ' reverses ' || original
        FROM (
            SELECT r.group_id, r.number AS reversal, o.number AS original,
                t.debit_account_id AS debit_id, t.credit_account_id AS credit_id, t.member_id, t.amount, 1 AS number_of
            FROM finance_entry r
            JOIN finance_entry o ON o.id = r.reverses_id
            JOIN finance_transfer t ON t.entry_id = o.id
            UNION ALL
            SELECT r.group_id, r.number, o.number, t.credit_account_id, t.debit_account_id, t.member_id, t.amount, -1
            FROM finance_entry r
            JOIN finance_entry o ON o.id = r.reverses_id
            JOIN finance_transfer t ON t.entry_id = r.id
        ) both_sides
        GROUP BY group_id, reversal, original, debit_id, credit_id, member_id, amount
        HAVING SUM(number_of) <> 0
        """,
    ),
    Check(
        "a loan's balance is its principal less what was repaid",
        """
        SELECT l.group_id, 'loan ' || l.number || ': principal ' || l.principal || ', paid out ' || paid_out
            || ', repaid ' || repaid || ', balance ' || (a.debits_posted - a.credits_posted)
        FROM finance_loan l
        JOIN finance_account a ON a.loan_id = l.id AND a.kind = %(LOAN)s
        JOIN (
            SELECT account_id,
                SUM(CASE WHEN is_repayment THEN 0 ELSE amount END) AS paid_out,
                SUM(CASE WHEN is_repayment THEN -amount ELSE 0 END) AS repaid
            FROM (
                SELECT t.debit_account_id AS account_id, t.amount,
                    e.reverses_id IS NOT NULL OR e.kind = %(REALLOCATION)s AS is_repayment
                FROM finance_transfer t JOIN finance_entry e ON e.id = t.entry_id
                UNION ALL
                SELECT t.credit_account_id, -t.amount, e.reverses_id IS NULL OR o.kind = %(REALLOCATION)s
                FROM finance_transfer t JOIN finance_entry e ON e.id = t.entry_id
                LEFT JOIN finance_entry o ON o.id = e.reverses_id
            ) moves
            GROUP BY account_id
        ) m ON m.account_id = a.id
        WHERE paid_out <> CASE WHEN l.cancelled_at IS NULL THEN l.principal ELSE 0 END
            OR repaid < 0 OR a.debits_posted - a.credits_posted <> paid_out - repaid
        """,
    ),
    Check(
        "the balances of a closed period are those of the transfers by its last day",
        """
        SELECT b.group_id, a.code || ' through ' || b.through || ': stored ' || b.debits || ' / ' || b.credits
        FROM finance_periodbalance b
        JOIN finance_account a ON a.id = b.account_id
        WHERE b.debits <> (
            SELECT COALESCE(SUM(t.amount), 0) FROM finance_transfer t JOIN finance_entry e ON e.id = t.entry_id
            WHERE t.debit_account_id = b.account_id AND e.effective_on <= b.through)
        OR b.credits <> (
            SELECT COALESCE(SUM(t.amount), 0) FROM finance_transfer t JOIN finance_entry e ON e.id = t.entry_id
            WHERE t.credit_account_id = b.account_id AND e.effective_on <= b.through)
        UNION ALL
        SELECT p.group_id, a.code || ' through ' || p.through || ': not stored'
        FROM finance_periodclosing p
        JOIN finance_account a ON a.group_id = p.group_id
        LEFT JOIN finance_periodbalance b
            ON b.group_id = p.group_id AND b.through = p.through AND b.account_id = a.id
        WHERE b.id IS NULL AND EXISTS (
            SELECT 1 FROM finance_transfer t JOIN finance_entry e ON e.id = t.entry_id
            WHERE e.group_id = p.group_id AND e.effective_on <= p.through
                AND (t.debit_account_id = a.id OR t.credit_account_id = a.id))
        """,
    ),
    Check(
        "a loan was paid out, and its schedule repays it",
        """
        SELECT l.group_id, 'loan ' || l.number || ': principal ' || l.principal || ', instalments '
            || COALESCE(SUM(i.principal), 0)
        FROM finance_loan l LEFT JOIN finance_instalment i ON i.loan_id = l.id
        GROUP BY l.id, l.group_id, l.number, l.principal
        HAVING COALESCE(SUM(i.principal), 0) <> l.principal
            OR NOT EXISTS (SELECT 1 FROM finance_account a WHERE a.loan_id = l.id AND a.kind = %(LOAN)s)
        """,
    ),
    # Fee paid ahead that pays principal when a loan is rescheduled was repaid.
    Check(
        "what was not repaid of a loan is what ended it moved",
        """
        SELECT l.group_id, 'loan ' || l.number || ': ' || l.unpaid_principal || ', moved ' || COALESCE(m.moved, 0)
        FROM finance_loan l
        LEFT JOIN (
            SELECT a.loan_id, SUM(CASE WHEN e.reverses_id IS NULL THEN t.amount ELSE -t.amount END) AS moved
            FROM finance_transfer t
            JOIN finance_entry e ON e.id = t.entry_id
            LEFT JOIN finance_entry o ON o.id = e.reverses_id
            JOIN finance_account a
                ON a.id = CASE WHEN e.reverses_id IS NULL THEN t.credit_account_id ELSE t.debit_account_id END
            JOIN finance_account other
                ON other.id = CASE WHEN e.reverses_id IS NULL THEN t.debit_account_id ELSE t.credit_account_id END
            WHERE a.kind = %(LOAN)s AND other.kind <> %(SERVICE_FEE)s
                AND COALESCE(o.kind, e.kind) IN (%(RESCHEDULE)s, %(WRITE_OFF)s)
            GROUP BY a.loan_id
        ) m ON m.loan_id = l.id
        WHERE l.unpaid_principal <> COALESCE(m.moved, 0)
        """,
    ),
    Check(
        "a loan that ended has no balance",
        """
        SELECT l.group_id, 'loan ' || l.number || ': ' || a.kind || ' ' || (a.debits_posted - a.credits_posted)
        FROM finance_loan l
        JOIN finance_account a ON a.loan_id = l.id AND a.debits_posted > a.credits_posted
        WHERE a.kind = %(LOAN)s AND l.ended_as <> ''
        """,
    ),
    Check(
        "what was paid of fines is what the entry brought in, and of late instalments all of it",
        """
        SELECT e.group_id, 'entry ' || e.number || ': fines ' || b.fines || ', for late instalments ' || b.late
            || ', paid of fines owed ' || COALESCE(p.paid, 0) || ', for late instalments ' || COALESCE(p.late, 0)
        FROM finance_entry e
        JOIN (
            SELECT t.entry_id,
                SUM(CASE WHEN a.kind = %(FINE)s THEN t.amount ELSE 0 END) AS fines,
                SUM(CASE WHEN a.kind = %(LOAN_FINE)s THEN t.amount ELSE 0 END) AS late
            FROM finance_transfer t
            JOIN finance_account a ON a.id = t.credit_account_id
            WHERE a.kind IN (%(FINE)s, %(LOAN_FINE)s)
            GROUP BY t.entry_id
        ) b ON b.entry_id = e.id
        LEFT JOIN (
            SELECT f.entry_id, SUM(f.amount) AS paid,
                SUM(CASE WHEN o.loan_id IS NULL THEN 0 ELSE f.amount END) AS late
            FROM finance_obligationpayment f
            JOIN finance_obligation o ON o.id = f.obligation_id
            GROUP BY f.entry_id
        ) p ON p.entry_id = e.id
        WHERE e.reverses_id IS NULL
            AND (COALESCE(p.paid, 0) > b.fines + b.late OR b.late > COALESCE(p.late, 0))
        """,
    ),
    Check(
        "no more is paid of a fine than it is",
        """
        SELECT o.group_id, 'fine ' || o.id || ': ' || o.amount || ', paid ' || SUM(f.amount)
        FROM finance_obligation o
        JOIN finance_obligationpayment f ON f.obligation_id = o.id
        WHERE NOT EXISTS (SELECT 1 FROM finance_entry r WHERE r.reverses_id = f.entry_id)
        GROUP BY o.id, o.group_id, o.amount, o.cancelled_at
        HAVING SUM(f.amount) > CASE WHEN o.cancelled_at IS NULL THEN o.amount ELSE 0 END
        """,
    ),
    Check(
        "money is moved of members of the day, and of who left what settles the membership",
        f"""
        SELECT o.group_id, 'entry ' || o.number || ': member ' || o.member
        FROM (
            SELECT e.group_id, e.id, e.number, e.kind, e.effective_on, m.number AS member, m.joined_on,
                SUM(CASE WHEN c.kind IN {_SAVINGS} THEN t.amount ELSE 0 END) AS brought,
                SUM(CASE WHEN d.kind IN {_SAVINGS} THEN t.amount ELSE 0 END) AS taken,
                SUM(CASE WHEN l.member_id = t.member_id OR c.kind = %(FINE)s
                    OR (d.kind IN {_SAVINGS} OR d.kind = %(DEPOSIT)s) AND c.kind IN (%(CASH)s, %(BANK)s)
                    OR c.kind IN {_SAVINGS} AND d.kind IN (%(CASH)s, %(BANK)s) THEN 0 ELSE 1 END) AS others
            FROM finance_transfer t
            JOIN ({MEMBERSHIP_DAYS.sql.format(groups="IS NOT NULL")}) m ON m.id = t.member_id
            JOIN finance_entry e ON e.id = t.entry_id AND e.reverses_id IS NULL
                AND (e.effective_on < m.joined_on OR e.effective_on > m.left_on)
            JOIN finance_account d ON d.id = t.debit_account_id
            JOIN finance_account c ON c.id = t.credit_account_id
            LEFT JOIN finance_loan l ON l.id = c.loan_id
            GROUP BY e.group_id, e.id, e.number, e.kind, e.effective_on, m.number, m.joined_on
        ) o
        WHERE (o.effective_on < o.joined_on OR o.kind NOT IN {_SETTLES} AND (o.others > 0 OR o.brought > o.taken))
            AND NOT EXISTS (SELECT 1 FROM finance_entry r WHERE r.reverses_id = o.id)
            AND NOT (o.kind = %(MEETING)s AND o.effective_on > o.joined_on AND EXISTS (
                SELECT 1 FROM finance_periodclosing p
                WHERE p.group_id = o.group_id AND {days_between("p.through", "o.effective_on")} = 1))
        """,  # noqa: S608 - no input
    ),
    Check(
        "no more is recovered of a loan than was written off",
        """
        SELECT l.group_id, 'loan ' || l.number || ': written off ' || l.unpaid_principal || ', recovered '
            || (a.credits_posted - a.debits_posted)
        FROM finance_loan l
        JOIN finance_account a ON a.loan_id = l.id AND a.kind = %(RECOVERY)s
        WHERE a.credits_posted - a.debits_posted
            > CASE WHEN l.ended_as = %(WRITTEN_OFF)s THEN l.unpaid_principal ELSE 0 END
        """,
    ),
    Check(
        "a loan from outside is owed less what was repaid",
        """
        SELECT o.group_id, 'loan from outside ' || o.number || ': principal ' || o.principal || ', received '
            || COALESCE(received, 0) || ', repaid ' || COALESCE(repaid, 0) || ', balance '
            || COALESCE(a.credits_posted - a.debits_posted, 0)
        FROM finance_externalloan o
        LEFT JOIN finance_account a ON a.external_loan_id = o.id
        LEFT JOIN (
            SELECT account_id,
                SUM(CASE WHEN is_repayment THEN 0 ELSE amount END) AS received,
                SUM(CASE WHEN is_repayment THEN -amount ELSE 0 END) AS repaid
            FROM (
                SELECT t.credit_account_id AS account_id, t.amount, e.reverses_id IS NOT NULL AS is_repayment
                FROM finance_transfer t JOIN finance_entry e ON e.id = t.entry_id
                UNION ALL
                SELECT t.debit_account_id, -t.amount, e.reverses_id IS NULL
                FROM finance_transfer t JOIN finance_entry e ON e.id = t.entry_id
            ) moves
            GROUP BY account_id
        ) m ON m.account_id = a.id
        WHERE COALESCE(received, 0) <> CASE WHEN o.cancelled_at IS NULL THEN o.principal ELSE 0 END
            OR COALESCE(repaid, 0) < 0
            OR COALESCE(a.credits_posted - a.debits_posted, 0) <> COALESCE(received, 0) - COALESCE(repaid, 0)
        """,
    ),
    Check(
        "what was paid to a lender is what its entry moved",
        """
        SELECT p.group_id, 'entry ' || e.number || ': payment of ' || p.service_fee || ' + ' || p.principal
        FROM finance_externalpayment p
        JOIN finance_entry e ON e.id = p.entry_id
        WHERE p.principal <> (
                SELECT COALESCE(SUM(t.amount), 0) FROM finance_transfer t
                JOIN finance_account a ON a.id = t.debit_account_id
                WHERE t.entry_id = p.entry_id AND a.external_loan_id = p.external_loan_id)
            OR e.kind = %(EXTERNAL_LOAN)s AND p.service_fee <> (
                SELECT COALESCE(SUM(t.amount), 0) FROM finance_transfer t
                JOIN finance_account a ON a.id = t.debit_account_id
                WHERE t.entry_id = p.entry_id AND a.kind = %(EXTERNAL_FEE)s)
        """,
    ),
    Check(
        "what a member covered is what the entry moved for them",
        """
        SELECT c.group_id, 'entry ' || e.number || ': cover of ' || c.amount
        FROM finance_cover c
        JOIN finance_entry e ON e.id = c.entry_id
        WHERE c.amount <> (
            SELECT COALESCE(SUM(t.amount), 0) FROM finance_transfer t
            JOIN finance_account a ON a.id = t.credit_account_id
            WHERE t.entry_id = c.entry_id AND t.member_id = c.coverer_id AND a.loan_id = c.loan_id)
        """,
    ),
    Check(
        "the things a group owns are worth what its inventory account holds",
        """
        SELECT a.group_id, a.code || ': ' || (a.debits_posted - a.credits_posted) || ', things '
            || (COALESCE(i.price, 0) - COALESCE(w.lost, 0))
        FROM finance_account a
        LEFT JOIN (
            SELECT group_id, SUM(price) AS price FROM finance_inventoryitem
            WHERE NOT EXISTS (SELECT 1 FROM finance_entry r WHERE r.reverses_id = finance_inventoryitem.entry_id)
            GROUP BY group_id
        ) i ON i.group_id = a.group_id
        LEFT JOIN (
            SELECT group_id, SUM(amount) AS lost FROM finance_inventorywritedown
            WHERE NOT EXISTS (SELECT 1 FROM finance_entry r WHERE r.reverses_id = finance_inventorywritedown.entry_id)
            GROUP BY group_id
        ) w ON w.group_id = a.group_id
        WHERE a.kind = %(INVENTORY)s
            AND a.debits_posted - a.credits_posted <> COALESCE(i.price, 0) - COALESCE(w.lost, 0)
        """,
    ),
    Check(
        "a cover is paid back once at most, and by what the entry moved",
        """
        SELECT c.group_id, 'cover ' || c.id || ' of ' || c.amount || ': paid back ' || SUM(r.amount)
        FROM finance_cover c
        JOIN finance_coverrecovery r ON r.cover_id = c.id
        WHERE NOT EXISTS (SELECT 1 FROM finance_entry e WHERE e.reverses_id = r.entry_id)
        GROUP BY c.id, c.group_id, c.amount
        HAVING SUM(r.amount) > c.amount
        UNION ALL
        SELECT r.group_id, 'entry ' || e.number || ': paid back ' || SUM(r.amount)
        FROM finance_coverrecovery r
        JOIN finance_entry e ON e.id = r.entry_id
        GROUP BY r.group_id, r.entry_id, e.number
        HAVING SUM(r.amount) <> (
            SELECT COALESCE(SUM(t.amount), 0) FROM finance_transfer t
            JOIN finance_account a ON a.id = t.debit_account_id
            WHERE t.entry_id = r.entry_id AND a.kind = %(CASH)s)
        """,
    ),
    # What is settled or of a closed period stays as it was when it was written (`finance.rules.cash_counts`).
    Check(
        "a cash count is held against the cash of its day and the differences open then",
        f"""
        SELECT k.group_id, 'count of ' || k.counted_on || ': expected ' || (k.expected + k.carried) || ', is '
            || (b.cash + COALESCE(d.differences, 0))
        FROM finance_cashcount k
        JOIN (
            SELECT count_id, SUM(amount) OVER (PARTITION BY group_id ORDER BY day, place, count_id) AS cash
            FROM (
                SELECT e.group_id, e.effective_on AS day, COALESCE(e.place, e.number) AS place, 0 AS count_id, t.amount
                FROM finance_account a
                JOIN finance_transfer t ON t.debit_account_id = a.id
                JOIN finance_entry e ON e.id = t.entry_id
                WHERE a.kind = %(CASH)s
                UNION ALL
                SELECT e.group_id, e.effective_on, COALESCE(e.place, e.number), 0, -t.amount
                FROM finance_account a
                JOIN finance_transfer t ON t.credit_account_id = a.id
                JOIN finance_entry e ON e.id = t.entry_id
                WHERE a.kind = %(CASH)s
                UNION ALL
                SELECT group_id, counted_on, place, id, 0 FROM finance_cashcount
            ) moves
        ) b ON b.count_id = k.id
        LEFT JOIN (
            SELECT k.id, SUM(c.counted - c.expected - c.carried) AS differences
            FROM finance_cashcount k
            JOIN finance_cashcount c ON c.group_id = k.group_id
            LEFT JOIN finance_entry s ON s.id = c.settlement_id
            WHERE {OPEN_BEFORE.format(day="k.counted_on", place="k.place", id="k.id", moment="k.counted_at")}
            GROUP BY k.id
        ) d ON d.id = k.id
        LEFT JOIN (SELECT group_id, MAX(through) AS through FROM finance_periodclosing GROUP BY group_id) closed
            ON closed.group_id = k.group_id
        WHERE k.corrected_at IS NULL AND k.settled_on IS NULL
            AND (closed.through IS NULL OR k.counted_on > closed.through)
            AND k.expected + k.carried <> b.cash + COALESCE(d.differences, 0)
        """,  # noqa: S608 - no input
    ),
)

_OF_A_GROUP = (
    "finance_account", "finance_cashcount", "finance_cover", "finance_coverrecovery", "finance_entry",
    "finance_externalloan", "finance_externalpayment", "finance_instalment", "finance_inventoryitem",
    "finance_inventorywritedown", "finance_loan", "finance_obligation", "finance_obligationpayment",
    "finance_openingdue", "finance_periodbalance", "finance_periodclosing",
)  # fmt: skip
"""The tables that the checks read, beside transfers; each has the group a row belongs to."""


def mismatches(since: int | None = None) -> Iterator[Mismatch]:
    """Yield everything that breaks a rule, rule by rule; with `since`, in the groups with an entry after that id."""
    groups = None if since is None else set(Entry.objects.filter(pk__gt=since).values_list("group", flat=True))
    for check in CHECKS:
        with connection.cursor() as cursor:
            cursor.execute(
                f"WITH {_narrowed(check, since, groups)} broken(group_id, what) AS ({check.sql}) "  # noqa: S608 - no input
                "SELECT group_id, what FROM broken",
                _VALUES,
            )
            broken = cursor.fetchall()
        if not broken:
            continue
        codes = dict(Group.objects.filter(pk__in={pk for pk, _what in broken}).values_list("pk", "code"))
        yield from (Mismatch(check.rule, *where) for where in sorted((codes[pk], what) for pk, what in broken))


def _narrowed(check: Check, since: int | None, groups: set[int] | None) -> str:
    """Return tables of the same names that hold only rows of `groups` and transfers after `since`, for a WITH clause.

    The groups are written out: PostgreSQL then sees how few they are, and reads no table whole. A transfer after
    `since` of another group strayed there: its entry is of one of `groups`.
    """
    if groups is None:
        return ""
    # On SQLite a table of that name inside would mean the narrowed one.
    prefix = "main." if connection.vendor == "sqlite" else ""
    which = ", ".join(map(str, sorted(groups))) or "NULL"
    tables = [table for table in _OF_A_GROUP if re.search(rf"\b{table}\b", check.sql)]
    return (
        f"finance_transfer AS (SELECT * FROM {prefix}finance_transfer WHERE group_id IN ({which}) "  # noqa: S608
        f"UNION ALL SELECT * FROM {prefix}finance_transfer "
        f"WHERE entry_id > {since} AND group_id NOT IN ({which})), "
        + "".join(
            f"{table} AS (SELECT * FROM {prefix}{table} WHERE group_id IN ({which})), "  # noqa: S608
            for table in tables
        )
    )


def counted(since: int | None = None) -> dict[str, int]:
    """Return how many rows a run of `mismatches` looks at, by what they are."""
    groups = Group.objects.all()
    if since is not None:
        groups = groups.filter(pk__in=Entry.objects.filter(pk__gt=since).values("group"))
    rows = {"accounts": Account, "entries": Entry, "transfers": Transfer, "loans": Loan}
    counts = {what: model._default_manager.filter(group__in=groups).count() for what, model in rows.items()}
    return {"groups": groups.count(), **counts}


def extent() -> LedgerVerification:
    """Return, unsaved, what a full run that begins now will have looked at."""
    held = Entry.objects.aggregate(last=Max("pk"), number=Count("pk"))
    return LedgerVerification(through_entry=held["last"] or 0, entries=held["number"])


def verified_through() -> int | None:
    """Return the last entry of the last full run that found nothing; None without one that still holds.

    It does not where an entry of those days came in later, which was being written when it ran, or is gone.
    """
    last = LedgerVerification.objects.order_by("-pk").first()
    if last is None or Entry.objects.filter(pk__lte=last.through_entry).count() != last.entries:
        return None
    return last.through_entry
