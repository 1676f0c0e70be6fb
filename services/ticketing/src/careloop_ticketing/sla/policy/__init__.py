"""Every rule about time: pure functions, tested without a database."""
