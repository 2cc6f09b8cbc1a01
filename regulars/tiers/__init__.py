"""What a tier is worth and when a member moves."""
