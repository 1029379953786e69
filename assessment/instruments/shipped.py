"""The instruments that ship with the program, as files in `data`."""

from __future__ import annotations

import json
from pathlib import Path

from django.db import transaction

from assessment.instruments.publishing import publish
from assessment.models import Gate, Indicator, Instrument, Level, StageRule

SHIPPED = sorted((Path(__file__).parent / "data").glob("*.json"))


def load_shipped() -> None:
    """Put all shipped instruments into the database."""
    for path in SHIPPED:
        load_file(path)


@transaction.atomic
def load_file(path: Path) -> Instrument:
    """Put the instrument of a file into the database, published, unless its version is there already."""
    data = json.loads(path.read_text(encoding="utf-8"))
    key = {"organisation": None, "code": data["code"], "version": data["version"]}
    existing = Instrument.objects.filter(**key).first()
    if existing is not None:
        return existing
    own = {name: data[name] for name in ("name_id", "name_en", "source", "is_official", "valid_months")}
    instrument = Instrument.objects.create(**key, **own)
    by_code: dict[str, Indicator] = {}
    for number, row in enumerate(data["indicators"], start=1):
        levels = row.pop("levels")
        by_code[row["code"]] = Indicator.objects.create(instrument=instrument, number=number, **row)
        Level.objects.bulk_create(
            Level(
                indicator=by_code[row["code"]],
                threshold=threshold,
                points=points,
                label_id=labels[0] if labels else "",
                label_en=labels[1] if labels else "",
            )
            for threshold, points, *labels in levels
        )
    for rank, row in enumerate(data["rules"]):
        gates = row.pop("gates")
        rule = StageRule.objects.create(instrument=instrument, rank=rank, **row)
        Gate.objects.bulk_create(
            Gate(rule=rule, indicator=by_code[code], minimum_points=points) for code, points in gates.items()
        )
    publish(instrument)
    return instrument
