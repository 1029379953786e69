"""Scoring groups in sets: what is stored, what is left alone, and what it costs."""

from __future__ import annotations

import gc
import json
from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assessment import engine
from assessment.instruments import engine_instrument, in_force
from assessment.metrics import Records
from assessment.models import Assessment, Instrument, Need, SchemeUse
from assessment.scoring import NEED, EarlierScore, need_of, read_records
from assessment.services import assess_groups, assessment_finalise, instrument_copy, scoring
from groups.models import BankAccount, Group, Role
from groups.shared.sql import insert_rows
from tests.assessment.groups import AS_OF, make_kembang_minus_outside, make_override, make_staff
from tests.factories import FOUNDED, facilitator_of, make_group, make_meeting, make_user

pytestmark = pytest.mark.django_db


def test_the_score_of_a_group_counted_by_hand():
    group = make_kembang_minus_outside()
    assess_groups(groups=Group.objects.all(), as_of=AS_OF)
    assessment = Assessment.objects.get()
    assert (assessment.group, assessment.score, assessment.stage) == (group, 76, "TUMBUH")
    assert assessment.indicators["attendance"] == {
        "value": 1.0,
        "points": 10,
        "facts": {"counted": 40, "of": 40, "meetings": 4, "represented": 0},
    }
    assert assessment.indicators["repayment"]["value"] is None
    nothing = {"talks": 0, "joint": 0, "agreed": 0, "known": 0}
    assert assessment.indicators["outside"] == {"value": None, "points": 0, "facts": nothing}


def test_scoring_the_same_day_again_replaces_the_draft():
    make_kembang_minus_outside()
    assess_groups(groups=Group.objects.all(), as_of=AS_OF)
    BankAccount.objects.update(closed_on=FOUNDED)
    assess_groups(groups=Group.objects.all(), as_of=AS_OF)
    assert Assessment.objects.get().score == 68


def test_a_final_assessment_is_left_alone():
    group = make_kembang_minus_outside()
    assessment_finalise(actor=make_staff(group), group=group, as_of=AS_OF)
    BankAccount.objects.update(closed_on=FOUNDED)
    outcomes = []
    assess_groups(groups=Group.objects.all(), as_of=AS_OF, report=outcomes.extend)
    assert Assessment.objects.get().score == 76
    assert [(outcome.result.score, outcome.stored) for outcome in outcomes] == [(68, False)]


def test_making_final_twice_is_refused():
    group = make_kembang_minus_outside()
    staff = make_staff(group)
    first = assessment_finalise(actor=staff, group=group, as_of=AS_OF)
    with pytest.raises(ValidationError, match="final already"):
        assessment_finalise(actor=staff, group=group, as_of=AS_OF)
    assert Assessment.objects.get().finalised_at == first.finalised_at


def test_groups_founded_later_are_left_out():
    make_group(founded_on=date(2025, 6, 1))
    assert assess_groups(groups=Group.objects.all(), as_of=date(2025, 5, 31)) == 0


def test_a_day_to_come_is_refused():
    with pytest.raises(ValidationError, match="future"):
        assess_groups(groups=Group.objects.all(), as_of=timezone.localdate() + timedelta(1))


def test_staff_reach_their_own_organisation_only():
    own, other = make_group(), make_group()
    assert assess_groups(actor=make_staff(own), groups=Group.objects.all(), as_of=AS_OF) == 1
    assert not Assessment.objects.filter(group=other).exists()


def test_facilitators_do_not_score():
    group = make_group()
    with pytest.raises(PermissionDenied):
        assess_groups(actor=facilitator_of(group), groups=Group.objects.all(), as_of=AS_OF)


def test_making_final_is_refused_across_organisations():
    with pytest.raises(PermissionDenied):
        assessment_finalise(actor=make_staff(), group=make_group(), as_of=AS_OF)


def test_batches_together_score_everybody(monkeypatch):
    monkeypatch.setattr(scoring, "BATCH_GROUPS", 2)
    facilitator = make_user()
    for _ in range(5):
        make_group(facilitator)
    sizes = []
    assess_groups(groups=Group.objects.all(), as_of=AS_OF, report=lambda outcomes: sizes.append(len(outcomes)))
    assert sizes == [2, 2, 1]
    assert Assessment.objects.count() == 5


