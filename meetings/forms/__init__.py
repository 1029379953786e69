"""Forms beside the meeting sheet, a module for each concern."""
