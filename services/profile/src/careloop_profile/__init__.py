"""CareLoop profile: who the customer is."""
