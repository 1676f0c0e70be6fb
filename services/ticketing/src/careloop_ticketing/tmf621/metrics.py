from prometheus_client import Counter, Gauge

WAITING = Gauge(
    "hub_notifications_waiting", "Notifications that wait to be sent to subscribers, or sent again."
)
OLDEST = Gauge("hub_notifications_oldest_seconds", "Age of the oldest of them.")
OPEN = Gauge(
    "hub_circuits_open", "Subscribers to whom nothing is sent for now because they failed too often."
)
DELIVERED = Counter("hub_notifications_delivered_total", "Notifications that subscribers took.")
FAILED = Counter("hub_attempts_failed_total", "Attempts to send a notification that failed.")
GIVEN_UP = Counter("hub_notifications_given_up_total", "Notifications that are not sent any more.")
