from prometheus_client import Counter, Gauge

REPAIRED = Counter("sla_clocks_repaired_total", "Clocks that had no timer which would have counted.")
STEPS = Counter("ticket_escalations_total", "Steps of ladders that were taken.", ["clock", "step"])
OVERDUE = Gauge(
    "sla_steps_overdue",
    "Clocks of which a step is more than five seconds late, whatever became of their timers.",
)
OLDEST = Gauge("sla_steps_oldest_overdue_seconds", "Lateness of the latest of them.")
