"""The texts of other programs that our catalogue words itself."""

from __future__ import annotations

from gettext import GNUTranslations
from pathlib import Path

import auditlog
import axes
import django
import pytest
from axes.models import AccessAttempt
from django.urls import reverse
from django.utils.translation import gettext, override

from kelompok.third_party_texts import AUDIT_LOG, DJANGO, SIGN_INS


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


def test_each_text_of_axes_is_in_its_code():
    """No catalogue of axes has all of them."""
    code = "".join(path.read_text() for path in Path(axes.__file__).parent.glob("*.py"))
    assert [text for text in SIGN_INS if f'_("{text}")' not in code] == []


@pytest.mark.django_db
def test_the_action_of_axes_that_fails_in_the_administration_is_not_there(admin_client):
    AccessAttempt.objects.create(username="rina", ip_address="10.0.0.1", path_info="/login/", failures_since_start=1)
    address = reverse("admin:axes_accessattempt_changelist")
    assert "cleanup_expired_attempts" not in admin_client.get(address).content.decode()
    sent = {"action": "cleanup_expired_attempts", "_selected_action": AccessAttempt.objects.get().pk}
    assert admin_client.post(address, sent).status_code == 302
    assert AccessAttempt.objects.exists()


@pytest.mark.django_db
def test_the_administration_names_axes_by_what_it_keeps(admin_client):
    content = admin_client.get(reverse("admin:index")).content.decode()
    assert reverse("admin:app_list", args=["axes"]) in content
    assert ">Axes<" not in "".join(content.split())


def test_our_words_go_before_theirs():
    with override("id"):
        assert gettext("This field is required.") == "Wajib diisi."
        assert gettext("Created") == "Dibuat"
