from prometheus_client import Counter

OPENED = Counter("tickets_opened_total", "Tickets taken in.", ["kind", "tier"])
