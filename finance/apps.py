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
        """Install the triggers after every migrate, and hold every posting to the rules about loans and counts."""
        from finance.ledger.posting import Books
        from finance.rules.cash_counts import carry_posted
        from finance.rules.ended_loans import require_nothing_left

        post_migrate.connect(install_triggers, sender=self)
        Books.checks = (require_nothing_left,)
        Books.followers = (carry_posted,)
