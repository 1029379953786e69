"""Every write of assessments: scoring groups in sets, judging what no record measures, publishing instruments."""

from assessment.services.finalising import SeenScore, assessment_finalise, final_run_continue, final_run_start
from assessment.services.judging import judge, override_give, override_withdraw
from assessment.services.publishing import instrument_copy, instrument_edit, instrument_publish, instrument_retire
from assessment.services.reviews import review_withdraw, reviews_record
from assessment.services.scoring import Outcome, assess_groups
from assessment.services.snapshots import snapshots_write
