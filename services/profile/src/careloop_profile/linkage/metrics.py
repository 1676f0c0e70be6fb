from prometheus_client import Counter, Gauge

LINKED = Counter(
    "careloop_linkage_pairs", "Pairs that a model took for one person, or for a question.", ["verdict"]
)
REFUSED = Counter("careloop_linkage_refused", "Merges by a model that a guard forbade.", ["refusal"])
DECIDED = Counter("careloop_match_reviews_decided", "Questions that were answered.", ["answer"])
OPEN = Gauge("careloop_match_reviews_open", "Questions that wait for somebody.")
OLDEST = Gauge("careloop_match_review_oldest_seconds", "Age of the oldest of them.")
