"""Metrics that every process has. A slice defines its own counters beside the code that moves them."""

from prometheus_client import Counter, Gauge, Histogram

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
"""Seconds; the boundaries that OpenTelemetry recommends for HTTP."""

HTTP_SECONDS = Histogram(
    "http_server_request_duration_seconds",
    "Time from the request's first byte to the answer's last.",
    ["method", "route", "status"],
    buckets=BUCKETS,
)
JOB_FAILED = Counter("job_failures_total", "Turns of jobs that ended in an error.", ["job"])
JOB_DONE = Gauge("job_last_done_timestamp_seconds", "When a turn of the job last ended well here.", ["job"])
