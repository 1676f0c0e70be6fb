"""TM Forum Trouble Ticket (TMF621) v4 and v5: other faces of the same tickets, never a second copy of them."""