def test_the_number_of_statements_does_not_grow_with_the_groups():
    facilitator = make_user()
    counts = []
    for size in (1, 12):
        while Group.objects.count() < size:
            make_kembang_minus_outside(facilitator)
        # Once before, so that both sizes have a score to supersede.
        assess_groups(groups=Group.objects.all(), as_of=AS_OF)
        with CaptureQueriesContext(connection) as queries:
            assess_groups(groups=Group.objects.all(), as_of=AS_OF + timedelta(size))
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_what_a_batch_gave_is_not_held_while_the_next_is_scored(monkeypatch):
    monkeypatch.setattr(scoring, "BATCH_GROUPS", 2)
    facilitator = make_user()
    for _ in range(6):
        make_group(facilitator)
    held = []

    def report(_outcomes) -> None:
        gc.collect()
        held.append(sum(type(one) is scoring.Outcome for one in gc.get_objects()))

    assess_groups(groups=Group.objects.all(), as_of=AS_OF, report=report)
    assert held == [2, 2, 2]


class TestSchemes:
    """An organisation that uses all four shipped schemes, and a group with an override in one of them."""

    SCHEMES = ("kotaku", "panca-sutra", "bina-swadaya", "aset-pentagonal")

    @pytest.fixture
    def group(self) -> Group:
        group = make_kembang_minus_outside(bank_account_number="")
        for scheme in self.SCHEMES:
            SchemeUse.objects.create(organisation=group.organisation, scheme=scheme, is_primary=scheme == "kotaku")
        return group

    def test_a_score_by_each_counted_by_hand(self, group):
        assess_groups(groups=Group.objects.all(), as_of=AS_OF)
        # Panca Sutra: meetings, savings and books are full, nobody borrows, nothing is due. Bina Swadaya: 5 + 5 + 3 of
        # the organisation, without officers or decisions, 20 of administration, 5 of savings. Pentagonal: 7 for
        # attendance, 6 for rules, 5 for critical matters.
        assert {made.scheme: (made.score, made.stage) for made in Assessment.objects.all()} == {
            "kotaku": (68, "TUMBUH"),
            "panca-sutra": (60, "SEBAGIAN"),
            "bina-swadaya": (38, "D"),
            "aset-pentagonal": (18, "RENDAH"),
        }

    def test_a_frozen_version_always_gives_the_same(self, group):
        make_override(group, "account")
        make_override(group, "attendance")
        make_group(facilitator_of(group))
        assess_groups(groups=Group.objects.all(), as_of=AS_OF)
        copy = instrument_copy(
            actor=make_user(Role.ADMIN, organisation=group.organisation),
            instrument=Instrument.objects.get(code="kotaku", organisation=None),
        )
        copy.indicators.filter(code="account").update(weight=1)
        assert any(made.is_overridden for made in Assessment.objects.all())
        for made in Assessment.objects.all():
            compiled = engine_instrument(made.instrument)
            measured = {code: found["value"] for code, found in made.indicators.items()}
            given = {code: found["given"]["value"] for code, found in made.indicators.items() if "given" in found}
            again, as_measured = engine.assess(compiled, measured | given), engine.assess(compiled, measured)
            assert (again.score, again.stage, again.rank) == (made.score, made.stage, made.rank)
            assert (as_measured.score, as_measured.rank) == (made.measured_score, made.measured_rank)
            assert {score.indicator.code: score.points for score in as_measured.scores} == {
                code: found["points"] for code, found in made.indicators.items()
            }

    def test_scoring_again_leaves_scores_of_a_scheme_no_longer_in_use(self, group):
        assess_groups(groups=Group.objects.all(), as_of=AS_OF)
        SchemeUse.objects.filter(scheme="bina-swadaya").delete()
        assess_groups(groups=Group.objects.all(), as_of=AS_OF)
        assert {made.scheme for made in Assessment.objects.all()} == set(self.SCHEMES)
        assert Assessment.objects.count() == len(self.SCHEMES)

    def test_kotaku_alone_reads_nothing_more(self, group):
        statements = []
        for schemes in (self.SCHEMES, self.SCHEMES[:1]):
            SchemeUse.objects.exclude(scheme__in=schemes).delete()
            with CaptureQueriesContext(connection) as queries:
                assess_groups(groups=Group.objects.all(), as_of=AS_OF)
            statements.append([query["sql"] for query in queries])
        for table in ("groups_officerterm", "groups_member", "meetings_agendaitem"):
            assert any(f"FROM {table}" in sql for sql in statements[0])
            assert not any(f"FROM {table}" in sql for sql in statements[1])


