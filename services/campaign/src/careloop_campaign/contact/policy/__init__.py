"""Contact policy: pure decisions about who may be contacted, how, for what and when."""

from careloop_common.wall_clock import Span as QuietHours

from careloop_campaign.contact.policy.caps import Cap, exhausted
from careloop_campaign.contact.policy.decision import (
    Block,
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
from careloop_campaign.contact.policy.terms import Channel, Purpose, Reason

__all__ = [
    "Block",
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
    "permitted",
]
