"""What the records say about groups: read in SQL for many groups at once, then one named function an indicator.

`read_records` takes three statements for any number of groups and any day, and one more for each further source that
the metrics in use name in `READS`. A metric turns the counts of one group into a `Measured`: a value for the engine
and the facts behind it, or no value where the records are too few: "not enough data" is neither a zero nor a guess.
A new metric is one more function in `METRICS`; a higher value is always better.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, NamedTuple

from django.db import connection

from assessment.sources import STATEMENTS, Source
from groups.models import Constitution
from groups.shared.schedule import expected_meetings
from groups.shared.sql import local_time

WINDOW_DAYS = 182
"""Minutes count for half a year: older ones say nothing about how a group works now."""
RECENT_MEETINGS = 4
"""Attendance, savings, agenda and books are measured over the last four meetings (DreamSave)."""
LEAST_MEETINGS = 2
"""With fewer meetings in the window there is not enough data."""
LEAST_AGE_DAYS = 56
"""A younger group has not had the time to show that it meets regularly."""
CLOSING_DAYS = 7
"""The books of a meeting are in time if it was closed within a week."""
LEAST_DECISIONS = 2
"""With fewer decisions due in the window there is not enough data."""
RECENT_COUNTS = 8
"""Cash differences are looked at over the last eight counts of the window: two months of weekly meetings."""
LATE_DAYS = 30
"""A loan is at risk with an instalment more than so many days late (PAR 30)."""

Facts = dict[str, int]


@dataclass(slots=True)
class Records:
    """The counts of one group as of a day; amounts in whole rupiah.

    What belongs to a `Source` has no value at all before that source is read: a metric that does not name what it
    reads fails, and never takes what nobody read for a zero.
    """

    group_id: int
    age_days: int
    meeting_every: str
    has_bank_account: bool
    signatories: int
    has_rules: bool
    rules_agreed_in_meeting: bool
    # Meetings held in the last WINDOW_DAYS.
    held: int = 0
    last_held_on: date | None = None
    critical: int = 0
    critical_decided: int = 0
    # The last RECENT_MEETINGS of them.
    recent: int = 0
    members: int = 0
    present: int = 0
    represented: int = 0
    savers: int = 0
    with_agenda: int = 0
    with_books: int = 0
    # Up to RECENT_MEETINGS before those.
    before: int = 0
    members_before: int = 0
    present_before: int = 0
    # Instalments due up to the day on all loans, and what was paid towards them.
    due: int = 0
    paid: int = 0
    loans: int = 0
    loans_late: int = 0
    # Source.MEMBERS: members on the day and WINDOW_DAYS before.
    members_now: int = field(init=False)
    members_then: int = field(init=False)
    # Source.OFFICERS: of the three offices those held, and terms of office ever begun.
    offices_held: int = field(init=False)
    terms: int = field(init=False)
    # Source.DECISIONS: those that fell due in the window.
    decisions_due: int = field(init=False)
    decisions_done: int = field(init=False)
    # Source.COUNTS: the last RECENT_COUNTS of the window.
    cash_counts: int = field(init=False)
    cash_counts_settled: int = field(init=False)
    # Source.SAVINGS: all kinds together on the day and WINDOW_DAYS before, and lines of a share-out between them.
    savings_now: int = field(init=False)
    savings_then: int = field(init=False)
    share_outs: int = field(init=False)
    # Source.PORTFOLIO: loans ever made, members with a balance, balances, and those more than LATE_DAYS late.
    loans_made: int = field(init=False)
    borrowers: int = field(init=False)
    portfolio: int = field(init=False)
    portfolio_late: int = field(init=False)
    # Source.SOCIAL_FUND: what came in and went out in the window.
    social_received: int = field(init=False)
    social_given: int = field(init=False)

    @property
    def arrears(self) -> int:
        """Rupiah that fell due and were not paid."""
        return max(0, self.due - self.paid)


class Measured(NamedTuple):
    """The value of an indicator, None for "not enough data", and the counts it was computed from."""

    value: float | None
    facts: Facts


Metric = Callable[[Records], Measured]


def meeting_regularity(records: Records) -> Measured:
    """Meetings held / meetings the agreed rhythm promises, in the last 182 days; at most 1.

    A younger group is measured over its age, one of less than 56 days not at all. Source: Panca Sutra 1,
    regular meetings; the rhythm is the one on the group's profile.
    """
    days = min(WINDOW_DAYS, records.age_days)
    expected = expected_meetings(records.meeting_every, max(days, 1))
    facts = {"held": records.held, "expected": expected, "days": days}
    if days < LEAST_AGE_DAYS:
        return Measured(None, facts)
    return Measured(min(1.0, records.held / expected), facts)


def attendance(records: Records) -> Measured:
    """(Present + late) / members over the last four meetings; represented members are shown apart.

    Source: DreamSave, attendance over the last four meetings.
    """
    return _recent(records, records.present, records.members, {"represented": records.represented})


def agenda(records: Records) -> Measured:
    """Meetings with an agenda item and a decision / meetings, over the last four.

    Source: Kotaku indicator 3; the minute book's columns agenda and decisions.
    """
    return _recent(records, records.with_agenda, records.recent)


def savings_regularity(records: Records) -> Measured:
    """Members who paid their compulsory savings (simpanan wajib) / members, over the last four meetings.

    Source: Panca Sutra 2, regular savings.
    """
    return _recent(records, records.savers, records.members)


def rules_in_force(records: Records) -> Measured:
    """0 without a constitution or with an empty one, 1 with one, 2 with one agreed in a meeting of the members.

    Source: Kotaku indicator 5 (aturan main); the guide's fifth step of forming a group.
    """
    value = 2 if records.has_rules and records.rules_agreed_in_meeting else 1 if records.has_rules else 0
    return Measured(float(value), {"level": value})


def repayment_rate(records: Records) -> Measured:
    """Paid towards what was due / due up to the day, over all loans; a payment ahead does not hide another's arrears.

    Source: repayment rate, and the UPK standard of 2013 (good from 90 %). No instalment due yet is not enough data.
    """
    facts = {"paid": records.paid, "due": records.due, "loans": records.loans, "late": records.loans_late}
    if records.due == 0:
        return Measured(None, facts)
    return Measured(records.paid / records.due, facts)


def books_complete(records: Records) -> Measured:
    """Meetings with cash counted, no open difference, and closed within 7 days / meetings, over the last four.

    Source: Panca Sutra 3, bookkeeping. A correction later on counts as the day of the first closing.
    """
    return _recent(records, records.with_books, records.recent)


def bank_account(records: Records) -> Measured:
    """0 without a bank account, 1 with one, 2 if at least two people must sign to withdraw.

    The profile as it is today, whatever the day asked for: its history is not kept. Source: Kotaku indicator 8.
    """
    value = 2 if records.has_bank_account and records.signatories >= 2 else 1 if records.has_bank_account else 0
    return Measured(float(value), {"level": value, "signatories": records.signatories})


def critical_matters(records: Records) -> Measured:
    """0 if no critical matter (perkara kritis) was raised in the last 182 days, 1 if one was, 2 if one was decided,
    3 if two or more were decided.

    Counted, not as a share: raising one more matter must never cost points. Fewer than two meetings are not
    enough data. Source: Kotaku indicator 10.
    """
    facts = {"decided": records.critical_decided, "raised": records.critical, "meetings": records.held}
    if records.held < LEAST_MEETINGS:
        return Measured(None, facts)
    return Measured(float(min(1, records.critical) + min(2, records.critical_decided)), facts)


def decisions_followed_up(records: Records) -> Measured:
    """Decisions carried out / decisions that were to be carried out in the last 182 days.

    Counts the decisions of closed meetings with a day by when; fewer than two are not enough data. Source: the minute
    book's column decisions, and the guide's duty of a chair to see that what was agreed is done.
    """
    facts = {"done": records.decisions_done, "due": records.decisions_due}
    if records.decisions_due < LEAST_DECISIONS:
        return Measured(None, facts)
    return Measured(records.decisions_done / records.decisions_due, facts)


def savings_growth(records: Records) -> Measured:
    """Savings per member now / savings per member 182 days ago, less 1: 0.1 is a tenth more.

    All kinds of savings together, in rupiah. Without savings or members at either day there is not enough data, nor
    after a share-out, which pays the savings out on purpose. Source: Panca Sutra 2; savings per member and growth as
    SAVIX reports them.
    """
    now, then = records.savings_now, records.savings_then
    facts = {"now": now, "then": then, "members": records.members_now, "members_then": records.members_then}
    if min(then, records.members_then, records.members_now) <= 0 or records.share_outs:
        return Measured(None, facts)
    before = then * records.members_now
    return Measured((now * records.members_then - before) / before, facts)


def portfolio_quality(records: Records) -> Measured:
    """1 - PAR 30: balances of loans with no instalment more than 30 days late / balances of all running loans.

    In rupiah. No running loan is not enough data. Loans written off have no balance any more: they count in
    `repayment_rate`. Source: PAR as microfinance counts it everywhere; UPK standard of 2013 (good up to 10 %).
    """
    facts = {"late": records.portfolio_late, "balance": records.portfolio}
    if records.portfolio <= 0:
        return Measured(None, facts)
    return Measured((records.portfolio - records.portfolio_late) / records.portfolio, facts)


def internal_lending(records: Records) -> Measured:
    """Members with a running loan / members.

    A group of less than 182 days that made no loan yet saves first: not enough data. Later, no loan is a measured
    zero. Source: Panca Sutra 4, lending inside the group; members with a loan (DreamSave).
    """
    facts = {"borrowers": records.borrowers, "members": records.members_now}
    if not records.members_now or (records.age_days < WINDOW_DAYS and not records.loans_made):
        return Measured(None, facts)
    return Measured(min(1.0, records.borrowers / records.members_now), facts)


def officers_in_place(records: Records) -> Measured:
    """0 to 3: how many of the offices ketua, sekretaris and bendahara somebody holds on the day.

    A group whose officers nobody ever wrote down has not enough data. Source: the guide's three officers.
    """
    facts = {"held": records.offices_held}
    return Measured(float(records.offices_held) if records.terms else None, facts)


def cash_settled(records: Records) -> Measured:
    """Cash counts that agreed with the books or whose difference is settled / the last 8 counts of 182 days.

    Of a corrected meeting only the new count. Fewer than two counts are not enough data. Source: Panca Sutra 3,
    bookkeeping; cash counted at every meeting.
    """
    facts = {"settled": records.cash_counts_settled, "counts": records.cash_counts}
    if records.cash_counts < LEAST_MEETINGS:
        return Measured(None, facts)
    return Measured(records.cash_counts_settled / records.cash_counts, facts)


def social_fund_used(records: Records) -> Measured:
    """0 if nothing came into the social fund (dana sosial) in the last 182 days, 1 if something did, 2 if help was
    paid out of it as well.

    Opening balances came in before. Fewer than two meetings are not enough data. Source: the guide's social side of a
    group; the social fund of DreamSave and Kotaku.
    """
    facts = {"received": records.social_received, "given": records.social_given}
    if records.held < LEAST_MEETINGS:
        return Measured(None, facts)
    value = 0 if records.social_received <= 0 else 2 if records.social_given > 0 else 1
    return Measured(float(value), facts)


METRICS: dict[str, Metric] = {
    metric.__name__: metric
    for metric in (
        meeting_regularity,
        attendance,
        agenda,
        savings_regularity,
        rules_in_force,
        repayment_rate,
        books_complete,
        bank_account,
        critical_matters,
        decisions_followed_up,
        savings_growth,
        portfolio_quality,
        internal_lending,
        officers_in_place,
        cash_settled,
        social_fund_used,
    )
}
MOST = dict.fromkeys(METRICS.keys() - {"savings_growth"}, 1) | {
    "rules_in_force": 2,
    "bank_account": 2,
    "critical_matters": 3,
    "officers_in_place": 3,
    "social_fund_used": 2,
}
"""The highest value of each metric, 1 for a share; growth has none."""
READS: dict[str, tuple[Source, ...]] = {
    "decisions_followed_up": (Source.DECISIONS,),
    "savings_growth": (Source.MEMBERS, Source.SAVINGS),
    "portfolio_quality": (Source.PORTFOLIO,),
    "internal_lending": (Source.MEMBERS, Source.PORTFOLIO),
    "officers_in_place": (Source.OFFICERS,),
    "cash_settled": (Source.COUNTS,),
    "social_fund_used": (Source.SOCIAL_FUND,),
}
"""What a metric reads besides groups, meetings and loans, which every score reads."""

# Constitutions keep every version, so the rules in force on any day are known. Those a group is registered with are
# empty (`Constitution.is_empty`): nobody has agreed anything yet.
GROUPS_SQL = """
SELECT g.id, g.founded_on, g.meeting_every, g.bank_account_number, g.bank_signatories,
    CASE WHEN c.version > 1 OR NOT ({rules_are_empty}) THEN c.id END, c.agreed_in_meeting
