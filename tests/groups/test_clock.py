"""The clock of records: the computer's, except inside `clock_set_to`."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.utils import timezone

from groups.models import Organisation
from groups.shared.clock import clock_set_to, now, today

ROOT = Path(__file__).parents[2]
EVENING = datetime(2026, 6, 4, 18, tzinfo=UTC)  # past midnight in Indonesia


def test_now_is_the_computers_clock():
    before = timezone.now()
    assert before <= now() <= timezone.now()


def test_the_day_is_that_of_the_installation():
    with clock_set_to(EVENING):
        assert now() == EVENING
        assert today() == date(2026, 6, 5)


@pytest.mark.django_db
def test_a_record_bears_the_moment_set():
    with clock_set_to(EVENING):
        organisation = Organisation.objects.create(name="Yayasan")
    assert Organisation.objects.get(pk=organisation.pk).created_at == EVENING


def test_the_clock_runs_on_after_an_error():
    with pytest.raises(ValueError, match="no"), clock_set_to(EVENING):
        raise ValueError("no")
    assert now() > EVENING


def test_only_the_demo_sets_the_clock():
    apps = ("groups", "finance", "meetings", "assessment", "kelompok")
    files = [path.relative_to(ROOT) for app in apps for path in (ROOT / app).rglob("*.py")]
    users = {path.as_posix() for path in files if "clock_set_to" in (ROOT / path).read_text()}
    assert not {path for path in users if not path.startswith("kelompok/demo/")} - {"groups/shared/clock.py"}
