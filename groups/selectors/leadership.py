"""Who leads a group, and what is worth a question about it: terms that are over, the same people, many changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from groups.models import Constitution, Group, Member, OfficerRole, OfficerTerm
from groups.models.member import LeadershipMatter
from groups.selectors.relations import CHANGES_DAYS, LEADERSHIP, OFFICER_TERMS
from groups.selectors.rules import rules_in_force
from groups.shared.days import years_later
from groups.shared.sql import rows_of


@dataclass(frozen=True, slots=True)
class LeadershipNotice:
    """A matter of a group's leadership on a day, in words, with the question to ask."""

    matter: LeadershipMatter
    sentence: str


def leadership_notices(group: Group, *, as_of: date) -> list[LeadershipNotice]:
    """Return what is worth a question about the leaders of a group on a day; two statements at most."""
    columns = ["matter", "counted", "records"]
    rows = rows_of(LEADERSHIP, columns, [group.pk], {"as_of": as_of}, reads=[OFFICER_TERMS])
    found = {LeadershipMatter(matter): (int(counted), (records or "").split(",")) for matter, counted, records in rows}
    _counted, long_in_office = found.get(LeadershipMatter.SAME_PERSON, (0, []))
    people = Member.objects.filter(group=group, pk__in=long_in_office) if long_in_office else ()
    names = {str(member.pk): str(member) for member in people}
    return [
        LeadershipNotice(matter, leadership_sentence(matter, *found[matter], names=names))
        for matter in LeadershipMatter
        if matter in found
    ]


def leadership_sentence(
    matter: LeadershipMatter, counted: int, records: Iterable[str], *, names: dict[str, str] | None = None
) -> str:
    """Say what was seen, as `LEADERSHIP` counts it; without the `names` of members it says how many they are."""
    match matter:
        case LeadershipMatter.TERM_OVER:
            return _("The term is over: %s.") % _offices(records)
        case LeadershipMatter.SAME_PERSON if names is not None:
            return _("In office for two terms or longer: %s.") % ", ".join(sorted(names[pk] for pk in records))
        case LeadershipMatter.SAME_PERSON:
            people = ngettext("%(count)d member", "%(count)d members", counted) % {"count": counted}
            return _("In office for two terms or longer: %s.") % people
        case LeadershipMatter.CHANGES:
            years = CHANGES_DAYS // 365
            return _("%(holders)d holders of one office within %(years)d years: %(offices)s.") % {
                "holders": counted, "years": years, "offices": _offices(records),
            }  # fmt: skip
        case LeadershipMatter.NO_WOMAN:
            return ngettext(
                "%(count)d woman is a member, and none holds an office.",
                "%(count)d women are members, and none holds an office.",
                counted,
            ) % {"count": counted}


@dataclass(frozen=True, slots=True)
class TermOnDay:
    """A term of office, and while it runs the day on which it is over by the rules of the day."""

    term: OfficerTerm
    until: date | None
    is_over: bool


def terms_on(group: Group, terms: Iterable[OfficerTerm], *, as_of: date) -> list[TermOnDay]:
    """Return `terms` of a group as they stand on a day; one statement."""
    rules = rules_in_force(group, as_of=as_of) or Constitution()
    untils = [None if term.ended_on else years_later(term.started_on, rules.term_years) for term in terms]
    return [
        TermOnDay(term, until, until is not None and until <= as_of) for term, until in zip(terms, untils, strict=True)
    ]


def _offices(records: Iterable[str]) -> str:
    return ", ".join(str(OfficerRole(role).label) for role in sorted(records, key=OfficerRole.values.index))
