"""Events on their way: the relay out of the outbox, and the consumers that take effect exactly once."""
