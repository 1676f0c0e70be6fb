"""CareLoop scoring: what we know and expect."""
