"""The organisations of the demo, their people and their villages."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from django.db import transaction

from groups.models import OfficerRole, OfficerTerm, Organisation, Region, RegionLevel, Role, User
from kelompok.demo import words

PASSWORD = "panen-raya-bersama"  # noqa: S105 - known on purpose; the command refuses to set it outside DEBUG
SUPERUSER = "admin"
GROUPS_A_FACILITATOR = 25
SHARE_OF_FIRST = 2 / 3
"""Of all groups, those of the first organisation."""
ENOUGH_FOR_ALIKE = 16
"""With so many groups the first organisation has a facilitator more, whose groups all score alike."""


@dataclass(frozen=True, slots=True)
class DemoOrganisation:
    """One organisation with its people, the codes of the villages it works in, and how many groups it has."""

    organisation: Organisation
    short: str
    administrator: User
    staff: User
    facilitators: list[User]
    villages: list[list[str]]
    groups: int

    @property
    def is_first(self) -> bool:
        """Whether this is the organisation with most of the groups shown."""
        return self.short == words.ORGANISATIONS[0][1]

    @property
    def alike(self) -> int:
        """How many of its groups, the last that are shown, all score alike."""
        return len(words.ALIKE) if self.is_first and self.groups >= ENOUGH_FOR_ALIKE else 0

    def code(self, index: int) -> str:
        """Return the code of its group number `index`, counted from 0."""
        return f"{self.short.upper()}-{index + 1:04}"


@transaction.atomic
def make_organisations(groups: int) -> list[DemoOrganisation]:
    """Create the superuser, the regions, the organisations and their people, enough for `groups` groups."""
    password = make_password(PASSWORD)
    User.objects.create(username=SUPERUSER, password=password, role=Role.ADMIN, is_superuser=True, is_staff=True)
    in_first = round(groups * SHARE_OF_FIRST)
    return [_make_organisation(index, count, password) for index, count in enumerate((in_first, groups - in_first))]


@transaction.atomic
def make_officer_users(organisations: list[DemoOrganisation]) -> None:
    """Give the chair and the treasurer of each organisation's first group a sign-in."""
    for demo in organisations:
        for term in OfficerTerm.objects.filter(
            group__code=demo.code(0), ended_on__isnull=True, role__in=[OfficerRole.KETUA, OfficerRole.BENDAHARA]
        ).select_related("member"):
            User.objects.create(
                username=f"{term.role.lower()}.{demo.short}",
                first_name=term.member.name,
                password=demo.staff.password,
                organisation=demo.organisation,
                role=Role.OFFICER,
                member=term.member,
                records_meetings=term.role == OfficerRole.BENDAHARA,
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


def _make_organisation(index: int, groups: int, password: str) -> DemoOrganisation:
    name, short = words.ORGANISATIONS[index]
    organisation = Organisation.objects.create(name=name, officers_record=index == 0)
    people = [
        User(username=f"admin.{short}", first_name=words.ADMINISTRATORS[index], role=Role.ADMIN, is_staff=True),
        User(username=f"staf.{short}", first_name=words.STAFF[index], role=Role.STAFF),
    ]
    has_alike = index == 0 and groups >= ENOUGH_FOR_ALIKE
    for number in range(max(2, -(-groups // GROUPS_A_FACILITATOR)) + has_alike):
        again, place = divmod(number + index, len(words.FACILITATORS))
        full_name = words.FACILITATORS[place]
        username = f"{full_name.split()[0].lower()}{again + 1 if again else ''}.{short}"
        people.append(User(username=username, first_name=full_name, role=Role.FACILITATOR))
    for person in people:
        person.organisation = organisation
        person.password = password
    User.objects.bulk_create(people)
    return DemoOrganisation(
        organisation=organisation,
        short=short,
        administrator=people[0],
        staff=people[1],
        facilitators=people[2:],
        villages=[_villages(district) for district in words.DISTRICTS[index]],
        groups=groups,
    )


def _villages(district: str) -> list[str]:
    call_command("load_regions", under=district, verbosity=0)
    villages = Region.objects.filter(level=RegionLevel.VILLAGE, code__startswith=f"{district}.")
    return list(villages.order_by("code").values_list("code", flat=True))
