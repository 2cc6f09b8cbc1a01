"""Everything on one machine: PostgreSQL, Temporal and our parts, started, watched and stopped together."""
