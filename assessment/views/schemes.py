"""The scheme that a page of a group is asked for, and the others its organisation uses."""

from __future__ import annotations

from dataclasses import dataclass

from assessment import instruments
from assessment.models import StageRule
from groups.http import GroupRequest


@dataclass(frozen=True, slots=True)
class Schemes:
    """The schemes in use by code, the primary one first, each with its stages; and the code of the one chosen."""

    chosen: str
    stages: dict[str, list[StageRule]]

    @property
    def tabs(self) -> list[tuple[str, str, bool]]:
        """Code and name of each scheme, and whether it is chosen; none where there is nothing to choose."""
        if len(self.stages) < 2:
            return []
        return [(code, stages[0].instrument.name, code == self.chosen) for code, stages in self.stages.items()]

    @property
    def query(self) -> str:
        """What the address of another page of this scheme ends in, empty for the primary one."""
        return "" if self.chosen == next(iter(self.stages)) else f"?scheme={self.chosen}"


def schemes(request: GroupRequest) -> Schemes:
    """Return the scheme of `?scheme=`, the primary one without it or if the organisation does not use it."""
    stages = {code: of for code, of in instruments.stages_in_use(request.group.organisation_id).items() if of}
    stages = stages or {instruments.DEFAULT_SCHEME: []}
    asked = request.GET.get("scheme", "")
    return Schemes(asked if asked in stages else next(iter(stages)), stages)
