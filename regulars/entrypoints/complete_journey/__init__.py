"""A year of a real-looking grocery chain, loaded by the same write path as a till's purchases."""
