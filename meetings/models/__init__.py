"""Meetings with attendance, agenda and decisions: the minute book (buku notulen) of a group; and the visits to it."""

from meetings.models.agenda import AgendaItem
from meetings.models.attendance import Attendance, AttendanceStatus
from meetings.models.letter import Letter, LetterDirection
from meetings.models.meeting import Meeting, MeetingStatus
from meetings.models.month_report import MonthReport
from meetings.models.training import MOST_GUESTS, MOST_HOURS, Training, TrainingParticipant
from meetings.models.visit import FollowUp, PlannedVisit, Visit, VisitorRole, VisitTask
