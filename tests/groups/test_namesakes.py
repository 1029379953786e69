"""Two people of one name: the number tells members apart, the user name facilitators."""

import uuid

import pytest
from django.urls import reverse

from finance import services as finance
from groups import services
from groups.models import Member, Role, User
from tests.factories import FOUNDED, facilitator_of, make_group, make_member, make_user, save

pytestmark = pytest.mark.django_db


def called(group):
    """What each member is called, in Python and in queries."""
    members = list(group.members.all())
    assert [member.called for member in members] == [str(member) for member in members]
    return [str(member) for member in members]


@pytest.fixture
def group():
    return make_group()


def test_the_number_stands_beside_equal_names_only(group):
    for name in ("Siti Aminah", "Budi", "Siti Aminah"):
        make_member(group, name)
    assert called(group) == ["Siti Aminah (1)", "Budi", "Siti Aminah (3)"]


def test_names_are_equal_whatever_their_case_spaces_and_apostrophes(group):
    for name in ("Jum'ah", "JUM’AH", "Jum  ah", "Jumat"):
        make_member(group, name)
    assert called(group) == ["Jum'ah (1)", "JUM’AH (2)", "Jum  ah (3)", "Jumat"]


def test_who_left_still_has_the_name(group):
    make_member(group, "Siti", left_on=FOUNDED)
    make_member(group, "Siti")
    assert called(group) == ["Siti (1)", "Siti (2)"]


def test_another_group_does_not_matter(group):
    make_member(make_group(), "Siti")
    make_member(group, "Siti")
    assert called(group) == ["Siti"]


def test_a_changed_name_leaves_the_other_without_a_number(group):
    first, second = make_member(group, "Siti"), make_member(group, "Siti")
    second.refresh_from_db()
    second.name = "Sri"
    services.member_update(actor=facilitator_of(group), member=second)
    assert called(group) == ["Siti", "Sri"]
    first.refresh_from_db()
    first.name = "sri"
    services.member_update(actor=facilitator_of(group), member=first)
    assert called(group) == ["sri (1)", "Sri (2)"]


def test_a_row_written_whole_does_not_forget_the_namesake(group):
    first = make_member(group, "Siti")
    make_member(group, "Siti")
    first.save()
    assert called(group) == ["Siti (1)", "Siti (2)"]


def test_many_written_at_once_are_told_apart(group):
    Member.objects.bulk_create(
        Member(group=group, number=number, name="Siti", gender="P", joined_on=FOUNDED, recorded_by=group.recorded_by)
        for number in (1, 2)
    )
    assert called(group) == ["Siti (1)", "Siti (2)"]


class TestPages:
    @pytest.fixture
    def twins(self, group, client):
        client.force_login(facilitator_of(group))
        return [make_member(group, "Siti Aminah"), make_member(group, "Siti Aminah")]

    def page(self, client, group, name, *args, **query):
        return client.get(reverse(name, args=[group.code, *args]), query).content.decode()

    @pytest.mark.parametrize("name", ["meeting-new", "election", "opening", "loan-request-new"])
    def test_pickers_tell_them_apart(self, client, group, twins, name):
        html = self.page(client, group, name)
        assert f'value="{twins[1].pk}"' in html
        assert "Siti Aminah (1)" in html
        assert "Siti Aminah (2)" in html

    @pytest.mark.parametrize("name", ["cash-book", "savings-book"])
    def test_books_tell_them_apart(self, client, group, twins, name):
        save(twins[1], 10_000)
        query = {"start": FOUNDED, "end": FOUNDED} if name == "cash-book" else {}
        assert "Siti Aminah (2)" in self.page(client, group, name, **query)

    def test_their_passbooks_and_leaving_say_whose_they_are(self, client, group, twins):
        for name in ("member", "member-edit", "member-leave"):
            assert "Siti Aminah (2)" in self.page(client, group, name, twins[1].pk)

    def test_loan_requests_tell_them_apart(self, client, group, twins):
        finance.loan_request(
            actor=facilitator_of(group), group=group, member=Member.objects.get(pk=twins[1].pk), amount=100_000,
            periods=5, purpose="", on=FOUNDED, key=uuid.uuid4(),
        )  # fmt: skip
        assert "Siti Aminah (2)" in self.page(client, group, "loan-requests")


class TestFacilitators:
    def names(self, organisation):
        return [str(user) for user in User.objects.filter(organisation=organisation).order_by("username")]

    def test_the_user_name_stands_beside_equal_names_of_an_organisation(self):
        first = make_user(username="ani", first_name="Siti", last_name="Aminah")
        make_user(organisation=first.organisation, username="bina", first_name="Siti Aminah")
        make_user(organisation=first.organisation, username="cici", first_name="Budi")
        make_user(username="dewi", first_name="Siti", last_name="Aminah")
        assert self.names(first.organisation) == ["Siti Aminah (ani)", "Siti Aminah (bina)", "Budi"]

    def test_who_has_no_name_is_called_by_the_user_name_alone(self):
        first = make_user(username="ani")
        make_user(organisation=first.organisation, username="bina")
        assert self.names(first.organisation) == ["ani", "bina"]

    def test_the_picker_tells_them_apart(self, client, group):
        for username in ("ani", "bina"):
            make_user(organisation=group.organisation, username=username, first_name="Siti")
        client.force_login(make_user(Role.STAFF, organisation=group.organisation))
        html = client.get(reverse("facilitators", args=[group.code])).content.decode()
        assert "Siti (ani)" in html
        assert "Siti (bina)" in html