class TestNeed:
    def need(self, as_of: date = AS_OF) -> Need:
        assess_groups(groups=Group.objects.all(), as_of=as_of)
        return Need(Assessment.objects.get(as_of=as_of).need)

    def test_none(self):
        make_kembang_minus_outside()
        assert self.need() == Need(0)

    def test_no_meeting_for_more_than_sixty_days(self):
        group = make_group()
        make_meeting(group, AS_OF - timedelta(61))
        assert self.need() == Need.NO_MEETING
        make_meeting(group, AS_OF - timedelta(60))
        assert self.need() == Need(0)

    def test_a_group_younger_than_that_has_not_missed_any(self):
        make_group()
        assert self.need(FOUNDED + timedelta(60)) == Need(0)
        assert self.need(FOUNDED + timedelta(61)) == Need.NO_MEETING

    def test_low_attendance(self):
        group = make_group()
        for days in (30, 20):
            make_meeting(group, AS_OF - timedelta(days), present_count=5)
        assert self.need() == Need.LOW_ATTENDANCE

    def test_attendance_of_one_meeting_is_not_enough_data(self):
        make_meeting(make_group(), AS_OF - timedelta(30), present_count=5)
        assert self.need() == Need(0)

    def test_a_dropped_stage(self):
        group = make_kembang_minus_outside()
        assess_groups(groups=Group.objects.all(), as_of=AS_OF - timedelta(30))
        BankAccount.objects.update(closed_on=FOUNDED)
        for days in (1, 2):
            make_meeting(group, AS_OF + timedelta(days), present_count=0, saver_count=0)
        assert self.need(AS_OF + timedelta(2)) == Need.STAGE_DROPPED | Need.FALLING_ATTENDANCE | Need.LOW_ATTENDANCE

    def test_falling_attendance(self):
        group = make_group()
        for number in range(8):
            make_meeting(group, AS_OF - timedelta(8 - number), present_count=9 if number < 4 else 8)
        assert self.need() == Need.FALLING_ATTENDANCE

    @pytest.mark.parametrize(("late", "need"), [(1, Need(0)), (0, Need.FALLING_ATTENDANCE)])
    def test_who_comes_late_is_there_as_before(self, late, need):
        group = make_group()
        for number in range(8):
            counts = {"present_count": 9} if number < 4 else {"present_count": 8, "late_count": late}
            make_meeting(group, AS_OF - timedelta(8 - number), **counts)
        assert self.need() == need

    def test_who_came_late_before_was_there(self):
        group = make_group()
        for number in range(8):
            counts = {"present_count": 7, "late_count": 2} if number < 4 else {"present_count": 8}
            make_meeting(group, AS_OF - timedelta(8 - number), **counts)
        assert self.need() == Need.FALLING_ATTENDANCE

    def test_attendance_of_too_few_meetings_before_does_not_fall(self):
        group = make_group()
        for number in range(5):
            make_meeting(group, AS_OF - timedelta(5 - number), present_count=10 if number < 1 else 7)
        assert self.need() == Need(0)


class TestRisingArrears:
    """A group with an instalment of 100,000 a month of which nobody paid the last."""

    def need(self, *, due: int, paid: int, arrears_before: int, days: int = 30) -> Need:
        records = records_of(make_group())
        records[NEED].update(due=due, paid=paid, arrears=due - paid, held=1)
        return need_of(records, AS_OF, 0, [EarlierScore(AS_OF - timedelta(days), 0, arrears_before)])

    def test_they_grew_by_more_than_a_twentieth_of_what_fell_due(self):
        assert self.need(due=1_000_000, paid=900_000, arrears_before=49_999) == Need.ARREARS_RISING

    def test_a_twentieth_is_no_rise(self):
        assert self.need(due=1_000_000, paid=900_000, arrears_before=50_000) == Need(0)

    def test_a_score_of_the_same_month_is_too_near_to_compare(self):
        assert self.need(due=1_000_000, paid=900_000, arrears_before=0, days=27) == Need(0)


def records_of(group: Group) -> Records:
    return read_records([group.pk], AS_OF, [])[group.pk]


def test_marks_that_mean_something_to_copy_are_stored():
    group = make_group()
    text = 'a\\b "c"\t\\N\nd\r, é'
    row = {
        "group_id": group.pk, "instrument_id": in_force(group.organisation_id).pk, "scheme": "x\\y\tz",
        "as_of": AS_OF.isoformat(), "status": "DRAFT", "score": 1, "stage": "A,\\B", "rank": 0, "measured_score": 1,
        "measured_rank": 0, "arrears": 0, "need": 0, "indicators": json.dumps({"a": text}),
        "computed_at": connection.ops.adapt_datetimefield_value(timezone.now()), "computed_by_id": None,
    }  # fmt: skip
    insert_rows(Assessment, list(row), [list(row.values())])
    stored = Assessment.objects.get()
    assert (stored.scheme, stored.stage, stored.indicators) == ("x\\y\tz", "A,\\B", {"a": text})
