"""What ops do to many members at once: a frozen list, a reason, a second pair of eyes, a result for each."""
