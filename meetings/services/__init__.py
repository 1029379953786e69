"""Every write to the minute book."""

from meetings.services.closing import meeting_close
from meetings.services.corrections import meeting_correct
from meetings.services.decisions import decision_done
from meetings.services.drafts import draft_discard, draft_save, meeting_to_save
