"""Backup and restore of the stack on one machine: one sealed file, whole or not there."""
