"""The ticket: what a customer told us, what we did about it, in order."""