FROM groups_group g
LEFT JOIN groups_constitution c ON c.id = (
    SELECT v.id FROM groups_constitution v
    WHERE v.group_id = g.id AND v.agreed_on <= %(as_of)s ORDER BY v.version DESC LIMIT 1)
WHERE g.id {groups}
"""

# `recent` is 1 for the last four meetings of a group, `before` for the four before them. A correction keeps the day of
# the first closing. The cash count repeats the groups although the meeting implies them: PostgreSQL would read the
# counts of all groups for each batch.
MEETING_ROWS_SQL = """
SELECT m.group_id, m.number, m.held_on, m.critical_count, m.critical_decided_count, m.member_count, m.present_count,
    m.late_count, m.represented_count, m.saver_count,
    CASE WHEN ROW_NUMBER() OVER newest <= %(recent)s THEN 1 ELSE 0 END AS recent,
    CASE WHEN ROW_NUMBER() OVER newest BETWEEN %(recent)s + 1 AND 2 * %(recent)s THEN 1 ELSE 0 END AS before,
    CASE WHEN m.agenda_count > 0 AND m.decision_count > 0 THEN 1 ELSE 0 END AS with_agenda,
    CASE WHEN (c.counted = c.expected OR c.settled_on <= %(as_of)s)
        AND {first_closed} < {day_after_closing} THEN 1 ELSE 0 END AS with_books
