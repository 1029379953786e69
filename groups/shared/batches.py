"""How many groups are worked through at once where there are thousands."""

BATCH_GROUPS = 1000
"""Groups of one transaction, whose meetings wait meanwhile."""
