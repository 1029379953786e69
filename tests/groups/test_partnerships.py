"""Partnerships of a group: five steps, agreements by date, papers, activities."""

import uuid
from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from groups import selectors, services
from groups.models import (
    Aspect,
    Dissolution,
    GroupStatus,
    GroupStatusChange,
    PartnerActivity,
    Partnership,
    PartnershipAgreement,
    PartnershipDocument,
    PartnershipStep,
    Role,
    StepNumber,
)
from groups.models.partnership import RENEWAL_WARNING
from groups.selectors import StepState
from tests.factories import (
    FOUNDED,
    facilitator_of,
    make_activity,
    make_agreement,
    make_group,
    make_member,
    make_officer,
    make_organisation,
    make_partner,
    make_partnership,
    make_user,
    make_village,
)

pytestmark = pytest.mark.django_db
DAY = timedelta(1)
SPRING, SUMMER, AUTUMN = date(2025, 3, 1), date(2025, 6, 1), date(2025, 9, 1)


@pytest.fixture
def group():
    return make_group()


@pytest.fixture
def partnership(group):
    return make_partnership(group)


def take_step(partnership, number, done_on=SPRING, key=None, **details):
    fields = {name: details.pop(name) for name in ("text", "partner", "due_on") if name in details}
    if "due_on" in fields:
        done_on = None
    step = PartnershipStep(number=number, done_on=done_on, key=key or uuid.uuid4(), **fields)
    return services.partnership_step(
        actor=facilitator_of(partnership.group), partnership=partnership, step=step, **details
    )


def unsaved_agreement(partner, **fields):
    return PartnershipAgreement(
        **{
            "partner": partner, "pattern": "EQUAL", "agreed_on": SPRING, "starts_on": SPRING, "group_rights": "a",
            "group_duties": "b", "partner_rights": "c", "partner_duties": "d", "partner_signer": "Mansur", **fields,
        }
    )  # fmt: skip


def sign(partnership, partner, **fields):
    return services.agreement_sign(
        actor=facilitator_of(partnership.group),
        partnership=partnership,
        agreement=unsaved_agreement(partner, **fields),
    )


def act(group, partner, **fields):
    activity = PartnerActivity(
        **{"partner": partner, "held_on": SPRING, "kind": "MARKETING", "what": "jual", "result": "laku", **fields}
    )
    return services.partner_activity_record(actor=facilitator_of(group), group=group, activity=activity)


def states(partnership, as_of=AUTUMN):
    return [str(step.state) for step in selectors.partnership_on(partnership, as_of=as_of).steps]


def dissolve(group, on):
    change = GroupStatusChange.objects.create(
        group=group, from_status=GroupStatus.ACTIVE, to_status=GroupStatus.DISSOLVED, changed_on=on, reason="bubar",
        recorded_by=group.recorded_by,
    )  # fmt: skip
    Dissolution.objects.create(
        group=group, change=change, ended_on=on, place="Balai", present="semua", reason="bubar",
        recorded_by=group.recorded_by,
    )  # fmt: skip
    group.status = GroupStatus.DISSOLVED
    group.save()


