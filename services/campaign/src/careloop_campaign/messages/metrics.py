from prometheus_client import Counter

OUTCOMES = Counter(
    "campaign_messages_total", "Messages by what was decided or answered.", ["purpose", "outcome", "reason"]
)
