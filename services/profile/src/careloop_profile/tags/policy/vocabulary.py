"""What rules may speak of: the facts that are kept of every person.

Plain facts are columns, families are members of documents. `FAMILIES` says under which name a member of a family lies in
which document, for the in-memory values and for SQL.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from careloop_common.rules import (
    BOOL,
    COUNT,
    DATE,
    NUMBER,
    TEXT,
    TEXTS,
    TIMESTAMP,
    Attribute,
    Catalogue,
    Lookup,
    Type,
    one_of,
)

STAGES: Final = (
    *("prospect", "onboarding", "growth", "mature", "decline"),
    *("silent_30", "silent_60", "silent_90", "left", "win_back"),
)
TIERS: Final = ("S", "A", "B", "C")

FACTS: Final[Mapping[str, Type]] = MappingProxyType(
    {
        "kind": one_of("individual", "household", "enterprise"),
        "status": one_of("prospect", "active", "left"),
        "stage": one_of(*STAGES),
        "tier": one_of(*TIERS),
        "region": TEXT,
        "language": TEXT,
        "vip": BOOL,
        "do_not_disturb": BOOL,
        "age": NUMBER,
        "customers": COUNT,
        "subscriptions": COUNT,
        "ended_subscriptions": COUNT,
        "monthly_fee": NUMBER,
        "devices": COUNT,
        "known_at": TIMESTAMP,
        "joined_at": DATE,
        "left_at": DATE,
        "stage_since": TIMESTAMP,
        "contract_started_at": DATE,
        "contract_ends_at": DATE,
        "device_bought_at": DATE,
        "warranty_ends_at": DATE,
        "first_seen_at": TIMESTAMP,
        "last_seen_at": TIMESTAMP,
        "care_flags": TEXTS,
        "accessibility": TEXTS,
        "sources": TEXTS,
        "identifiers": TEXTS,
        "consents": TEXTS,
        "refusals": TEXTS,
        "products": TEXTS,
        "plans": TEXTS,
        "contracts": TEXTS,
        "device_types": TEXTS,
        "device_brands": TEXTS,
        "device_systems": TEXTS,
        "relations": TEXTS,
        "channels": TEXTS,
    }
)
"""`consents` are `purpose/channel` of what was allowed, `refusals` of what was refused; `relations` are `kind/role`."""
DATES: Final = frozenset(name for name, type_ in FACTS.items() if type_.dates)
"""Days, as the moments at which they begin for the operator."""

WINDOWS: Final[Mapping[str, int]] = MappingProxyType({"7d": 7, "30d": 30, "90d": 90})
"""In days of UTC, the current one being the last."""

EVENTS: Final = (
    *("call", "message", "chat", "visit", "login", "page_view", "search", "campaign_click"),
    *("payment", "recharge", "purchase", "refund", "late_payment", "dunning", "suspension", "bill_view"),
    *("complaint", "inquiry", "repair", "praise", "survey", "referral", "billing_dispute"),
    *("fault", "outage", "call_drop", "slow_network", "speed_test", "roaming", "data_exhausted", "sim_swap"),
    *("plan_change", "upgrade", "downgrade", "device_change", "coupon"),
    *("cancellation_inquiry", "port_out_inquiry", "competitor_contact"),
)
"""Kinds of interactions that rules count; others are stored and counted among all."""

CHANNEL_GROUPS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "by_app": ("app_ios", "app_android", "mini_program"),
        "by_web": ("web", "h5", "wap"),
        "by_phone": ("hotline", "ivr", "video_agent"),
        "by_store": ("store_pos", "kiosk", "field_service"),
        "by_chat": ("live_chat", "wechat_oa"),
        "by_text": ("sms", "ussd"),
        "by_email": ("email",),
        "by_social": ("weibo", "douyin"),
        "by_device": ("device_log", "iot_gateway"),
    }
)
AMOUNTS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "paid": ("payment", "recharge"),
        "purchased": ("purchase",),
        "refunded": ("refund",),
        "overdue": ("late_payment",),
    }
)
"""Amounts of which kinds of interactions are added up."""
METRICS: Final = ("interactions", "active_days", "channels", *CHANNEL_GROUPS, *AMOUNTS)

ATTRIBUTES: Final[Mapping[str, Type]] = MappingProxyType(
    {
        **dict.fromkeys(
            (
                *(
                    "gender",
                    "partner",
                    "dependents",
                    "payment_method",
                    "paperless_billing",
                    "internet_service",
                ),
                *("phone_service", "multiple_lines", "online_security", "online_backup", "device_protection"),
                *("tech_support", "streaming_tv", "streaming_movies", "streaming_music", "unlimited_data"),
                *(
                    "city",
                    "province",
                    "area",
                    "offer",
                    "churn_category",
                    "churn_reason",
                    "network",
                    "plan_type",
                ),
                *("industry", "company_size", "occupation", "education", "roaming_area", "home_area"),
                *("preferred_channel", "customer_manager"),
            ),
            TEXT,
        ),
        **dict.fromkeys(
            (
                *("tenure_months", "total_charges", "total_revenue", "total_refunds", "monthly_gb"),
                *(
                    "monthly_minutes",
                    "monthly_sms",
                    "arpu",
                    "arpu_trend",
                    "usage_trend",
                    "balance",
                    "arrears",
                ),
                *("plan_gb", "plan_minutes", "used_share", "overage_charges", "roaming_days", "credit_score"),
                *("number_of_dependents", "referrals", "service_calls", "employees", "lines", "sites"),
                *(
                    "average_speed",
                    "signal_strength",
                    "night_share",
                    "international_minutes",
                    "points",
                    "nps",
                ),
                *("satisfaction", "open_complaints", "autopay_failures", "followers"),
            ),
            NUMBER,
        ),
        **dict.fromkeys(
            (
                *("autopay", "e_invoice", "real_name", "wifi_calling", "student_verified", "pensioner"),
                *("international_plan", "voice_mail_plan", "senior_citizen"),
            ),
            BOOL,
        ),
    }
)
"""What sources say beside; an attribute of another name or type is kept and not spoken of."""


class Member(NamedTuple):
    """Where a member of a family lies."""

    document: str
    name: str
    type: Type


def _members() -> dict[str, Member]:
    found: dict[str, Member] = {}
    for window in WINDOWS:
        for event in EVENTS:
            found[Attribute("count", COUNT, (event, window)).key] = Member(
                "metrics", f"{event}.{window}", NUMBER
            )
        for metric in METRICS:
            found[Attribute("metric", NUMBER, (metric, window)).key] = Member(
                "metrics", f"{metric}.{window}", NUMBER
            )
    for event in EVENTS:
        found[Attribute("last", TIMESTAMP, (event,)).key] = Member("lasts", event, TIMESTAMP)
    for name, type_ in ATTRIBUTES.items():
        found[Attribute("attribute", type_, (name,)).key] = Member("attributes", name, type_)
    return found


FAMILIES: Final[Mapping[str, Member]] = MappingProxyType(_members())
"""Every member of a family by the key that rules know it by, but for tags: these are known when definitions are read."""
METRIC_KEYS: Final[Mapping[str, str]] = MappingProxyType(
    {member.name: key for key, member in FAMILIES.items() if member.document == "metrics"}
)
NOTHING_HAPPENED: Final[MappingProxyType[str, int]] = MappingProxyType(dict.fromkeys(METRIC_KEYS.values(), 0))
"""What has not been counted is zero, not missing."""
LAST_KEYS: Final[Mapping[str, str]] = MappingProxyType(
    {member.name: key for key, member in FAMILIES.items() if member.document == "lasts"}
)
ATTRIBUTE_KEYS: Final[Mapping[str, str]] = MappingProxyType(
    {member.name: key for key, member in FAMILIES.items() if member.document == "attributes"}
)


_ANYTHING: Final = frozenset({"interactions", "active_days", "channels", "first_seen_at", "last_seen_at"})


def _topic(name: str) -> str:
    return "anything" if name in _ANYTHING else name


TOPICS: Final[Mapping[str, str]] = MappingProxyType(
    {
        **{name: _topic(name) for name in FACTS},
        **{
            key: _topic(member.name.partition(".")[0])
            for key, member in FAMILIES.items()
            if member.document != "attributes"
        },
    }
)
"""Of the same event or metric one window rarely changes without the others, and whatever somebody does first on a day changes
what counts anything: they are asked for together."""


def tag_key(code: str) -> str:
    """The key of a tag that somebody gives, as rules know it."""
    return Attribute("tag", BOOL, (code,)).key


def catalogue(given: Mapping[str, Type]) -> Catalogue:
    """All that rules may speak of, with the tags that are given by people, imports and scores."""
    windows = tuple(WINDOWS)
    lookups = {
        "count": Lookup(COUNT, (EVENTS, windows)),
        "metric": Lookup(NUMBER, (METRICS, windows)),
        "last": Lookup(TIMESTAMP, (EVENTS,)),
        "attribute": Lookup.typed(ATTRIBUTES),
    }
    if given:
        lookups["tag"] = Lookup.typed(given)
    return Catalogue(FACTS, lookups)