FROM meetings_meeting m
LEFT JOIN finance_cashcount c ON c.id = m.cash_count_id AND c.group_id {groups}
WHERE m.group_id {groups} AND m.status = 'CLOSED' AND m.held_on > %(since)s AND m.held_on <= %(as_of)s
WINDOW newest AS (PARTITION BY m.group_id ORDER BY m.held_on DESC, m.number DESC)
"""
_FIRST_CLOSED = """CASE WHEN m.version = 1 THEN m.closed_at ELSE (
            SELECT f.closed_at FROM meetings_meeting f
            WHERE f.group_id = m.group_id AND f.number = m.number AND f.version = 1
        ) END"""
MEETINGS_SQL = f"""
SELECT group_id, COUNT(*), MAX(held_on), SUM(critical_count), SUM(critical_decided_count), SUM(recent),
    SUM(recent * member_count), SUM(recent * (present_count + late_count)), SUM(recent * represented_count),
    SUM(recent * saver_count), SUM(recent * with_agenda), SUM(recent * with_books),
    SUM(before), SUM(before * member_count), SUM(before * (present_count + late_count))
FROM ({MEETING_ROWS_SQL}) counted
GROUP BY group_id
"""  # noqa: S608 - no input

# Balances are those of today, less what moved after the day; reversals are mirror transfers, so signed sums hold.
# A loan that came with the opening balances was paid out long before: until then the books know nothing of it.
LOAN_ROWS_SQL = """
SELECT l.group_id, l.number,
    l.principal - (la.debits_posted - la.credits_posted)
    + COALESCE(fa.credits_posted - fa.debits_posted, 0) - COALESCE(later.paid, 0)
    - CASE WHEN l.ended_on <= %(as_of)s THEN l.unpaid_principal ELSE 0 END AS paid,
    d.due, l.payoff_fee = 'WAIVED' AND l.ended_as = '' AND la.debits_posted = la.credits_posted
        AND later.paid IS NULL AS is_paid_off
