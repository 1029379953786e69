"""Rows to tick: what is no id of a row is refused at the field."""

from pathlib import Path

import pytest
from django.core.exceptions import ValidationError

from groups.forms import TickedField
from groups.models import Group
from tests.factories import make_group

pytestmark = pytest.mark.django_db


class TestTickedField:
    @pytest.mark.parametrize("value", ["9" * 20, "9" * 19, "-1", "x", "", "1.5", "\u0663"])
    def test_what_is_no_row_is_refused(self, value):
        make_group()
        with pytest.raises(ValidationError) as refused:
            TickedField(Group.objects.all()).clean([value])
        assert refused.value.code in ("invalid_choice", "invalid_pk_value")

    def test_rows_are_returned(self):
        group = make_group()
        assert list(TickedField(Group.objects.all()).clean([str(group.pk)])) == [group]


def test_no_form_of_the_site_ticks_rows_in_another_way():
    root = Path(__file__).resolve().parents[2]
    found = [
        str(path.relative_to(root))
        for app in ("assessment", "finance", "groups", "kelompok", "meetings")
        for path in (root / app).rglob("*.py")
        if "ModelMultipleChoiceField" in path.read_text()
    ]
    assert sorted(found) == ["groups/admin.py", "groups/forms/fields.py"]
