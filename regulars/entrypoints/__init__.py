"""Composition roots: where parts are put together and started."""
