"""Triggers of assessments: what is frozen, and which records make the snapshot of a group stale.

A published instrument is frozen, and a final assessment never changes. A record that a snapshot reads marks its group
as changed from the day of the record on; no service can forget to.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Model

from assessment.instruments import DEFAULT_SCHEME
from assessment.models import (
    Assessment,
    AssessmentStatus,
    Gate,
    Indicator,
    Instrument,
    InstrumentStatus,
    Judgement,
    Level,
    Review,
    SchemeUse,
    ScoreRevision,
    StageRule,
)
from finance.models import CashCount, Entry, Instalment, Loan
from groups.models import (
    BankAccount,
    BankMandate,
    ChangedGroup,
    Constitution,
    Founding,
    Group,
    GroupStatusChange,
    MeetingMove,
    MeetingRhythm,
    Member,
    MentoringPhase,
    OfficerTerm,
    PartnerActivity,
    PartnershipAgreement,
)
from groups.shared.triggers import (
    Trigger,
    earlier,
    forbid_delete,
    forbid_insert,
    forbid_update,
    forbid_update_but_withdrawal,
    frozen_with,
    mark_changed,
)
from meetings.models import AgendaItem, Meeting, MeetingStatus, Visit

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

_PROFILE = ("organisation_id", "kind", "status")
"""Columns of a group whose past is not kept: a change counts from the day it is written."""
_END_OF_TIME = "'9999-12-31'"


def _changes() -> Iterator[Trigger]:
    """Return the triggers for every table that a snapshot reads.

    Attendance, agenda, instalments and transfers come with their meeting, loan or entry; a draft counts only when time
    passes. What time alone changes is no change of a group: the snapshot says as of when it is.
    """
    yield from _mark(Entry, insert="{new}.effective_on")
    yield from _mark(Loan, insert="{new}.disbursed_on", update=_loan_changed())
    yield from _mark(Instalment, update=_earlier("due_on"))
    yield from _mark(CashCount, insert="{new}.counted_on", update=_count_changed())
    yield from _mark(
        Meeting, insert=f"CASE WHEN {_closed('{new}')} THEN {{new}}.held_on END", update=_meeting_changed()
    )
    yield from _mark(AgendaItem, update=f"COALESCE({_earlier('done_on')}, {{new}}.due_on)")
    yield from _mark(Member, insert="{new}.joined_on", update=_member_changed(), delete="{old}.joined_on")
    yield from _mark(OfficerTerm, insert="{new}.started_on", update=_term_changed(), delete="{old}.started_on")
    yield from _mark(BankAccount, insert="{new}.opened_on", update=_earlier("closed_on"))
    yield from _mark(BankMandate, insert="{new}.valid_from")
    yield from _mark(Constitution, insert="{new}.agreed_on")
    yield from _mark(GroupStatusChange, insert="{new}.changed_on")
    yield from _mark(Founding, **dict.fromkeys(("insert", "update"), "{new}.held_on"))
    yield from _mark(MeetingRhythm, **dict.fromkeys(("insert", "update"), "{new}.agreed_from"))
    yield from _mark(MeetingMove, **dict.fromkeys(("insert", "update"), _earlier_of_move()))
    yield from _mark(PartnerActivity, **dict.fromkeys(("insert", "update"), "{new}.held_on"))
    yield from _mark(PartnershipAgreement, insert="{new}.starts_on", update=_agreement_changed())
    yield from _mark(Visit, **dict.fromkeys(("insert", "update"), "{new}.visited_on"))
    yield from _mark(MentoringPhase, **dict.fromkeys(("insert", "update"), "{new}.started_on"))
    yield from _mark(Judgement, insert="{new}.judged_on", update=_earlier("withdrawn_on"))
    yield from mark_changed(
        Group, _table(ChangedGroup), group="{row}.id", insert="{new}.founded_on", update=_group_changed()
    )
    groups = f"{_table(Group)} g WHERE"
    yield from mark_changed(
        SchemeUse,
        _table(ChangedGroup),
        group="g.id",
        others=f"{groups} g.organisation_id = {{row}}.organisation_id",
        **dict.fromkeys(("insert", "update", "delete"), "{today}"),
    )
    yield from mark_changed(
        Instrument,
        _table(ChangedGroup),
        group="g.id",
        others=f"{groups} {_is_scored_by()}",
        update="CASE WHEN {old}.status <> {new}.status THEN {today} END",
    )


def _mark(model: type[Model], **days: str) -> Iterator[Trigger]:
    return mark_changed(model, _table(ChangedGroup), **days)


def _earlier(column: str) -> str:
    return earlier(f"{{old}}.{column}", f"{{new}}.{column}")


def _earlier_of_move() -> str:
    return earlier("{new}.moved_to", "{new}.planned_on")


def _differs(column: str, empty: str) -> str:
    return f"COALESCE({{old}}.{column}, {empty}) <> COALESCE({{new}}.{column}, {empty})"


def _loan_changed() -> str:
    """A loan that is cancelled or moved counts from its first day, one that ends from its end."""
    return (
        "CASE WHEN {old}.disbursed_on <> {new}.disbursed_on "
        "OR ({old}.cancelled_at IS NULL) <> ({new}.cancelled_at IS NULL) "
        f"THEN {_earlier('disbursed_on')} ELSE {_earlier('ended_on')} END"
    )


def _agreement_changed() -> str:
    """An agreement that is withdrawn never counted, one that ended early counts no more from then on."""
    withdrawn = "({old}.withdrawn_at IS NULL) <> ({new}.withdrawn_at IS NULL)"
    return f"CASE WHEN {withdrawn} THEN {{new}}.starts_on ELSE {_earlier('ended_on')} END"


def _count_changed() -> str:
    """A count that was taken anew or is held against something else counts from its day, one settled from then."""
    return (
        "CASE WHEN {old}.carried <> {new}.carried OR ({old}.corrected_at IS NULL) <> ({new}.corrected_at IS NULL) "
        f"THEN {{new}}.counted_on ELSE {_earlier('settled_on')} END"
    )


def _closed(row: str) -> str:
    return f"{row}.status <> '{MeetingStatus.DRAFT}'"


def _meeting_changed() -> str:
    return f"CASE WHEN {_closed('{old}')} OR {_closed('{new}')} THEN {_earlier('held_on')} END"


def _member_changed() -> str:
    return (
        "CASE WHEN {old}.joined_on <> {new}.joined_on OR {old}.gender <> {new}.gender "
        f"THEN {_earlier('joined_on')} WHEN {_differs('left_on', _END_OF_TIME)} THEN {_earlier('left_on')} END"
    )


def _term_changed() -> str:
    return (
        "CASE WHEN {old}.started_on <> {new}.started_on OR {old}.member_id <> {new}.member_id "
        f"THEN {_earlier('started_on')} ELSE {_earlier('ended_on')} END"
    )


def _group_changed() -> str:
    profile = " OR ".join(f"{{old}}.{column} <> {{new}}.{column}" for column in _PROFILE)
    village = _differs("village_id", "''")
    return (
        f"CASE WHEN {{old}}.founded_on <> {{new}}.founded_on THEN {_earlier('founded_on')} "
        f"WHEN {profile} OR {village} THEN {{today}} END"
    )


def _is_scored_by() -> str:
    """Return the condition that the scheme of an instrument scores the group `g`."""
    uses = f"EXISTS (SELECT 1 FROM {_table(SchemeUse)} u WHERE u.organisation_id = g.organisation_id"
    return (
        "({row}.organisation_id IS NULL OR {row}.organisation_id = g.organisation_id) "
        f"AND ({uses} AND u.scheme = {{row}}.code) OR {{row}}.code = '{DEFAULT_SCHEME}' AND NOT {uses}))"
    )


def _table(model: type[Model]) -> str:
    return str(model._meta.db_table)


TRIGGERS: tuple[Trigger, ...] = (
    forbid_delete(Instrument, where=f"OLD.{_NO_DRAFT}"),
    # Published may become retired, once; nothing else about it changes, and nothing becomes a draft again.
    forbid_update(
        Instrument,
        but=("status", "retired_at"),
        where=f"OLD.{_NO_DRAFT}",
        or_when=f"NEW.status = '{InstrumentStatus.DRAFT}' OR OLD.status = '{InstrumentStatus.RETIRED}'",
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
    # What somebody found stays as it was said; it may be withdrawn, once.
    forbid_update_but_withdrawal(Review),
    forbid_delete(Review),
    forbid_update(ScoreRevision),
    forbid_delete(ScoreRevision),
    forbid_delete(Assessment, where=f"OLD.status = '{AssessmentStatus.FINAL}'"),
    forbid_update(Assessment, where=f"OLD.status = '{AssessmentStatus.FINAL}'"),
    *_changes(),
)
