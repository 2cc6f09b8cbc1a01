"""Money, time, identity and errors: pure, and importing nothing of ours."""
