"""Two pages of the administration that show one row: each field is compared by itself, whoever saves second."""

from __future__ import annotations

from datetime import date

import pytest
from django.contrib import admin
from django.core import signing
from django.test import Client
from django.urls import reverse

from assessment.models import Gate, Indicator, Instrument, Level, SchemeUse, StageRule
from assessment.services import instrument_copy
from groups.admin import ReadOnlyAdmin
from groups.locked_admin import LockedAdmin
from groups.models import FacilitatorAssignment, Group, Member, Organisation, Role, User
from tests.factories import facilitator_of, make_group, make_member
from tests.groups.test_admin_saves import messages, sent

pytestmark = pytest.mark.django_db

FIELDS = {
    Organisation: {"name": ("Yayasan A", "Yayasan B"), "group_prefix": ("KSMA", "KSMB")},
    User: {"first_name": ("Ani", "Budi"), "last_name": ("Asih", "Bakti")},
    Group: {"name": ("Anggrek", "Bakung"), "place": ("Balai", "Rumah Budi")},
    Member: {"name": ("Ani", "Budi"), "phone": ("081200000001", "081200000002")},
    FacilitatorAssignment: {
        "started_on": (date(2025, 2, 1), date(2025, 3, 1)),
        "ended_on": (date(2026, 2, 1), date(2026, 3, 1)),
    },
    Instrument: {"name_id": ("Alat A", "Alat B"), "name_en": ("Tool A", "Tool B")},
    SchemeUse: {"scheme": ("panca-sutra", "kotaku"), "is_primary": (True, False)},
    Indicator: {"name_id": ("Rapat A", "Rapat B"), "weight": (3, 4)},
    StageRule: {"name_id": ("Tahap A", "Tahap B"), "minimum_points": (11, 12)},
}
"""Two fields of each model that the administration changes, each with two values that are not stored."""
TWO_FIELDS = pytest.mark.parametrize("model", FIELDS, ids=lambda model: model._meta.model_name)


def test_the_models_here_are_all_that_the_administration_changes():
    pages = {model for model, page in admin.site._registry.items() if isinstance(page, LockedAdmin)}
    assert {model for model in pages if not isinstance(admin.site._registry[model], ReadOnlyAdmin)} == set(FIELDS)


def browser_of(name):
    client = Client()
    client.force_login(User.objects.create_superuser(name, role=Role.ADMIN))
    return client


@pytest.fixture
def ani():
    return browser_of("ani")


@pytest.fixture
def budi():
    return browser_of("budi")


@pytest.fixture
def draft(ani):
    shared = Instrument.objects.filter(organisation=None).order_by("pk").first()
    return instrument_copy(actor=User.objects.get(username="ani"), instrument=shared)


@pytest.fixture
def row(model, draft):
    group = make_group(name="Mawar", place="Lumbung")
    make_member(group, "Siti", phone="081234567890")
    uses = SchemeUse(organisation=group.organisation, scheme="pekka")
    return {
        Organisation: lambda: group.organisation,
        User: lambda: facilitator_of(group),
        Group: lambda: group,
        Member: group.members.get,
        FacilitatorAssignment: group.assignments.get,
        Instrument: lambda: draft,
        SchemeUse: lambda: uses.save() or uses,
        Indicator: draft.indicators.first,
        StageRule: draft.rules.order_by("rank").last,
    }[model]()


def url(row):
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def save(browser, page, **typed):
    """Save what a page showed, with the fields that were typed."""
    return browser.post(page.request["PATH_INFO"], sent(page, **typed))


def stored(row, names):
    row.refresh_from_db()
    return tuple(getattr(row, name) for name in names)


def errors(answer):
    return answer.context["adminform"].form.errors


def meanwhile(answer):
    return errors(answer)["__all__"][0]


