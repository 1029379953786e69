"""Members of a group and the offices they hold."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Cast, Concat
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from groups.identity import EARLIEST_BIRTH_YEAR, mask, validate_nik, validate_phone
from groups.models.dated import effective_between
from groups.models.group import Group
from groups.records import recorded_days_of_member
from groups.shared.clock import now, today_of
from groups.shared.folding import FoldedField, FoldedModel


class Gender(models.TextChoices):
    """As written on the identity card."""

    FEMALE = "P", _("Female")
    MALE = "L", _("Male")


class MemberQuerySet(models.QuerySet["Member"]):
    """Members by date."""

    def effective(self, as_of: date) -> Self:
        """Return those who are members on the day `as_of`; on the day of leaving one is no member any more."""
        return self.filter(effective_between("joined_on", "left_on", as_of))


class Member(FoldedModel):
    """A member of one group. Caste, religion and politics are never asked."""

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="members", verbose_name=_("group"))
    number = models.PositiveIntegerField(_("member number"))
    name = models.CharField(_("name"), max_length=120)
    name_key = FoldedField(of=("name",))
    # Whether another member of the group, who may have left, has the same name; a trigger keeps it.
    has_namesake = models.BooleanField(_("has a namesake"), default=False, editable=False)
    called = models.GeneratedField(
        expression=Case(
            When(has_namesake=True, then=Concat("name", Value(" ("), Cast("number", models.CharField()), Value(")"))),
            default="name",
        ),
        output_field=models.CharField(max_length=140),
        db_persist=True,
        verbose_name=_("name"),
    )
    """What `str` of a member gives, for queries: the name, with the number where another has it."""
    gender = models.CharField(_("gender"), max_length=1, choices=Gender)
    birth_year = models.PositiveSmallIntegerField(_("year of birth"), null=True, blank=True)
    phone = models.CharField(_("phone"), max_length=20, blank=True, validators=[validate_phone])
    nik = models.CharField(_("NIK"), max_length=16, blank=True, validators=[validate_nik])
    joined_on = models.DateField(_("joined on"))
    left_on = models.DateField(_("left on"), null=True, blank=True)
    # The key of the form that registered the member: the same form sent twice is one member.
    key = models.UUIDField(_("idempotency key"), default=uuid.uuid4, editable=False)
    recorded_at = models.DateTimeField(_("recorded at"), default=now, editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("recorded by")
    )

    objects = MemberQuerySet.as_manager()

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(name="member_number_once", fields=["group", "number"]),
            models.UniqueConstraint(name="member_key_once", fields=["group", "key"]),
            models.UniqueConstraint(
                name="member_nik_once",
                fields=["group", "nik"],
                # Who left may join again, as a new member with the same NIK.
                condition=~Q(nik="") & Q(left_on__isnull=True),
                violation_error_message=_("Another member of this group has this NIK."),
            ),
            models.CheckConstraint(name="member_gender", condition=Q(gender__in=Gender.values)),
            models.CheckConstraint(
                name="member_dates",
                condition=Q(left_on__isnull=True) | Q(left_on__gte=F("joined_on")),
                violation_error_message=_("A member cannot leave before joining."),
            ),
        ]
        indexes = [
            models.Index(fields=["group", "name_key"], name="member_group_name_key"),
            models.Index(fields=["name_key"], name="member_name_key"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.number})" if self.has_namesake else self.name

    def clean(self) -> None:
        """Refuse a year of birth or dates that cannot be."""
        latest = today_of(self.group)
        problems: dict[str, str] = {}
        if self.birth_year is not None and not EARLIEST_BIRTH_YEAR <= self.birth_year <= latest.year:
            problems["birth_year"] = gettext("Write a year from %(first)s to %(last)s.") % {
                "first": EARLIEST_BIRTH_YEAR,
                "last": latest.year,
            }
        if self.joined_on is not None:
            if self.joined_on > latest:
                problems["joined_on"] = gettext("This date is in the future.")
            elif self.joined_on < self.group.founded_on:
                problems["joined_on"] = gettext("The group did not exist yet on this date.")
            elif (first := self._first_recorded_on()) is not None and self.joined_on > first:
                problems["joined_on"] = gettext("This member is in the records from %s on.") % date_format(first)
        if problems:
            raise ValidationError(problems)

    def is_member_on(self, day: date) -> bool:
        """Say whether this is a member on the day; on the day of leaving one is none any more."""
        return self.joined_on <= day and (self.left_on is None or day < self.left_on)

    def _first_recorded_on(self) -> date | None:
        return None if self._state.adding else recorded_days_of_member(self).first

    @property
    def phone_masked(self) -> str:
        """The phone number with all but its last four digits hidden."""
        return mask(self.phone)

    @property
    def nik_masked(self) -> str:
        """The NIK with all but its last four digits hidden."""
        return mask(self.nik)


class OfficerRole(models.TextChoices):
    """The three offices; values and labels keep the Indonesian words."""

    KETUA = "KETUA", _("Ketua (chair)")
    SEKRETARIS = "SEKRETARIS", _("Sekretaris (secretary)")
    BENDAHARA = "BENDAHARA", _("Bendahara (treasurer)")

    @property
    def duties(self) -> str:
        """What the holder does."""
        return str(_DUTIES[self])


_DUTIES = {
    OfficerRole.KETUA: _("Leads the meetings, sees that decisions are carried out, speaks for the group."),
    OfficerRole.SEKRETARIS: _("Writes the minutes and the attendance, keeps the list of members and the letters."),
    OfficerRole.BENDAHARA: _("Keeps the cash box and the books of money, counts the cash before the members."),
}


class LeadershipMatter(models.TextChoices):
    """What is worth a question about who leads a group."""

    TERM_OVER = "TERM_OVER", _("Term of office over")
    SAME_PERSON = "SAME_PERSON", _("The same people lead for long")
    CHANGES = "CHANGES", _("Officers change often")
    NO_WOMAN = "NO_WOMAN", _("No woman leads")

    @property
    def ask(self) -> Promise:
        """The question to the group."""
        return _LEADERSHIP_ASKED[self]


_LEADERSHIP_ASKED = {
    LeadershipMatter.TERM_OVER: _("When will the group elect again? Was there an election that nobody recorded?"),
    LeadershipMatter.SAME_PERSON: _("Who learns the work of the office, so that somebody else can take it over?"),
    LeadershipMatter.CHANGES: _("Why did the officers give up? What would help those who hold the office now?"),
    LeadershipMatter.NO_WOMAN: _(
        "Do women speak in the meetings? Who of them would take an office at the next election?"
    ),
}


class OfficerTermQuerySet(models.QuerySet["OfficerTerm"]):
    """Terms of office by date."""

    def effective(self, as_of: date) -> Self:
        """Return the terms that run on the day `as_of`; on the day of an election the office is the successor's."""
        return self.filter(effective_between("started_on", "ended_on", as_of))


