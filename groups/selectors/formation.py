"""How far groups are on the way to their founding, and which groups there are near by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from difflib import SequenceMatcher

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from groups.models import Constitution, FormationNote, FormationStep, Founding, Group, MeetingRhythm, User
from groups.shared.folding import fold
from groups.shared.money import rupiah

MOST_NEAR = 25
"""Groups near by that are listed."""
_ALIKE = 0.8
"""From this part of equal letters on two names are easily taken for each other."""


@dataclass(frozen=True, slots=True)
class FormationState:
    """A step of forming a group: whether it is done, since when, what shows it, and what is missing.

    `note` is the one that counts; `history` has all of the step, the latest first, with the withdrawn ones.
    """

    step: FormationStep
    is_done: bool
    done_on: date | None = None
    evidence: list[str] = field(default_factory=list)
    missing: str = ""
    note: FormationNote | None = None
    history: list[FormationNote] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The step as an address names it."""
        return self.step.lower()


def formation_of(groups: Collection[Group], *, as_of: date) -> dict[int, list[FormationState]]:
    """Return by group the six steps as they stood on a day, in three statements.

    The rules and the rhythm are read where they are recorded; of the other steps the last note counts.
    """
    ids = [group.pk for group in groups]
    notes: dict[int, list[FormationNote]] = defaultdict(list)
    for note in FormationNote.objects.filter(group__in=ids, done_on__lte=as_of).select_related(
        "recorded_by", "withdrawn_by"
    ):
        notes[note.group_id].append(note)
    rules: dict[int, Constitution] = {}
    for version in Constitution.objects.filter(group__in=ids, agreed_on__lte=as_of).order_by("agreed_on", "version"):
        rules[version.group_id] = version
    rhythms: dict[int, MeetingRhythm] = {}
    for rhythm in MeetingRhythm.objects.valid().filter(group__in=ids, agreed_from__lte=as_of).order_by("agreed_from"):
        rhythms[rhythm.group_id] = rhythm
    return {group.pk: _states(group, notes[group.pk], rules.get(group.pk), rhythms.get(group.pk)) for group in groups}


def steps_left(groups: Collection[Group], *, as_of: date) -> dict[int, list[FormationStep]]:
    """Return by group the steps that were not done on a day."""
    return {
        pk: [state.step for state in states if not state.is_done]
        for pk, states in formation_of(groups, as_of=as_of).items()
    }


def founding_of(group: Group) -> Founding | None:
    """Return the founding meeting of a group that counts, None where none is recorded."""
    return Founding.objects.valid().filter(group=group).first()


def _states(
    group: Group, notes: list[FormationNote], rules: Constitution | None, rhythm: MeetingRhythm | None
) -> list[FormationState]:
    states = []
    for step in FormationStep:
        if step == FormationStep.RULES:
            states.append(_rules_state(rules))
            continue
        history = [note for note in notes if note.step == step]
        note = next((note for note in history if note.withdrawn_at is None), None)
        missing = _missing(group, rhythm) if step == FormationStep.MEETING else ""
        states.append(
            FormationState(
                step,
                is_done=note is not None and not missing,
                done_on=note.done_on if note is not None else None,
                evidence=_evidence(group, step, note, rhythm),
                missing=missing,
                note=note,
                history=history,
            )
        )
    return states


def _rules_state(rules: Constitution | None) -> FormationState:
    if rules is None or rules.is_empty:
        return FormationState(FormationStep.RULES, is_done=False)
    evidence = [_("Version %d of the rules") % rules.version]
    return FormationState(FormationStep.RULES, is_done=True, done_on=rules.agreed_on, evidence=evidence)


def _missing(group: Group, rhythm: MeetingRhythm | None) -> str:
    """Say what of place and time is not in the records."""
    if not group.place:
        return _("The meeting place is not written down.")
    return "" if rhythm is not None else _("No rhythm is agreed.")


def _evidence(group: Group, step: FormationStep, note: FormationNote | None, rhythm: MeetingRhythm | None) -> list[str]:
    """Return what the records show for a step, the note's own words last."""
    shown = []
    if step == FormationStep.NAME and note is not None:
        shown.append(group.name)
    if step == FormationStep.MEETING:
        shown += [str(rhythm)] if rhythm is not None else []
        shown += [group.place] if group.place else []
    if note is not None and note.people is not None:
        people = ngettext("%d person", "%d people", note.people) % note.people
        shown.append(_("%(people)s, first saving %(amount)s each") % {
            "people": people, "amount": rupiah(note.first_saving or 0),
        })  # fmt: skip
    return [*shown, note.text] if note is not None else shown


@dataclass(frozen=True, slots=True)
class GroupsNear:
    """Groups of the organisation near one: those that may be seen, and how many more there are.

    `is_known` is False where the group has no village, so that nobody knows what is near.
    """

    groups: Sequence[Group]
    hidden: int
    is_known: bool = True


def groups_near(actor: User, group: Group) -> GroupsNear:
    """Return the groups of the organisation in the district of a group, also dormant and dissolved ones.

    Those of its village come first, then those of its kind; `in_village` and `same_kind` say which they are.
    """
    if group.village_id is None:
        return GroupsNear([], 0, is_known=False)
    found = _in_district(group).annotate(is_visible=Exists(Group.objects.visible_to(actor).filter(pk=OuterRef("pk"))))
    rows = list(found.filter(is_visible=True).select_related("organisation", "village"))
    for row in rows:
        row.in_village = row.village_id == group.village_id  # type: ignore[attr-defined]
        row.same_kind = row.kind == group.kind  # type: ignore[attr-defined]
    rows.sort(key=lambda row: (not row.in_village, not row.same_kind, row.name, row.pk))  # type: ignore[attr-defined]
    hidden = found.filter(is_visible=False).count()
    return GroupsNear(rows[:MOST_NEAR], hidden + len(rows[MOST_NEAR:]))


def names_near(actor: User, group: Group) -> list[str]:
    """Return the names in the district that are easily taken for that of a group, of groups `actor` may see."""
    if group.village_id is None:
        return []
    names = _in_district(group).filter(pk__in=Group.objects.visible_to(actor).values("pk")).order_by("name", "pk")
    own = fold(group.name)
    return [name for name, key in names.values_list("name", "name_key") if _is_alike(own, key)]


def _in_district(group: Group) -> QuerySet[Group]:
    district = str(group.village_id).rpartition(".")[0]
    near = Q(village=group.village_id) | Q(village__parent=district)
    return Group.objects.filter(near, organisation=group.organisation_id).exclude(pk=group.pk)


def _is_alike(one: str, other: str) -> bool:
    """Say whether two folded names are one, begin alike or differ by a few letters."""
    if not one or not other:
        return False
    return one.startswith(other) or other.startswith(one) or SequenceMatcher(None, one, other).ratio() >= _ALIKE
