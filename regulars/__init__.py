"""Regulars (熟客): a membership platform for chain stores that business users configure."""
