"""What a message says, whom it answers, and whether it may be answered: bytes and text, no tables."""
