"""How a pack goes from a draft to the tills and back: review, approval, schedule, roll-out, retirement."""
