"""What the ledger says at an instant, and what may be done then."""

from careloop_profile.consents.policy.ledger import Decided, Entry, decided, replayed
from careloop_profile.consents.policy.numbers import Numbers, read_numbers
from careloop_profile.consents.policy.rules import Permission, Reason, next_allowed, permission

__all__ = [
    "Decided",
    "Entry",
    "Numbers",
    "Permission",
    "Reason",
    "decided",
    "next_allowed",
    "permission",
    "read_numbers",
    "replayed",
]
