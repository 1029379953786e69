"""Triggers of assessments: a published instrument is frozen, and a final assessment never changes."""

from collections.abc import Iterator

from assessment.models import (
    Assessment,
    AssessmentStatus,
    Gate,
    Indicator,
    Instrument,
    InstrumentStatus,
    Judgement,
    Level,
    StageRule,
)
from finance.models import CashCount, Entry
from groups.models import OfficerTerm
from groups.shared.triggers import Trigger, forbid_delete, forbid_insert, forbid_update, frozen_with, run_after
from meetings.models import Meeting

_INSTRUMENT, _INDICATOR, _LEVEL, _RULE = (model._meta.db_table for model in (Instrument, Indicator, Level, StageRule))
_NO_DRAFT = f"status <> '{InstrumentStatus.DRAFT}'"
_OF_INSTRUMENT = f"SELECT 1 FROM {_INSTRUMENT} i WHERE i.id = {{row}}.instrument_id AND i.{_NO_DRAFT}"
_OF_INDICATOR = (
    f"SELECT 1 FROM {_INDICATOR} d JOIN {_INSTRUMENT} i ON i.id = d.instrument_id "
    f"WHERE d.id = {{row}}.indicator_id AND i.{_NO_DRAFT}"
)
_OF_RULE = (
    f"SELECT 1 FROM {_RULE} r JOIN {_INSTRUMENT} i ON i.id = r.instrument_id "
    f"WHERE r.id = {{row}}.rule_id AND i.{_NO_DRAFT}"
)
_OVERRIDES = (
    f"EXISTS (SELECT 1 FROM {_LEVEL} v JOIN {_INDICATOR} d ON d.id = v.indicator_id "
    "WHERE v.id = NEW.level_id AND (d.metric = '') <> (NEW.until IS NULL))"
)
_LOWER_LEVEL = (
    f"NEW.below_levels AND EXISTS (SELECT 1 FROM {_LEVEL} v JOIN {_LEVEL} o "
    "ON o.indicator_id = v.indicator_id AND o.threshold < v.threshold WHERE v.id = NEW.level_id)"
)

_READ_BY_SIGNALS = (Meeting, Entry, CashCount, OfficerTerm, Judgement)
_STALE = "UPDATE assessment_keptsignals SET is_stale = TRUE WHERE group_id = {row}.group_id AND NOT is_stale"

KEEPING = 7265
"""The advisory lock of PostgreSQL, with the id of an organisation, that writers of what kept months count share."""


def _forget_months(table: str, *, subject: str, month: tuple[str, str], counts: str) -> Iterator[Trigger]:
    """Take away the kept months in which rows of `table` count, or counted.

    `subject`, `month` (for SQLite and for PostgreSQL), and `counts`, which says whether a row does, are SQL about
    `{row}`. PostgreSQL looks once at all the rows of a statement: scoring writes thousands.
    """
    for event, states, tables, changed in (
        ("INSERT", ("NEW",), "NEW TABLE AS changed", "changed"),
        ("UPDATE", ("OLD", "NEW"), "OLD TABLE AS before NEW TABLE AS after", "(TABLE before UNION ALL TABLE after)"),
        ("DELETE", ("OLD",), "OLD TABLE AS changed", "changed"),
    ):
        name = f"{table}_{event.lower()}_forgets_months"
        found = (
            f"SELECT DISTINCT g.organisation_id AS organisation, {subject} AS subject, {month[1]} AS month "
            f"FROM {changed} r JOIN groups_group g ON g.id = r.group_id WHERE {counts}"
        ).format(row="r")
        one = (
            f"DELETE FROM assessment_keptmonth WHERE {counts} AND subject = {subject} AND month = {month[0]} "
            "AND organisation_id = (SELECT g.organisation_id FROM groups_group g WHERE g.id = {row}.group_id);"
        )
        yield Trigger(
            name=name,
            table=table,
            installed=(name,),
            sqlite=(
                f"DROP TRIGGER IF EXISTS {name}",
                f"CREATE TRIGGER {name} AFTER {event} ON {table} BEGIN "
                f"{' '.join(one.format(row=state) for state in states)} END",
            ),
            postgresql=(
                f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                f"PERFORM pg_advisory_xact_lock_shared({KEEPING}, f.organisation::int) "
                f"FROM (SELECT DISTINCT organisation FROM ({found}) f) f; "
                f"DELETE FROM assessment_keptmonth k USING ({found}) f WHERE k.organisation_id = f.organisation "
                "AND k.subject = f.subject AND k.month = f.month; RETURN NULL; END $$",
                f"DROP TRIGGER IF EXISTS {name} ON {table}",
                f"CREATE TRIGGER {name} AFTER {event} ON {table} REFERENCING {tables} "
                f"FOR EACH STATEMENT EXECUTE FUNCTION {name}()",
            ),
        )


