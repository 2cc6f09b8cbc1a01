"""The schema's history; `regulars.db.migrate` runs it."""
