"""Savings per member now / savings per member 182 days ago, less 1: 0.1 is a tenth more.

All kinds of savings together, in rupiah. Without savings or members at either day there is not enough data, nor after a
share-out, which pays the savings out on purpose. Source: Panca Sutra 2; savings per member and growth as SAVIX reports
them.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assessment.metrics.base.metric import Facts, Measured, Metric, Reads, Rows
from assessment.metrics.base.reading import rows_of
from assessment.metrics.base.tables import MONEY, NUMBER, evidence_table, member_url, total_row
from finance.selectors.relations import SAVINGS_BALANCES
from finance.tables.table import Column, Row, Table
from groups.models import Group
from groups.selectors.relations import MEMBERSHIPS
from groups.shared.money import rupiah


def _measure(read: Facts) -> Measured:
    facts = {name: read[name] for name in ("now", "then", "members", "members_then")}
    now, then, members, members_then = facts.values()
    if min(then, members_then, members) <= 0 or read["share_outs"]:
        return Measured(None, facts)
    before = then * members
    return Measured((now * members_then - before) / before, facts)


def _sentence(facts: Facts) -> str:
    return _("savings per member %(now)s, 182 days ago %(then)s") % {
        "now": rupiah(facts["now"] // facts["members"]),
        "then": rupiah(facts["then"] // facts["members_then"]),
    }


def _tables(group: Group, as_of: date) -> list[Table]:
    members, now, then = _savers(rows_of(group, as_of))
    columns = [
        Column(_("Member")), Column(_("Savings"), MONEY), Column(_("A member now"), NUMBER, on_phone=False),
        Column(_("182 days before"), MONEY, on_phone=False), Column(_("A member then"), NUMBER, on_phone=False),
    ]  # fmt: skip
    rows = [
        Row(
            [member.name, now.get(member.id, 0), member.is_member, then.get(member.id, 0), member.was_member],
            member_url(group, member.id),
        )
        for member in members
    ]
    rows.append(total_row(_("Total"), columns, rows))
    return [evidence_table(group, as_of, _("Savings"), columns, rows)]


def _records(rows: Rows) -> dict[str, list[int]]:
    members, _now, _then = _savers(rows)
    return {"members": [member.number for member in members]}


def _savers(rows: Rows) -> tuple[list[Any], dict[int, int], dict[int, int]]:
    """Return the members who count, and by member the savings on the day and at the beginning of the window."""
    now: dict[int, int] = {}
    then: dict[int, int] = {}
    for row in rows(SAVINGS_BALANCES):
        now[row.member_id] = now.get(row.member_id, 0) + row.on_day
        then[row.member_id] = then.get(row.member_id, 0) + row.before
    members = [
        member
        for member in sorted(rows(MEMBERSHIPS), key=lambda member: int(member.number))
        if member.is_member or member.was_member or now.get(member.id) or then.get(member.id)
    ]
    return members, now, then


METRIC = Metric(
    reads=(
        Reads(SAVINGS_BALANCES, {"now": "SUM(on_day)", "then": "SUM(before)", "share_outs": "SUM(shared_out)"}),
        Reads(MEMBERSHIPS, {"members": "SUM(is_member)", "members_then": "SUM(was_member)"}),
    ),
    measure=_measure,
    formula=gettext_lazy(
        "All savings per member now ÷ the same 182 days ago, less 1. Not measured without savings or members on either "
        "day, nor across a share-out."
    ),
    sentence=_sentence,
    tables=_tables,
    records=_records,
    page="savings-book",
    page_name=gettext_lazy("Savings book"),
    most=None,
)