class TestEveryModel:
    @TWO_FIELDS
    def test_a_field_nobody_touched_keeps_what_another_saved(self, ani, budi, model, row):
        first, second = FIELDS[model]
        pages = [browser.get(url(row)) for browser in (ani, budi)]
        assert save(budi, pages[1], **{first: FIELDS[model][first][1]}).status_code == 302
        assert save(ani, pages[0], **{second: FIELDS[model][second][0]}).status_code == 302
        assert stored(row, FIELDS[model]) == (FIELDS[model][first][1], FIELDS[model][second][0])

    @TWO_FIELDS
    def test_in_two_tabs_of_one_person_too(self, ani, model, row):
        first, second = FIELDS[model]
        pages = [ani.get(url(row)) for _tab in range(2)]
        assert save(ani, pages[1], **{first: FIELDS[model][first][1]}).status_code == 302
        assert save(ani, pages[0], **{second: FIELDS[model][second][0]}).status_code == 302
        assert stored(row, FIELDS[model]) == (FIELDS[model][first][1], FIELDS[model][second][0])

    @TWO_FIELDS
    def test_a_field_both_changed_is_refused_and_keeps_what_was_typed(self, ani, budi, model, row):
        if model is SchemeUse:
            model.objects.filter(pk=row.pk).update(is_primary=True)
        first, second = list(FIELDS[model]) if model is not SchemeUse else ("scheme", "is_primary")
        typed, theirs = FIELDS[model][first]
        pages = [browser.get(url(row)) for browser in (ani, budi)]
        other = FIELDS[model][second][1]
        save(budi, pages[1], **{first: theirs, second: other})
        told = save(ani, pages[0], **{first: typed})
        assert told.status_code == 200
        assert set(errors(told)) == {"__all__", first}
        assert meanwhile(told).startswith("Orang lain")
        assert str(told.context["adminform"].form[first].value()) == str(typed)
        assert stored(row, FIELDS[model]) == (theirs, other)
        assert save(ani, told).status_code == 302
        assert stored(row, FIELDS[model]) == (typed, other)

    @TWO_FIELDS
    def test_both_to_the_same_value_is_saved(self, ani, budi, model, row):
        first = next(iter(FIELDS[model]))
        value = FIELDS[model][first][0]
        pages = [browser.get(url(row)) for browser in (ani, budi)]
        answers = [save(ani, pages[0], **{first: value}), save(budi, pages[1], **{first: value})]
        assert [answer.status_code for answer in answers] == [302, 302]
        assert stored(row, [first]) == (value,)

    @TWO_FIELDS
    def test_back_after_ones_own_save_names_oneself(self, ani, model, row):
        first = next(iter(FIELDS[model]))
        page = ani.get(url(row))
        save(ani, page, **{first: FIELDS[model][first][0]})
        told = save(ani, page, **{first: FIELDS[model][first][1]})
        assert meanwhile(told).startswith("Anda sendiri")
        assert stored(row, [first]) == (FIELDS[model][first][0],)

    @TWO_FIELDS
    def test_back_after_ones_own_save_and_another_field_is_saved(self, ani, model, row):
        first, second = FIELDS[model]
        changes = {first: FIELDS[model][first][0]}
        page = ani.get(url(row))
        save(ani, page, **changes)
        assert save(ani, page, **changes, **{second: FIELDS[model][second][0]}).status_code == 302
        assert stored(row, FIELDS[model]) == (FIELDS[model][first][0], FIELDS[model][second][0])

    @TWO_FIELDS
    def test_a_page_of_which_nobody_knows_what_it_showed_writes_over_nothing(self, ani, budi, model, row):
        first = next(iter(FIELDS[model]))
        page = ani.get(url(row))
        save(budi, budi.get(url(row)), **{first: FIELDS[model][first][1]})
        told = save(ani, page, _seen=page.context["seen"] + "x")
        assert first in errors(told)
        assert stored(row, [first]) == (FIELDS[model][first][1],)


@pytest.fixture
def group():
    return make_group(name="Mawar")


def test_somebody_else_after_ones_own_save_is_not_oneself(ani, budi, group):
    page = ani.get(url(group))
    save(ani, page, name="Melati")
    save(budi, budi.get(url(group)), name="Kenanga")
    assert meanwhile(save(ani, page, name="Anggrek")).startswith("Orang lain")


def test_what_somebody_changed_on_the_site_is_not_oneself(ani, group, client):
    page = ani.get(url(group))
    save(ani, page, place="Balai")
    client.force_login(facilitator_of(group))
    edit = reverse("group-edit", args=[group.code])
    form = client.get(edit).context["form"]
    data = {field.html_name: field.value() for field in form if field.value() is not None}
    assert client.post(edit, data | {"name": "Kenanga"}).status_code == 302
    assert meanwhile(save(ani, page, name="Anggrek")).startswith("Orang lain")


