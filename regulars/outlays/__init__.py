"""What packs gave, added up by day and store."""
