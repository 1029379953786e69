"""Instruments that say how maturity is measured, judgements by people, and assessments of groups."""

from assessment.models.assessment import Assessment, AssessmentStatus, Need
from assessment.models.final_run import FinalOutcome, FinalRun, FinalRunScore
from assessment.models.instrument import (
    MOST_STAGES,
    Gate,
    Indicator,
    Instrument,
    InstrumentStatus,
    Level,
    SchemeUse,
    StageRule,
)
from assessment.models.judgement import Judgement
from assessment.models.review import Review
from assessment.models.revision import RevisionCause, ScoreRevision
from assessment.models.snapshot import (
    CLASS_COLUMNS,
    GroupSnapshot,
    SnapshotAgeing,
    SnapshotLateness,
    SnapshotScore,
)
