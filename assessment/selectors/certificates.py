"""Certificates: what a final score says of a group, until its instrument asks for a new one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from assessment.models import Assessment, AssessmentStatus
from finance.schedules import due_date
from groups.models import Group


@dataclass(frozen=True, slots=True)
class Certificate:
    """A final score of a group, with who stands behind it; it is valid for the months that its instrument says."""

    group: Group
    assessment: Assessment

    @property
    def issuer(self) -> str:
        """Who issues it: whom the instrument names, or the organisation of the group."""
        return self.assessment.instrument.issuer or self.group.organisation.name

    @property
    def valid_until(self) -> date:
        """The last day on which it is valid."""
        return due_date(self.assessment.as_of, self.assessment.instrument.valid_months, "month")

    @property
    def stage(self) -> str:
        """The name of the stage in the reader's language; reads the stages of the instrument where they are not."""
        return next(rule.name for rule in self.assessment.instrument.rules.all() if rule.rank == self.assessment.rank)

    def is_valid(self, as_of: date) -> bool:
        """Whether it still was on the day `as_of`."""
        return as_of <= self.valid_until


def certificate(group: Group, scheme: str, day: date) -> Certificate | None:
    """Return the certificate of the score by `scheme` as of `day`, None unless that was made final."""
    finals = Assessment.objects.filter(group=group, scheme=scheme, as_of=day, status=AssessmentStatus.FINAL)
    found = finals.select_related("instrument", "finalised_by").prefetch_related("instrument__rules").first()
    return None if found is None else Certificate(group, found)


def latest_certificate(group: Group, scores: Iterable[Assessment]) -> Certificate | None:
    """Return the certificate of the last final one of `scores`, which are read with their instruments."""
    finals = [score for score in scores if score.is_final]
    return Certificate(group, max(finals, key=lambda score: score.as_of)) if finals else None
