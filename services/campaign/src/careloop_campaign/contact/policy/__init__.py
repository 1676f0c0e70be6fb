"""Contact policy: pure decisions about who may be contacted, how, for what and when."""

from careloop_campaign.contact.policy.caps import Cap, exhausted
from careloop_campaign.contact.policy.decision import (
    Candidate,
    Consent,
    Decision,
    Defer,
    Person,
    Rules,
    Send,
    Suppression,
    Withhold,
    decide,
    permitted,
)
from careloop_campaign.contact.policy.quiet_hours import QuietHours, next_allowed
from careloop_campaign.contact.policy.terms import Channel, Purpose, Reason

__all__ = [
    "Candidate",
    "Cap",
    "Channel",
    "Consent",
    "Decision",
    "Defer",
    "Person",
    "Purpose",
    "QuietHours",
    "Reason",
    "Rules",
    "Send",
    "Suppression",
    "Withhold",
    "decide",
    "exhausted",
    "next_allowed",
    "permitted",
]
