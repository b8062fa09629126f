"""Long analysis: what the shop's records add up to."""
