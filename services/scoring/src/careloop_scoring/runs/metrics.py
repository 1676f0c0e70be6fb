from prometheus_client import Counter, Histogram

RUNS = Counter("careloop_scoring_runs", "Runs that ended.", ["outcome", "basis"])
SECONDS = Histogram(
    "careloop_scoring_run_seconds",
    "From the start of a run to its end, interruptions included.",
    buckets=(1, 5, 10, 20, 60, 300, 900, 3600),
)
CUSTOMERS = Counter("careloop_scoring_customers", "Customers scored, changed and warned.", ["what"])
