"""Messages that rules ask for; the chain's own system sends them."""
