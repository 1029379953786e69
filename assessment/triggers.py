"""Triggers of assessments: a published instrument is frozen, and a final assessment never changes."""

from collections.abc import Iterator

from groups.triggers import Trigger, forbid_delete, forbid_insert, forbid_update, frozen_with, run_after

_OF_INSTRUMENT = "SELECT 1 FROM assessment_instrument i WHERE i.id = {row}.instrument_id AND i.status <> 'DRAFT'"
_OF_INDICATOR = (
    "SELECT 1 FROM assessment_indicator d JOIN assessment_instrument i ON i.id = d.instrument_id "
    "WHERE d.id = {row}.indicator_id AND i.status <> 'DRAFT'"
)
_OF_RULE = (
    "SELECT 1 FROM assessment_stagerule r JOIN assessment_instrument i ON i.id = r.instrument_id "
    "WHERE r.id = {row}.rule_id AND i.status <> 'DRAFT'"
)
_OVERRIDES = (
    "EXISTS (SELECT 1 FROM assessment_level v JOIN assessment_indicator d ON d.id = v.indicator_id "
    "WHERE v.id = NEW.level_id AND (d.metric = '') <> (NEW.until IS NULL))"
)
_LOWER_LEVEL = (
    "NEW.below_levels AND EXISTS (SELECT 1 FROM assessment_level v JOIN assessment_level o "
    "ON o.indicator_id = v.indicator_id AND o.threshold < v.threshold WHERE v.id = NEW.level_id)"
)
_SCORED = ("group_id", "instrument_id", "scheme", "as_of", "month", "status", "score", "stage", "rank",
    "measured_score", "measured_rank", "arrears", "need", "computed_at", "finalised_at",
    "finalised_by_id")  # fmt: skip
_JUDGED = ("group_id", "level_id", "below_levels", "note", "judged_on", "judged_at", "judged_by_id")

_READ_BY_SIGNALS = (
    "meetings_meeting",
    "finance_entry",
    "finance_cashcount",
    "groups_officerterm",
    "assessment_judgement",
)
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
        run_after(f"{table}_{event.lower()}_makes_signals_stale", table, _STALE.format(row="NEW"), event)
        for table in _READ_BY_SIGNALS
        for event in ("INSERT", "UPDATE")
    ),
    # A term that never was is taken out again; nothing else of these is ever deleted.
    run_after(
        "groups_officerterm_delete_makes_signals_stale", "groups_officerterm", _STALE.format(row="OLD"), "DELETE"
    ),
    forbid_delete("assessment_instrument", when="OLD.status <> 'DRAFT'"),
    # Published may become retired; nothing else about it changes, and nothing becomes a draft again.
    forbid_update(
        "assessment_instrument",
        when="OLD.status <> 'DRAFT' AND (NEW.status = 'DRAFT' OR (OLD.status = 'RETIRED' AND NEW.status <> 'RETIRED') "
        "OR OLD.code <> NEW.code OR OLD.version <> NEW.version OR OLD.name_id <> NEW.name_id "
        "OR OLD.name_en <> NEW.name_en OR OLD.published_at <> NEW.published_at "
        "OR COALESCE(OLD.organisation_id, 0) <> COALESCE(NEW.organisation_id, 0))",
    ),
    frozen_with("assessment_indicator", _OF_INSTRUMENT),
    frozen_with("assessment_stagerule", _OF_INSTRUMENT),
    frozen_with("assessment_level", _OF_INDICATOR),
    frozen_with("assessment_gate", _OF_RULE),
    forbid_delete("assessment_judgement"),
    # A measured indicator is overridden for a time only, a judged one has no such end.
    forbid_insert("assessment_judgement_until", "assessment_judgement", when=_OVERRIDES),
    # None of the levels is said of the lowest.
    forbid_insert("assessment_judgement_below_levels", "assessment_judgement", when=_LOWER_LEVEL),
    # An override may be withdrawn, once; nothing else about a judgement changes.
    forbid_update(
        "assessment_judgement",
        when="OLD.withdrawn_on IS NOT NULL "
        "OR COALESCE(OLD.until, '0001-01-01') <> COALESCE(NEW.until, '0001-01-01') OR "
        + " OR ".join(f"OLD.{column} <> NEW.{column}" for column in _JUDGED),
    ),
    forbid_delete("assessment_assessment", when="OLD.status = 'FINAL'"),
    forbid_update(
        "assessment_assessment",
        when="OLD.status = 'FINAL' AND ("
        + " OR ".join(f"OLD.{column} <> NEW.{column}" for column in _SCORED)
        + " OR OLD.indicators <> NEW.indicators OR COALESCE(OLD.evidence, '0') <> COALESCE(NEW.evidence, '0') "
        "OR COALESCE(OLD.computed_by_id, 0) <> COALESCE(NEW.computed_by_id, 0))",
    ),
)
