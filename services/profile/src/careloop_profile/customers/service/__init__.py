"""Use cases on customers. Each loads whole customers, lets the policy decide, and stores what changed."""

from careloop_profile.customers.service.holdings import keep_device, keep_subscription
from careloop_profile.customers.service.registering import register
from careloop_profile.customers.service.revising import declare, get, revise
from careloop_profile.customers.service.searching import Search, search
from careloop_profile.customers.service.storing import CONSENT_EXPIRY, retell, store
from careloop_profile.customers.service.writing import Change

__all__ = [
    "CONSENT_EXPIRY",
    "Change",
    "Search",
    "declare",
    "get",
    "keep_device",
    "keep_subscription",
    "register",
    "retell",
    "revise",
    "search",
    "store",
]
