"""The nightly command does everything that a page would otherwise wait for."""

import pytest
from django.core.management import call_command

from assessment.keeping import lacking_signals
from assessment.models import Assessment
from finance.models import Account
from finance.selectors.figures import lacking_figures
from groups.models import Group
from tests.assessment.groups import make_kembang_minus_outside
from tests.assessment.test_signals_page import TODAY
from tests.factories import make_group, make_member, save

pytestmark = pytest.mark.django_db


def test_scores_figures_and_signals_are_there_afterwards(capsys):
    make_kembang_minus_outside()
    call_command("nightly")
    assert Assessment.objects.filter(as_of=TODAY).count() == 1
    assert not lacking_figures(Group.objects.all(), TODAY).exists()
    assert not lacking_signals(Group.objects.all(), TODAY).exists()
    assert "0 mismatches" in capsys.readouterr().out


def test_a_wrong_balance_is_its_exit_code(capsys):
    save(make_member(make_group()), 10_000)
    Account.objects.filter(kind="SUKARELA").update(credits_posted=10_001)
    with pytest.raises(SystemExit) as exit_of:
        call_command("nightly")
    assert exit_of.value.code == 1
    assert "1 groups looked at" in capsys.readouterr().out
