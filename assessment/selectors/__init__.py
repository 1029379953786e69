"""Reads of assessments for pages and commands, one module for each concern."""
