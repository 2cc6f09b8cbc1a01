"""One router a concept: parse, call, present."""
