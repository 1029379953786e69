"""Cash counts, entries, savings and the social fund as relations for the SQL of other apps; amounts in rupiah."""

from __future__ import annotations

from finance.ledger.chart import SAVINGS
from finance.models import AccountKind, EntryKind
from groups.shared.sql import Relation, quoted

_SAVINGS_KINDS = quoted(*SAVINGS)

CASH_COUNTS = Relation(
    "cash_counts",
    """
    SELECT id, group_id, counted_on, expected + carried AS expected, counted, explanation, counted_by_id,
        CASE WHEN counted = expected + carried OR settled_on <= %(as_of)s THEN 1 ELSE 0 END AS is_settled
    FROM finance_cashcount WHERE group_id {groups} AND corrected_at IS NULL
    """,
    ("id", "group_id", "counted_on", "expected", "counted", "explanation", "counted_by_id", "is_settled"),
)
"""The cash counts that stand, and whether they agreed with what was expected or were settled by the day."""

RECORDED_ENTRIES = Relation(
    "recorded_entries",
    f"""
    SELECT group_id, effective_on, recorded_by_id FROM finance_entry
    WHERE group_id {{groups}} AND kind <> '{EntryKind.REALLOCATION.value}'
    """,  # noqa: S608 - no input
    ("group_id", "effective_on", "recorded_by_id"),
)
"""Who recorded which entry, without those that follow from others by themselves."""

MEMBER_RECEIPTS = Relation(
    "member_receipts",
    f"""
    SELECT t.group_id, t.entry_id, t.member_id, t.amount
    FROM finance_transfer t JOIN finance_account a ON a.id = t.debit_account_id
    WHERE t.group_id {{groups}} AND t.member_id IS NOT NULL AND a.kind = '{AccountKind.CASH.value}'
    """,  # noqa: S608 - no input
    ("group_id", "entry_id", "member_id", "amount"),
)
"""Cash that members brought, each line of an entry."""

# Balances are those of today, less what moved after either day.
SAVINGS_BALANCES = Relation(
    "savings_balances",
    f"""
    SELECT group_id, member_id, credits_posted - debits_posted AS on_day, credits_posted - debits_posted AS before,
        0 AS shared_out
    FROM finance_account
    WHERE group_id {{groups}} AND kind IN ({_SAVINGS_KINDS})
    UNION ALL
    SELECT group_id, member_id, CASE WHEN effective_on > %(as_of)s THEN taken_back ELSE 0 END, taken_back,
        CASE WHEN kind = '{EntryKind.SHARE_OUT.value}' AND taken_back > 0 AND effective_on <= %(as_of)s
            AND NOT EXISTS (SELECT 1 FROM finance_entry r WHERE r.reverses_id = moves.id) THEN 1 ELSE 0 END
    FROM (
        SELECT e.id, e.group_id, e.kind, e.effective_on, a.member_id,
            CASE WHEN t.debit_account_id = a.id THEN t.amount ELSE -t.amount END AS taken_back
        FROM finance_entry e
        JOIN finance_transfer t ON t.entry_id = e.id
        JOIN finance_account a ON a.id IN (t.debit_account_id, t.credit_account_id)
            AND a.group_id {{groups}} AND a.kind IN ({_SAVINGS_KINDS})
        WHERE e.group_id {{groups}} AND e.effective_on > %(since)s
    ) moves
    """,  # noqa: S608 - no input
    ("group_id", "member_id", "on_day", "before", "shared_out"),
)
"""Rows that add up to the savings of a member, all kinds, on the day (`on_day`) and on `%(since)s` (`before`).

`shared_out` is 1 for each line of a share-out between the two days that was not taken back.
"""

MONEY = Relation(
    "money",
    """
    SELECT a.group_id, a.kind, COALESCE(m.moved, 0) AS moved,
        a.credits_posted - a.debits_posted - COALESCE(m.later, 0) AS balance
    FROM finance_account a LEFT JOIN (
        SELECT account_id,
            SUM(CASE WHEN effective_on <= %(as_of)s THEN amount ELSE 0 END) AS moved,
            SUM(CASE WHEN effective_on > %(as_of)s THEN amount ELSE 0 END) AS later
        FROM (
            SELECT t.credit_account_id AS account_id, t.amount, e.effective_on
            FROM finance_entry e JOIN finance_transfer t ON t.entry_id = e.id
            WHERE e.group_id {groups} AND e.effective_on >= %(since)s
            UNION ALL
            SELECT t.debit_account_id, -t.amount, e.effective_on
            FROM finance_entry e JOIN finance_transfer t ON t.entry_id = e.id
            WHERE e.group_id {groups} AND e.effective_on >= %(since)s
        ) moves
        GROUP BY account_id
    ) m ON m.account_id = a.id
    WHERE a.group_id {groups} AND a.kind IN ({kinds})
    """,
    ("group_id", "kind", "moved", "balance"),
)
"""The accounts of the kinds `{kinds}`: the balance on the day, and what moved from `%(since)s` on; credits count."""

