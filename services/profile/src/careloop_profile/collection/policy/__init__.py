"""From what other systems call things to what they are called here. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from careloop_profile.collection.policy.naming import key_of, kind_of, record_of, source_of
from careloop_profile.collection.policy.traits import Saying, Trait, latest, spoken

__all__ = [
    "KB",
    "Saying",
    "Trait",
    "corrected",
    "kept_context",
    "key_of",
    "kind_of",
    "latest",
    "merged",
    "record_of",
    "source_of",
    "spoken",
]

KB: Final = 1024
_KEPT: Final = {
    "active": (),
    "app": ("name", "version", "build", "namespace"),
    "campaign": ("name", "source", "medium", "term", "content"),
    "device": ("type", "manufacturer", "model"),
    "library": ("name", "version"),
    "locale": (),
    "network": ("carrier", "cellular", "wifi"),
    "os": ("name", "version"),
    "page": ("path", "title", "url", "referrer"),
    "screen": ("width", "height", "density"),
    "timezone": (),
}
"""What is kept of a context. Addresses, places, advertising ids and traits are not: they are personal, and nobody asked."""
_SKEW: Final = timedelta(seconds=1)
"""Clocks that are nearer to ours than this are right."""
_WAITED: Final = timedelta(days=400)
"""What was sent longer after it happened, or before it, was timed by two clocks: neither says what is wrong with the other."""


def merged(batch: Mapping[str, Any], message: Mapping[str, Any]) -> dict[str, Any]:
    """The context of a message within that of its batch; where both say something, the message knows better."""
    both = {
        name: {**batch[name], **value}
        for name, value in message.items()
        if isinstance(value, Mapping) and isinstance(batch.get(name), Mapping)
    }
    return {**batch, **message, **both}


def kept_context(context: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a context that goes with the interaction."""
    kept: dict[str, Any] = {}
    for name, members in _KEPT.items():
        value = context.get(name)
        if members and isinstance(value, Mapping):
            if part := {key: value[key] for key in members if _plain(value.get(key))}:
                kept[name] = part
        elif not members and _plain(value):
            kept[name] = value
    return kept


def _plain(value: object) -> bool:
    return isinstance(value, str | int | float) and value != ""


def corrected(claimed: datetime, sent_at: datetime | None, received_at: datetime) -> datetime | None:
    """When it happened by our clock, if the sender's is another: it was sent just before it was received."""
    if sent_at is None or abs(received_at - sent_at) < _SKEW or not -_SKEW < sent_at - claimed < _WAITED:
        return None
    return received_at - (sent_at - claimed)
