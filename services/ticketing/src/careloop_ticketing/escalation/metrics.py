from prometheus_client import Counter

STEPS = Counter("ticket_escalations_total", "Steps of ladders that were taken.", ["clock", "step"])
