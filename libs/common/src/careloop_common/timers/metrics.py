"""How late timers fire, and what is stuck."""

from prometheus_client import Counter, Gauge, Histogram

LATENESS = Histogram(
    "timer_lateness_seconds",
    "Time from when a timer was due to the transaction that fired it.",
    ["kind"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 3600),
)
FIRED = Counter("timers_fired_total", "Timers whose effect was committed.", ["kind"])
FAILED = Counter("timer_failures_total", "Attempts of timers that failed.", ["kind"])
OVERDUE = Gauge("timers_overdue", "Armed timers that are more than five seconds late.")
OLDEST = Gauge("timers_oldest_overdue_seconds", "Lateness of the latest of them.")
DEAD = Gauge("timers_dead", "Timers that failed too often and wait for somebody to revive them.")
CANARY = Gauge("timer_canary_lateness_seconds", "How late the last canary was; it fires every ten seconds.")
