"""Configuration of the finance app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FinanceConfig(AppConfig):
    """The finance app."""

    name = "finance"
    verbose_name = _("Books")

    def ready(self) -> None:
        """Install the triggers, hold postings to the rules about loans and counts, and say which days books know."""
        from finance.ledger.posting import Books
        from finance.ledger.triggers import TRIGGERS
        from finance.rules.cash_counts import carry_posted
        from finance.rules.ended_loans import require_nothing_left
        from finance.rules.reallocation import reallocate
        from finance.selectors import days_of_group, days_of_member
        from groups.records import GROUP_READERS, MEMBER_READERS
        from groups.shared.triggers import keep_installed

        keep_installed(self, TRIGGERS)
        Books.completers = (reallocate,)
        Books.checks = (require_nothing_left,)
        Books.followers = (carry_posted,)
        MEMBER_READERS.append(days_of_member)
        GROUP_READERS.append(days_of_group)
