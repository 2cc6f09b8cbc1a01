"""Points that people give or take by hand (积分调整): with a reason, within limits, else by four eyes."""
