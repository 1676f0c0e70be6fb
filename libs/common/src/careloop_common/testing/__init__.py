"""The pytest plugin: services under test on a real PostgreSQL and a real NATS. Needs the extra `testing`."""