class OfficerTerm(models.Model):
    """A member holds an office from one day to another; an open term has no end."""

    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="officer_terms", verbose_name=_("group"))
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="terms", verbose_name=_("member"))
    role = models.CharField(_("role"), max_length=10, choices=OfficerRole)
    started_on = models.DateField(_("started on"))
    ended_on = models.DateField(_("ended on"), null=True, blank=True)
    recorded_at = models.DateTimeField(_("recorded at"), default=now, editable=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("recorded by")
    )

    objects = OfficerTermQuerySet.as_manager()

    class Meta:
        verbose_name = _("officer term")
        verbose_name_plural = _("officer terms")
        ordering = ["-started_on", "role"]
        constraints = [
            models.UniqueConstraint(
                name="officer_one_holder", fields=["group", "role"], condition=Q(ended_on__isnull=True)
            ),
            models.UniqueConstraint(
                name="officer_one_office", fields=["group", "member"], condition=Q(ended_on__isnull=True)
            ),
            models.CheckConstraint(name="officer_role", condition=Q(role__in=OfficerRole.values)),
            models.CheckConstraint(
                name="officer_dates", condition=Q(ended_on__isnull=True) | Q(ended_on__gte=F("started_on"))
            ),
        ]

    def __str__(self) -> str:
        return self.get_role_display()

    @property
    def duties(self) -> str:
        """What the holder of the office does."""
        return OfficerRole(self.role).duties
