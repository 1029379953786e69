"""`manage.py assess`: one JSON object a line, or a summary."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from assessment.models import Assessment, SchemeUse
from assessment.services import snapshots
from groups.models import GroupStatus, GroupStatusChange
from tests.assessment.groups import AS_OF, make_kembang_minus_outside
from tests.factories import make_group

TODAY = timezone.localdate()
pytestmark = pytest.mark.django_db


def assess(*arguments: str) -> str:
    out = StringIO()
    call_command("assess", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_one_object_a_line():
    good, fresh = make_kembang_minus_outside(), make_group()
    lines = [json.loads(line) for line in assess("--as-of", AS_OF.isoformat(), "--json").splitlines()]
    assert [line["code"] for line in lines] == [good.code, fresh.code]
    first = lines[0]
    assert (first["stage"], first["score"], first["instrument"]) == ("TUMBUH", 76, "kotaku-1")
    assert len(first["indicators"]) == 10
    assert first["indicators"][1] == {
        "code": "attendance",
        "value": 1.0,
        "points": 10,
        "weight": 10,
        "facts": {"counted": 40, "of": 40, "meetings": 4, "represented": 0},
    }


def test_it_says_what_is_missing():
    make_kembang_minus_outside()
    (line,) = assess("--as-of", AS_OF.isoformat(), "--json").splitlines()
    missing = json.loads(line)["missing"]
    # 76 of 80 points, and the gate on repayment, whose 11 points suffice.
    assert (missing["stage"], missing["points"]) == ("KEMBANG", 4)
    assert missing["steps"] == [
        {"code": "repayment", "value": None, "target": 0.9, "gap": 0.9, "points": 11, "required": True}
    ]


def test_it_stores_the_scores():
    make_kembang_minus_outside()
    assess("--as-of", AS_OF.isoformat(), "--json")
    stored = Assessment.objects.get()
    assert (stored.as_of, stored.score, stored.computed_by) == (AS_OF, 76, None)


def test_one_group():
    group = make_group()
    make_group()
    (line,) = assess("--as-of", AS_OF.isoformat(), "--group", group.code, "--json").splitlines()
    assert json.loads(line)["code"] == group.code
    assert Assessment.objects.count() == 1


def test_without_json_a_summary():
    make_kembang_minus_outside()
    make_group()
    assert assess("--as-of", AS_OF.isoformat()) == f"2 groups scored as of {AS_OF}\nkotaku: TUMBUH 1, TUNAS 1\n"


def test_a_summary_for_each_scheme():
    group = make_kembang_minus_outside()
    for scheme in ("kotaku", "panca-sutra"):
        SchemeUse.objects.create(organisation=group.organisation, scheme=scheme, is_primary=scheme == "kotaku")
    make_group()
    assert assess("--as-of", AS_OF.isoformat()).splitlines() == [
        f"2 groups scored as of {AS_OF}",
        "kotaku: TUMBUH 1, TUNAS 1",
        "panca-sutra: SEBAGIAN 1",
    ]


def test_changed_groups_only():
    scored, fresh = make_group(), make_kembang_minus_outside()
    assess("--group", scored.code)
    lines = assess("--changed", "--json").splitlines()
    assert [json.loads(line)["code"] for line in lines] == [fresh.code]
    assert assess("--changed") == f"0 of 2 groups scored as of {TODAY}: nothing new\n"


def test_changed_groups_are_told_beside_all(monkeypatch):
    monkeypatch.setattr(snapshots, "BATCH_GROUPS", 2)
    for _ in range(3):
        make_group()
    assert assess("--changed") == f"3 of 3 groups scored as of {TODAY}\nkotaku: TUNAS 3\n"
    make_kembang_minus_outside(until=TODAY)
    assert assess("--changed") == f"1 of 4 groups scored as of {TODAY}\nkotaku: TUMBUH 1\n"


def test_changed_groups_of_another_day_are_an_error():
    with pytest.raises(CommandError, match="today"):
        assess("--as-of", AS_OF.isoformat(), "--changed")


def test_today_by_default():
    make_group()
    assess()
    assert Assessment.objects.get().as_of == timezone.localdate()


@pytest.mark.parametrize(("days", "is_left_out"), [(0, True), (1, False)])
def test_groups_dissolved_by_the_day_are_left_out(days, is_left_out):
    group = make_group(status=GroupStatus.DISSOLVED)
    GroupStatusChange.objects.create(
        group=group, from_status="ACTIVE", to_status="DISSOLVED", changed_on=AS_OF + timedelta(days), reason="bubar",
        recorded_by=group.recorded_by,
    )  # fmt: skip
    assert (assess("--as-of", AS_OF.isoformat(), "--json") == "") == is_left_out


def test_an_unknown_group_is_an_error():
    with pytest.raises(CommandError, match="no group"):
        assess("--group", "nope")


def test_a_day_to_come_is_an_error():
    make_group()
    with pytest.raises(CommandError, match="future"):
        assess("--as-of", (timezone.localdate() + timedelta(1)).isoformat())


def test_a_date_nobody_can_read_is_an_error():
    with pytest.raises(CommandError, match="as-of"):
        assess("--as-of", "kemarin")
