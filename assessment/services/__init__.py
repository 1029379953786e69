"""Every write of assessments: scoring groups in sets, judging what no record measures, publishing instruments."""

from assessment.services.judging import judge, override_give, override_withdraw
from assessment.services.publishing import instrument_copy, instrument_edit, instrument_publish, instrument_retire
from assessment.services.scoring import Outcome, assess_groups, assessment_finalise
from assessment.services.snapshots import snapshots_write
