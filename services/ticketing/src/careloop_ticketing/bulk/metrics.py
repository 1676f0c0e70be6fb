from prometheus_client import Counter, Gauge

OPEN = Gauge("bulk_jobs_open", "Bulk jobs that are not finished.")
PENDING = Gauge("bulk_items_pending", "Tickets that had no turn yet in those jobs.")
OLDEST = Gauge("bulk_oldest_seconds", "Age of the oldest of them.")
IDLE = Gauge("bulk_idle_seconds", "How long the one that waits longest has waited for its turn.")
ITEMS = Counter("bulk_items_total", "Tickets that had their turn.", ["act", "result"])
FAILED = Counter("bulk_acts_failed_total", "Acts that failed for no reason that we know of.", ["act"])
