"""Whose hands the time of a clock went through: the share of each level, team and person (OLA, 内部时效)."""
