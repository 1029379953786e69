"""What the records say about groups: one file for each metric.

A file says everything of its metric in `METRIC` (`assessment.metrics.base.metric.Metric`) and is found by being here;
an instrument then names it. Its docstring gives formula, unit and source.
"""

from assessment.metrics.base.metric import (
    CLOSING_DAYS,
    LEAST_MEETINGS,
    NO_DATA,
    RECENT_MEETINGS,
    WINDOW_DAYS,
    Evidence,
    Facts,
    Measured,
    Metric,
    Reads,
    Rows,
    all_metrics,
    recent,
)
from assessment.metrics.base.reading import (
    Records,
    evidence,
    parameters,
    read_facts,
    rows_of,
    rows_of_groups,
    statements,
)
from assessment.metrics.base.tables import recent_meetings
from assessment.metrics.base.words import page_url, sentence, value_text
