"""CareLoop on one machine: the launcher, the demo and the operator simulator."""
