"""Fields that a chain adds of its own for members and stores, and what they are for each."""