# What was brought before the books began, or taken out since, changes nothing about what was asked for.
_DUES = quoted(AccountKind.POKOK, AccountKind.WAJIB)
SETTLED_DUES = Relation(
    "settled_dues",
    f"""
    SELECT group_id, member_id,
        SUM(CASE WHEN kind = '{AccountKind.POKOK.value}' THEN amount ELSE 0 END) AS pokok,
        SUM(CASE WHEN kind = '{AccountKind.WAJIB.value}' AND was_brought = 1 AND happened_on >= %(since)s
            THEN amount ELSE 0 END) AS wajib
    FROM (
        SELECT a.group_id, a.member_id, a.kind, t.amount, e.effective_on AS happened_on,
            CASE WHEN e.reverses_id IS NULL AND e.kind <> '{EntryKind.OPENING.value}' THEN 1 ELSE 0 END AS was_brought
        FROM finance_account a
        JOIN finance_transfer t ON t.credit_account_id = a.id
        JOIN finance_entry e ON e.id = t.entry_id
        WHERE a.group_id {{groups}} AND a.kind IN ({_DUES}) AND e.effective_on <= %(as_of)s
        UNION ALL
        SELECT a.group_id, a.member_id, a.kind, -t.amount, o.effective_on,
            CASE WHEN o.id IS NOT NULL AND o.kind <> '{EntryKind.OPENING.value}' THEN 1 ELSE 0 END
        FROM finance_account a
        JOIN finance_transfer t ON t.debit_account_id = a.id
        JOIN finance_entry e ON e.id = t.entry_id
        LEFT JOIN finance_entry o ON o.id = e.reverses_id
        WHERE a.group_id {{groups}} AND a.kind IN ({_DUES}) AND e.effective_on <= %(as_of)s
        UNION ALL
        SELECT w.group_id, w.member_id, w.kind, w.amount, w.waived_on, 1
        FROM finance_waiver w
        WHERE w.group_id {{groups}} AND w.kind IN ({_DUES}) AND w.waived_on <= %(as_of)s
            AND (w.ended_on IS NULL OR w.ended_on > %(as_of)s)
    ) settled
    GROUP BY group_id, member_id
    """,  # noqa: S608 - no input
    ("group_id", "member_id", "pokok", "wajib"),
)
"""Savings that members paid or were let off by the day: pokok at all, wajib that was brought since `%(since)s`."""

# What was written by mistake, and what undid it, moved nothing; what a group began its books with came in before.
SOCIAL_FUND_MOVES = Relation(
    "social_fund_moves",
    f"""
    SELECT e.group_id, e.number AS entry, e.effective_on,
        CASE WHEN t.credit_account_id = a.id THEN t.amount ELSE 0 END AS received,
        CASE WHEN t.debit_account_id = a.id THEN t.amount ELSE 0 END AS given
    FROM finance_entry e
    JOIN finance_transfer t ON t.entry_id = e.id
    JOIN finance_account a ON a.group_id = e.group_id AND a.kind = '{AccountKind.SOCIAL_FUND.value}'
        AND a.id IN (t.credit_account_id, t.debit_account_id)
    WHERE e.group_id {{groups}} AND a.group_id {{groups}} AND e.effective_on > %(since)s
        AND e.effective_on <= %(as_of)s AND e.kind NOT IN ('{EntryKind.REVERSAL.value}', '{EntryKind.OPENING.value}')
        AND NOT EXISTS (SELECT 1 FROM finance_entry r WHERE r.reverses_id = e.id)
    """,  # noqa: S608 - no input
    ("group_id", "entry", "effective_on", "received", "given"),
)
"""What came into the social fund (dana sosial) and went out of it after `%(since)s`, up to the day."""
