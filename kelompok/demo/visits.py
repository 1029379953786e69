"""The mentoring of one group, as who accompanies it records it: its phases, some months of visits, the next one."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from groups.models import ExitReview, Group, MentoringPhase, MentoringStage, User
from groups.services import mentoring_end, mentoring_phase_begin
from meetings.models import FollowUp, Letter, LetterDirection, PlannedVisit, Training, Visit, VisitorRole, VisitTask
from meetings.services import follow_up_done, letter_record, training_record, visit_plan, visit_record

_EVERY = (28, 45)
"""From how many to how many days lie between two visits."""
_MONTHS = timedelta(days=184)
"""Visits of so long ago are recorded; earlier ones are in the guest book on paper."""
_TASKS = (VisitTask.PLANNING, VisitTask.IDENTIFY, VisitTask.ENTERPRISE, VisitTask.TRAINING, VisitTask.REPORT)
_MET = ("Ketua dan bendahara", "Semua pengurus", "Pengurus dan enam anggota", "Bendahara")
_FOUND = {
    "found_organisation": ("Pertemuan rutin, tiga anggota sering terlambat.", "Pengurus bekerja bersama dengan baik."),
    "found_administration": ("Buku kas rapi, buku tamu belum diisi.", "Notulen tertinggal dua pertemuan."),
    "found_capital": ("Simpanan sukarela bertambah.", "Dua pinjaman menunggak."),
    "found_business": ("Empat anggota memulai ternak ayam.", "Keripik singkong dijual di pasar kecamatan."),
    "found_network": ("Belum ada hubungan dengan bank.", "Penyuluh pertanian datang sebulan sekali."),
    "found_support": ("Kepala desa meminjamkan balai.", "Perangkat desa belum pernah hadir."),
}
_ADVICE = (
    ("Hitung kas di depan anggota setiap pertemuan.", "Kas dihitung di depan anggota", "Bendahara"),
    ("Tagih tunggakan lebih awal, sebelum jatuh tempo berikutnya.", "Temui anggota yang menunggak", "Ketua"),
    ("Undang perangkat desa ke pertemuan berikutnya.", "Kirim undangan ke kantor desa", "Sekretaris"),
    ("Latih anggota muda menulis notulen.", "Pilih dua anggota untuk dilatih", "Sekretaris"),
)
_SUBJECTS = ("Pembukuan kas", "Ternak ayam kampung", "Mengemas keripik", "Memimpin pertemuan")
_GUESTS = (("Bapak Suryono", "Kepala Desa"), ("Ibu Wahyuni", "Penyuluh pertanian"), ("Bapak Darma", "BRI Unit"))
_GUEST_MESSAGE = "Kelompok sudah baik, teruskan."
_CRITERIA = {
    MentoringStage.STRENGTHENING: "Buku diisi sendiri oleh pengurus, kehadiran di atas 80 %, tunggakan di bawah 5 %.",
    MentoringStage.ACCESS: "Rekening atas nama kelompok, satu pinjaman dari bank lunas tepat waktu.",
}
_REVIEW = {
    "present": "Pengurus, dua belas anggota, kepala desa, pendamping",
    "organisation": "Pertemuan dipimpin bergantian, keputusan dijalankan.",
    "administration": "Bendahara dan sekretaris mengisi buku sendiri.",
    "capital": "Simpanan naik setiap bulan, tunggakan kecil.",
    "business": "Delapan anggota punya usaha yang berjalan.",
    "network": "Kelompok berhubungan langsung dengan bank dan penyuluh.",
    "solidarity": "Anggota yang sakit dibantu dari dana sosial.",
    "voice": "Perempuan menjadi ketua dan bendahara; anggota termiskin juga meminjam.",
    "conflicts": "Perselisihan dibicarakan dalam pertemuan dan dicatat.",
    "relies_on": "Pembukuan akhir tahun masih ditanyakan kepada lembaga.",
    "helpers": "Kader desa dan kelompok tetangga.",
}


@dataclass(frozen=True, slots=True)
class VisitedGroup:
    """A group that is visited from a day to before another, by whom, and what sets the clock to the day of a record."""

    group: Group
    actor: User
    first: date
    end: date
    is_alive: bool
    shows_signal: bool
    recorded_on: Callable[[date], AbstractContextManager[None]]


def record_visits(at: VisitedGroup, *, today: date) -> None:
    """Record the visits of the last months and the guests, and plan the next visit where the group still meets."""
    rng = Random(f"visits-{at.group.code}")  # noqa: S311 - demo data, repeatable by its code
    day = max(at.first, at.end - _MONTHS) + timedelta(rng.randint(3, 20))
    while day < at.end:
        with at.recorded_on(day):
            made = _visit(at, day, rng)
            if rng.random() < 0.2:
                _guest(at, day, rng)
            if made.task == VisitTask.TRAINING:
                _train(at, day, made)
        _carry_out(at, made, rng, today)
        day += timedelta(rng.randint(*_EVERY))
    if at.is_alive:
        planned_on = max(day, today + timedelta(rng.randint(1, 6)))
        with at.recorded_on(today - timedelta(1)):
            plan = PlannedVisit(
                planned_on=planned_on, visitor=at.actor, task=rng.choice(_TASKS), key=_key(rng),
                purpose="Melihat apa yang sudah dikerjakan",
            )  # fmt: skip
            visit_plan(actor=at.actor, group=at.group, plan=plan)


def record_phases(at: VisitedGroup, *, today: date) -> None:
    """Record the phases of mentoring: agreed at the start, most on the way, one in four past its end, some ended."""
    rng = Random(f"phases-{at.group.code}")  # noqa: S311 - demo data, repeatable by its code
    days = (today - at.first).days
    is_late = rng.random() < 1 / 4 and not at.shows_signal and days > 60
    until = today - timedelta(20) if is_late else today + timedelta(rng.randint(200, 700))
    _begin(at, MentoringStage.STRENGTHENING, at.first, until - timedelta(10), until, 30, rng)
    later = at.first + timedelta(days * 2 // 3)
    if not is_late and at.is_alive and days > 90 and rng.random() < 0.4:
        _begin(at, MentoringStage.ACCESS, later, until - timedelta(5), until, 60, rng)
        if rng.random() < 0.3:
            with at.recorded_on(today - timedelta(1)):
                end = MentoringPhase(started_on=today - timedelta(1), key=_key(rng))
                mentoring_end(actor=at.actor, group=at.group, phase=end, review=ExitReview(**_REVIEW))


def _begin(
    at: VisitedGroup, phase: MentoringStage, on: date, planned: date, until: date, every: int, rng: Random
) -> None:
    with at.recorded_on(on):
        agreed = MentoringPhase(
            phase=phase, started_on=on, planned_until=planned, mentoring_until=until, visit_every_days=every,
            criteria=_CRITERIA[phase], key=_key(rng),
        )  # fmt: skip
        mentoring_phase_begin(actor=at.actor, group=at.group, phase=agreed)


def _visit(at: VisitedGroup, day: date, rng: Random) -> Visit:
    advice, what, who = rng.choice(_ADVICE)
    found = {name: rng.choice(words) for name, words in _FOUND.items() if rng.random() < 0.7}
    visit = Visit(
        visited_on=day, visitor=at.actor, role=rng.choice(VisitorRole.values[:3]), task=rng.choice(_TASKS),
        met=rng.choice(_MET), advice=advice, key=_key(rng), **found,
    )  # fmt: skip
    due_on = day + timedelta(rng.randint(14, 30))
    follow_up = FollowUp(what=what, who=who, due_on=due_on)
    return visit_record(actor=at.actor, group=at.group, visit=visit, follow_ups=[follow_up])


def record_training_elsewhere(at: VisitedGroup, *, today: date) -> None:
    """Record a training that an office gave, if the group was there three months ago."""
    day = today - timedelta(90)
    if at.first <= day < at.end:
        with at.recorded_on(day):
            _train(at, day, None)


_LETTERS = (
    (LetterDirection.IN, "Kepala Desa", "Undangan musyawarah desa", "Ketua datang"),
    (LetterDirection.OUT, "Dinas Koperasi dan UKM", "Permohonan pelatihan pembukuan", "Menunggu jawaban"),
    (LetterDirection.IN, "Dinas Koperasi dan UKM", "Jawaban permohonan pelatihan", "Dibacakan dalam pertemuan"),
    (LetterDirection.OUT, "Kepala Desa", "Pinjam balai desa untuk rapat anggota", "Disetujui"),
)


def record_letters(at: VisitedGroup, *, today: date) -> None:
    """Record a letter a month of the last four, of those that groups of the field write and get."""
    for months, (direction, other, subject, note) in enumerate(_LETTERS):
        day = today - timedelta(110 - 30 * months)
        if at.first <= day < at.end:
            letter = Letter(
                direction=direction, dated_on=day, other=other, subject=subject, note=note,
                number=f"{months + 3:03d}/{day.year}", key=_key(Random(f"letter-{at.group.code}-{day}")),  # noqa: S311
            )  # fmt: skip
            with at.recorded_on(day):
                letter_record(actor=at.actor, group=at.group, letter=letter)


def _train(at: VisitedGroup, day: date, visit: Visit | None) -> None:
    """Record who took part in a training: about half of the members of the day."""
    kind = "elsewhere" if visit is None else "training"
    rng = Random(f"{kind}-{at.group.code}-{day}")  # noqa: S311 - demo data, repeatable by its code
    members = [one for one in at.group.members.effective(day).order_by("number") if rng.random() < 0.6]
    trainer, office = (visit.who, "") if visit is not None else rng.choice(_GUESTS)
    training = Training(
        held_on=day, subject=rng.choice(_SUBJECTS), trainer=trainer, trainer_office=office, visit=visit,
        place="Balai desa", hours=rng.choice((2, 3, 6, 8)), guests=rng.choice((0, 0, 2, 5)), key=_key(rng),
    )  # fmt: skip
    if members:
        training_record(actor=at.actor, group=at.group, training=training, members=members)


def _carry_out(at: VisitedGroup, visit: Visit, rng: Random, today: date) -> None:
    """Mark most of what was to follow as done on its day."""
    for follow_up in visit.follow_ups.all():
        if follow_up.due_on < today and rng.random() < 0.7:
            with at.recorded_on(follow_up.due_on):
                follow_up_done(actor=at.actor, group=at.group, follow_up=follow_up, on=follow_up.due_on)


def _guest(at: VisitedGroup, day: date, rng: Random) -> None:
    name, office = rng.choice(_GUESTS)
    guest = Visit(
        visited_on=day, visitor_name=name, visitor_office=office, role=VisitorRole.GUEST, task=VisitTask.OTHER,
        purpose="Melihat pertemuan", met=_MET[1], advice=_GUEST_MESSAGE, key=_key(rng),
    )  # fmt: skip
    visit_record(actor=at.actor, group=at.group, visit=guest)


def _key(rng: Random) -> uuid.UUID:
    return uuid.UUID(int=rng.getrandbits(128), version=4)
