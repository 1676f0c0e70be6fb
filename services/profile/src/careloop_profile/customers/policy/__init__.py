"""What a customer is and how one changes: frozen state in, frozen state out."""

from careloop_profile.customers.policy.changes import (
    declare_consents,
    enrich,
    hold,
    patched,
    revise,
)
from careloop_profile.customers.policy.kinship import Joined, bound, bound_words, since_with
from careloop_profile.customers.policy.since import changed_at, since
from careloop_profile.customers.policy.state import (
    ANY,
    CHANNELS,
    IDENTIFIERS,
    PURPOSES,
    SEALED_FACTS,
    USES,
    Block,
    Consent,
    Customer,
    Identifier,
    QuietHours,
    Subscription,
    Terms,
)

__all__ = [
    "ANY",
    "CHANNELS",
    "IDENTIFIERS",
    "PURPOSES",
    "SEALED_FACTS",
    "USES",
    "Block",
    "Consent",
    "Customer",
    "Identifier",
    "Joined",
    "QuietHours",
    "Subscription",
    "Terms",
    "bound",
    "bound_words",
    "changed_at",
    "declare_consents",
    "enrich",
    "hold",
    "patched",
    "revise",
    "since",
    "since_with",
]
