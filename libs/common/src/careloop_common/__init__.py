"""CareLoop common: plumbing with no domain noun."""