class TestAPartWrittenOnThePageOfItsInstrument:
    """What the page of an instrument changes of its indicators and stages stands in the log of the instrument."""

    @pytest.fixture(params=["indicators", "rules"])
    def part(self, request, draft):
        return getattr(draft, request.param).order_by("pk").first()

    def change_on_the_instrument(self, browser, part):
        page = browser.get(url(part.instrument))
        forms = [form for one in page.context["inline_admin_formsets"] for form in one.formset.forms]
        [row] = [form.prefix for form in forms if form.instance == part]
        assert save(browser, page, **{f"{row}-name_id": "Benih"}).status_code == 302

    def change_on_its_own_page(self, browser, part):
        assert save(browser, browser.get(url(part)), name_id="Benih").status_code == 302

    def test_by_oneself_in_another_tab_names_oneself(self, ani, part):
        page = ani.get(url(part))
        self.change_on_the_instrument(ani, part)
        assert meanwhile(save(ani, page, name_id="Biji")).startswith("Anda sendiri")

    def test_by_somebody_else_does_not(self, ani, budi, part):
        page = ani.get(url(part))
        self.change_on_the_instrument(budi, part)
        assert meanwhile(save(ani, page, name_id="Biji")).startswith("Orang lain")

    @pytest.mark.parametrize(("writer", "says"), [("ani", "Anda sendiri"), ("budi", "Orang lain")])
    def test_on_its_own_page_is_told_on_that_of_the_instrument(self, ani, budi, part, writer, says):
        page = ani.get(url(part.instrument))
        self.change_on_its_own_page({"ani": ani, "budi": budi}[writer], part)
        forms = [form for one in page.context["inline_admin_formsets"] for form in one.formset.forms]
        [row] = [form.prefix for form in forms if form.instance == part]
        told = save(ani, page, **{f"{row}-name_id": "Biji"})
        forms = [form for one in told.context["inline_admin_formsets"] for form in one.formset.forms]
        [row] = [form for form in forms if form.instance == part]
        assert row.non_field_errors()[0].startswith(says)
        assert save(ani, page, **{f"{row.prefix}-DELETE": "on"}).status_code == 200


def test_what_was_shown_on_another_page_counts_for_nothing(ani, group):
    other = make_group(name="Lain", organisation=group.organisation)
    told = save(ani, ani.get(url(group)), name="Melati", _seen=ani.get(url(other)).context["seen"])
    assert "name" in errors(told)
    assert stored(group, ["name"]) == ("Mawar",)


def test_a_page_says_nothing_that_its_fields_do_not_show(ani, budi, group):
    person = facilitator_of(group)
    page = ani.get(url(person))
    fields = signing.loads(page.context["seen"], salt=f"_seen {url(person)}")["fields"]
    assert "password" not in fields
    assert fields["username"] == person.username


def test_the_lines_of_a_browser_are_no_change(ani, budi, draft):
    indicator = draft.indicators.first()
    Indicator.objects.filter(pk=indicator.pk).update(help_id="satu\ndua")
    page = ani.get(url(indicator))
    save(budi, budi.get(url(indicator)), help_id="tiga")
    assert save(ani, page, help_id="satu\r\ndua", name_id="Rapat").status_code == 302
    assert stored(indicator, ["help_id", "name_id"]) == ("tiga", "Rapat")