class TestSteps:
    def test_they_are_done_one_after_the_other(self, group, partnership):
        partner = make_partner(group.organisation)
        take_step(partnership, 1, text="tidak ada pembeli")
        take_step(partnership, 2, aspects=[(Aspect.RESULTS, "pembeli"), (Aspect.FUNDS, "")])
        take_step(partnership, 3, candidates=[(partner, "dekat")])
        take_step(partnership, 4, partner=partner)
        assert states(partnership) == ["done", "done", "done", "done", "open"]
        sign(partnership, partner)
        found = selectors.partnership_on(partnership, as_of=AUTUMN)
        assert found.done == 5
        assert found.partner == partner
        assert [str(aspect) for aspect in found.steps[1].step.aspects.all()] == ["1. Use of results", "2. Funds"]

    def test_a_step_is_planned_and_then_overdue(self, partnership):
        take_step(partnership, 1, due_on=SUMMER)
        assert states(partnership, as_of=SUMMER)[0] == StepState.PLANNED
        assert states(partnership, as_of=SUMMER + DAY)[0] == StepState.OVERDUE

    def test_the_last_record_of_a_step_counts_and_the_first_stays(self, partnership):
        take_step(partnership, 1, text="pupuk")
        take_step(partnership, 1, text="pembeli")
        assert selectors.partnership_on(partnership, as_of=AUTUMN).steps[0].step.text == "pembeli"
        assert partnership.steps.count() == 2

    def test_the_same_form_twice_is_one_step(self, group, partnership):
        key, partner = uuid.uuid4(), make_partner(group.organisation)
        first = take_step(partnership, 3, key=key, candidates=[(partner, "dekat")])
        assert take_step(partnership, 3, key=key, candidates=[(partner, "dekat")]) == first
        with pytest.raises(services.FormUsed):
            take_step(partnership, 3, key=key, candidates=[(partner, "jauh")])

    @pytest.mark.parametrize(
        ("number", "field"), [(1, "text"), (2, "__all__"), (3, "candidate_1"), (4, "partner"), (5, "__all__")]
    )
    def test_none_is_done_without_what_it_is_about(self, partnership, number, field):
        with pytest.raises(ValidationError) as refused:
            take_step(partnership, number)
        found = refused.value.error_dict if hasattr(refused.value, "error_dict") else {"__all__": None}
        assert list(found) == [field]

    def test_a_later_step_is_not_before_an_earlier_one(self, partnership):
        take_step(partnership, 1, done_on=SUMMER, text="pembeli")
        with pytest.raises(ValidationError, match="Step 1 was done"):
            take_step(partnership, 2, done_on=SUMMER - DAY, aspects=[(Aspect.FUNDS, "")])

    def test_who_agrees_is_one_of_the_candidates(self, group, partnership):
        named, other = make_partner(group.organisation), make_partner(group.organisation)
        take_step(partnership, 3, candidates=[(named, "")])
        with pytest.raises(ValidationError, match="none of the candidates"):
            take_step(partnership, 4, partner=other)

    @pytest.mark.parametrize("day", [FOUNDED - DAY, timezone.localdate() + DAY])
    def test_none_is_done_before_the_group_or_in_days_to_come(self, partnership, day):
        with pytest.raises(ValidationError) as refused:
            take_step(partnership, 1, done_on=day, text="x")
        assert "done_on" in refused.value.message_dict

    def test_a_partner_of_another_organisation_is_refused(self, partnership):
        stranger = make_partner(make_organisation())
        with pytest.raises(ValidationError, match="another organisation"):
            take_step(partnership, 3, candidates=[(stranger, "")])
        with pytest.raises(ValidationError, match="another organisation"):
            take_step(partnership, 4, partner=stranger)

    def test_the_database_refuses_a_partner_of_another_organisation_too(self, partnership):
        with pytest.raises(IntegrityError, match="same_organisation"), transaction.atomic():
            make_agreement(partnership, make_partner(make_organisation()))

    def test_staff_and_strangers_record_none(self, group, partnership):
        for actor in (make_user(Role.STAFF, organisation=group.organisation), make_user()):
            with pytest.raises(PermissionDenied):
                services.partnership_step(
                    actor=actor, partnership=partnership, step=PartnershipStep(number=1, done_on=SPRING, text="x")
                )


