"""Named sets of members, told by a condition."""
