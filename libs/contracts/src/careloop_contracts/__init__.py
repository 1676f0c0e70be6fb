"""CareLoop contracts: the events that cross service borders."""
