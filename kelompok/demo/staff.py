"""What staff of the demo did: signals and needs they looked into, scores they made final, reports of months."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from assessment.models import SnapshotScore
from assessment.selectors.reviews import subjects_of
from assessment.services import SeenScore, final_run_continue, final_run_start, reviews_record
from groups.models import Group, GroupStatus
from groups.shared.clock import clock_set_to
from kelompok.demo.organisations import DemoOrganisation
from kelompok.selectors.month_report import month_of
from meetings.services import month_report_write

LOOKED_INTO = (
    ("Ditanyakan kepada ketua; notulen lengkap ada di buku.", 14),
    ("Sudah dikunjungi bersama pendamping. Pengurus berjanji memperbaiki bulan depan.", 30),
    ("Panen baru selesai, kelompok mulai berkumpul lagi.", 45),
)
"""What staff found, and after how many days they look again; one group each."""
REPORTS, REPORT_ENDS = 3, "Bulan depan saya mengunjungi kelompok yang belum dikunjungi."
"""For how many months each facilitator wrote a report, and what it says beyond the records."""
MADE_FINAL = 6
"""Groups whose score of the last month is final."""


def record_staff_work(organisations: Iterable[DemoOrganisation], *, today: date) -> None:
    """Let the people of each organisation look into something at some groups, make scores final, and write reports.

    It needs the snapshots: they say what there is to look into.
    """
    for demo in organisations:
        _look_into(demo, today)
        _make_final(demo, today)
        _write_reports(demo, today)


def _look_into(demo: DemoOrganisation, today: date) -> None:
    groups = Group.objects.filter(organisation=demo.organisation).exclude(status=GroupStatus.DISSOLVED)
    found = ((group, subjects_of(group, today)) for group in groups.order_by("code")[: 8 * len(LOOKED_INTO)])
    for (group, subjects), (note, days) in zip((pair for pair in found if pair[1]), LOOKED_INTO, strict=False):
        looked_on = max(group.founded_on, today - timedelta(3))
        reviews_record(
            actor=demo.staff, group=group, subjects=[subjects[-1].name], note=note, looked_on=looked_on,
            look_again_on=today + timedelta(days), key=_key(demo, group.code),
        )  # fmt: skip


def _make_final(demo: DemoOrganisation, today: date) -> None:
    last = today.replace(day=1) - timedelta(1)
    scores = SnapshotScore.objects.filter(group__organisation=demo.organisation, as_of=last, scheme="kotaku")
    chosen = [
        SeenScore(score.group_id, score.as_of, score.stage, score.rank, score.score)
        for score in scores.order_by("group__code")[:MADE_FINAL]
    ]
    if chosen:
        run = final_run_start(actor=demo.staff, scheme="kotaku", scores=chosen, key=_key(demo, f"{last}"))
        final_run_continue(actor=demo.staff, run=run)


def _write_reports(demo: DemoOrganisation, today: date) -> None:
    """Let each facilitator write the reports of the last three months, as the records tell them and a word more."""
    month = today.replace(day=1)
    for _month in range(REPORTS):
        month = (month - timedelta(1)).replace(day=1)
        for person in demo.facilitators:
            told = month_of(person, person, month)
            written_on = datetime.combine(told.end, time(10), tzinfo=timezone.get_default_timezone())
            with clock_set_to(written_on):
                month_report_write(
                    actor=person, month=month, text=f"{told.words}\n\n{REPORT_ENDS}",
                    key=_key(demo, f"{person.username}/{month}"),
                )  # fmt: skip


def _key(demo: DemoOrganisation, name: str) -> uuid.UUID:
    return uuid.uuid5(uuid.NAMESPACE_URL, f"{demo.short}/{name}")
