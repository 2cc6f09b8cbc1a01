"""The one door to rule evaluation."""
