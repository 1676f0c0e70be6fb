from prometheus_client import Counter

MERGED = Counter("careloop_identity_merged", "Customers that a rule took for one person.", ["rule"])
REFUSED = Counter("careloop_identity_refused", "Merges that a guard forbade.", ["refusal"])
