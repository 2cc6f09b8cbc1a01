"""Fields that a chain adds of its own for members, stores and products, and what they are for each."""
