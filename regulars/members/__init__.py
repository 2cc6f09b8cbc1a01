"""Who a member is."""
