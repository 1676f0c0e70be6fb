"""The demo: drives the care loop through the gateway's public API and watches it on NATS, as an outsider would."""
