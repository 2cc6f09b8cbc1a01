"""Benches: what the product can do on this machine, measured beside a peer and against a limit."""
