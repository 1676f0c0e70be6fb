"""CareLoop campaign: care that acts."""
