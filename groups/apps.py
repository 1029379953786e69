"""Configuration of the groups app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

FOLLOWS = ("name_key", "has_namesake")
"""Columns that follow others, which the audit log has."""


class GroupsConfig(AppConfig):
    """The groups app; django-auditlog records who changed what, with NIK and phone masked."""

    name = "groups"
    verbose_name = _("Groups and members")

    def ready(self) -> None:
        """Install the triggers after every migrate and register what the audit log follows."""
        from auditlog.registry import auditlog

        from groups import checks as checks  # registers them
        from groups.models import (
            FacilitatorAssignment,
            Federation,
            FederationMembership,
            FederationOfficer,
            Group,
            Member,
            OfficerTerm,
            Organisation,
            Partner,
            Partnership,
            PartnershipAgreement,
            User,
        )
        from groups.records import GROUP_READERS
        from groups.selectors import days_of_mentoring
        from groups.selectors.federations import federation_days
        from groups.selectors.partnerships import partnership_days
        from groups.shared.triggers import keep_installed
        from groups.triggers import TRIGGERS

        keep_installed(self, TRIGGERS)
        GROUP_READERS.append(days_of_mentoring)
        auditlog.register(Organisation)
        auditlog.register(User, exclude_fields=["password", "last_login", *FOLLOWS])
        auditlog.register(Group, exclude_fields=["name_key"])
        auditlog.register(FacilitatorAssignment)
        auditlog.register(
            Member,
            exclude_fields=[*FOLLOWS, "called"],
            mask_fields=["nik", "phone"],
            mask_callable="groups.identity.mask",
        )
        auditlog.register(OfficerTerm)
        auditlog.register(
            Partner, exclude_fields=["name_key"], mask_fields=["phone"], mask_callable="groups.identity.mask"
        )
        auditlog.register(Partnership)
        auditlog.register(PartnershipAgreement)
        for model in (Federation, FederationMembership, FederationOfficer):
            auditlog.register(model, exclude_fields=["name_key"] if model is Federation else None)
        GROUP_READERS.extend((partnership_days, federation_days))
