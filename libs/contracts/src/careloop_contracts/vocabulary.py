"""The closed sets of words that several events share."""

from typing import Literal

CustomerKind = Literal["individual", "household", "enterprise"]
CustomerStatus = Literal["prospect", "active", "left"]
Purpose = Literal["service", "care", "marketing"]
Channel = Literal["sms", "email", "push", "call", "wechat"]
Cause = Literal["service_quality", "business_handling", "information_asymmetry", "price", "technical_support"]
TicketTier = Literal["primary", "intermediate", "advanced"]
ValueTier = Literal["strategic", "potential", "mass", "warning"]
WithheldReason = Literal[
    "no_consent",
    "do_not_disturb",
    "frequency_cap",
    "open_complaint",
    "quiet_hours",
    "no_address",
    "customer_left",
    "expired",
]
