"""Migrations of this project hold the constraints of a new model inside its creation."""

from __future__ import annotations

from django.db import models
from django.db.migrations import AddConstraint, AddField, AddIndex, CreateModel
from django.db.migrations.loader import MigrationLoader
from django.db.models import F, Q
from django.db.models.functions import Lower

from kelompok.autodetector import beside_their_model, fields_of

KEY = models.UniqueConstraint(name="key_once", fields=["key"], condition=Q(ended_on__isnull=True))
OF_GROUP = models.Index(name="of_group", fields=["group", "-day"])


def operations(*, group_later: bool) -> list[object]:
    """A model `One`, another, the field `group` of the first, then what belongs to the first."""
    one = CreateModel("One", [("id", models.AutoField(primary_key=True)), ("key", models.IntegerField())])
    other = CreateModel("Other", [("id", models.AutoField(primary_key=True))])
    group = AddField("One", "group", models.ForeignKey("app.Other", models.CASCADE))
    added = [AddConstraint("One", KEY), AddIndex("One", OF_GROUP)]
    return [one, other, *([group] if group_later else []), *added]


def test_what_needs_no_later_field_comes_right_after_its_model():
    names = [type(one).__name__ for one in beside_their_model(operations(group_later=False))]
    assert names == ["CreateModel", "AddIndex", "AddConstraint", "CreateModel"]


def test_what_needs_a_later_field_comes_right_after_it():
    names = [type(one).__name__ for one in beside_their_model(operations(group_later=True))]
    assert names == ["CreateModel", "AddConstraint", "CreateModel", "AddField", "AddIndex"]


def test_the_fields_of_conditions_and_expressions_are_seen():
    dates = models.CheckConstraint(name="dates", condition=Q(ended_on__gte=F("started_on")) | ~Q(kind=""))
    assert fields_of(dates) == {"ended_on", "started_on", "kind"}
    assert fields_of(models.UniqueConstraint(Lower("username"), name="name_once")) == {"username"}
    assert fields_of(KEY) == {"key", "ended_on"}
    assert fields_of(OF_GROUP) == {"group", "day"}


def test_every_constraint_stands_as_near_to_its_model_as_it_can():
    for (app, _name), migration in MigrationLoader(None).disk_migrations.items():
        if app in ("groups", "finance", "meetings", "assessment"):
            later = {(one.model_name, one.name) for one in migration.operations if isinstance(one, AddField)}
            alone = [one for one in migration.operations if isinstance(one, AddConstraint)]
            assert [
                one for one in alone if not any((one.model_name, f) in later for f in fields_of(one.constraint))
            ] == []
