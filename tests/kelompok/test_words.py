"""The words that pages say to a villager: one for each thing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.utils.translation import gettext, ngettext, override

ROOT = Path(__file__).parents[2]

WORDS = {
    "Everybody else is present": "Sisanya hadir semua",
    "The meeting of %s is recorded already.": "Pertemuan tanggal %s sudah dicatat.",
    "Opening balance: compulsory savings (wajib)": "Saldo awal: simpanan wajib",
    "Write a loan off": "Hapusbukukan pinjaman",
    "Critical matter": "Masalah mendesak",
    "Critical matters": "Masalah mendesak",
    "How many must sign together": "Jumlah penanda tangan",
    "Signatories": "Jumlah penanda tangan",
    "Paid to the member": "Dibayarkan kepada anggota",
    "Sign in again in a new tab": "Masuk lagi di tab baru",
    "Count the cash box": "Hitung uang kas",
    "Which loans": "Tampilkan pinjaman",
    "Debt": "Utang",
    "Loan from outside": "Utang",
    "Bank to cash box": "Tarik dari bank",
    "Provisional": "Sementara",
    "By savings": "Jasa modal",
    "By borrowing": "Jasa anggota",
}

PARTS_OF_SENTENCES = {
    "not due yet, balance {{ left }}": "belum jatuh tempo",
    "There are newer records. Check the scores that need to be updated": "Periksa nilai yang perlu diperbarui",
    "The correction is not recorded yet. Look at what changes, then press “Correct the meeting” below.": (
        "Koreksi belum tercatat."
    ),
    "A critical matter (perkara kritis) harms the group if it is not decided soon, "
    "for example a loan nobody repays or a quarrel.": "Masalah mendesak (perkara kritis)",
}

OTHER_WORDS = {
    "hutang": "utang",
    "bila": "jika",
    "kalau": "jika",
    "telah": "sudah",
    "setelah": "sesudah",
    "kekayaan": "harta",
    "ambil dari bank": "tarik dari bank",
    "hapus buku": "hapusbukukan",
    "penandatangan": "penanda tangan",
    "peramban": "browser",
    "lembar kerja": "Excel",
    "sementara itu": "baru saja",
    "dijadikan final": "difinalkan",
}
"""Words of the catalogue's past and what it says instead."""


@pytest.fixture(scope="module")
def sources() -> str:
    """Return the code and the templates, without the line breaks that a long text is written with."""
    folders = ("assessment", "finance", "groups", "kelompok", "meetings", "templates")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in {".py", ".html"}]
    return "\n".join(path.read_text(encoding="utf-8") for path in files if "migrations" not in path.parts)


@pytest.fixture(scope="module")
def catalogue() -> str:
    """Return the Indonesian texts, a text a line."""
    lines = (ROOT / "kelompok/locale/id/LC_MESSAGES/django.po").read_text(encoding="utf-8").replace('"\n"', "")
    return "\n".join(re.findall(r'^msgstr(?:\[0\])? "(.*)"$', lines, re.MULTILINE)[1:])


@pytest.mark.parametrize(("text", "words"), WORDS.items())
def test_a_thing_is_called_by_its_word(text, words):
    with override("id"):
        assert gettext(text) == words


@pytest.mark.parametrize(("text", "words"), PARTS_OF_SENTENCES.items())
def test_a_sentence_uses_its_word(text, words):
    with override("id"):
        assert words in gettext(re.sub(r"{{ (\w+) }}", r"%(\1)s", text))


@pytest.mark.parametrize("text", [*WORDS, *PARTS_OF_SENTENCES])
def test_the_word_is_on_a_page(sources, text):
    assert text in sources


def test_lateness_of_money_is_told_in_days():
    with override("id"):
        assert ngettext("late by %(days)d day", "late by %(days)d days", 7) % {"days": 7} == "menunggak 7 hari"


def test_perkara_kritis_is_explained_once(catalogue):
    assert catalogue.count("perkara kritis") == 1


@pytest.mark.parametrize("word", OTHER_WORDS)
def test_no_second_word_is_used(catalogue, word):
    assert [line for line in catalogue.splitlines() if re.search(rf"\b{word}\b", line, re.IGNORECASE)] == []


def test_this_day_is_not_called_today(catalogue):
    assert not re.search(r"pada hari ini", catalogue, re.IGNORECASE)
