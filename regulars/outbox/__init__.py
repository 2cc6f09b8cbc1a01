"""From the database to Temporal."""