class TestAgreements:
    def test_it_counts_from_its_first_through_its_last_day(self, group, partnership):
        partner = make_partner(group.organisation)
        sign(partnership, partner, starts_on=SUMMER, ends_on=AUTUMN)
        on_days = [SUMMER - DAY, SUMMER, AUTUMN, AUTUMN + DAY]
        assert [PartnershipAgreement.objects.effective(day).exists() for day in on_days] == [False, True, True, False]
        assert [bool(selectors.partnership_on(partnership, as_of=day).in_force) for day in on_days] == [
            False, True, True, False,
        ]  # fmt: skip

    def test_ended_early_it_counts_no_more_from_that_day(self, group, partnership):
        agreement = sign(partnership, make_partner(group.organisation))
        services.agreement_end(actor=facilitator_of(group), agreement=agreement, ended_on=SUMMER, why="pindah")
        assert PartnershipAgreement.objects.effective(SUMMER - DAY).exists()
        assert not PartnershipAgreement.objects.effective(SUMMER).exists()

    def test_it_is_not_ended_on_a_day_on_which_it_does_not_count(self, group, partnership):
        agreement = sign(partnership, make_partner(group.organisation), starts_on=SUMMER)
        with pytest.raises(ValidationError, match="does not count"):
            services.agreement_end(actor=facilitator_of(group), agreement=agreement, ended_on=SUMMER - DAY, why="x")

    def test_withdrawn_it_never_was_and_stays_readable(self, group, partnership):
        agreement = sign(partnership, make_partner(group.organisation))
        services.partnership_record_withdraw(actor=facilitator_of(group), record=agreement, why="salah catat")
        assert not PartnershipAgreement.objects.effective(SUMMER).exists()
        assert states(partnership)[4] == "open"
        agreement.refresh_from_db()
        assert agreement.withdrawn_why == "salah catat"

    def test_it_is_with_the_partner_of_the_fourth_step(self, group, partnership):
        take_step(partnership, 4, partner=make_partner(group.organisation))
        with pytest.raises(ValidationError, match="fourth step"):
            sign(partnership, make_partner(group.organisation))

    def test_it_cannot_end_before_it_begins(self, group, partnership):
        with pytest.raises(ValidationError, match="cannot end"):
            sign(partnership, make_partner(group.organisation), starts_on=SUMMER, ends_on=SUMMER - DAY)

    def test_renewing_is_warned_of_before_the_end_until_a_later_one_follows(self, group, partnership):
        agreement = sign(partnership, make_partner(group.organisation), ends_on=AUTUMN)

        def warned(as_of):
            line = selectors.partnership_line(group, as_of=as_of).ends_soon
            of_page = selectors.partnership_on(partnership, as_of=as_of).ends_soon
            assert line == of_page
            return line

        assert warned(AUTUMN - RENEWAL_WARNING - DAY) is None
        assert warned(AUTUMN - RENEWAL_WARNING) == agreement
        assert warned(AUTUMN) == agreement
        assert warned(AUTUMN + DAY) is None
        sign(partnership, agreement.partner, starts_on=AUTUMN + DAY)
        assert warned(AUTUMN) is None


class TestClosing:
    def close(self, partnership, on):
        return services.partnership_close(
            actor=facilitator_of(partnership.group), partnership=partnership, closed_on=on, why="selesai"
        )

    def test_nothing_is_recorded_of_a_closed_one(self, group, partnership):
        self.close(partnership, SUMMER)
        with pytest.raises(ValidationError, match="closed on"):
            take_step(partnership, 1, text="x")
        with pytest.raises(ValidationError, match="closed on"):
            sign(partnership, make_partner(group.organisation))
        with pytest.raises(ValidationError, match="closed on"):
            act(group, make_partner(group.organisation), partnership=Partnership.objects.get(), held_on=SUMMER + DAY)

    def test_it_is_not_closed_while_an_agreement_counts_or_before_an_activity(self, group, partnership):
        agreement = sign(partnership, make_partner(group.organisation), ends_on=SUMMER)
        with pytest.raises(ValidationError, match="in force"):
            self.close(partnership, SUMMER)
        act(group, agreement.partner, partnership=partnership, held_on=AUTUMN)
        with pytest.raises(ValidationError, match="There was an activity"):
            self.close(partnership, SUMMER + DAY)
        assert self.close(partnership, AUTUMN).closed_on == AUTUMN


