"""JSON for tills and integrations."""
