"""What the records say about groups: one file for each metric.

A file says everything of its metric in `METRIC` (`assessment.metrics.base.metric.Metric`) and is found by being here;
an instrument then names it. Its docstring gives formula, unit and source.
"""
