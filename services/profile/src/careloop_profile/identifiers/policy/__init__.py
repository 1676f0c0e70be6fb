"""What counts as a phone number, an e-mail address or a name: pure functions from text to a value or a reason."""

from careloop_profile.identifiers.policy.email import normalise_email
from careloop_profile.identifiers.policy.name import comparable_name
from careloop_profile.identifiers.policy.outcome import Outcome, Reason
from careloop_profile.identifiers.policy.phone import normalise_phone
from careloop_profile.identifiers.policy.text import clean, is_nothing, is_placeholder, tidy

__all__ = [
    "Outcome",
    "Reason",
    "clean",
    "comparable_name",
    "is_nothing",
    "is_placeholder",
    "normalise_email",
    "normalise_phone",
    "tidy",
]
