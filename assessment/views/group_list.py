"""The list of groups as a file, with who accompanies each and where it stands."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from assessment import instruments
from assessment.selectors.dashboard import with_newest_score
from assessment.selectors.needs import facilitators_of
from assessment.views.frame import DATE, NUMBER, ReadColumn
from finance.tables.files import to_csv, to_xlsx
from finance.tables.table import Column, Row, Table
from groups.forms.groups import GroupSearchForm
from groups.http import UserRequest
from groups.models import FormationStep, Group, GroupStatus, User
from groups.permissions import Capability, requires
from groups.selectors import groups_find, steps_left


@requires(Capability.READ)
def group_list_file(request: UserRequest) -> HttpResponse:
    """Every group that the list of groups shows for the same search, whatever its page; wrong filters lead back."""
    form = GroupSearchForm(request.GET)
    if not form.is_valid():
        return redirect(f"{reverse('group-list')}?{request.GET.urlencode()}")
    table = _table(request.user, form)
    return (
        to_csv(table, separator=request.GET.get("separator", ""))
        if request.GET.get("format") == "csv"
        else to_xlsx(table)
    )


def _table(actor: User, form: GroupSearchForm) -> Table:
    today = timezone.localdate()
    scheme, stages = next(iter(instruments.stages_in_use(actor.organisation_id).items()))
    groups = with_newest_score(groups_find(actor, as_of=today, **form.asked()), scheme)
    found = list(groups)
    left = steps_left([group for group in found if group.status == GroupStatus.FORMING], as_of=today)
    columns = _columns({rule.stage: rule.name for rule in stages}, facilitators_of(groups.order_by(), today), left)
    return Table(
        title=_("Groups"),
        name="kelompok",
        number="",
        owner=str(actor.organisation or _("All organisations")),
        period=" · ".join([_("as on %(day)s") % {"day": date_format(today)}, *form.words()]),
        until=today,
        columns=[column for column, _read in columns],
        rows=(Row([read(group) for _column, read in columns]) for group in found),
        is_list=True,
    )


def _columns(
    stages: dict[str, str], with_whom: dict[int, str], left: dict[int, list[FormationStep]]
) -> list[ReadColumn]:
    return [
        (Column(_("Group number")), lambda group: group.number_shown),
        (Column(_("Group")), lambda group: group.name),
        (Column(_("Village")), lambda group: str(group.village or "")),
        (Column(_("District")), lambda group: _above(group, 1)),
        (Column(_("Regency or city")), lambda group: _above(group, 2)),
        (Column(_("Facilitator")), lambda group: with_whom.get(group.pk, "")),
        (Column(_("Kind")), lambda group: group.get_kind_display()),
        (Column(_("Status")), lambda group: group.get_status_display()),
        (Column(_("Steps of forming left"), NUMBER), lambda group: len(left[group.pk]) if group.pk in left else None),
        (Column(_("Founded on"), DATE), lambda group: group.founding_day),
        (Column(_("Members"), NUMBER), lambda group: group.member_count),
        (Column(_("Meets")), lambda group: str(next(iter(group.rhythms_agreed), ""))),
        (Column(_("Stage")), lambda group: stages.get(group.stage, group.stage) or _("Never assessed")),
        (Column(_("Score"), NUMBER), lambda group: group.score),
        (Column(_("Assessed on"), DATE), lambda group: group.scored_on),
    ]


def _above(group: Group, levels: int) -> str:
    """Return the name of the region so many levels above the village of a group."""
    region = group.village
    for _level in range(levels):
        region = region.parent if region is not None else None
    return str(region or "")
