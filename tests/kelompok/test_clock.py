"""Every record is dated by the one clock that `manage.py demo` sets."""

from django.apps import apps
from django.db.models import DateField

RECORDING_APPS = ("groups", "finance", "meetings")


def test_no_field_has_a_clock_of_its_own():
    models = [model for app in RECORDING_APPS for model in apps.get_app_config(app).get_models()]
    dated = [field for model in models for field in model._meta.fields if isinstance(field, DateField)]
    assert dated
    assert [str(field) for field in dated if field.auto_now or field.auto_now_add] == []
