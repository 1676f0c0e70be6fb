"""What customers allow, and how and when they want to be reached: the ledger, and what follows from it."""
