"""What a draft pack would have done with real history."""