class TestRowsBelow:
    @pytest.fixture
    def rules(self, draft):
        return list(draft.rules.order_by("rank"))

    def test_a_row_nobody_touched_keeps_what_another_saved(self, ani, budi, draft, rules):
        pages = [browser.get(url(draft)) for browser in (ani, budi)]
        assert save(budi, pages[1], **{"rules-0-name_id": "Benih", "indicators-0-weight": 7}).status_code == 302
        assert save(ani, pages[0], **{"rules-1-name_id": "Daun", "rules-0-name_en": "Seed"}).status_code == 302
        assert stored(rules[0], ["name_id", "name_en"]) == ("Benih", "Seed")
        assert stored(rules[1], ["name_id"]) == ("Daun",)
        assert draft.indicators.get(number=1).weight == 7

    def test_a_field_of_a_row_both_changed_is_refused_there(self, ani, budi, draft, rules):
        pages = [browser.get(url(draft)) for browser in (ani, budi)]
        save(budi, pages[1], **{"rules-0-name_id": "Benih"})
        told = save(ani, pages[0], **{"rules-0-name_id": "Biji", "rules-1-name_id": "Daun"})
        rows = next(one.formset for one in told.context["inline_admin_formsets"] if one.formset.prefix == "rules")
        assert [set(problems) for problems in rows.errors[:2]] == [{"__all__", "name_id"}, set()]
        assert rows.errors[0]["name_id"][0].endswith("Benih")
        assert rows.forms[0]["name_id"].value() == "Biji"
        assert stored(rules[0], ["name_id"]) == ("Benih",)
        assert stored(rules[1], ["name_id"]) != ("Daun",)
        assert save(ani, told).status_code == 302
        assert (stored(rules[0], ["name_id"]), stored(rules[1], ["name_id"])) == (("Biji",), ("Daun",))

    def test_a_row_another_added_stays(self, ani, budi, draft, rules):
        page = ani.get(url(draft))
        count = len(rules)
        new = {"stage": "mekar", "name_id": "Mekar", "rank": count, "minimum_points": 99}
        data = {f"rules-{count}-{name}": value for name, value in new.items()}
        assert save(budi, budi.get(url(draft)), **data, **{"rules-TOTAL_FORMS": count + 1}).status_code == 302
        assert save(ani, page, name_id="Alat").status_code == 302
        assert draft.rules.count() == count + 1

    def test_a_row_another_removed_stays_away(self, ani, budi, draft, rules):
        page = ani.get(url(draft))
        assert save(budi, budi.get(url(draft)), **{"rules-0-DELETE": "on"}).status_code == 302
        assert save(ani, page, **{"rules-1-name_id": "Daun"}).status_code == 302
        assert not draft.rules.filter(pk=rules[0].pk).exists()
        assert stored(rules[1], ["name_id"]) == ("Daun",)

    def test_a_row_another_removed_is_told_to_who_changed_it(self, ani, budi, draft, rules):
        page = ani.get(url(draft))
        save(budi, budi.get(url(draft)), **{"rules-0-DELETE": "on"})
        told = save(ani, page, **{"rules-0-name_id": "Biji"})
        rows = next(one.formset for one in told.context["inline_admin_formsets"] if one.formset.prefix == "rules")
        assert set(rows.errors[0]) == {"__all__"}
        assert rows.errors[0]["__all__"][0].startswith("Orang lain")
        assert save(ani, told, **{"rules-0-DELETE": "on"}).status_code == 302
        assert draft.rules.count() == len(rules) - 1

    def test_a_row_removed_or_changed_by_oneself_in_another_tab_names_oneself(self, ani, draft, rules):
        page = ani.get(url(draft))
        save(ani, ani.get(url(draft)), **{"rules-0-DELETE": "on", "rules-1-name_id": "Tunas"})
        told = save(ani, page, **{"rules-0-name_id": "Biji", "rules-1-DELETE": "on"})
        rows = next(one.formset for one in told.context["inline_admin_formsets"] if one.formset.prefix == "rules")
        assert rows.errors[0]["__all__"][0].startswith("Anda sendiri")
        told = save(ani, page, **{"rules-1-DELETE": "on"})
        rows = next(one.formset for one in told.context["inline_admin_formsets"] if one.formset.prefix == "rules")
        assert "Anda sendiri" in rows.non_form_errors()[0]

    def test_a_row_both_removed_is_gone(self, ani, budi, draft, rules):
        pages = [browser.get(url(draft)) for browser in (ani, budi)]
        answers = [save(one, page, **{"rules-0-DELETE": "on"}) for one, page in zip((ani, budi), pages, strict=True)]
        assert [answer.status_code for answer in answers] == [302, 302]
        assert draft.rules.count() == len(rules) - 1

    def test_a_row_another_changed_is_not_removed_unseen(self, ani, budi, draft, rules):
        page = ani.get(url(draft))
        save(budi, budi.get(url(draft)), **{"rules-0-name_id": "Benih"})
        told = save(ani, page, **{"rules-0-DELETE": "on"})
        rows = next(one.formset for one in told.context["inline_admin_formsets"] if one.formset.prefix == "rules")
        assert "Orang lain" in rows.non_form_errors()[0]
        assert stored(rules[0], ["name_id"]) == ("Benih",)
        assert save(ani, told).status_code == 302
        assert not draft.rules.filter(pk=rules[0].pk).exists()

    @pytest.mark.parametrize(("model", "field"), [(Level, "points"), (Gate, "minimum_points")])
    def test_rows_of_a_part_too(self, ani, budi, draft, model, field):
        part = Indicator.objects.get(pk=draft.indicators.first().pk)
        if model is Gate:
            part = StageRule.objects.filter(instrument=draft, gates__isnull=False).first()
        below = part.levels if model is Level else part.gates
        prefix = "levels" if model is Level else "gates"
        page = ani.get(url(part))
        save(budi, budi.get(url(part)), **{f"{prefix}-0-{field}": 1})
        assert save(ani, page, name_id="Lain").status_code == 302
        assert getattr(below.first(), field) == 1
        assert stored(part, ["name_id"]) == ("Lain",)


def test_a_page_of_two_people_end_to_end(ani, budi, group):
    member = make_member(group, "Siti", phone="081234567890")
    page = ani.get(url(member))
    saved = save(budi, budi.get(url(member)), phone="0898 7654 3210")
    assert saved.status_code == 302
    answer = save(ani, page, name="Siti Aminah")
    assert answer.status_code == 302
    assert "berhasil" in messages(ani, answer)[0]
    shown = ani.get(url(member)).content.decode()
    assert 'value="Siti Aminah"' in shown
    assert 'value="089876543210"' in shown
    assert Member.objects.get(pk=member.pk).phone == "089876543210"
