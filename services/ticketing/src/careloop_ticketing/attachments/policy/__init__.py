"""What a file is, what it may be called, and how many of them a ticket has. Decided by its bytes alone."""
