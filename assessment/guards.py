"""Triggers of assessments: a published instrument is frozen, and a final assessment never changes."""

from groups.guards import Guard, forbid_delete, forbid_insert, forbid_update, frozen_with, then_run

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

_READ_BY_SIGNALS = ("meetings_meeting", "finance_entry", "finance_cashcount", "groups_officerterm")
_STALE = "UPDATE assessment_keptsignals SET is_stale = TRUE WHERE group_id = {row}.group_id AND NOT is_stale"

GUARDS: tuple[Guard, ...] = (
    # Attendance, agenda and transfers come with their meeting or entry.
    *(
        then_run(f"{table}_{event.lower()}_makes_signals_stale", table, _STALE.format(row="NEW"), event)
        for table in _READ_BY_SIGNALS
        for event in ("INSERT", "UPDATE")
    ),
    # A term that never was is taken out again; nothing else of these is ever deleted.
    then_run("groups_officerterm_delete_makes_signals_stale", "groups_officerterm", _STALE.format(row="OLD"), "DELETE"),
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
