"""What a customer is and how one changes: frozen state in, frozen state out."""

from careloop_profile.customers.policy.changes import (
    declare_consents,
    enrich,
    hold,
    patched,
    revise,
)
from careloop_profile.customers.policy.kinship import bound
from careloop_profile.customers.policy.state import (
    CHANNELS,
    IDENTIFIERS,
    PURPOSES,
    SEALED_FACTS,
    Consent,
    Customer,
    Identifier,
    QuietHours,
    Subscription,
)

__all__ = [
    "CHANNELS",
    "IDENTIFIERS",
    "PURPOSES",
    "SEALED_FACTS",
    "Consent",
    "Customer",
    "Identifier",
    "QuietHours",
    "Subscription",
    "bound",
    "declare_consents",
    "enrich",
    "hold",
    "patched",
    "revise",
]
