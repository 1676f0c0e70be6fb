from prometheus_client import Counter

SAID = Counter("careloop_collection_said", "Words about customers that the broker has.")
APPLIED = Counter("careloop_collection_traits", "Traits of customers that became others.")
LINKED = Counter(
    "careloop_collection_linked", "Customers that a message called the same, by what came of it.", ["outcome"]
)
