"""Signals beside the score: what in the records of a group is worth a question; one file for each signal.

They are never counted in a score, and none of them is an accusation: each has an innocent explanation, and a person
looks into it. A file says everything of its signal in `SIGNAL` (`assessment.signals.base.signal.Signal`) and is found
by being here; its docstring gives the rule and its source. The thresholds are our own: the field names the patterns but
no figures, so they are set where a chance hit is rare.
"""

from assessment.signals.base.signal import Signal, SignalHit, all_signals, read_hits
