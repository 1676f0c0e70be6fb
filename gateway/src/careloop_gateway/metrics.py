from careloop_common.observability.metrics import BUCKETS
from prometheus_client import Counter, Gauge, Histogram

UPSTREAM_SECONDS = Histogram(
    "gateway_upstream_duration_seconds",
    "Time until a service's answer was read, or its head when it is streamed.",
    ["upstream"],
    buckets=BUCKETS,
)
UPSTREAM_FAILURES = Counter(
    "gateway_upstream_failures_total",
    "Calls of a service that gave no usable answer.",
    ["upstream", "reason"],
)
UPSTREAM_UNDER_WAY = Gauge("gateway_upstream_requests", "Requests under way to a service.", ["upstream"])
BREAKER_OPEN = Gauge("gateway_breaker_open", "Whether a service is left alone at present.", ["upstream"])
SHED = Counter(
    "gateway_shed_total", "Requests refused because a service had too many.", ["upstream", "class"]
)
RATE_LIMITED = Counter("gateway_rate_limited_total", "Requests over a caller's rate.", ["class"])
REFUSED_CREDENTIALS = Counter(
    "gateway_refused_credentials_total", "Requests without valid credentials.", ["code"]
)
