"""Limits and budgets of packs: what is used up, what is reserved, what is left."""
