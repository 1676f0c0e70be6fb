"""CareLoop gateway: the front door."""
