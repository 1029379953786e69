"""How a group of the demo was formed: what was done for the six steps, and its founding meeting."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date, timedelta
from random import Random

from groups import services
from groups.models import FormationNote, FormationStep, Founding, Group, User

_TEXTS: dict[str, tuple[str, ...]] = {
    FormationStep.NEARBY: (
        "Dua kelompok di desa sebelah dikunjungi. Rumahnya terlalu jauh untuk ikut, jadi perlu kelompok sendiri.",
        "Kelompok yang ada sudah penuh. Ketuanya bersedia mengajari pembukuan.",
    ),
    FormationStep.PARTNERS: (
        "Kantor desa meminjamkan balai; penyuluh datang sekali sebulan.",
        "Bank unit kecamatan menjelaskan rekening kelompok; ibu bidan membantu mengajak warga.",
    ),
    FormationStep.START: (
        "Menabung dulu tiga kali pertemuan sebelum ada pinjaman.",
        "Mulai dengan arisan pupuk bersama.",
    ),
    FormationStep.NAME: (
        "Diusulkan tiga nama, dipilih bersama karena mudah diingat.",
        "Nama bunga yang tumbuh di halaman hampir semua anggota.",
    ),
    FormationStep.MEETING: (
        "Sore sesudah pulang dari sawah dan sebelum magrib; anak boleh dibawa. Bapak-bapak bergantian menjaga rumah.",
        "Siang hari, sesuai permintaan ibu-ibu yang pagi berjualan di pasar.",
    ),
}
"""What may be written of each step."""
_GUESTS = "Kepala dusun, penyuluh lapangan, pendamping"
_ACTIVITIES = ("Simpan pinjam", "Simpan pinjam dan ternak ayam", "Simpan pinjam dan pupuk bersama", "Budi daya lele")
_DAYS_TO_STEP = 15
"""Days from one step to the next in a group that is being formed."""
STEPS_DONE = (FormationStep.NEARBY, FormationStep.PARTNERS, FormationStep.START, FormationStep.NAME)
"""What is done in the group of the demo that is being formed."""
DAYS_OF_FORMING = 90

RecordedOn = Callable[[date], AbstractContextManager[None]]


def record_steps(group: Group, actor: User, *, start: date, recorded_on: RecordedOn) -> None:
    """Write down step after step of a group that is being formed, some days after one another."""
    rng = _chance(group)
    for number, step in enumerate(STEPS_DONE):
        day = start + timedelta(number * _DAYS_TO_STEP)
        with recorded_on(day):
            _note(group, actor, step, day, rng)


def record_founding(group: Group, actor: User, *, on: date) -> None:
    """Write down all steps of a group that was founded on a day, and the meeting that founded it."""
    rng = _chance(group)
    for step in _TEXTS:
        _note(group, actor, FormationStep(step), on, rng)
    services.founding_record(
        actor=actor,
        group=group,
        founding=Founding(
            held_on=on, place=group.place, present=_GUESTS, activity=rng.choice(_ACTIVITIES),
            address=f"{group.place}, {group.village}", key=_key(rng),
        ),
    )  # fmt: skip


def _note(group: Group, actor: User, step: FormationStep, on: date, rng: Random) -> None:
    note = FormationNote(step=step, done_on=on, text=rng.choice(_TEXTS[step]), key=_key(rng))
    if step == FormationStep.START:
        note.people, note.first_saving = rng.randint(5, 9), rng.choice((5_000, 10_000))
    services.formation_note_record(actor=actor, group=group, note=note)


def _chance(group: Group) -> Random:
    """Return a generator of its own, so that nothing else in the demo depends on it."""
    return Random(f"{group.code}-forming")  # noqa: S311 - demo data, repeatable by its seed


def _key(rng: Random) -> uuid.UUID:
    return uuid.UUID(int=rng.getrandbits(128), version=4)
