"""Who and what the history of a demo group is about; amounts in whole rupiah."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from finance.schedules import ScheduledInstalment
from kelompok.demo.books import Account
from kelompok.demo.character import Character


@dataclass(frozen=True, slots=True)
class Plan:
    """Who a group is before its life begins; people and organisation are primary keys.

    `predecessor` is the facilitator who accompanied it before. `judged` holds the levels, lowest first, of each
    indicator that the staff judge. A group that `is_given_up` is dormant once it has stopped to meet. `shows` names
    the signal of `assessment.signals` that its records give, if it was made for one.
    """

    code: str
    name: str
    organisation: int
    facilitator: int
    staff: int
    village: str
    character: Character
    predecessor: int | None = None
    judged: tuple[tuple[int, ...], ...] = ()
    founded_on: date | None = None
    weekday: int | None = None
    has_big_loan: bool = False
    leaves_draft: bool = False
    is_sample: bool = False
    is_given_up: bool = False
    shows: str = ""


@dataclass(frozen=True, slots=True)
class Rules:
    """One version of the constitution, in whole rupiah."""

    pokok: int
    wajib: int
    social: int
    fine_late: int
    fine_absent: int
    max_periods: int
    ceiling: int
    fine_late_instalment: int = 0
    rate: Decimal = Decimal("0.015")
    round_up_to: int = 1000


@dataclass(slots=True, eq=False)
class Loan:
    """A loan on its way; `reliable` borrowers pay what is due, others now and then.

    `fine` rupiah are charged for a late instalment, on `fines` what is owed of them.
    """

    number: int
    schedule: list[ScheduledInstalment]
    account: Account
    fee_account: Account
    reliable: bool
    fine: int = 0
    fines: Account | None = None
    fee_paid: int = 0
    principal_paid: int = 0
    paid_on: date | None = None

    def due(self, until: date) -> int:
        """Rupiah that fell due by a day and are not paid."""
        asked = sum(line.principal + line.service_fee for line in self.schedule if line.due_on <= until)
        return asked - self.fee_paid - self.principal_paid


@dataclass(slots=True, eq=False)
class Person:
    """A member with the passbook."""

    pk: int
    number: int
    name: str
    gender: str
    birth_year: int
    phone: str
    joined_on: date
    diligence: float
    leaves_on: date | None = None
    left_on: date | None = None
    pokok_paid: bool = False
    missed: int = 0
    fined: bool = False
    loan: Loan | None = None
    savings: dict[str, Account] = field(default_factory=dict)


@dataclass(slots=True)
class Term:
    """A time in office."""

    person: Person
    role: str
    started_on: date
    ended_on: date | None = None


class AgendaRow(NamedTuple):
    """A row of the minute book; `responsible` is a member's primary key."""

    title: str
    discussion: str
    decision: str
    critical: bool = False
    responsible: int | None = None
    due_on: date | None = None
    done_on: date | None = None


class Request(NamedTuple):
    """A loan that the meeting decides to pay out, in rupiah; `purpose` is what the member asks it for."""

    person: Person
    principal: int
    periods: int
    reliable: bool
    purpose: str


@dataclass(frozen=True, slots=True)
class Held:
    """A meeting that was held, when its books are done; `entry` and `cash_count` are primary keys."""

    held_on: date
    closed_on: date
    people: list[Person]
    attendance: list[str]
    in_person: list[Person]
    savers: int
    agenda: list[AgendaRow]
    entry: int | None
    cash_count: int | None
    key: str
