"""What is wrong with a form stands in a summary at the top of its page, with a link to each field."""

import re
import uuid

import pytest
from django import forms
from django.urls import reverse

from finance.models import Loan, LoanRequest
from groups.shared.problems import Problem, problems_of, problems_of_rows, problems_on_page
from tests.factories import ask, cover, facilitator_of, lend, make_group, make_members, other, save
from tests.finance.pages import signed_in

pytestmark = pytest.mark.django_db


class Pet(forms.Form):
    name = forms.CharField(label="Name")
    kind = forms.ChoiceField(label="Kind", choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect)
    key = forms.UUIDField(widget=forms.HiddenInput)

    def clean(self):
        raise forms.ValidationError("too many")


def test_every_error_of_a_form_is_told_with_its_place():
    required = "This field is required."
    assert list(problems_of(Pet({}, prefix="p"), "Siti (3)")) == [
        Problem("too many", "Siti (3)"),
        Problem(required, "Siti (3): Name", "id_p-name"),
        Problem(required, "Siti (3): Kind", "id_p-kind_0"),
        Problem(required, "Siti (3)"),
    ]


def test_place_and_anchor_are_empty_where_nothing_is_said():
    assert Problem("too many") == Problem("too many", "", "")


def test_rows_are_told_by_their_number():
    rows = forms.formset_factory(Pet, extra=2)
    data = {"form-TOTAL_FORMS": 2, "form-INITIAL_FORMS": 0, "form-1-name": "Miau", "form-1-key": uuid.uuid4()}
    found = list(problems_of_rows(rows(data), "Pet"))
    assert Problem("This field is required.", "Pet 2: Kind", "id_form-1-kind_0") in found


def test_a_page_names_each_form_once_and_none_that_was_not_sent():
    wrong = Pet({})
    assert problems_on_page([wrong, Pet(), "text", None, wrong]) == list(problems_of(wrong))


@pytest.fixture
def group():
    """A group with two members, a loan in arrears that another covered, and an open request."""
    group = make_group()
    first, second = make_members(group, 2)
    save(second, 5_000_000)
    loan = lend(first)
    cover(loan, {second: 10_000})
    ask(second)
    other(group, "BANK_DEPOSIT", 100_000)
    return group


def sent_to(group, name):
    """The arguments of a page, and what makes a form of it wrong."""
    loan = Loan.objects.get()
    return {
        "group-edit": ([], {}),
        "member-create": ([], {}),
        "constitution-adopt": ([], {"loan_rate": "x"}),
        "rhythm-adopt": ([], {}),
        "election": ([], {}),
        "loan-request-new": ([], {}),
        "loan-request-decide": ([LoanRequest.objects.get().pk], {}),
        "loan-pay": ([loan.number], {"how": "amount", "amount": "1.5"}),
        "loan-reschedule": ([loan.number], {}),
        "loan-write-off": ([loan.number], {}),
        "loan-cover": ([loan.number], {"amount": "x"}),
        "cover-recover": ([loan.member_id], {}),
        "member-leave": ([loan.member_id], {}),
        "money-record": ([], {}),
        "cash-count": ([], {"p100000": "1.5"}),
        "inventory-buy": ([], {}),
        "external-loan-receive": ([], {}),
        "period-close": ([], {}),
        "meeting-new": ([], {"action": "close", "held_on": "x", "counted": "1.5"}),
    }[name]


PAGES = (
    "group-edit", "member-create", "constitution-adopt", "rhythm-adopt", "election", "loan-request-new",
    "loan-request-decide", "loan-pay", "loan-reschedule", "loan-write-off", "loan-cover", "cover-recover",
    "member-leave", "money-record", "cash-count", "inventory-buy", "external-loan-receive", "period-close",
    "meeting-new",
)  # fmt: skip


@pytest.mark.parametrize("name", PAGES)
def test_the_summary_leads_to_every_field(group, name):
    arguments, data = sent_to(group, name)
    response = signed_in(facilitator_of(group)).post(reverse(name, args=[group.code, *arguments]), data)
    html = response.content.decode()
    assert response.status_code in (200, 422), html
    assert "<title>Error: " in html
    (summary,) = re.findall(r'role="alert" tabindex="-1" id="refused" autofocus>(.*?)</div>', html, re.S)
    anchors = re.findall(r'href="#([^"]+)"', summary)
    assert [anchor for anchor in anchors if f'id="{anchor}"' not in html] == []
    invalid = re.findall(r'<(?:input|select|textarea)[^>]*aria-invalid="true"[^>]*>', html)
    shown = {found[1] for tag in invalid if (found := re.search(r' id="([^"]+)"', tag)) and 'type="hidden"' not in tag}
    assert shown <= {*anchors, *(re.sub(r"\d+$", str(number), anchor) for anchor in anchors for number in range(1, 9))}


def test_a_page_without_errors_has_no_summary(group):
    html = signed_in(facilitator_of(group)).get(reverse("member-create", args=[group.code])).content.decode()
    assert 'id="refused"' not in html
    assert "<title>Error" not in html
