"""The only way a purchase is written."""
