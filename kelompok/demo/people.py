"""The people of a group, members and those who are to become members."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from groups.models import Gender
from kelompok.demo import words
from kelompok.demo.plans import GroupPlan


@dataclass(slots=True, eq=False)
class Person:
    """Somebody of the group, a member from `joined_on` to `leaves_on`; `diligence` is added to the quality."""

    name: str
    gender: str
    birth_year: int
    phone: str
    joined_on: date
    diligence: float
    leaves_on: date | None = None
    missed: int = 0


def make_people(
    plan: GroupPlan, rng: Random, own: Random, *, founded_on: date, start: date, today: date
) -> list[Person]:
    """Return the people of a group by the day they join; their names come from the generator `own`."""

    def some_day(first: float, last: float) -> date:
        return start + timedelta(int(rng.uniform(first, last) * (today - start).days))

    count = rng.randint(*plan.members)
    women = 1.0 if rng.random() < 0.6 else 0.75
    names = {Gender.FEMALE: own.sample(words.FEMALE, count), Gender.MALE: own.sample(words.MALE, count)}
    seconds = {Gender.FEMALE: words.SECOND, Gender.MALE: words.SECOND_MALE}
    people = []
    for index in range(count):
        gender = Gender.FEMALE if rng.random() < women else Gender.MALE
        if plan.shows == "no_woman_leads":
            gender = (Gender.FEMALE, Gender.MALE)[index % 2]
        first, second = names[gender][index], own.choice(seconds[gender])
        people.append(
            Person(
                name=f"{first} {second}" if second and second not in first else first,
                gender=gender,
                birth_year=today.year - rng.randint(21, 63),
                phone=f"08{rng.choice((12, 13, 21, 52, 57, 77))}{rng.randint(10**7, 10**8 - 1)}"
                if rng.random() < 0.7
                else "",
                joined_on=some_day(0.0, 0.8) if index > 5 and rng.random() < 0.15 else founded_on,
                diligence=rng.uniform(-0.1, 0.06),
            )
        )
    people.sort(key=lambda person: person.joined_on)
    for person in people[6:]:
        if not plan.has_big_loan and rng.random() < 0.08:
            person.leaves_on = some_day(0.3, 1.0)
    if plan.has_big_loan:
        for person, name in zip(people, words.NAMESAKES, strict=False):
            person.name, person.gender = name, Gender.FEMALE if name.startswith("Siti") else Gender.MALE
    return people
