"""A training as somebody records it."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.db.models import Q
from django.http import QueryDict
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from groups.forms import KeyField, PastDateField, TickedField
from groups.models import Group, Member, User
from groups.shared.clock import today_of
from meetings.models import Training, Visit
from meetings.services import TRAINING


class ParticipantsField(TickedField):
    """Members to tick; one who has left says since when."""

    def label_from_instance(self, obj: Any) -> str:
        """Return the name of a member."""
        if obj.left_on is None:
            return str(obj)
        return gettext("%(member)s (left on %(day)s)") % {"member": obj, "day": date_format(obj.left_on)}


class TrainingForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """What was taught, by whom, how long, and who took part; of a visit the day and the trainer are filled in."""

    key = KeyField()
    held_on = PastDateField(label=_("First day"))
    members = ParticipantsField(
        Member.objects.none(), label=_("Members who took part"),
        error_messages={"required": _("Tick who took part."), "invalid_choice": _("Tick members of this group.")},
    )  # fmt: skip
    field_order = ["key", *TRAINING, "members"]

    class Meta:
        model = Training
        fields = TRAINING
        help_texts = {
            "subject": _("For example: bookkeeping, chicken rearing, packaging."),
            "trainer_office": _("Of a partner, an office or another organisation."),
            "hours": _("In all. A whole day counts as 8."),
            "guests": _("How many who are not members took part."),
        }

    def __init__(self, data: Any, *, group: Group, actor: User, visit: Visit | None) -> None:
        initial: dict[str, Any] = {"held_on": timezone.localdate(), "trainer": actor}
        if visit is not None:
            initial = {"held_on": visit.visited_on, "trainer": visit.who, "subject": visit.purpose}
        super().__init__(data, instance=Training(group=group, visit=visit), initial=initial)
        cast(ParticipantsField, self.fields["members"]).queryset = self._choices(group)

    def _choices(self, group: Group) -> Any:
        """Return who may have taken part: who has not left long ago or was ticked; the service looks at the day."""
        ticked = cast(QueryDict, self.data).getlist("members") if self.is_bound else []
        asked = Q(pk__in=[int(pk) for pk in ticked if pk.isascii() and pk.isdecimal() and len(pk) < 16])
        day = self.initial["held_on"]
        since = min(day, today_of(group).replace(month=1, day=1))
        return group.members.filter(asked | Q(left_on__isnull=True) | Q(left_on__gte=since)).order_by("number")

    def clean(self) -> dict[str, Any]:
        """Give the training the key of the form."""
        cleaned = super().clean() or self.cleaned_data
        if "key" in cleaned:
            self.instance.key = cleaned["key"]
        return cleaned
