"""What is owned, and every movement of it."""
