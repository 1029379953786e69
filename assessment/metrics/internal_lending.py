"""Members with a running loan / members; a share.

A group of less than 182 days that made no loan yet saves first: not enough data, nor without members. Later, no loan is
a measured zero. Source: Panca Sutra 4, lending inside the group; members with a loan (DreamSave).
"""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from assessment.metrics.base.metric import WINDOW_DAYS, Facts, Measured, Metric, Reads, Rows, share
from assessment.metrics.base.reading import rows_of
from assessment.metrics.base.tables import NUMBER, evidence_table, member_url
from finance.selectors.loan_positions import LOAN_POSITIONS
from finance.tables.table import Column, Row, Table
from groups.models import Group
from groups.selectors.relations import GROUP_PROFILES, MEMBERSHIPS


def _measure(read: Facts) -> Measured:
    facts = {"borrowers": read["borrowers"], "members": read["members"]}
    is_enough = read["age_days"] >= WINDOW_DAYS or read["loans_made"] > 0
    return share(facts["borrowers"], facts["members"], facts, is_enough=is_enough)


def _sentence(facts: Facts) -> str:
    return _("%(borrowers)d of %(members)d members have a running loan") % facts


def _tables(group: Group, as_of: date) -> list[Table]:
    of_group = rows_of(group, as_of)
    loans = _running(of_group)
    members = [member for member in of_group(MEMBERSHIPS) if member.is_member or member.id in loans]
    members.sort(key=lambda member: int(member.number))
    columns = [
        Column(_("Member")), Column(_("Running loans"), on_phone=False, is_named=True),
        Column(_("With a loan"), NUMBER), Column(_("A member now"), NUMBER),
    ]  # fmt: skip
    rows = [
        Row(
            [member.name, ", ".join(map(str, loans.get(member.id, []))), int(member.id in loans), member.is_member],
            member_url(group, member.id),
        )
        for member in members
    ]
    rows.append(Row([_("Total"), "", len(loans), sum(member.is_member for member in members)], is_total=True))
    return [evidence_table(group, as_of, _("Members"), columns, rows)]


def _records(rows: Rows) -> dict[str, list[int]]:
    return {"loans": sorted(number for of_member in _running(rows).values() for number in of_member)}


def _running(rows: Rows) -> dict[int, list[int]]:
    """Return the numbers of the running loans by member."""
    loans: dict[int, list[int]] = {}
    for loan in sorted(rows(LOAN_POSITIONS), key=lambda loan: int(loan.number)):
        if loan.balance > 0:
            loans.setdefault(loan.member_id, []).append(loan.number)
    return loans


METRIC = Metric(
    reads=(
        Reads(
            LOAN_POSITIONS,
            {"borrowers": "COUNT(DISTINCT CASE WHEN balance > 0 THEN member_id END)", "loans_made": "COUNT(*)"},
        ),
        Reads(MEMBERSHIPS, {"members": "SUM(is_member)"}),
        Reads(GROUP_PROFILES, {"age_days": "MAX(age_days)"}),
    ),
    measure=_measure,
    formula=gettext_lazy(
        "Members with a running loan ÷ members. Not measured in a group younger than 182 days that has not lent yet."
    ),
    sentence=_sentence,
    tables=_tables,
    records=_records,
    page="loan-book",
    page_name=gettext_lazy("Loan book"),
)
