"""Instruments: which of them score whom, publishing them, and those that ship with the program."""

from assessment.instruments.publishing import check_publishable, lock_versions, publish, retire, scoring_problems
from assessment.instruments.reading import (
    DEFAULT_SCHEME,
    earlier_stage_names,
    engine_instrument,
    in_force,
    in_force_on,
    in_use_on,
    indicators_of_scheme,
    schemes_of,
    stages_in_use,
    versions_in_use,
    with_all_parts,
)
from assessment.instruments.shipped import SHIPPED, load_file, load_shipped
