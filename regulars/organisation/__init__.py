"""The chain and its places."""
