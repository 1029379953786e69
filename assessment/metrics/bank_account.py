"""0 without a bank account, 1 with one, 2 if at least two people must sign to withdraw.

The account that was open on the day, and who had to sign for it then. Source: Kotaku indicator 8.
"""

from __future__ import annotations

from datetime import date

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from assessment.metrics.base.metric import Facts, Measured, Metric, Reads
from assessment.metrics.base.reading import rows_of
from assessment.metrics.base.tables import NUMBER, evidence_table
from finance.tables.table import Column, Row, Table
from groups.models import Group
from groups.selectors.relations import GROUP_PROFILES

SAFE_SIGNATORIES = 2
"""One key to the money is none."""


def _measure(facts: Facts) -> Measured:
    return Measured(float(facts["level"]), facts)


def _sentence(facts: Facts) -> str:
    if not facts["level"]:
        return _("no bank account")
    count = facts["signatories"]
    return ngettext("bank account, %(count)d signatory", "bank account, %(count)d signatories", count) % {
        "count": count
    }


def _tables(group: Group, as_of: date) -> list[Table]:
    url = reverse("bank-accounts", args=[group.code])
    columns = [Column(_("Bank account")), Column(_("Signatories"), NUMBER)]
    [profile] = rows_of(group, as_of)(GROUP_PROFILES)
    account = f"{profile.bank_name} {profile.bank_account_number}".strip()
    has_account = profile.bank_account_number != ""
    row = Row([account if has_account else _("no bank account"), profile.bank_signatories], url)
    return [evidence_table(group, as_of, _("Bank accounts"), columns, [row])]


METRIC = Metric(
    reads=(
        Reads(
            GROUP_PROFILES,
            {
                "level": "MAX(CASE WHEN bank_account_number = '' THEN 0 "
                f"WHEN bank_signatories >= {SAFE_SIGNATORIES} THEN 2 ELSE 1 END)",
                "signatories": "MAX(bank_signatories)",
            },
        ),
    ),
    measure=_measure,
    formula=gettext_lazy("0 without a bank account, 1 with one, 2 if at least two people must sign."),
    sentence=_sentence,
    tables=_tables,
    page="bank-accounts",
    page_name=gettext_lazy("Bank accounts"),
    most=2,
    is_share=False,
)
