"""What rules make of a text; of customers who refused automated decisions people do, and a verdict waits for them."""

from careloop_ticketing.classification.policy import Classifier, Verdict
from careloop_ticketing.customers.service import CustomerRow


def verdict_on(classifier: Classifier, text: str, kind: str, customer: CustomerRow | None) -> Verdict:
    """How a text is classified until a person says otherwise."""
    heard = classifier.classify(text, kind)
    if customer is None or customer.automated_decisions:
        return heard
    return classifier.classify("", kind).withheld(heard)
