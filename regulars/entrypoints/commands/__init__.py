"""The commands, a module a subject; each has `register(app)` and imports what is heavy only when it runs."""
