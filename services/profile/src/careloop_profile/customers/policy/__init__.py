"""What a customer is and how one changes: frozen state in, frozen state out."""

from careloop_profile.customers.policy.changes import (
    declare_consents,
    enrich,
    hold,
    patched,
    revise,
)
from careloop_profile.customers.policy.kinship import bound, bound_words
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
]
