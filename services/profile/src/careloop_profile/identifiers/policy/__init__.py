"""What counts as an identifier or another personal fact: pure functions from text to a value or a reason.

Each has two tiers: a regular expression settles how most people write, and only the rest pays for more.
"""

from careloop_profile.identifiers.policy.address import Address, normalise_address, parse_address
from careloop_profile.identifiers.policy.cards import normalise_bank_card, normalise_imei
from careloop_profile.identifiers.policy.dates import normalise_date
from careloop_profile.identifiers.policy.email import normalise_email
from careloop_profile.identifiers.policy.identity_number import Holder, holder_of, normalise_identity_number
from careloop_profile.identifiers.policy.name import comparable_name, normalise_name, split_name
from careloop_profile.identifiers.policy.outcome import SURE, Outcome, Reason, flagged, refused, repair
from careloop_profile.identifiers.policy.phone import normalise_phone
from careloop_profile.identifiers.policy.text import clean, is_nothing, is_placeholder, tidy

__all__ = [
    "SURE",
    "Address",
    "Holder",
    "Outcome",
    "Reason",
    "clean",
    "comparable_name",
    "flagged",
    "holder_of",
    "is_nothing",
    "is_placeholder",
    "normalise_address",
    "normalise_bank_card",
    "normalise_date",
    "normalise_email",
    "normalise_identity_number",
    "normalise_imei",
    "normalise_name",
    "normalise_phone",
    "parse_address",
    "refused",
    "repair",
    "split_name",
    "tidy",
]
