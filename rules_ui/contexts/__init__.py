"""What each page is given: one frozen class a template, and a test that compares the two."""
