"""The organisations of the demo, their people, and which group is whose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from random import Random

from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from django.db import transaction

from assessment import instruments
from groups.models import OfficerRole, OfficerTerm, Organisation, Region, RegionLevel, Role, User
from kelompok.demo import words
from kelompok.demo.character import Character, draw_character
from kelompok.demo.minute_book import minute_book_founding
from kelompok.demo.people import Plan

PASSWORD = "panen-raya-bersama"  # noqa: S105 - known on purpose; the command refuses to set it outside DEBUG
SUPERUSER = "admin"
GROUPS_A_FACILITATOR = 25
SHARE_OF_FIRST = 2 / 3
"""Of all groups, those of the first organisation."""
_GOOD = Character(start=0.95, end=1.0, lives=1.0, age=1.0)
_ALIKE = Character(start=0.7, end=0.75, lives=1.0, age=1.5)
_SHOW = (
    {
        5: ("one_recorder", Character(start=0.65, end=0.65, lives=1.0, age=1.3)),
        6: ("copied_meetings", Character(start=0.35, end=0.35, lives=1.0, age=1.2)),
        7: ("late_night_batches", Character(start=0.6, end=0.75, lives=1.0, age=1.2)),
        8: ("full_attendance", Character(start=0.95, end=0.97, lives=1.0, age=1.3)),
    },
    {
        1: ("same_amounts", Character(start=0.9, end=0.9, lives=1.0, age=1.3)),
        2: ("cash_always_agrees", Character(start=0.9, end=0.95, lives=1.0, age=1.3)),
        5: ("terms_expired", Character(start=0.7, end=0.7, lives=1.0, age=4.0)),
    },
)
"""By organisation, the places of the groups made for a signal, and their characters."""
_STOPPED = Character(start=0.4, end=0.15, lives=0.5, age=1.2)
_ENOUGH_FOR_ALIKE = 16
_GIVEN_UP = 12
"""One group in so many has stopped to meet for good, beside those that do by their character."""
_TAKEN_OVER = 5
"""One group in so many was accompanied by another facilitator before."""
# Places in a facilitator's list, so that everybody's day page has something to do.
_MEETS_TODAY, _MEETS_TOMORROW, _LEAVE_DRAFTS = 2, 3, (4, 5)


@dataclass(frozen=True, slots=True)
class Troupe:
    """One organisation with its people, the villages of its districts, and the levels its staff choose from."""

    organisation: Organisation
    short: str
    staff: User
    facilitators: list[User]
    villages: list[list[str]]
    judged: tuple[tuple[int, ...], ...]
    groups: int

    @property
    def alike(self) -> int:
        """The last so many groups, the first organisation's once it is large enough, are of one facilitator, alike."""
        is_first = self.short == words.ORGANISATIONS[0][1]
        return len(words.ALIKE) if is_first and self.groups >= _ENOUGH_FOR_ALIKE else 0


@transaction.atomic
def make_cast(groups: int) -> list[Troupe]:
    """Create the superuser, the regions, the organisations and their people, enough for `groups` groups."""
    password = make_password(PASSWORD)
    User.objects.create(username=SUPERUSER, password=password, role=Role.ADMIN, is_superuser=True, is_staff=True)
    in_first = round(groups * SHARE_OF_FIRST)
    return [_make_troupe(index, count, password) for index, count in enumerate((in_first, groups - in_first))]


def plans(troupes: list[Troupe], *, seed: int, today: date) -> Iterator[tuple[Plan, Random]]:
    """Yield every group to be with a generator of its own, so that no group depends on another's chance."""
    number = 0
    for first, troupe in zip((True, False), troupes, strict=True):
        for index in range(troupe.groups):
            rng = Random(f"{seed}-{number}")  # noqa: S311 - demo data, repeatable by its seed
            plan = _plan(troupe, index, rng, draw_character(rng, number), today)
            if first and index == 0:
                plan = replace(plan, name=words.WITH_LOAN, character=_GOOD, has_big_loan=True)
            elif first and index == 1:
                founded_on = minute_book_founding(today)
                plan = replace(
                    plan,
                    name=words.WITH_MINUTE_BOOK,
                    founded_on=founded_on,
                    weekday=founded_on.weekday(),
                    is_sample=True,
                )
            elif index >= troupe.groups - troupe.alike:
                rng = Random(f"{seed}-alike")  # noqa: S311 - the same chance for each of them
                plan = _alike(troupe, index, rng, today)
            elif shown := _SHOW[not first].get(index):
                signal, character = shown
                plan = replace(plan, name=words.SHOWING[signal], character=character, weekday=None, shows=signal)
            elif index % _GIVEN_UP == _GIVEN_UP - 2:
                plan = replace(plan, character=_STOPPED, weekday=None, leaves_draft=False, is_given_up=True)
            yield plan, rng
            number += 1


