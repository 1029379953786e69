"""Closing a meeting of 25 members: 25 compulsory savings and 11 instalments of fee and principal, 47 transfers.

The floor is the same ledger rows, written by psycopg2 with nothing around it, in a group of the same size: entry,
balances and transfers in three statements and a commit. The whole request (form, minutes, ledger, redirect) is held
against that floor too.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import psycopg2
from django.db import connection, transaction
from django.test import Client
from django.test.client import ClientHandler
from django.urls import reverse
from django.utils import timezone

from finance.ledger.posting import Books, Posting, open_books
from finance.ledger.reading import Line
from finance.models import Account, AccountKind, EntryKind, Loan
from finance.rules import lines
from finance.services import LoanTerms, loans_open
from groups.models import Group, Member, User
from meetings.models import Meeting, MeetingStatus
from tests.bench.figures import WARM_UP, Figure, interleaved
from tests.factories import facilitator_of, make_group, make_members, make_officer, make_user
from tests.meetings.sheets import sheet_data

MEMBERS = 25
BORROWERS = 11
TRANSFERS = MEMBERS + 2 * BORROWERS
WAJIB = 10_000
INSTALMENT = 284_000
FORM_TYPE = "application/x-www-form-urlencoded"
"""How a browser sends the sheet; the test client would send it in parts."""
LEDGER_LIMIT = 3
REQUEST_LIMIT = 8


def figures(repetitions: int = 100) -> Iterator[Figure]:
    """Measure the ledger part, then the whole request, each beside its floor."""
    total = repetitions + WARM_UP
    ours = prepare(total)
    raw = [Floor(prepared) for prepared in prepare(total)]
    with connection.cursor() as cursor:
        # As autovacuum does: else our connection keeps the plans it made for empty tables, and the floor's does not.
        cursor.execute("VACUUM ANALYZE")
    with closing(psycopg2.connect(**connection.get_connection_params() | {"cursor_factory": None})) as server:
        yield ledger_figure(ours, raw, server, repetitions)
        yield request_figure(ours, raw, server, repetitions)


def ledger_figure(ours: list[Prepared], raw: list[Floor], server: Any, repetitions: int) -> Figure:
    """Measure the ledger part: open the books, post, commit."""
    ms, floor_ms = interleaved(
        repetitions,
        lambda number: post_ledger(ours[number]),
        lambda number: raw[number].write(server),
    )
    return Figure("meeting: ledger part, 47 transfers", ms, floor_ms, LEDGER_LIMIT, repetitions)


def request_figure(ours: list[Prepared], raw: list[Floor], server: Any, repetitions: int) -> Figure:
    """Measure the whole request that closes a meeting."""
    handler = ClientHandler(enforce_csrf_checks=False)
    handler.load_middleware()  # a server does that once, before its first request
    requests = [CloseRequest(prepared, handler) for prepared in ours]
    for floor in raw:
        floor.read()
    ms, floor_ms = interleaved(
        repetitions, lambda number: requests[number].send(), lambda number: raw[number].write(server)
    )
    for prepared in ours:
        check(prepared)
    return Figure("meeting: whole close request", ms, floor_ms, REQUEST_LIMIT, repetitions)


@dataclass
class Prepared:
    """A group in the middle of its year, with the loans of its borrowers due today."""

    group: Group
    members: list[Member]
    loans: list[Loan]


def prepare(count: int) -> list[Prepared]:
    """Make `count` groups, twenty for each facilitator."""
    facilitators = [make_user() for _ in range(0, count, 20)]
    return [prepare_group(facilitators[number // 20]) for number in range(count)]


def prepare_group(facilitator: User) -> Prepared:
    """Make a group with members, officers, a full cash box and running loans."""
    group = make_group(facilitator, rules={"wajib": WAJIB})
    members = make_members(group, MEMBERS)
    for member, role in zip(members, ("KETUA", "SEKRETARIS", "BENDAHARA"), strict=False):
        make_officer(member, role)
    today = timezone.localdate()
    started = today - timedelta(days=30)
    with transaction.atomic():
        books = open_books(group=group, actor=facilitator_of(group))
        loans = loans_open(books, [_terms(member, started, today) for member in members[:BORROWERS]])
        moved = [
            *lines.other_money(books, lines.OtherMoney.GRANT, BORROWERS * 5_000_000, "dana bergulir"),
            *(line for member in members for line in lines.deposit(books, AccountKind.WAJIB, member, WAJIB)),
            *(line for loan in loans for line in lines.disbursement(books, loan)),
            *(
                Line(books.account(AccountKind.CASH), books.account(AccountKind.SERVICE_FEE, loan=loan), 1_000)
                for loan in loans
            ),
        ]
        books.post([Posting(EntryKind.OTHER, started, moved, uuid.uuid4())])
    return Prepared(group, members, loans)


def _terms(member: Member, started: date, due: date) -> LoanTerms:
    return LoanTerms(
        member=member,
        principal=5_000_000,
        periods=24,
        rate=Decimal("0.015"),
        method="flat",
        round_up_to=1_000,
        disbursed_on=started,
        first_due=due,
    )


def post_ledger(prepared: Prepared) -> None:
    """Open the books and post what a meeting posts, in one transaction."""
    with transaction.atomic():
        books = open_books(group=prepared.group, actor=facilitator_of(prepared.group))
        moved = meeting_lines(books, prepared)
        books.post([Posting(EntryKind.OTHER, timezone.localdate(), moved, uuid.uuid4())])


def meeting_lines(books: Books, prepared: Prepared) -> list[Line]:
    """Return the 47 transfers of a meeting; the instalments are small, so that the real ones stay due."""
    cash = books.account(AccountKind.CASH)
    moved = [line for member in prepared.members for line in lines.deposit(books, AccountKind.WAJIB, member, WAJIB)]
    for loan in prepared.loans:
        moved.append(Line(cash, books.account(AccountKind.SERVICE_FEE, loan=loan), 1_000, loan.member))
        moved.append(Line(cash, books.account(AccountKind.LOAN, loan=loan), 1_000, loan.member))
    return moved


class CloseRequest:
    """A filled-in sheet, ready to be sent as a browser would."""

    def __init__(self, prepared: Prepared, handler: ClientHandler) -> None:
        group = prepared.group
        self.client = Client()
        self.client.handler = handler
        self.client.force_login(facilitator_of(group))
        self.url = reverse("meeting-new", args=[group.code])
        cash = Account.objects.get(group=group, kind=AccountKind.CASH).balance
        self.data = sheet_data(
            group,
            held_on=timezone.localdate(),
            action="close",
            agenda_0_title="Workshop",
            agenda_0_discussion="ya",
            agenda_0_decision="3 anggota berangkat",
            counted=cash + MEMBERS * WAJIB + BORROWERS * INSTALMENT,
            **{f"l{loan.pk}_paid": INSTALMENT for loan in prepared.loans},
        )
        self.body = urlencode(self.data)

    def send(self) -> None:
        """Close the meeting; the answer sends the browser on to the minutes."""
        response = self.client.post(self.url, self.body, FORM_TYPE, secure=True)
        assert response.status_code == 302, response.content.decode()


def check(prepared: Prepared) -> None:
    """Make sure that what was measured was the whole work."""
    meeting = Meeting.objects.get(group=prepared.group, status=MeetingStatus.CLOSED)
    assert meeting.entry is not None
    assert meeting.entry.transfers.count() == TRANSFERS
    assert meeting.attendances.count() == MEMBERS
    assert meeting.cash_count is not None
    assert meeting.cash_count.difference == 0


@dataclass
class Floor:
    """The rows of a meeting as plain values, and the statements that write them."""

    prepared: Prepared
    balances: list[tuple[int, int, int]] = field(default_factory=list)
    transfers: list[tuple[Any, ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.read()

    def read(self) -> None:
        """Work out, outside the measured time, what is going to be written."""
        with transaction.atomic():
            books = open_books(group=self.prepared.group, actor=facilitator_of(self.prepared.group))
        moved = meeting_lines(books, self.prepared)
        sums: dict[int, list[int]] = {}
        self.transfers = []
        for line in moved:
            line.debit.debits_posted += line.amount
            line.credit.credits_posted += line.amount
            sums.setdefault(line.debit.pk, [0, 0])[0] += line.amount
            sums.setdefault(line.credit.pk, [0, 0])[1] += line.amount
            member = line.member.pk if line.member else None
            self.transfers.append(
                (line.debit.pk, line.credit.pk, line.amount, line.debit.balance, line.credit.balance, member)
            )
        self.balances = [(pk, debits, credits) for pk, (debits, credits) in sorted(sums.items())]

    def write(self, server: Any) -> None:
        """Write the entry, the balances and the transfers; commit."""
        group, actor, today = self.prepared.group.pk, facilitator_of(self.prepared.group).pk, timezone.localdate()
        with server, server.cursor() as cursor:
            cursor.execute(
                "INSERT INTO finance_entry (group_id, number, kind, effective_on, recorded_at, recorded_by_id, "
                "memo, key) SELECT %s, MAX(number) + 1, 'OTHER', %s, now(), %s, '', %s FROM finance_entry "
                "WHERE group_id = %s RETURNING id",
                (group, today, actor, str(uuid.uuid4()), group),
            )
            (entry,) = cursor.fetchone()
            cursor.execute(
                "UPDATE finance_account SET debits_posted = debits_posted + v.d, credits_posted = credits_posted + v.c "
                f"FROM (VALUES {_places(self.balances)}) AS v (id, d, c) WHERE finance_account.id = v.id",
                [value for row in self.balances for value in row],
            )
            cursor.execute(
                "INSERT INTO finance_transfer (entry_id, group_id, debit_account_id, credit_account_id, amount, "
                "debit_balance_after, credit_balance_after, member_id, memo) "
                f"SELECT {entry:d}, {group:d}, v.*, '' FROM (VALUES {_places(self.transfers)}) AS v",
                [value for row in self.transfers for value in row],
            )


def _places(rows: list[tuple[Any, ...]]) -> str:
    return ", ".join([f"({', '.join(['%s'] * len(rows[0]))})"] * len(rows))
