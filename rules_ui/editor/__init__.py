"""The form over a pack's text: what it shows of it, and what a change in it does to the text."""
