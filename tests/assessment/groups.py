"""Groups whose score is known by hand, for the tests of services and pages."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from assessment.instruments import in_force
from assessment.metrics import Measured, all_metrics
from assessment.models import Assessment, GroupSnapshot, Instrument, Judgement, Level, Review, SnapshotScore
from assessment.scoring import read_records
from assessment.services import snapshots_write
from finance.performance import months_before
from groups.models import Group, Role, User
from tests.factories import make_group, make_meeting, make_user

AS_OF = date(2025, 7, 8)


def measure(metric: str, group: Group, as_of: date) -> Measured:
    """What a metric says of a group as of a day."""
    return all_metrics()[metric].measure(read_records([group.pk], as_of, [metric])[group.pk][metric])


def make_staff(group: Group | None = None) -> User:
    """NGO staff, of the organisation of `group`."""
    return make_user(Role.STAFF, organisation=group.organisation if group is not None else None)


def make_override(group: Group, indicator: str = "attendance", **fields: Any) -> Judgement:
    """An override of a measured indicator to its highest level, that runs from `AS_OF` for 182 days."""
    levels = Level.objects.filter(indicator__code=indicator, indicator__instrument=in_force(group.organisation_id))
    given: dict[str, Any] = {
        "level": levels.order_by("-threshold")[0],
        "note": "buku hadir hilang",
        "judged_on": AS_OF,
        "until": AS_OF + timedelta(182),
        "judged_by": group.recorded_by,
        **fields,
    }
    return Judgement.objects.create(group=group, **given)


def make_review(group: Group, subject: str = "one_recorder", **fields: Any) -> Review:
    """A signal that was looked into today, for a month."""
    today = timezone.localdate()
    known = {"looked_on": today, "look_again_on": today + timedelta(30), "note": "ditanyakan", "key": uuid.uuid4()}
    seen = {"counted": 1, "records": ["1"]}
    return Review.objects.create(
        group=group, subject=subject, recorded_by=group.recorded_by, **known | {"seen": seen} | fields
    )


def make_kembang_minus_outside(facilitator: User | None = None, until: date = AS_OF, **fields: Any) -> Group:
    """A group that is good at all that can be measured, without loans: 10+10+8+12+8+14+8+6 = 76 points.

    Without repayment (16) and activities with outside parties (8) it is at Tumbuh.
    """
    group = make_group(
        facilitator,
        rules={"agreed_in_meeting": True},
        **{"bank_account_number": "123", "bank_signatories": 2, **fields},
    )
    for months in range(6):
        held_on = until - timedelta(30 * (5 - months))
        count = group.cash_counts.create(counted_on=held_on, expected=0, counted=0, counted_by=group.recorded_by)
        make_meeting(
            group,
            held_on,
            cash_count=count,
            agenda_count=2,
            decision_count=1,
            critical_count=1,
            critical_decided_count=1,
        )
    return group


def months_ago(count: int) -> date:
    """Return the first day of a month before this one."""
    return months_before(timezone.localdate().replace(day=1), count)


def stand(group: Group, rank: int = 0, month: date | None = None, **fields: Any) -> SnapshotScore:
    """The group stands at a Kotaku stage in a month, by default in this one, where it is its latest score."""
    as_of = month or months_ago(0)
    of_month = None if month in (None, months_ago(0)) else month
    snapshot = make_snapshot(group, of_month, as_of=as_of, **fields.pop("of_snapshot", {}))
    if (indicators := fields.pop("indicators", None)) is not None:
        make_assessment(group, as_of, indicators=indicators)
    score = {
        "scheme": "kotaku",
        "score": 50,
        "stage": ("TUNAS", "TUMBUH", "KEMBANG", "X", "X", "X")[rank],
        "rank": rank,
        "measured_score": fields.get("score", 50),
        "measured_rank": rank,
        **fields,
    }
    return SnapshotScore.objects.create(snapshot=snapshot, group=group, month=of_month, as_of=as_of, **score)


def make_assessment(group: Group, as_of: date, **fields: Any) -> Assessment:
    """A stored Kotaku score of a day."""
    known = {"score": 50, "stage": "TUNAS", "rank": 0, "measured_score": 50, "measured_rank": 0, "indicators": {}}
    instrument = Instrument.objects.get(code="kotaku", organisation=None)
    return Assessment.objects.create(group=group, instrument=instrument, scheme="kotaku", as_of=as_of, **known | fields)


def make_snapshot(group: Group, month: date | None = None, **fields: Any) -> GroupSnapshot:
    """The snapshot of a group for a month, or the latest, with no money in it; the one there is gets these fields."""
    zeros = dict.fromkeys(MONEY, 0)
    known = {"status": group.status, "kind": group.kind, "village": group.village, "members": 5, "women": 3, **zeros}
    snapshot, _created = GroupSnapshot.objects.update_or_create(
        group=group, month=month, defaults=known | {"as_of": month or timezone.localdate()} | fields
    )
    return snapshot


MONEY = ("savings", "balance", "risk_30", "at_risk", "due", "paid", "income", "costs", "capital")


def bring_up_to_date(as_of: date | None = None) -> int:
    """Write the snapshots of all groups, as the nightly command does."""
    return snapshots_write(groups=Group.objects.all(), as_of=as_of or timezone.localdate())
