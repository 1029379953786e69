"""The nightly command does everything that a page would otherwise wait for."""

import pytest
from django.core.management import call_command
from django.utils import timezone

from assessment.models import Assessment, GroupSnapshot, SnapshotScore
from assessment.services.snapshots import outdated
from finance.models import Account
from groups.models import Group, GroupStatus
from tests.assessment.groups import make_kembang_minus_outside
from tests.factories import make_group, make_member, save

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate()


def test_every_group_has_its_latest_snapshot_and_those_of_its_months(capsys):
    make_kembang_minus_outside(founded_on=TODAY.replace(day=1, year=TODAY.year - 1))
    call_command("nightly")
    assert GroupSnapshot.objects.filter(month=None, as_of=TODAY).count() == 1
    assert GroupSnapshot.objects.exclude(month=None).count() == 12
    assert Assessment.objects.count() == SnapshotScore.objects.count() == 13
    assert not outdated(Group.objects.all(), TODAY).exists()
    assert "0 mismatches" in capsys.readouterr().out


def test_a_second_run_finds_nothing_to_do(capsys):
    make_group()
    call_command("nightly")
    call_command("nightly")
    assert f"0 groups brought up to {TODAY}." in capsys.readouterr().out


def test_a_dissolved_group_is_not_scored(capsys):
    make_group(founded_on=TODAY.replace(day=1), status=GroupStatus.DISSOLVED)
    call_command("nightly")
    assert GroupSnapshot.objects.get().status == GroupStatus.DISSOLVED
    assert not SnapshotScore.objects.exists()


def test_a_wrong_balance_is_its_exit_code(capsys):
    save(make_member(make_group()), 10_000)
    Account.objects.filter(kind="SUKARELA").update(credits_posted=10_001)
    with pytest.raises(SystemExit) as exit_of:
        call_command("nightly")
    assert exit_of.value.code == 1
    assert "1 groups brought up" in capsys.readouterr().out
