"""CareLoop ticketing: complaints and escalation SLAs."""
