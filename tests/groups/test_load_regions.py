"""`manage.py load_regions`."""

import pytest
from django.core.management import CommandError, call_command

from groups.models import Region

pytestmark = pytest.mark.django_db


def load(**options):
    call_command("load_regions", verbosity=0, **options)


def test_one_regency_comes_with_its_province_and_its_villages():
    load(under="35.19")
    assert Region.objects.get(code="35").parent is None
    assert Region.objects.get(code="35.19").parent_id == "35"
    assert not Region.objects.exclude(code="35").exclude(code__startswith="35.19").exists()
    assert Region.objects.filter(level=4).count() > 150
    assert Region.objects.get(code="35.19.05.2003").path.endswith("Jawa Timur")


def test_again_changes_nothing_and_mends_what_is_wrong():
    load(under="35.19.05")
    before = list(Region.objects.values_list())
    Region.objects.filter(code="35.19.05").update(name="Wrong")
    load(under="35.19.05")
    assert list(Region.objects.values_list()) == before


def test_if_empty_loads_nothing_into_a_table_with_regions():
    Region.objects.create(code="35", name="Jawa Timur", level=1)
    load(under="35.19", if_empty=True)
    assert Region.objects.count() == 1


def test_all_regions_are_loaded_in_sets(django_assert_max_num_queries):
    with django_assert_max_num_queries(500):
        load()
    assert Region.objects.filter(level=1).count() == 38
    assert Region.objects.filter(level=4).count() > 83_000


def test_an_unknown_code_is_told():
    with pytest.raises(CommandError):
        load(under="99.99")
