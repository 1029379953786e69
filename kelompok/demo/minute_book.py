"""The group whose minute book is the sample of the guide for self-help groups."""

from __future__ import annotations

from datetime import date

from kelompok.demo import words
from kelompok.demo.history import Life
from kelompok.demo.people import AgendaRow, Person, Request
from kelompok.demo.words import Topic

_LAST_MEETING = words.MINUTE_BOOK[-1][0]


def minute_book_founding(today: date) -> date:
    """Return the day the group was founded, a week before its first meeting in the latest June in the past."""
    year = today.year if today > date(today.year, *_LAST_MEETING) else today.year - 1
    return date(year, *words.MINUTE_BOOK_FOUNDED)


class MinuteBook(Life):
    """Three weekly meetings in June, recorded on their days, and then no more."""

    _rows: tuple[tuple[str, str, str], ...] = ()

    def _meet_until_today(self) -> None:
        for (month, day), rows in words.MINUTE_BOOK:
            held_on = date(self.start.year, month, day)
            self._rows = rows
            self._meet(held_on, held_on, self.plan.character.end, [])

    def _decide_loans(self, in_person: list[Person], held_on: date, quality: float) -> list[Request]:
        return []

    def _agenda(self, held_on: date, quality: float, topics: list[Topic], in_person: list[Person]) -> list[AgendaRow]:
        rows = []
        for title, discussion, decision in self._rows:
            row = AgendaRow(title, discussion, decision)
            if title == words.BUYING:
                buying_on = date(held_on.year, *words.BUYING_ON)
                row = row._replace(responsible=in_person[0].pk, due_on=buying_on, done_on=buying_on)
            rows.append(row)
        return rows
