from prometheus_client import Counter, Gauge

LOOKED = Counter("careloop_linkage_run_looked_at", "What runs over all customers have looked at.", ["phase"])
FOUND = Counter("careloop_linkage_run_findings", "What they found.", ["kind"])
MISSED = Gauge("careloop_linkage_missed_online_ratio", "Share of pairs that only the last run found.")
FINISHED = Gauge("careloop_linkage_run_finished_timestamp_seconds", "When the last run was done.")
