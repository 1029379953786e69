"""Records that only some instruments look at: one statement a source, for any number of groups and any day.

A metric names the sources it reads, so an organisation pays for those of its own instruments and no others. Every
column is a whole number, amounts in rupiah; a group without rows has zeros. Parameters are those of `metrics.run_sql`.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Source(Enum):
    """Tables that are read together."""

    MEMBERS = "MEMBERS"
    OFFICERS = "OFFICERS"
    DECISIONS = "DECISIONS"
    COUNTS = "COUNTS"
    SAVINGS = "SAVINGS"
    PORTFOLIO = "PORTFOLIO"
    SOCIAL_FUND = "SOCIAL_FUND"


class Statement(NamedTuple):
    """What reads a source: its SQL gives a group's id and then a number for each of `fields` of `Records`."""

    sql: str
    fields: tuple[str, ...]


# Who leaves is no member from that day on. The same for offices.
_MEMBERS_SQL = """
SELECT group_id,
    SUM(CASE WHEN joined_on <= %(as_of)s AND (left_on IS NULL OR left_on > %(as_of)s) THEN 1 ELSE 0 END),
    SUM(CASE WHEN joined_on <= %(since)s AND (left_on IS NULL OR left_on > %(since)s) THEN 1 ELSE 0 END)
FROM groups_member
WHERE group_id {groups}
GROUP BY group_id
"""

_OFFICERS_SQL = """
SELECT group_id, COUNT(DISTINCT CASE WHEN ended_on IS NULL OR ended_on > %(as_of)s THEN role END), COUNT(*)
FROM groups_officerterm
WHERE group_id {groups} AND started_on <= %(as_of)s
GROUP BY group_id
"""

_DECISIONS_SQL = """
SELECT i.group_id, COUNT(*), SUM(CASE WHEN i.done_on <= %(as_of)s THEN 1 ELSE 0 END)
FROM meetings_agendaitem i
JOIN meetings_meeting m ON m.id = i.meeting_id AND m.group_id {groups}
WHERE i.group_id {groups} AND i.due_on > %(since)s AND i.due_on <= %(as_of)s
    AND m.status = 'CLOSED' AND m.held_on <= %(as_of)s
GROUP BY i.group_id
"""

# A corrected meeting brought a count of its own.
_COUNTS_SQL = """
SELECT group_id, COUNT(*), SUM(CASE WHEN counted = expected OR settled_on <= %(as_of)s THEN 1 ELSE 0 END)
FROM (
    SELECT c.group_id, c.counted, c.expected, c.settled_on,
        ROW_NUMBER() OVER (PARTITION BY c.group_id ORDER BY c.counted_on DESC, c.id DESC) AS number
    FROM finance_cashcount c
    WHERE c.group_id {groups} AND c.counted_on > %(since)s AND c.counted_on <= %(as_of)s
        AND NOT EXISTS (SELECT 1 FROM meetings_meeting m WHERE m.cash_count_id = c.id AND m.status = 'CORRECTED')
) newest
WHERE number <= %(recent_counts)s
GROUP BY group_id
"""

# Balances are those of today, less what moved after either day.
_SAVINGS_SQL = """
SELECT group_id, SUM(on_day), SUM(before), SUM(shared_out)
FROM (
    SELECT group_id, credits_posted - debits_posted AS on_day, credits_posted - debits_posted AS before,
        0 AS shared_out
    FROM finance_account
    WHERE group_id {groups} AND kind IN ('POKOK', 'WAJIB', 'SUKARELA')
    UNION ALL
    SELECT group_id, CASE WHEN effective_on > %(as_of)s THEN taken_back ELSE 0 END, taken_back,
        CASE WHEN kind = 'SHARE_OUT' AND taken_back > 0 AND effective_on <= %(as_of)s
            AND NOT EXISTS (SELECT 1 FROM finance_entry r WHERE r.reverses_id = moves.id) THEN 1 ELSE 0 END
    FROM (
        SELECT e.id, e.group_id, e.kind, e.effective_on,
            CASE WHEN d.id IS NULL THEN 0 ELSE t.amount END - CASE WHEN c.id IS NULL THEN 0 ELSE t.amount END
                AS taken_back
        FROM finance_entry e
        JOIN finance_transfer t ON t.entry_id = e.id
        LEFT JOIN finance_account c ON c.id = t.credit_account_id
            AND c.group_id {groups} AND c.kind IN ('POKOK', 'WAJIB', 'SUKARELA')
        LEFT JOIN finance_account d ON d.id = t.debit_account_id
            AND d.group_id {groups} AND d.kind IN ('POKOK', 'WAJIB', 'SUKARELA')
        WHERE e.group_id {groups} AND e.effective_on > %(since)s
    ) moves
) moved
GROUP BY group_id
"""

