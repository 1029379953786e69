"""Pages of a group's money, a module for each concern."""
