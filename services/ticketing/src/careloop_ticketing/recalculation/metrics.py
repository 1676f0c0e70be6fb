from prometheus_client import Counter, Gauge

OPEN = Gauge("recalculations_open", "Changes of terms that are not through all clocks.")
OLDEST = Gauge("recalculation_oldest_seconds", "Age of the oldest of them.")
EXAMINED = Counter("recalculation_tickets_total", "Tickets whose clocks followed.", ["cause"])
MOVED = Counter("recalculation_clocks_moved_total", "Clocks that are due at another time since.", ["cause"])
SET_ASIDE = Counter("recalculation_tickets_set_aside_total", "Tickets that could not follow.", ["cause"])
LATE = Counter("recalculation_clocks_late_total", "Clocks that a change made late.", ["cause"])
