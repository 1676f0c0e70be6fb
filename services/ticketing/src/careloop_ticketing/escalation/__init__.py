"""What the steps of a ladder do to a ticket, and the record of every step taken."""
