"""What workflows ask for: open a session, call a service."""
