"""Instruments as data: the shipped one, publishing, copying, and what the database refuses."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from assessment import engine
from assessment.instruments import SHIPPED, engine_instrument, in_force, load_shipped, with_all_parts
from assessment.models import Assessment, Gate, Indicator, Instrument, InstrumentStatus, Judgement, Level, StageRule
from assessment.services import assessment_finalise, instrument_copy, instrument_publish
from groups.models import Role
from tests.assessment.groups import AS_OF, make_snapshot, make_staff
from tests.assessment.test_engine import from_file
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


class TestShipped:
    """What the files of `assessment/instruments/data` say, published for everybody."""

    @pytest.fixture(params=["kotaku", "panca-sutra", "bina-swadaya", "aset-pentagonal"])
    def scheme(self, request) -> Instrument:
        return with_all_parts().get(code=request.param, organisation=None)

    def test_every_file_is_there(self):
        assert {found.code for found in Instrument.objects.filter(organisation=None)} == {
            json.loads(path.read_text(encoding="utf-8"))["code"] for path in SHIPPED
        }

    def test_the_database_says_what_the_file_says(self, scheme):
        (path,) = (path for path in SHIPPED if path.stem == f"{scheme.code}-{scheme.version}")
        assert engine_instrument(scheme) == from_file(path)

    def test_it_is_published_with_indicators_from_1_to_100_points(self, scheme):
        assert scheme.status == InstrumentStatus.PUBLISHED
        indicators = list(scheme.indicators.all())
        assert [indicator.number for indicator in indicators] == list(range(1, len(indicators) + 1))
        assert sum(indicator.weight for indicator in indicators) == 100

    def test_every_text_is_there_in_both_languages(self, scheme):
        for indicator in scheme.indicators.all():
            for text in ("name", "help", "action"):
                indonesian, english = getattr(indicator, f"{text}_id"), getattr(indicator, f"{text}_en")
                assert indonesian, (indicator, text)
                assert english not in {"", indonesian}, (indicator, text)
            assert bool(indicator.area_id) == bool(indicator.area_en)

    def test_a_person_chooses_among_four_levels_in_words(self, scheme):
        for indicator in scheme.indicators.all():
            if not indicator.metric:
                levels = list(indicator.levels.all())
                assert (len(levels), levels[0].points) == (4, 0)
                assert all(level.label_id and level.label_en for level in levels)

    def test_all_gates_of_a_stage_together_are_no_more_than_can_be_had(self, scheme):
        points = {
            indicator.pk: [level.points for level in indicator.levels.all()] for indicator in scheme.indicators.all()
        }
        for rule in scheme.rules.all():
            # A gate between two levels would ask for the higher one and say another number.
            assert all(gate.minimum_points in points[gate.indicator_id] for gate in rule.gates.all())

    @pytest.mark.parametrize("code", ["bina-swadaya", "aset-pentagonal"])
    def test_five_areas_weigh_the_same(self, code):
        weights: Counter[str] = Counter()
        for indicator in Indicator.objects.filter(instrument__code=code):
            weights[indicator.area_id] += indicator.weight
        assert list(weights.values()) == [20] * 5

    @pytest.mark.parametrize(
        ("code", "stages", "bankable"),
        [
            ("kotaku", ["TUNAS", "TUMBUH", "KEMBANG"], {"KEMBANG"}),
            ("panca-sutra", ["BELUM", "SEBAGIAN", "PENUH"], {"PENUH"}),
            ("bina-swadaya", ["D", "C", "B", "A"], {"B", "A"}),
            ("aset-pentagonal", ["RENDAH", "SEDANG", "KUAT"], set()),
        ],
    )
    def test_stages_and_which_of_them_a_bank_may_see(self, code, stages, bankable):
        rules = list(StageRule.objects.filter(instrument__code=code))
        assert [rule.stage for rule in rules] == stages
        assert {rule.stage for rule in rules if rule.is_bankable} == bankable


def assessed(code: str, **values: float | None) -> engine.Result:
    """The score of values by a shipped instrument; an underscore stands for the hyphen of a code."""
    by_code = {name.replace("_", "-"): value for name, value in values.items()}
    compiled = engine_instrument(with_all_parts().get(code=code, organisation=None))
    assert set(by_code) <= {indicator.code for indicator in compiled.indicators}
    return engine.assess(compiled, by_code)


class TestPancaSutraByHand:
    # 14 + 20 + 20 + 14 + 14 = 82 points, and every rule is kept at three quarters or better.
    KEPT = {"meetings": 0.8, "savings": 0.9, "books": 1, "lending": 0.45, "instalments": 0.95}

    def test_all_five_rules_are_kept(self):
        result = assessed("panca-sutra", **self.KEPT)
        assert [score.points for score in result.scores] == [14, 20, 20, 14, 14]
        assert (result.score, result.stage) == (82, "PENUH")

    def test_one_rule_that_is_not_kept_is_not_made_good_by_the_others(self):
        # 20 + 20 + 20 + 8 + 20 = 88 points.
        result = assessed("panca-sutra", meetings=1, savings=1, books=1, lending=0.3, instalments=1)
        assert (result.score, result.stage) == (88, "SEBAGIAN")

    def test_a_group_that_only_saves_keeps_too_little(self):
        # 20 + 14 = 34 of the 40 points.
        assert assessed("panca-sutra", meetings=1, savings=0.8).stage == "BELUM"


class TestBinaSwadayaByHand:
    # 4 + 3 + 3 + 3 + 3 = 16 for the organisation; 7 + 5 + 3 = 15 for administration; 3 + 4 + 4 + 4 = 15 for capital;
    # 4 + 6 + 0 = 10 for business; 6 + 0 + 0 = 6 for the network.
    VALUES = {
        "meetings": 0.8, "attendance": 0.8, "officers": 3, "rules": 2, "decisions": 0.8, "books": 0.75, "cash": 1,
        "agenda": 0.75, "savings": 0.8, "growth": 0.06, "repayment": 0.95, "portfolio": 1, "lending": 0.45,
        "member_business": 2, "group_business": 0, "account": 2,
    }  # fmt: skip

    def test_class_b_is_ready_for_a_lender(self):
        result = assessed("bina-swadaya", **self.VALUES)
        assert [score.points for score in result.scores] == [4, 3, 3, 3, 3, 7, 5, 3, 3, 4, 4, 4, 4, 6, 0, 6, 0, 0]
        assert (result.score, result.stage) == (62, "B")

    def test_who_repays_less_than_nine_tenths_is_not(self):
        # Two points less, but the gate of B asks for 90 %.
        result = assessed("bina-swadaya", **self.VALUES | {"repayment": 0.85})
        assert (result.score, result.stage) == (60, "C")

    def test_class_a_needs_partners(self):
        best = {"meetings": 1, "attendance": 1, "decisions": 1, "books": 1, "agenda": 1, "savings": 1, "growth": 0.2,
            "repayment": 1, "lending": 0.5, "member_business": 3, "group_business": 2}  # fmt: skip
        # 62 + 1 + 2 + 1 + 3 + 2 + 2 + 1 + 2 + 2 + 2 + 4 = 84, and then 3 for talks with a partner.
        alone = assessed("bina-swadaya", **self.VALUES | best)
        assert (alone.score, alone.stage) == (84, "B")
        linked = assessed("bina-swadaya", **self.VALUES | best | {"partners": 1})
        assert (linked.score, linked.stage) == (87, "A")

    def test_records_alone_never_give_class_a(self):
        measured = {
            indicator.code: float(indicator.levels.last().threshold)
            for indicator in Indicator.objects.filter(instrument__code="bina-swadaya").exclude(metric="")
        }
        assert (assessed("bina-swadaya", **measured).score, assessed("bina-swadaya", **measured).stage) == (80, "B")


class TestAsetPentagonalByHand:
    # 7 + 5 + 6 = 18 human; 7 + 6 + 5 = 18 economic; 8 + 3 = 11 infrastructure; 4 + 4 = 8 natural; 6 + 3 + 2 + 3 = 14
    # social.
    VALUES = {
        "attendance": 0.9, "officers": 3, "skills": 2, "growth": 0.1, "lending": 0.5, "portfolio": 0.92,
        "facilities": 2, "upkeep": 1, "resources": 1, "care": 1, "rules": 2, "critical": 2, "social_fund": 1,
        "partners": 2,
    }  # fmt: skip

    def test_sixty_nine_points_are_medium(self):
        result = assessed("aset-pentagonal", **self.VALUES)
        assert [score.points for score in result.scores] == [7, 5, 6, 7, 6, 5, 8, 3, 4, 4, 6, 3, 2, 3]
        assert (result.score, result.stage) == (69, "SEDANG")

    def test_all_five_assets_make_it_strong(self):
        result = assessed("aset-pentagonal", **self.VALUES | {"care": 2})
        assert (result.score, result.stage) == (72, "KUAT")

    def test_without_one_of_the_five_it_is_not(self):
        # 69 - 4 + 6 + 4 = 75 points, but nothing of nature is used.
        result = assessed("aset-pentagonal", **self.VALUES | {"resources": 0, "care": 3, "facilities": 3})
        assert (result.score, result.stage) == (75, "SEDANG")


def test_loading_it_again_changes_nothing(shipped):
    before = Instrument.objects.count()
    load_shipped()
    assert Instrument.objects.count() == before


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


def _percent_for_share(draft):
    Level.objects.filter(indicator__instrument=draft, indicator__code="attendance", points=10).update(threshold=90)


@pytest.mark.parametrize(
    "spoil",
    [_heavier, _no_levels, _falling, _unknown_metric, _one_stage, _rank_gap, _tunas_asks, _easy_kembang, _gate_too_high,
     _gate_elsewhere, _percent_for_share],
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
        retired = Instrument.objects.filter(pk=shipped.pk)
        retired.update(status="RETIRED", retired_at=timezone.now())
        with refused("assessment_instrument_no_update"), transaction.atomic():
            retired.update(status="PUBLISHED", retired_at=None)
        with refused("assessment_instrument_no_update"), transaction.atomic():
            retired.update(retired_at=timezone.now())

    def test_retiring_without_a_moment_or_before_publishing(self, shipped):
        for moment in (None, shipped.published_at - timedelta(seconds=1)):
            with refused("instrument_status"), transaction.atomic():
                Instrument.objects.filter(pk=shipped.pk).update(status="RETIRED", retired_at=moment)

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
        assert not Instrument.objects.filter(pk=draft.pk).exists()

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

    def test_two_latest_snapshots_of_a_group_or_two_of_a_month(self):
        group = make_group()
        for month in (None, AS_OF.replace(day=1)):
            row = make_snapshot(group, month, as_of=AS_OF)
            row.pk, row.as_of = None, AS_OF + timedelta(1)
            with pytest.raises(IntegrityError), transaction.atomic():
                row.save(force_insert=True)

    def test_changing_or_deleting_a_judgement(self):
        group = make_group()
        judged = Level.objects.filter(indicator__instrument__code="bina-swadaya", indicator__code="member-business")
        level = judged.get(threshold=1)
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
