"""What can be seen of the events on their way."""

from prometheus_client import Counter, Gauge, Histogram

OUTBOX_PENDING = Gauge("outbox_pending", "Events written and not yet published.")
OUTBOX_OLDEST = Gauge("outbox_oldest_seconds", "Age of the oldest event not yet published.")
PUBLISHED = Counter("relay_published_total", "Events that the broker acknowledged.", ["stream"])
LAG = Gauge("consumer_lag_messages", "Messages of the stream not yet handled.", ["durable", "group"])
HANDLED = Counter("consumer_handled_total", "Messages whose effect was committed.", ["durable", "type"])
SKIPPED = Counter("consumer_unknown_total", "Messages of a type that this build does not know.", ["durable"])
DUPLICATES = Counter("inbox_duplicates_total", "Messages that came again and had no effect.", ["durable"])
DEAD = Counter("dlq_messages_total", "Messages put aside as dead letters.", ["durable", "reason"])
RETRIES = Counter("consumer_retries_total", "Attempts after a failure.", ["durable"])
SECONDS = Histogram(
    "consumer_batch_duration_seconds",
    "Time from the first message of a micro-batch in hand to its commit.",
    ["durable"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
