"""Rows of many groups on their way to the database, a table at a time and past the models.

A model instance for each of two million transfers costs more than the history itself, so rows are plain tuples
with primary keys handed out here: one statement a table on SQLite, one COPY on PostgreSQL. Values are written as
both databases read them: days and times (UTC) as ISO text, UUIDs as hex, truth as 0 and 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from typing import Any

from django.core.management.color import no_style
from django.db import connection, models, transaction
from django.db.models import Max

from assessment.models import Judgement
from finance.models import (
    Account,
    BankTick,
    CashCount,
    Entry,
    Instalment,
    InventoryItem,
    Loan,
    LoanRequest,
    Transfer,
)
from groups.models import Constitution, FacilitatorAssignment, Group, GroupStatusChange, Member, OfficerTerm
from meetings.models import AgendaItem, Attendance, Meeting

Value = str | int | None
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


class Table:
    """Rows of one model, with the columns in the order given and after the primary key."""

    def __init__(self, model: type[models.Model], columns: str) -> None:
        self.model = model
        self.name = str(model._meta.db_table)
        self.rows: list[tuple[Value, ...]] = []
        self.next_pk: int = (model._default_manager.aggregate(last=Max("pk"))["last"] or 0) + 1
        named = {field.attname: field for field in model._meta.local_concrete_fields}
        self._columns: list[str] = ["id"] + [str(named.pop(name).column) for name in columns.split()]
        del named["id"]
        # What the demo has no opinion on gets the model's default.
        self._columns += [str(field.column) for field in named.values()]
        self._defaults: tuple[Value, ...] = tuple(field.get_default() for field in named.values())

    def add(self, *values: Value) -> int:
        """Take a row and return its primary key."""
        pk = self.next_pk
        self.next_pk = pk + 1
        self.rows.append((pk, *values, *self._defaults))
        return pk

    def write(self) -> None:
        """Insert the rows and forget them."""
        table = connection.ops.quote_name(self.name)
        columns = ", ".join(connection.ops.quote_name(column) for column in self._columns)
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.copy_expert(f"COPY {table} ({columns}) FROM STDIN", StringIO("".join(self._copy_lines())))
            else:
                marks = ", ".join(["%s"] * len(self._columns))
                cursor.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", self.rows)  # noqa: S608
        self.rows.clear()

    def _copy_lines(self) -> Iterator[str]:
        for row in self.rows:
            yield "\t".join([_copy_text(value) for value in row]) + "\n"


class Tables:
    """The tables of a group's history in the order they are written; foreign keys are looked at in the end."""

    def __init__(self) -> None:
        self.groups = Table(
            Group,
            "organisation_id code name kind status founded_on village_id place meeting_every meeting_weekday "
            "meeting_week bank_name bank_account_number bank_signatories rules_id key recorded_at recorded_by_id",
        )
        self.constitutions = Table(
            Constitution,
            "group_id version agreed_on agreed_in_meeting aims pokok wajib social fine_late fine_absent loan_rate "
            "loan_method loan_max_periods loan_ceiling loan_round_up_to fine_late_instalment recorded_at "
            "recorded_by_id",
        )
        self.status_changes = Table(
            GroupStatusChange, "group_id from_status to_status changed_on reason recorded_at recorded_by_id"
        )
        self.assignments = Table(FacilitatorAssignment, "group_id facilitator_id started_on ended_on")
        self.members = Table(
            Member, "group_id number name gender birth_year phone joined_on left_on key recorded_at recorded_by_id"
        )
        self.terms = Table(OfficerTerm, "group_id member_id role started_on ended_on recorded_at recorded_by_id")
        self.loans = Table(
            Loan,
            "group_id member_id number principal rate method periods every round_up_to disbursed_on first_due purpose "
            "fine_late_instalment request_id recorded_at recorded_by_id",
        )
        # After the loans: a member has one request that waits, and it waits until its loan is there.
        self.requests = Table(
            LoanRequest,
            "group_id member_id amount periods purpose asked_on status approved_amount approved_periods decided_on "
            "decided_in_meeting decided_by_id decided_at note key recorded_at recorded_by_id",
        )
        self.instalments = Table(Instalment, "group_id loan_id number due_on principal service_fee")
        self.accounts = Table(
            Account, "group_id kind member_id loan_id code normal_side may_go_negative debits_posted credits_posted"
        )
        self.entries = Table(Entry, "group_id number kind effective_on recorded_at recorded_by_id memo key reverses_id")
        self.transfers = Table(
            Transfer,
            "entry_id group_id debit_account_id credit_account_id amount debit_balance_after credit_balance_after "
            "member_id memo",
        )
        self.bank_ticks = Table(BankTick, "group_id transfer_id statement_on ticked_at ticked_by_id")
        self.inventory = Table(InventoryItem, "group_id name acquired_on price entry_id key recorded_at recorded_by_id")
        self.cash_counts = Table(
            CashCount,
            "group_id counted_on expected counted explanation counted_by_id counted_at settled_on settled_by_id "
            "settled_at settled_how settlement_id",
        )
        self.meetings = Table(
            Meeting,
            "group_id number version status held_on place leader_id note_taker_id draft key entry_id cash_count_id "
            "member_count present_count late_count represented_count excused_count absent_count saver_count "
            "agenda_count decision_count critical_count critical_decided_count recorded_at recorded_by_id saved_at "
            "saved_by_id closed_at",
        )
        self.attendances = Table(Attendance, "group_id meeting_id member_id status")
        self.judgements = Table(Judgement, "group_id level_id note judged_on judged_at judged_by_id")
        self.agenda = Table(
            AgendaItem,
            "group_id meeting_id number title discussion decision responsible_id due_on is_critical done_on done_by_id",
        )

    @transaction.atomic
    def write(self) -> None:
        """Insert everything in one transaction and a fixed number of statements."""
        for table in self._all():
            table.write()
        # The keys were ours; PostgreSQL must not hand them out again.
        with connection.cursor() as cursor:
            for statement in connection.ops.sequence_reset_sql(no_style(), [table.model for table in self._all()]):
                cursor.execute(statement)

    def gather_statistics(self) -> None:
        """Tell the planner what the tables hold; PostgreSQL takes them for empty until autovacuum comes by."""
        with connection.cursor() as cursor:
            for table in self._all():
                cursor.execute(f"ANALYZE {connection.ops.quote_name(table.name)}")

    def _all(self) -> list[Table]:
        return list(vars(self).values())


def _copy_text(value: Any) -> str:
    if value is None:
        return "\\N"
    return value.translate(_ESCAPES) if isinstance(value, str) else str(value)
