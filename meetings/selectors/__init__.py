"""Every read of the minute book, and of the visits."""

from meetings.selectors.absentees import Missed, missed_of_late
from meetings.selectors.agreed_days import AgreedDay, HeldMeeting, agreed_days
from meetings.selectors.decisions import decisions_made, decisions_open
from meetings.selectors.letters import letters_counted, letters_of
from meetings.selectors.minute_book import (
    GroupMet,
    days_held,
    days_of_group,
    days_of_meetings,
    days_of_member,
    drafts_of,
    groups_met,
    last_held_on,
    meeting_held_on,
    meeting_version,
    minute_book,
    numbered,
    numbers_by_date,
    versions,
    with_agenda,
)
from meetings.selectors.money import MONEY_COLUMNS, MeetingMoney, MemberMoney, MinutesRow, member_rows, money
from meetings.selectors.next_steps import NextSteps, Owing, next_steps
from meetings.selectors.trainings import (
    Reached,
    days_of_trainings,
    reached_by,
    training_days_of_member,
    trainings_held,
    trainings_of_member,
    with_counts,
)
from meetings.selectors.usual import Usual, usual
from meetings.selectors.visits import (
    days_of_visits,
    follow_ups_open,
    last_visit,
    last_visited_on,
    planned_visits,
    visits_made,
    visits_of,
)
