"""Who may act, and what they did."""
