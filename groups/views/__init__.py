"""Pages of groups, their members, officers and rules, a module for each concern."""
