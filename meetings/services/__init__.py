"""Every write to the minute book, and to the visits."""

from meetings.services.closing import meeting_close
from meetings.services.corrections import meeting_correct
from meetings.services.decisions import decision_done
from meetings.services.drafts import draft_discard, draft_save, meeting_to_save
from meetings.services.letters import LETTER, letter_record, letter_withdraw
from meetings.services.month_reports import month_report_write
from meetings.services.trainings import TRAINING, training_record, training_withdraw
from meetings.services.visits import (
    FOLLOW_UP,
    PLANNED_VISIT,
    VISIT,
    follow_up_done,
    visit_plan,
    visit_plan_withdraw,
    visit_record,
    visit_withdraw,
)
