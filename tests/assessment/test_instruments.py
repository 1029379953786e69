"""Instruments as data: the shipped one, publishing, copying, and what the database refuses."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from assessment.guards import GUARDS
from assessment.instruments import engine_instrument, in_force, load_shipped
from assessment.metrics import METRICS
from assessment.models import Assessment, Gate, Indicator, Instrument, InstrumentStatus, Judgement, Level, StageRule
from assessment.services import assess_groups, assessment_finalise, instrument_copy, instrument_publish
from assessment.wording import WORDINGS
from groups.models import Group, Role
from tests.assessment.groups import AS_OF, make_staff
from tests.factories import make_group, make_organisation, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def shipped() -> Instrument:
    return Instrument.objects.get(code="kotaku", version=1, organisation=None)


@pytest.fixture
def admin():
    return make_user(Role.ADMIN)


@pytest.fixture
def draft(shipped, admin) -> Instrument:
    return instrument_copy(actor=admin, instrument=shipped)


def test_the_shipped_instrument_is_published_with_ten_indicators_to_100(shipped):
    assert shipped.status == InstrumentStatus.PUBLISHED
    assert [indicator.number for indicator in shipped.indicators.all()] == list(range(1, 11))
    assert sum(indicator.weight for indicator in shipped.indicators.all()) == 100


def test_loading_it_again_changes_nothing(shipped):
    before = Instrument.objects.count()
    load_shipped()
    assert Instrument.objects.count() == before


def test_every_metric_has_its_words():
    assert set(WORDINGS) == set(METRICS)


def test_an_organisations_own_instrument_goes_before_the_shared_one(shipped, draft, admin):
    instrument_publish(actor=admin, instrument=draft)
    assert in_force(admin.organisation_id) == draft
    assert in_force(make_organisation().pk) == shipped


def test_a_copy_scores_as_its_model(shipped, draft):
    assert draft.status == InstrumentStatus.DRAFT
    assert (draft.organisation is not None, draft.version) == (True, 2)
    assert engine_instrument(draft) == engine_instrument(shipped)


def test_publishing_retires_the_version_before(draft, admin):
    instrument_publish(actor=admin, instrument=draft)
    second = instrument_copy(actor=admin, instrument=draft)
    instrument_publish(actor=admin, instrument=second)
    draft.refresh_from_db()
    assert (draft.status, second.version, in_force(admin.organisation_id)) == ("RETIRED", 3, second)


def test_a_published_instrument_is_not_published_again(shipped):
    with pytest.raises(ValidationError, match="draft"):
        instrument_publish(actor=make_user(Role.ADMIN, is_superuser=True), instrument=shipped)


def test_the_shared_instrument_belongs_to_superusers(shipped, admin):
    with pytest.raises(ValidationError, match="somebody else"):
        instrument_publish(actor=admin, instrument=shipped)


def test_another_organisations_draft_is_neither_published_nor_copied(draft):
    stranger = make_user(Role.ADMIN)
    for service in (instrument_publish, instrument_copy):
        with pytest.raises(ValidationError, match="somebody else"):
            service(actor=stranger, instrument=draft)


def test_facilitators_neither_publish_nor_copy(draft):
    facilitator = make_user(organisation=draft.organisation)
    for service in (instrument_publish, instrument_copy):
        with pytest.raises(PermissionDenied):
            service(actor=facilitator, instrument=draft)


def _heavier(draft):
    draft.indicators.filter(number=1).update(weight=11)


def _no_levels(draft):
    Level.objects.filter(indicator__instrument=draft, indicator__number=1).delete()


def _falling(draft):
    Level.objects.filter(indicator__instrument=draft, indicator__number=1, points=4).update(points=8)


def _unknown_metric(draft):
    draft.indicators.filter(number=1).update(metric="nonsense")


def _one_stage(draft):
    draft.rules.exclude(stage="TUNAS").delete()


def _rank_gap(draft):
    draft.rules.filter(stage="TUMBUH").delete()


def _tunas_asks(draft):
    draft.rules.filter(stage="TUNAS").update(minimum_points=1)


def _easy_kembang(draft):
    draft.rules.filter(stage="KEMBANG").update(minimum_points=60)


def _gate_too_high(draft):
    Gate.objects.filter(rule__instrument=draft, indicator__number=1).update(minimum_points=99)


def _gate_elsewhere(draft):
    Gate.objects.filter(rule__instrument=draft, indicator__number=1).update(
        indicator=Indicator.objects.exclude(instrument=draft).first()
    )


@pytest.mark.parametrize(
    "spoil",
    [_heavier, _no_levels, _falling, _unknown_metric, _one_stage, _rank_gap, _tunas_asks, _easy_kembang, _gate_too_high,
     _gate_elsewhere],
)  # fmt: skip
def test_what_keeps_a_draft_from_being_published(draft, admin, spoil):
    spoil(draft)
    with pytest.raises(ValidationError):
        instrument_publish(actor=admin, instrument=draft)
    draft.refresh_from_db()
    assert draft.is_draft


def refused(rule: str):
    return pytest.raises(IntegrityError, match=rule)


class TestTheDatabaseRefuses:
    """From below: what no service does is refused by the triggers themselves."""

    def test_changing_a_published_instrument(self, shipped):
        with refused("assessment_instrument_no_update"), transaction.atomic():
            Instrument.objects.filter(pk=shipped.pk).update(name_id="lain")

    def test_making_it_a_draft_again(self, shipped):
        with refused("assessment_instrument_no_update"), transaction.atomic():
            Instrument.objects.filter(pk=shipped.pk).update(status="DRAFT", published_at=None)

    def test_publishing_a_retired_one(self, shipped):
        Instrument.objects.filter(pk=shipped.pk).update(status="RETIRED")
        with refused("assessment_instrument_no_update"), transaction.atomic():
            Instrument.objects.filter(pk=shipped.pk).update(status="PUBLISHED")

    @pytest.mark.parametrize("model", [Indicator, Level, StageRule, Gate])
    def test_changing_or_deleting_a_part_of_it(self, shipped, model):
        table = model._meta.db_table
        number = "minimum_points" if model in (StageRule, Gate) else "points" if model is Level else "weight"
        row = model.objects.order_by("pk").last()
        with refused(f"{table}_frozen"), transaction.atomic():
            model.objects.filter(pk=row.pk).update(**{number: 3})
        with refused(f"{table}_frozen"), transaction.atomic():
            model.objects.filter(pk=row.pk)._raw_delete(using="default")

    def test_adding_a_part_to_it(self, shipped):
        with refused("assessment_indicator_frozen"), transaction.atomic():
            Indicator.objects.create(instrument=shipped, number=11, code="x", name_id="x", weight=1)
        with refused("assessment_level_frozen"), transaction.atomic():
            Level.objects.create(indicator=shipped.indicators.first(), threshold=9, points=99)

    def test_moving_a_part_of_a_draft_into_it(self, shipped, draft):
        with refused("assessment_indicator_frozen"), transaction.atomic():
            draft.indicators.filter(number=1).update(instrument=shipped, number=11, code="x")

    def test_a_draft_stays_open(self, draft):
        assert Level.objects.filter(indicator__instrument=draft).update(label_id="baru") == 29
        draft.delete()
        assert Instrument.objects.count() == 1

    @pytest.mark.parametrize(
        "change", [{"score": 1}, {"stage": "KEMBANG"}, {"indicators": {}}, {"as_of": "2025-01-01"}, {"need": 9},
                   {"status": "DRAFT", "finalised_at": None, "finalised_by": None}, {"computed_by": None}]
    )  # fmt: skip
    def test_changing_a_final_assessment(self, change):
        group = make_group()
        final = assessment_finalise(actor=make_staff(group), group=group, as_of=AS_OF)
        with refused("assessment_assessment_no_update"), transaction.atomic():
            Assessment.objects.filter(pk=final.pk).update(**change)

    def test_deleting_a_final_assessment(self):
        group = make_group()
        final = assessment_finalise(actor=make_staff(group), group=group, as_of=AS_OF)
        with refused("assessment_assessment_no_delete"), transaction.atomic():
            final.delete()

    def test_two_latest_assessments_of_a_group(self):
        make_group()
        assess_groups(groups=Group.objects.all(), as_of=AS_OF)
        row = Assessment.objects.get()
        row.pk, row.as_of, row.month, row.closes_month = None, "2025-06-01", "2025-06-01", True
        with pytest.raises(IntegrityError), transaction.atomic():
            row.save(force_insert=True)

    def test_changing_or_deleting_a_judgement(self, shipped):
        group = make_group()
        level = Level.objects.get(indicator__code="outside", threshold=1)
        made = Judgement.objects.create(
            group=group, level=level, note="ya", judged_on=AS_OF, judged_by=group.recorded_by
        )
        with refused("assessment_judgement_no_update"), transaction.atomic():
            Judgement.objects.filter(pk=made.pk).update(note="tidak")
        with refused("assessment_judgement_no_delete"), transaction.atomic():
            made.delete()

    def test_a_published_instrument_without_a_date(self):
        with refused("instrument_status"), transaction.atomic():
            Instrument.objects.create(code="x", name_id="x", status="PUBLISHED")

    def test_the_same_shared_version_twice(self, shipped):
        with pytest.raises(IntegrityError), transaction.atomic():
            Instrument.objects.create(code="kotaku", version=1, name_id="x", published_at=timezone.now())


def test_the_triggers_are_there_after_a_second_migrate():
    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        catalogue = (
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            if connection.vendor == "sqlite"
            else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
        )
        cursor.execute(catalogue)
        names = {name for (name,) in cursor.fetchall()}
    for guard in GUARDS:
        assert any(name.startswith(guard.name) for name in names), guard.name