def _forget_with_group(name: str, event: str, *, when: str = "TRUE", which: str = "TRUE") -> Trigger:
    """Take away the kept months, or `which` of them, of the organisation of a group that `event` touches."""
    states = ("NEW",) if event == "INSERT" else ("OLD", "NEW")
    owners = [f"{state}.organisation_id" for state in states]
    forget = f"DELETE FROM assessment_keptmonth WHERE organisation_id IN ({', '.join(owners)}) AND {which};"
    lock = " ".join(f"PERFORM pg_advisory_xact_lock_shared({KEEPING}, {owner}::int);" for owner in owners)
    created = f"CREATE TRIGGER {name} AFTER {event} ON groups_group"
    return Trigger(
        name=name,
        table="groups_group",
        installed=(name,),
        sqlite=(f"DROP TRIGGER IF EXISTS {name}", f"{created} WHEN {when} BEGIN {forget} END"),
        postgresql=(
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"{lock} {forget} RETURN NULL; END $$",
            f"DROP TRIGGER IF EXISTS {name} ON groups_group",
            f"{created} FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION {name}()",
        ),
    )


TRIGGERS: tuple[Trigger, ...] = (
    *_forget_months(
        "assessment_assessment",
        subject="'stages ' || {row}.scheme",
        month=("{row}.month", "{row}.month"),
        counts="{row}.closes_month",
    ),
    *_forget_months(
        "meetings_meeting",
        subject="'lateness'",
        month=("date({row}.held_on, 'start of month')", "date_trunc('month', {row}.held_on)::date"),
        counts="{row}.version = 1 AND {row}.status <> 'DRAFT'",
    ),
    *_forget_months(
        "finance_groupfigures",
        subject="'portfolio'",
        month=("{row}.month", "{row}.month"),
        counts="{row}.month IS NOT NULL",
    ),
    # A group that is dissolved, or comes back, or changes hands, changes every month; one that is new, those of the
    # portfolio, which are of all groups of the time, and by the province of their village.
    _forget_with_group(
        "groups_group_forgets_months",
        "UPDATE",
        when="OLD.status <> NEW.status OR OLD.organisation_id <> NEW.organisation_id",
    ),
    _forget_with_group("groups_group_new_forgets_months", "INSERT", which="subject = 'portfolio'"),
    _forget_with_group(
        "groups_group_place_forgets_months",
        "UPDATE",
        when="OLD.founded_on <> NEW.founded_on OR COALESCE(OLD.village_id, '') <> COALESCE(NEW.village_id, '')",
        which="subject = 'portfolio'",
    ),
    # Attendance, agenda and transfers come with their meeting or entry.
    *(
        run_after(f"{event.lower()}_makes_signals_stale", model, _STALE.format(row="NEW"), event)
        for model in _READ_BY_SIGNALS
        for event in ("INSERT", "UPDATE")
    ),
    # A term that never was is taken out again; nothing else of these is ever deleted.
    run_after("delete_makes_signals_stale", OfficerTerm, _STALE.format(row="OLD"), "DELETE"),
    forbid_delete(Instrument, where=f"OLD.{_NO_DRAFT}"),
    # Published may become retired; nothing else about it changes, and nothing becomes a draft again.
    forbid_update(
        Instrument,
        but=("status",),
        where=f"OLD.{_NO_DRAFT}",
        or_when=f"NEW.status = '{InstrumentStatus.DRAFT}' "
        f"OR (OLD.status = '{InstrumentStatus.RETIRED}' AND NEW.status <> '{InstrumentStatus.RETIRED}')",
    ),
    frozen_with(Indicator, _OF_INSTRUMENT),
    frozen_with(StageRule, _OF_INSTRUMENT),
    frozen_with(Level, _OF_INDICATOR),
    frozen_with(Gate, _OF_RULE),
    forbid_delete(Judgement),
    # A measured indicator is overridden for a time only, a judged one has no such end.
    forbid_insert("until", Judgement, when=_OVERRIDES),
    # None of the levels is said of the lowest.
    forbid_insert("below_levels", Judgement, when=_LOWER_LEVEL),
    # An override may be withdrawn, once; nothing else about a judgement changes.
    forbid_update(
        Judgement, but=("withdrawn_on", "withdrawn_at", "withdrawn_by"), or_when="OLD.withdrawn_on IS NOT NULL"
    ),
    forbid_delete(Assessment, where=f"OLD.status = '{AssessmentStatus.FINAL}'"),
    forbid_update(Assessment, but=("latest", "closes_month"), where=f"OLD.status = '{AssessmentStatus.FINAL}'"),
)
