"""E-mail as a channel of intake: one message becomes a ticket, or what the customer said on one, or nothing, and says which."""
