"""Where a person stands with us: stages, tiers of value, and lists of those who are alike."""