class TestActivities:
    def test_one_is_recorded_with_its_result_and_value(self, group):
        activity = act(group, make_partner(group.organisation), value=1_500_000)
        assert list(selectors.partner_activities(group)) == [activity]

    def test_the_same_form_twice_is_one(self, group):
        key, partner = uuid.uuid4(), make_partner(group.organisation)
        assert act(group, partner, key=key) == act(group, partner, key=key)
        with pytest.raises(services.FormUsed):
            act(group, partner, key=key, value=5)

    def test_it_is_with_the_partner_of_its_partnership(self, group, partnership):
        make_agreement(partnership)
        with pytest.raises(ValidationError, match="This partnership is with"):
            act(group, make_partner(group.organisation), partnership=partnership)

    def test_one_of_another_group_is_refused(self, group):
        other = make_partnership(make_group(facilitator_of(group)))
        with pytest.raises(ValidationError, match="another group"):
            act(group, make_partner(group.organisation), partnership=other)

    @pytest.mark.parametrize("day", [FOUNDED - DAY, timezone.localdate() + DAY])
    def test_none_is_before_the_group_or_to_come(self, group, day):
        with pytest.raises(ValidationError) as refused:
            act(group, make_partner(group.organisation), held_on=day)
        assert "held_on" in refused.value.message_dict

    def test_none_is_after_the_end_of_the_group(self, group):
        partner = make_partner(group.organisation)
        dissolve(group, SUMMER)
        act(group, partner, held_on=SUMMER)
        with pytest.raises(ValidationError, match="dissolved"):
            act(group, partner, held_on=SUMMER + DAY)
        with pytest.raises(IntegrityError, match="after_end"), transaction.atomic():
            make_activity(group, partner, held_on=SUMMER + DAY)

    def test_a_group_does_not_end_before_what_is_recorded_of_it(self, group):
        act(group, make_partner(group.organisation), held_on=SUMMER)
        with pytest.raises(ValidationError, match="in the records until"):
            services.group_status_change(
                actor=facilitator_of(group), group=group, status=GroupStatus.DISSOLVED, on=SUMMER - DAY, reason="bubar"
            )


