"""Following up with members."""
