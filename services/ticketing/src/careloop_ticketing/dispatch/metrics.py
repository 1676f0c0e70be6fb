from prometheus_client import Counter

GIVEN = Counter("tickets_dispatched_total", "Tickets that the line gave to somebody.", ["rule"])
