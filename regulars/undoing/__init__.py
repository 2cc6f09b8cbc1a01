"""What a pack version did, and its compensation."""
