"""The profile of a member, and of many on one page."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date
from functools import cached_property
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from groups import selectors
from groups.forms.fields import KeyField, NikField, PastDateField, PastDateInput, PhoneField, YearField
from groups.forms.rows import SentFormSet
from groups.forms.second_look import SecondLookForm
from groups.forms.seen import SeenForm
from groups.models import Group, Member, User
from groups.services import MEMBER_PROFILE, MOST_AT_ONCE, key_of_row
from groups.shared.folding import fold
from groups.shared.problems import Problem, problems_of, problems_of_rows


class MemberForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """The profile of a member; `instance.group` must be set. Used by the page and by the admin."""

    birth_year = YearField(label=_("Year of birth"), required=False)
    phone = PhoneField(label=_("Phone"), required=False)
    nik = NikField(
        label=_("NIK"), required=False, help_text=_("Optional. 16 digits; shown to nobody but who may edit it.")
    )

    class Meta:
        model = Member
        fields = MEMBER_PROFILE
        field_classes = {"joined_on": PastDateField}
        widgets = {"joined_on": PastDateInput}


class EditMemberForm(SeenForm, MemberForm):
    """As `MemberForm`, and which state of the profile was seen."""

    seen_fields = MEMBER_PROFILE


class NewMemberForm(SecondLookForm, MemberForm):
    """A member to be, with the key that makes the same form sent twice one member."""

    key = KeyField()

    def __init__(self, *args: Any, actor: User, **kwargs: Any) -> None:
        self.actor = actor
        super().__init__(*args, **kwargs)

    def why_look_again(self, cleaned: dict[str, Any]) -> str:
        """Name a member who may be the same person, but say nothing of a group that the actor may not see."""
        if not {"name", "phone", "key"} <= cleaned.keys():
            return ""
        asked = Member(group=self.instance.group, name=cleaned["name"], phone=cleaned["phone"], key=cleaned["key"])
        alike = selectors.members_alike(self.actor, [asked], as_of=timezone.localdate()).get(asked.key)
        return "" if alike is None else _why_look_again(alike, self.instance.group)

    def clean(self) -> dict[str, Any]:
        """Give the member the key of the form."""
        cleaned = super().clean() or self.cleaned_data
        if "key" in cleaned:
            self.instance.key = cleaned["key"]
        return cleaned


def _why_look_again(alike: Member, group: Group) -> str:
    """Name `alike`, who may be the person registered in `group`, unless the actor may not see where that is."""
    if not alike.is_visible:  # type: ignore[attr-defined]  # annotated by members_alike
        return gettext(
            "Somebody of this name, of the same village or phone, is a member of another group of the "
            "organisation. Tick to register the member here too."
        )
    words = {"member": alike.name, "number": alike.number, "group": alike.group, "code": alike.group.number_shown}
    if alike.group_id == group.pk:
        return gettext("%(member)s is a member already, number %(number)d. Tick if this is somebody else.") % words
    return (
        gettext("%(member)s is a member of %(group)s (%(code)s) already. Tick to register the member here too.") % words
    )


ROWS_AT_FIRST, ROWS_ADDED = 10, 5
ROWS_PREFIX = "members"


class MemberRow(forms.Form):
    """One of many members on a page: the fields of `MemberForm` but the NIK, which can be added later."""

    use_required_attribute = False

    name, gender = MemberForm.base_fields["name"], MemberForm.base_fields["gender"]
    birth_year, phone = MemberForm.base_fields["birth_year"], MemberForm.base_fields["phone"]
    joined_on = PastDateField(label=_("Joined on"), required=False)
    is_other = SecondLookForm.base_fields["is_other"]

    def has_changed(self) -> bool:
        """Say whether somebody stands in the row: the day alone, which may be filled in, is nobody."""
        return bool(set(self.changed_data) - {"joined_on"})

    def member(self, group: Group, key: uuid.UUID) -> Member:
        """Return the unsaved member of a row that is right."""
        return Member(group=group, key=key, **{name: self.cleaned_data[name] for name in _ROW_PROFILE})


_ROW_PROFILE = tuple(name for name in MEMBER_PROFILE if name != "nik")


class MemberRows(SentFormSet):
    """The rows of a page of many members."""

    may_lack = ROWS_AT_FIRST


MemberFormSet = forms.formset_factory(
    MemberRow, MemberRows, extra=ROWS_AT_FIRST, max_num=MOST_AT_ONCE, absolute_max=MOST_AT_ONCE, validate_max=True
)


class MembersHead(forms.Form):
    """The key of a page of many members."""

    key = KeyField()


class MembersPage:
    """Many members to be of `group`, a row for each; empty rows are left out.

    A row without a day of joining takes that of the row before. A row that may be somebody who is there already, or
    who stands in an earlier row, asks for a tick.
    """

    def __init__(self, group: Group, actor: User, data: Mapping[str, Any] | None) -> None:
        self.group, self.actor = group, actor
        self.head = MembersHead(data)
        self.rows = MemberFormSet(data, prefix=ROWS_PREFIX)
        if data is not None:
            self._read()
            return
        first_day = timezone.localdate() if group.members.exists() else group.founded_on
        self.rows.forms[0].initial["joined_on"] = first_day
        for row in self.rows:
            del row.fields["is_other"]

    @cached_property
    def members(self) -> list[Member]:
        """The unsaved members, of a page that is right."""
        return [member for member, _row in self._filled()]

    @property
    def is_right(self) -> bool:
        """Whether the page can be recorded."""
        return self.head.is_valid() and self.rows.is_valid()

    @property
    def form_problems(self) -> list[Problem]:
        """What is wrong, for the summary of the page."""
        if not self.head.is_bound:
            return []
        return [*problems_of(self.head), *problems_of_rows(self.rows, gettext("Member"))]

    def forget_errors(self) -> None:
        """Show the rows as they were typed, without complaints: nobody has asked to record them yet."""
        self.head.errors.clear()
        for row in self.rows:
            row.errors.clear()
            row.fields.pop("is_other", None)

    def _read(self) -> None:
        filled = [row for row in self.rows if row.has_changed()]
        day: date | None = None
        for row in filled:
            row.is_valid()
            day = self._carry(row, day)
        if self.head.is_valid() and not filled:
            self.head.add_error(None, _("Write at least one member."))
        for member, row in self._filled():
            try:
                member.clean()
            except ValidationError as error:
                problems = error.message_dict
                if not row.data.get(row.add_prefix("joined_on")):
                    problems.pop("joined_on", None)  # told at the row above whose day it is
                row.add_error(None, ValidationError(problems))
        self._look_again()

    @staticmethod
    def _carry(row: MemberRow, day: date | None) -> date | None:
        """Give a row without a day that of the row before, and return the one for the next row."""
        if "joined_on" in row.errors:
            return day
        if row.cleaned_data["joined_on"] is None:
            row.cleaned_data["joined_on"] = day
            if day is None:
                row.add_error("joined_on", _("Write the day on which the member joined."))
        return row.cleaned_data.get("joined_on")

    def _filled(self) -> list[tuple[Member, MemberRow]]:
        """Return the members of the rows that are right so far, each with its row."""
        if not self.head.is_valid():
            return []
        key = self.head.cleaned_data["key"]
        return [
            (row.member(self.group, key_of_row(key, number)), row)
            for number, row in enumerate(self.rows)
            if row.has_changed() and not row.errors
        ]

    def _look_again(self) -> None:
        """Ask for a tick where somebody may be there already, and only there."""
        filled = self._filled()
        alike = selectors.members_alike(self.actor, [member for member, _row in filled], as_of=timezone.localdate())
        above: dict[str, int] = {}
        asks = []
        for number, row in enumerate(self.rows, start=1):
            member = next((member for member, of_row in filled if of_row is row), None)
            why = self._why(member, alike, above) if member is not None else ""
            if member is not None:
                above.setdefault(fold(member.name), number)
            if why:
                asks.append((row, why))
            else:
                del row.fields["is_other"]
        for row, why in asks:
            if not row.cleaned_data.get("is_other"):
                row.add_error("is_other", why)

    def _why(self, member: Member, alike: Mapping[uuid.UUID, Member], above: Mapping[str, int]) -> str:
        if member.key in alike:
            return _why_look_again(alike[member.key], self.group)
        row = above.get(fold(member.name))
        return "" if row is None else gettext("Row %d has this name too. Tick if this is somebody else.") % row
