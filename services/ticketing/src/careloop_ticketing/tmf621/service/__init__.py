"""Opening, reading and changing tickets in the words of the interface. The acts themselves are those of `tickets.service`."""
