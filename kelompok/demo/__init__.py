"""Plausible demo data of any size: `life` lives the history of one group, `tables` writes many at once."""