FROM finance_loan l
JOIN (
    SELECT i.loan_id, SUM(i.principal + i.service_fee) AS due
    FROM finance_instalment i JOIN finance_loan r ON r.id = i.loan_id
    WHERE i.group_id {groups} AND i.due_on <= %(as_of)s
        AND (r.ended_as <> 'RESCHEDULED' OR i.due_on <= r.ended_on)
    GROUP BY i.loan_id
) d ON d.loan_id = l.id
JOIN finance_account la ON la.loan_id = l.id AND la.kind = 'LOAN' AND la.group_id {groups}
LEFT JOIN finance_account fa ON fa.loan_id = l.id AND fa.kind = 'SERVICE_FEE' AND fa.group_id {groups}
LEFT JOIN (
    SELECT loan_id, SUM(amount) AS paid, SUM(lent) AS lent
    FROM (
        SELECT a.loan_id, t.amount, 0 AS lent
        FROM finance_entry e
        JOIN finance_transfer t ON t.entry_id = e.id
        JOIN finance_account a ON a.id = t.credit_account_id
        WHERE e.group_id {groups} AND e.effective_on > %(as_of)s
            AND a.group_id {groups} AND a.kind IN ('LOAN', 'SERVICE_FEE')
        UNION ALL
        SELECT a.loan_id, -t.amount, CASE WHEN a.kind = 'LOAN' THEN t.amount ELSE 0 END
        FROM finance_entry e
        JOIN finance_transfer t ON t.entry_id = e.id
        JOIN finance_account a ON a.id = t.debit_account_id
        WHERE e.group_id {groups} AND e.effective_on > %(as_of)s
            AND a.group_id {groups} AND a.kind IN ('LOAN', 'SERVICE_FEE')
    ) moved
    GROUP BY loan_id
) later ON later.loan_id = l.id
WHERE l.group_id {groups} AND l.cancelled_at IS NULL AND l.disbursed_on <= %(as_of)s
    AND la.debits_posted > COALESCE(later.lent, 0)
