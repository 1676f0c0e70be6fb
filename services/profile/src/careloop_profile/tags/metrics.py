from prometheus_client import Counter, Gauge, Histogram

LOOKED = Counter("careloop_tags_looked", "Persons that were looked at, by what brought it about.", ["cause"])
CHANGED = Counter("careloop_tags_changed", "Tags that became others, by what brought it about.", ["cause"])
FILLED = Counter("careloop_tags_filled", "Persons that were asked for a new version of a tag.")
RULES = Histogram(
    "careloop_tags_rules_seconds",
    "What asking the rules about a person takes.",
    buckets=(5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 1e-2),
)
NEWS = Gauge("careloop_tags_news_waiting", "Interactions that have been stored and not counted yet.")
BEHIND = Counter(
    "careloop_tags_behind", "Readings of somebody of whom something waited that could not be counted before."
)
