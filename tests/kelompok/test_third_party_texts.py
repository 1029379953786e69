"""The texts of other programs that our catalogue words itself."""

from __future__ import annotations

from gettext import GNUTranslations
from pathlib import Path

import auditlog
import django
import pytest
from django.utils.translation import gettext, override

from kelompok.third_party_texts import AUDIT_LOG, DJANGO


def catalogues(program, language):
    for path in Path(program.__file__).parent.rglob(f"locale/{language}/LC_MESSAGES/django.mo"):
        with path.open("rb") as file:
            yield GNUTranslations(file)


@pytest.mark.parametrize(
    ("program", "language", "texts"), [(django, "id", DJANGO), (auditlog, "ja", AUDIT_LOG)], ids=["django", "auditlog"]
)
def test_each_text_is_one_of_that_program(program, language, texts):
    theirs = list(catalogues(program, language))
    assert [text for text in texts if all(catalogue.gettext(text) == text for catalogue in theirs)] == []


def test_our_words_go_before_theirs():
    with override("id"):
        assert gettext("This field is required.") == "Wajib diisi."
        assert gettext("Created") == "Dibuat"
