"""Score groups as of a day, store the scores, and print them."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from assessment import engine
from assessment.services import Outcome, assess_groups, snapshots_write
from groups.models import Group
from groups.selectors import groups_alive


class Command(BaseCommand):
    """`manage.py assess --as-of 2026-10-31 --json`: one JSON object a line, progress on stderr.

    As of today it brings the snapshots of the groups up to date with their scores; as of another day it stores the
    scores. `--changed` takes only groups with newer records than their snapshot. What time alone changes, such as a
    month without a meeting or an instalment that falls due, takes a run without it.
    """

    help = "Score groups as of a day and store the scores; final assessments are left alone."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Day, group and output."""
        parser.add_argument("--as-of", type=date.fromisoformat, default=None, help="Day, YYYY-MM-DD; today by default.")
        parser.add_argument("--group", help="Code of one group; all that are not dissolved by default.")
        parser.add_argument(
            "--changed",
            action="store_true",
            help="Only groups with newer records than their snapshot, as of today.",
        )
        parser.add_argument("--json", action="store_true", help="Print one JSON object for each group.")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Score, with a progress bar on stderr."""
        as_of: date = options["as_of"] or timezone.localdate()
        groups = groups_alive(as_of=as_of)
        if options["group"]:
            groups = Group.objects.filter(code=options["group"])
            if not groups.exists():
                raise CommandError(f"There is no group {options['group']}.")
        stages: dict[str, Counter[str]] = defaultdict(Counter)
        today = timezone.localdate()
        there_are = groups.filter(founded_on__lte=as_of).count()
        if options["changed"]:
            if as_of != today:
                raise CommandError("--changed is as of today.")
            groups = groups.filter(changed__isnull=False)
        bar = tqdm(
            total=groups.count() if options["changed"] else there_are, unit=" groups", file=self.stderr, disable=None
        )

        def report(outcomes: Sequence[Outcome]) -> None:
            for outcome in outcomes:
                stages[outcome.instrument.code][outcome.result.stage] += 1
            if options["json"]:
                self.stdout.write("\n".join(json.dumps(as_json(outcome)) for outcome in outcomes))
            bar.update(len({outcome.group_id for outcome in outcomes}))

        try:
            with bar:
                write = snapshots_write if as_of == today else assess_groups
                count = write(groups=groups, as_of=as_of, report=report)
        except ValidationError as error:
            raise CommandError(error.messages[0]) from error
        if not options["json"]:
            how_many = f"{count} of {there_are}" if options["changed"] else f"{count}"
            self.stdout.write(f"{how_many} groups scored as of {as_of}{'' if stages else ': nothing new'}")
            for scheme, counts in stages.items():
                by_stage = ", ".join(f"{stage} {number}" for stage, number in counts.most_common())
                self.stdout.write(f"{scheme}: {by_stage}")


def as_json(outcome: Outcome) -> dict[str, Any]:
    """Return what scoring one group gave, in plain types."""
    result = outcome.result
    return {
        "code": outcome.code,
        "as_of": outcome.as_of.isoformat(),
        "instrument": f"{outcome.instrument.code}-{outcome.instrument.version}",
        "stage": result.stage,
        "score": result.score,
        "measured_score": outcome.scored.measured_result.score,
        "indicators": [
            {
                "code": score.indicator.code,
                "value": score.value,
                "points": score.points,
                "weight": score.indicator.weight,
                "facts": outcome.facts[score.indicator.code],
            }
            for score in result.scores
        ],
        "missing": _missing(result.plan),
        "stored": outcome.stored,
    }


def _missing(plan: engine.Plan | None) -> dict[str, Any] | None:
    if plan is None:
        return None
    return {
        "stage": plan.stage,
        "points": plan.missing_points,
        "steps": [
            {
                "code": step.code,
                "value": step.value,
                "target": step.target,
                "gap": step.gap,
                "points": step.gain,
                "required": step.required,
            }
            for step in plan.steps
        ],
    }
