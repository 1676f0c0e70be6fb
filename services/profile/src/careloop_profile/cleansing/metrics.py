from prometheus_client import Counter

NOTED = Counter("careloop_quality_issues", "Issues with personal data that came in.", ["field", "action"])
