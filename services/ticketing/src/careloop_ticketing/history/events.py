from datetime import datetime

from careloop_contracts import TicketHistoryAnchoredV1


def anchored(number: int, hashed: bytes, tickets: int, at: datetime) -> TicketHistoryAnchoredV1:
    return TicketHistoryAnchoredV1(number=number, hash=hashed.hex(), tickets=tickets, at=at)
