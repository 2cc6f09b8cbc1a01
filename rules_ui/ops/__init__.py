"""What the pages of operations know of workflows, and how they tell it."""
