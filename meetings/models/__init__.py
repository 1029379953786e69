"""Meetings with attendance, agenda and decisions: the minute book (buku notulen) of a group."""

from meetings.models.agenda import AgendaItem
from meetings.models.attendance import Attendance, AttendanceStatus
from meetings.models.meeting import Meeting, MeetingStatus
