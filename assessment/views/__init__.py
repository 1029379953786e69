"""Pages of the assessment app, one module for each concern."""
