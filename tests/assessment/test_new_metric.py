"""A new metric or signal is one new file: the package finds it, and nothing else is touched."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from django.utils import timezone

import assessment.metrics
import assessment.signals
from assessment.instruments import in_force
from assessment.metrics import all_metrics
from assessment.models import Assessment, Level
from assessment.services import assess_groups, instrument_copy, instrument_publish
from assessment.signals import all_signals, read_hits
from groups.models import Group, Role
from tests.assessment.groups import make_staff
from tests.factories import make_group, make_members, make_user

pytestmark = pytest.mark.django_db

METRIC = '''
"""Members of the group on the day; a number. Source: this test."""

from assessment.metrics.base.metric import Measured, Metric, Reads
from assessment.metrics.base.reading import read_rows
from assessment.metrics.base.tables import NUMBER, evidence_table, total_row
from finance.tables.table import Column, Row
from groups.selectors.relations import MEMBERSHIPS


def _tables(group, as_of):
    columns = [Column("Name"), Column("A member", NUMBER)]
    rows = [Row([member.name, member.is_member]) for member in read_rows(MEMBERSHIPS, group, as_of)]
    return [evidence_table(group, as_of, "People", columns, [*rows, total_row("All", columns, rows)])]


METRIC = Metric(
    reads=(Reads(MEMBERSHIPS, {"members": "SUM(is_member)"}),),
    measure=lambda facts: Measured(float(facts["members"]), facts),
    formula="People who are members.",
    sentence=lambda facts: f"{facts['members']} people",
    tables=_tables,
    page="group",
    page_name="Profile",
    most=None,
    is_share=False,
)
'''

SIGNAL = '''
"""A group without members. Source: this test."""

from assessment.signals.base.signal import Signal
from groups.selectors.relations import MEMBERSHIPS

SIGNAL = Signal(
    place=99,
    relations=(MEMBERSHIPS,),
    sql="SELECT group_id, COUNT(*) AS counted, 0 AS amount, '' AS records FROM memberships "
    "GROUP BY group_id HAVING SUM(is_member) > 2",
    label="Many members",
    ask="Who are they?",
    sentence=lambda hit: f"{hit.counted} people",
    page="group",
    page_name="Profile",
)
'''


@pytest.fixture
def new_file(tmp_path: Path, monkeypatch):
    """Put a module into a package for the length of a test."""
    added: list[tuple[object, str]] = []

    def add(package, name: str, text: str, cached) -> None:
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
        cached.cache_clear()
        added.append((cached, f"{package.__name__}.{name}"))

    yield add
    monkeypatch.undo()
    for cached, module in added:
        cached.cache_clear()
        sys.modules.pop(module, None)


@pytest.fixture
def group() -> Group:
    group = make_group()
    make_members(group, 3)
    return group


@pytest.fixture
def scheme(new_file, group):
    """Kotaku with the new metric in place of attendance, at most 10 points from 3 members on."""
    new_file(assessment.metrics, "people", METRIC, all_metrics)
    admin = make_user(Role.ADMIN, organisation=group.organisation)
    draft = instrument_copy(actor=admin, instrument=in_force(None))
    indicator = draft.indicators.get(code="attendance")
    draft.indicators.filter(pk=indicator.pk).update(metric="people")
    Level.objects.filter(indicator=indicator, points__lt=10).delete()
    Level.objects.filter(indicator=indicator, points=10).update(threshold=3)
    draft.rules.get(rank=2).gates.filter(indicator=indicator).delete()
    instrument_publish(actor=admin, instrument=draft)
    return draft


def page(client, group: Group, address: str) -> str:
    client.force_login(make_staff(group))
    client.cookies["django_language"] = "en"
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_a_new_metric_scores(scheme, group):
    assess_groups(groups=Group.objects.all(), as_of=timezone.localdate())
    found = Assessment.objects.get().indicators["attendance"]
    assert (found["value"], found["points"], found["facts"]) == (3, 10, {"members": 3})


def test_a_new_metric_says_its_sentence(client, scheme, group):
    assert "3 people" in page(client, group, f"/g/{group.code}/assessment/")


def test_a_new_metric_shows_its_records(client, scheme, group):
    html = page(client, group, f"/g/{group.code}/assessment/evidence/attendance/")
    assert "People" in html
    assert all(member.name in html for member in group.members.all())


def test_a_new_metric_is_explained_on_the_page_of_its_instrument(client, scheme, group):
    assert "People who are members." in page(client, group, f"/instruments/{scheme.pk}/")


def test_a_new_signal_is_found_and_shown(client, new_file, group):
    new_file(assessment.signals, "many", SIGNAL, all_signals)
    assert [hit.signal for hit in read_hits([group.pk], timezone.localdate())[group.pk]] == ["many"]
    html = page(client, group, f"/g/{group.code}/assessment/")
    assert "Who are they?" in html
    assert "3 people" in html


def test_without_its_file_it_is_not_there(group):
    assert "people" not in all_metrics()
    assert "many" not in all_signals()
