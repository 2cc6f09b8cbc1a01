"""Purchases in which a rule failed: what they should have given, and giving it afterwards."""
