"""Where a member stands, and what time decides."""
