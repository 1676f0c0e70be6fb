from prometheus_client import Counter, Gauge

TOLD = Counter("notices_total", "Notices written.", ["reason", "role"])
UNHELD = Counter(
    "notices_without_holder_total", "Notices in the name of a level that nobody held.", ["level", "role"]
)
WAITING = Gauge("notices_waiting", "Escalations that nobody has acknowledged, for each person.")
UNREAD = Gauge("notices_unread", "Those of them that have not been read for so long.", ["hours"])
OLDEST = Gauge("notices_oldest_unread_seconds", "Age of the oldest of them that has not been read.")
UNDELIVERABLE = Gauge("notices_undeliverable", "Those of them for which nobody was there.")