"""
LOANS_SQL = f"""
SELECT group_id, COUNT(*), SUM(CASE WHEN is_paid_off THEN {{least}}(due, paid) ELSE due END), SUM({{least}}(due, paid)),
    SUM(CASE WHEN paid < due AND NOT is_paid_off THEN 1 ELSE 0 END)
FROM ({LOAN_ROWS_SQL}) loans
GROUP BY group_id
"""  # noqa: S608 - no input


def read_records(group_ids: Sequence[int], as_of: date, metrics: Iterable[str] = METRICS) -> dict[int, Records]:
    """Return the records of the groups as of a day, by group, as far as `metrics` look at them.

    Three statements, and one for each source in their `READS`.
    """
    records = {row[0]: _of_group(as_of, *row) for row in run_sql(GROUPS_SQL, group_ids, as_of)}
    for group_id, *counts in run_sql(MEETINGS_SQL, group_ids, as_of):
        of_group = records[group_id]
        of_group.held, last_held_on, of_group.critical, of_group.critical_decided = counts[:4]
        of_group.last_held_on = _day(last_held_on)
        of_group.recent, of_group.members, of_group.present, of_group.represented = counts[4:8]
        of_group.savers, of_group.with_agenda, of_group.with_books = counts[8:11]
        of_group.before, of_group.members_before, of_group.present_before = counts[11:]
    for group_id, loans, due, paid, late in run_sql(LOANS_SQL, group_ids, as_of):
        of_group = records[group_id]
        of_group.loans, of_group.due, of_group.paid, of_group.loans_late = loans, int(due), int(paid), late
    for source in sources_of(metrics):
        sql, fields = STATEMENTS[source]
        for of_group in records.values():
            for name in fields:
                setattr(of_group, name, 0)
        for group_id, *numbers in run_sql(sql, group_ids, as_of):
            for name, number in zip(fields, numbers, strict=True):
                setattr(records[group_id], name, int(number))
    return records


def sources_of(metrics: Iterable[str]) -> list[Source]:
    """Return what the metrics read besides groups, meetings and loans."""
    needed = {source for metric in metrics for source in READS.get(metric, ())}
    return [source for source in Source if source in needed]


def run_sql(sql: str, group_ids: Sequence[int], as_of: date) -> list[tuple[Any, ...]]:
    """Run one of the statements above for the groups; the list of ids is a single parameter on both databases."""
    sqlite = connection.vendor == "sqlite"
    words = {
        "groups": "IN (SELECT value FROM json_each(%(groups)s))" if sqlite else "= ANY(%(groups)s)",
        "first_closed": local_time(_FIRST_CLOSED),
        "day_after_closing": f"date(m.held_on, '+{CLOSING_DAYS + 1} days')"
        if sqlite
        else f"m.held_on + {CLOSING_DAYS + 1}",
        "least": "MIN" if sqlite else "LEAST",
        "rules_are_empty": " AND ".join(
            f"c.{rule.attname} = %({rule.attname})s" for rule in Constitution.rule_fields()
        ),
    }
    parameters = {
        "groups": json.dumps(list(group_ids)) if sqlite else list(group_ids),
        "as_of": as_of.isoformat(),
        "since": (as_of - timedelta(WINDOW_DAYS)).isoformat(),
        "recent": RECENT_MEETINGS,
        "recent_counts": RECENT_COUNTS,
        "late_before": (as_of - timedelta(LATE_DAYS)).isoformat(),
        **{rule.attname: rule.get_db_prep_save(rule.get_default(), connection) for rule in Constitution.rule_fields()},
    }
    with connection.cursor() as cursor:
        cursor.execute(sql.format(**words), parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _of_group(
    as_of: date,
    group_id: int,
    founded_on: date | str,
    meeting_every: str,
    bank_account_number: str,
    signatories: int,
    constitution_id: int | None,
    agreed_in_meeting: bool | None,
) -> Records:
    return Records(
        group_id=group_id,
        age_days=max(0, (as_of - _day(founded_on)).days),
        meeting_every=meeting_every,
        has_bank_account=bool(bank_account_number),
        signatories=signatories,
        has_rules=constitution_id is not None,
        rules_agreed_in_meeting=bool(agreed_in_meeting),
    )


def _recent(records: Records, counted: int, of: int, more: Facts | None = None) -> Measured:
    facts = {"counted": counted, "of": of, "meetings": records.recent, **(more or {})}
    if records.recent < LEAST_MEETINGS or of == 0:
        return Measured(None, facts)
    return Measured(min(1.0, counted / of), facts)


def _day(value: date | str) -> date:
    """SQLite gives days as text."""
    return value if isinstance(value, date) else date.fromisoformat(value)
