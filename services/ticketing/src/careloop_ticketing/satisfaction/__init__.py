"""How it went, in the customer's words: an answer archives the ticket, reopens it, or comes too late."""
