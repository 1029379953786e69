"""Pages of the minute book, a module for each concern."""
