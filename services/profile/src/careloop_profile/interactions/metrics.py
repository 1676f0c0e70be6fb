from prometheus_client import Counter

ACCEPTED = Counter("careloop_interactions_accepted", "Interactions that the broker has.")
REJECTED = Counter("careloop_interactions_rejected", "Interactions refused at the edge.", ["code"])
STORED = Counter("careloop_interactions_stored", "Interactions stored and counted.")
UNRESOLVED = Counter(
    "careloop_interactions_unresolved", "Interactions set aside until their customer is known."
)