@transaction.atomic
def make_officers(troupes: list[Troupe]) -> None:
    """Give the officers of each organisation's first group a sign-in."""
    for troupe in troupes:
        for term in OfficerTerm.objects.filter(
            group__code=_code(troupe, 0), ended_on__isnull=True, role__in=[OfficerRole.KETUA, OfficerRole.BENDAHARA]
        ).select_related("member"):
            User.objects.create(
                username=f"{term.role.lower()}.{troupe.short}",
                first_name=term.member.name,
                password=troupe.staff.password,
                organisation=troupe.organisation,
                role=Role.OFFICER,
                member=term.member,
            )


def sign_ins() -> list[tuple[str, str]]:
    """Return the superuser and one user of each role of the first organisation; nothing where no demo is."""
    users = User.objects.filter(organisation__name=words.ORGANISATIONS[0][0]).order_by("pk")
    first: dict[str, str] = {}
    for user in users:
        first.setdefault(user.role, user.username)
    if not first:
        return []
    return [("Superuser", SUPERUSER), *((str(role.label), first[role]) for role in Role if role in first)]


def _make_troupe(index: int, groups: int, password: str) -> Troupe:
    name, short = words.ORGANISATIONS[index]
    organisation = Organisation.objects.create(name=name)
    people = [
        User(username=f"admin.{short}", first_name=words.ADMINISTRATORS[index], role=Role.ADMIN, is_staff=True),
        User(username=f"staf.{short}", first_name=words.STAFF[index], role=Role.STAFF),
    ]
    is_large = index == 0 and groups >= _ENOUGH_FOR_ALIKE
    for number in range(max(2, -(-groups // GROUPS_A_FACILITATOR)) + is_large):
        again, place = divmod(number + index, len(words.FACILITATORS))
        full_name = words.FACILITATORS[place]
        username = f"{full_name.split()[0].lower()}{again + 1 if again else ''}.{short}"
        people.append(User(username=username, first_name=full_name, role=Role.FACILITATOR))
    for person in people:
        person.organisation = organisation
        person.password = password
    User.objects.bulk_create(people)
    return Troupe(
        organisation=organisation,
        short=short,
        staff=people[1],
        facilitators=people[2:],
        villages=[_villages(district) for district in words.DISTRICTS[index]],
        judged=_judged_levels(organisation),
        groups=groups,
    )


def _villages(district: str) -> list[str]:
    call_command("load_regions", under=district, verbosity=0)
    villages = Region.objects.filter(level=RegionLevel.VILLAGE, code__startswith=f"{district}.")
    return list(villages.values_list("code", flat=True))


def _judged_levels(organisation: Organisation) -> tuple[tuple[int, ...], ...]:
    instrument = instruments.in_force(organisation.pk)
    if instrument is None:
        return ()
    return tuple(
        tuple(level.pk for level in indicator.levels.all())
        for indicator in instrument.indicators.all()
        if not indicator.metric
    )


def _plan(troupe: Troupe, index: int, rng: Random, character: Character, today: date) -> Plan:
    # The last facilitator has the groups that are alike, and no others.
    ordinary, others = troupe.groups - troupe.alike, len(troupe.facilitators) - bool(troupe.alike)
    facilitator, place = divmod(index, -(-ordinary // others)) if index < ordinary else (others, index - ordinary)
    again, name = divmod(index, len(words.GROUP_NAMES))
    weekdays = {_MEETS_TODAY: today.weekday(), _MEETS_TOMORROW: (today.weekday() + 1) % 7}
    return Plan(
        code=_code(troupe, index),
        name=f"{words.GROUP_NAMES[name]} {again + 1}" if again else words.GROUP_NAMES[name],
        organisation=troupe.organisation.pk,
        facilitator=troupe.facilitators[facilitator].pk,
        predecessor=troupe.facilitators[(facilitator or others) - 1].pk
        if index % _TAKEN_OVER == _TAKEN_OVER - 1
        else None,
        staff=troupe.staff.pk,
        village=rng.choice(troupe.villages[facilitator % len(troupe.villages)]),
        character=character,
        judged=troupe.judged,
        weekday=weekdays.get(place),
        leaves_draft=place in _LEAVE_DRAFTS,
    )


def _alike(troupe: Troupe, index: int, rng: Random, today: date) -> Plan:
    """Return a group of the facilitator whose groups are all alike; nobody else ever accompanied it."""
    name = words.ALIKE[index - troupe.groups + troupe.alike]
    plan = _plan(troupe, index, rng, _ALIKE, today)
    return replace(
        plan, name=name, predecessor=None, weekday=None, leaves_draft=False, shows="facilitator_groups_alike"
    )


def _code(troupe: Troupe, index: int) -> str:
    return f"{troupe.short.upper()}-{index + 1:04}"
