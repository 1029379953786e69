"""Configuration of the finance app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


def install_triggers(using: str, **_kwargs: object) -> None:
    """Put the ledger's triggers back after each migrate."""
    from finance.ledger.triggers import TRIGGERS
    from groups.shared.triggers import install

    install(TRIGGERS, using)


class FinanceConfig(AppConfig):
    """The finance app."""

    name = "finance"
    verbose_name = _("Books")

    def ready(self) -> None:
        """Install the triggers, hold postings to the rules about loans and counts, and say which days books know."""
        from finance.ledger.posting import Books
        from finance.rules.cash_counts import carry_posted
        from finance.rules.ended_loans import require_nothing_left
        from finance.selectors import days_of_group, days_of_member
        from groups.records import GROUP_READERS, MEMBER_READERS

        post_migrate.connect(install_triggers, sender=self)
        Books.checks = (require_nothing_left,)
        Books.followers = (carry_posted,)
        MEMBER_READERS.append(days_of_member)
        GROUP_READERS.append(days_of_group)
