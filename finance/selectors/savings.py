"""The savings of members over many groups, in whole rupiah."""

from __future__ import annotations

from django.db.models import F, QuerySet, Sum

from finance.chart import SAVINGS
from finance.models import Account
from groups.models import Group


def savings_by_group(groups: QuerySet[Group]) -> dict[int, int]:
    """Return today's savings of all members of each of `groups` that has accounts for them, in one statement."""
    accounts = Account.objects.filter(group__in=groups.order_by(), kind__in=SAVINGS).order_by()
    found = accounts.values_list("group_id").annotate(savings=Sum(F("credits_posted") - F("debits_posted")))
    return {group_id: int(savings) for group_id, savings in found}
