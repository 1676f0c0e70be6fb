from prometheus_client import Counter

REPAIRED = Counter("sla_clocks_repaired_total", "Clocks that had no timer which would have counted.")
STEPS = Counter("ticket_escalations_total", "Steps of ladders that were taken.", ["clock", "step"])
