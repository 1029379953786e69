"""Triggers of assessments: a published instrument is frozen, and a final assessment never changes."""

from assessment.changes import changes
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
from groups.shared.triggers import Trigger, forbid_delete, forbid_insert, forbid_update, frozen_with

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

TRIGGERS: tuple[Trigger, ...] = (
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
    forbid_update(Assessment, where=f"OLD.status = '{AssessmentStatus.FINAL}'"),
    *changes(),
)