# More than 30 days late: more of principal or fee fell due before that day than was paid of it, as in
# `finance.selectors.arrears`.
_PORTFOLIO_SQL = """
SELECT group_id, COUNT(*), COUNT(DISTINCT CASE WHEN balance > 0 THEN member_id END), SUM(balance),
    SUM(CASE WHEN due_principal > principal - balance OR due_fee > fee_paid THEN balance ELSE 0 END)
FROM (
    SELECT l.group_id, l.member_id, l.principal,
        la.debits_posted - la.credits_posted + COALESCE(later.principal, 0) AS balance,
        COALESCE(fa.credits_posted - fa.debits_posted, 0) - COALESCE(later.fee, 0) AS fee_paid,
        COALESCE(d.principal, 0) AS due_principal, COALESCE(d.fee, 0) AS due_fee
    FROM finance_loan l
    JOIN finance_account la ON la.loan_id = l.id AND la.kind = 'LOAN' AND la.group_id {groups}
    LEFT JOIN finance_account fa ON fa.loan_id = l.id AND fa.kind = 'SERVICE_FEE' AND fa.group_id {groups}
    LEFT JOIN (
        SELECT loan_id, SUM(principal) AS principal, SUM(service_fee) AS fee
        FROM finance_instalment
        WHERE group_id {groups} AND due_on < %(late_before)s
        GROUP BY loan_id
    ) d ON d.loan_id = l.id
    LEFT JOIN (
        SELECT loan_id, SUM(principal) AS principal, SUM(fee) AS fee
        FROM (
            SELECT a.loan_id, CASE WHEN a.kind = 'LOAN' THEN t.amount ELSE 0 END AS principal,
                CASE WHEN a.kind = 'LOAN' THEN 0 ELSE t.amount END AS fee
            FROM finance_entry e
            JOIN finance_transfer t ON t.entry_id = e.id
            JOIN finance_account a ON a.id = t.credit_account_id
            WHERE e.group_id {groups} AND e.effective_on > %(as_of)s
                AND a.group_id {groups} AND a.kind IN ('LOAN', 'SERVICE_FEE')
            UNION ALL
            SELECT a.loan_id, CASE WHEN a.kind = 'LOAN' THEN -t.amount ELSE 0 END,
                CASE WHEN a.kind = 'LOAN' THEN 0 ELSE -t.amount END
            FROM finance_entry e
            JOIN finance_transfer t ON t.entry_id = e.id
            JOIN finance_account a ON a.id = t.debit_account_id
            WHERE e.group_id {groups} AND e.effective_on > %(as_of)s
                AND a.group_id {groups} AND a.kind IN ('LOAN', 'SERVICE_FEE')
        ) moved
        GROUP BY loan_id
    ) later ON later.loan_id = l.id
    WHERE l.group_id {groups} AND l.cancelled_at IS NULL AND l.disbursed_on <= %(as_of)s
) loans
GROUP BY group_id
"""

# What was written by mistake, and what undid it, moved nothing; what a group began its books with came in before.
_SOCIAL_FUND_SQL = """
SELECT e.group_id, SUM(CASE WHEN t.credit_account_id = a.id THEN t.amount ELSE 0 END),
    SUM(CASE WHEN t.debit_account_id = a.id THEN t.amount ELSE 0 END)
FROM finance_entry e
JOIN finance_transfer t ON t.entry_id = e.id
JOIN finance_account a ON a.group_id = e.group_id AND a.kind = 'SOCIAL_FUND'
    AND (a.id = t.credit_account_id OR a.id = t.debit_account_id)
WHERE e.group_id {groups} AND a.group_id {groups} AND e.effective_on > %(since)s AND e.effective_on <= %(as_of)s
    AND e.kind NOT IN ('REVERSAL', 'OPENING') AND NOT EXISTS (SELECT 1 FROM finance_entry r WHERE r.reverses_id = e.id)
GROUP BY e.group_id
"""

STATEMENTS: dict[Source, Statement] = {
    Source.MEMBERS: Statement(_MEMBERS_SQL, ("members_now", "members_then")),
    Source.OFFICERS: Statement(_OFFICERS_SQL, ("offices_held", "terms")),
    Source.DECISIONS: Statement(_DECISIONS_SQL, ("decisions_due", "decisions_done")),
    Source.COUNTS: Statement(_COUNTS_SQL, ("cash_counts", "cash_counts_settled")),
    Source.SAVINGS: Statement(_SAVINGS_SQL, ("savings_now", "savings_then", "share_outs")),
    Source.PORTFOLIO: Statement(_PORTFOLIO_SQL, ("loans_made", "borrowers", "portfolio", "portfolio_late")),
    Source.SOCIAL_FUND: Statement(_SOCIAL_FUND_SQL, ("social_received", "social_given")),
}