class TestPages:
    @pytest.fixture(autouse=True)
    def signed_in(self, client, group):
        client.force_login(facilitator_of(group))
        client.cookies["django_language"] = "en"

    def test_a_partnership_goes_from_its_beginning_to_a_printed_agreement(self, client, group):
        partner, base = make_partner(group.organisation, "UD Subur"), f"/g/{group.code}/partnerships/"
        make_officer(make_member(group, "Bu Tutik"))
        key = {"key": str(uuid.uuid4())}
        response = client.post(f"{base}new/", key | {"title": "Menjual jagung", "started_on": "2025-02-01"})
        page = response.url
        days = {"done_on": "2025-03-01", "key": str(uuid.uuid4())}
        sent = [
            {"text": "tidak ada pembeli"}, {"priority_FUNDS": "2", "priority_RESULTS": "1", "need_RESULTS": "pembeli"},
            {"candidate_1": partner.pk, "fits_1": "dekat"}, {"partner": partner.pk},
        ]  # fmt: skip
        for number, data in enumerate(sent, start=1):
            days["key"] = str(uuid.uuid4())
            assert client.post(f"{page}steps/{number}/", days | data).status_code == 302
        data = {"key": str(uuid.uuid4()), "partner": partner.pk, "pattern": "NUCLEUS", "number": "7/2025",
                "agreed_on": "2025-03-01", "starts_on": "2025-03-01", "group_rights": "harga pasar",
                "group_duties": "panen bersih", "partner_rights": "membeli dulu", "partner_duties": "bayar tunai",
                "partner_signer": "Haji Mansur"}  # fmt: skip
        printed = client.get(client.post(f"{page}agree/", data).url).content.decode()
        for words in ("UD Subur", "Haji Mansur", "Bu Tutik", "harga pasar", "panen bersih", "membeli dulu",
                      "bayar tunai", "7/2025", "Inti-plasma"):  # fmt: skip
            assert words in printed
        steps = client.get(page).content.decode()
        assert steps.count("text-bg-success") >= 5
        assert steps.index("1. Use of results") < steps.index("2. Funds")
        assert "1 agreement in force" in client.get(f"/g/{group.code}/").content.decode()

    def test_two_aspects_of_one_priority_are_refused_at_the_field(self, client, group, partnership):
        url = f"/g/{group.code}/partnerships/{partnership.pk}/steps/2/"
        data = {"key": uuid.uuid4(), "done_on": "2025-03-01", "priority_FUNDS": "1", "priority_PEOPLE": "1"}
        assert "priority_PEOPLE" in client.post(url, data).context["form"].errors

    def test_a_step_has_one_of_two_days(self, client, group, partnership):
        url = f"/g/{group.code}/partnerships/{partnership.pk}/steps/1/"
        for days in ({}, {"done_on": "2025-03-01", "due_on": "2025-04-01"}):
            assert "done_on" in client.post(url, {"key": uuid.uuid4(), "text": "x", **days}).context["form"].errors

    def test_there_are_five_steps(self, client, group, partnership):
        assert client.get(f"/g/{group.code}/partnerships/{partnership.pk}/steps/6/").status_code == 404
        assert len(StepNumber) == 5

    def test_an_activity_begins_with_its_partnership_and_partner(self, client, group, partnership):
        partner = make_partner(group.organisation)
        make_agreement(partnership, partner)
        form = client.get(f"/g/{group.code}/partnerships/activities/new/?partnership={partnership.pk}").context["form"]
        assert (form["partnership"].value(), form["partner"].value()) == (partnership.pk, partner.pk)
        assert client.get(f"/g/{group.code}/partnerships/activities/new/?partnership=x").status_code == 200

    def test_an_activity_is_recorded_and_withdrawn(self, client, group):
        partner, base = make_partner(group.organisation), f"/g/{group.code}/partnerships/"
        data = {"key": uuid.uuid4(), "held_on": "2025-03-01", "partner": partner.pk, "kind": "MARKETING",
                "what": "jual jagung", "result": "laku", "value": "1.500.000"}  # fmt: skip
        assert client.post(f"{base}activities/new/", data).url == base
        assert "Rp 1.500.000" in client.get(base).content.decode().replace("\xa0", " ")
        activity = PartnerActivity.objects.get()
        assert client.post(f"{base}activities/{activity.pk}/withdraw/", {"why": "salah"}).url == base
        assert "salah" in client.get(base).content.decode()

    def test_a_document_is_listed_with_where_it_is_kept(self, client, group, partnership):
        page = f"/g/{group.code}/partnerships/{partnership.pk}/"
        data = {"key": uuid.uuid4(), "title": "Surat", "number": "7", "dated_on": "2025-03-01", "kept_at": "lemari"}
        assert client.post(f"{page}documents/new/", data).url == page
        assert "lemari" in client.get(page).content.decode()
        document = PartnershipDocument.objects.get()
        client.post(f"/g/{group.code}/partnerships/documents/{document.pk}/withdraw/", {"why": "salah"})
        document.refresh_from_db()
        assert document.withdrawn_at is not None

    def test_what_is_refused_about_a_day_stands_at_it(self, client, group, partnership):
        agreement = make_agreement(partnership, starts_on=SUMMER)
        page = f"/g/{group.code}/partnerships/agreements/{agreement.pk}/end/"
        assert "on" in client.post(page, {"on": "2025-03-01", "why": "x"}).context["form"].errors

    def test_the_page_of_the_group_warns_of_an_agreement_that_ends(self, client, group, partnership):
        agreement = make_agreement(partnership, ends_on=timezone.localdate() + DAY)
        address = f"/g/{group.code}/partnerships/agreements/{agreement.pk}/"
        assert f'class="badge text-bg-warning" href="{address}"' in client.get(f"/g/{group.code}/").content.decode()

    def test_statements_do_not_grow_with_the_partnerships(self, client, group):
        make_village()
        counts: dict[str, list[int]] = {"": [], "partnerships/": []}
        for _round in range(2):
            for _number in range(3):
                partnership = make_partnership(group)
                make_agreement(partnership, make_partner(group.organisation))
                take_step(partnership, 2, aspects=[(Aspect.FUNDS, "")])
                make_activity(group, partnership=partnership)
            for page, found in counts.items():
                with CaptureQueriesContext(connection) as queries:
                    client.get(f"/g/{group.code}/{page}")
                found.append(len(queries))
        for first, second in counts.values():
            assert first == second
