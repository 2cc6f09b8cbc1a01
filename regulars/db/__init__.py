"""Engine, sessions, metadata and migrations."""
