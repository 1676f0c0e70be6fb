"""What is known of a person, in the form in which it is stored and in the one in which rules ask for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from careloop_profile.tags.policy.vocabulary import (
    ATTRIBUTE_KEYS,
    FACTS,
    LAST_KEYS,
    METRIC_KEYS,
    NOTHING_HAPPENED,
    tag_key,
)

DOCUMENTS: Final = ("attributes", "metrics", "lasts", "given")


@dataclass(slots=True)
class Known:
    """Plain facts by name, and the documents of the families; what is absent is not known."""

    plain: dict[str, Any] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    lasts: Mapping[str, datetime] = field(default_factory=dict)
    given: Mapping[str, Any] = field(default_factory=dict)
    """Tags that somebody gave, by their codes."""
    _families: dict[str, Any] | None = field(default=None, init=False, repr=False, compare=False)
    """What is not plain by the keys that rules know, once somebody has asked."""

    def facts(self) -> dict[str, Any]:
        """All of it by the keys that rules know. Only what is plain may become other afterwards."""
        if self._families is None:
            found: dict[str, Any] = NOTHING_HAPPENED.copy()
            for document, keys in (
                (self.metrics, METRIC_KEYS),
                (self.lasts, LAST_KEYS),
                (self.attributes, ATTRIBUTE_KEYS),
            ):
                found |= {keys[name]: value for name, value in document.items() if name in keys}
            for code, value in self.given.items():
                found[tag_key(code)] = value
            self._families = found
        return self._families | self.plain

    def changed(self, before: "Known") -> set[str]:
        """The keys of what is not as it was."""
        found = {name for name in FACTS if self.plain.get(name) != before.plain.get(name)}
        found.update(_other(self.metrics, before.metrics, METRIC_KEYS))
        found.update(_other(self.lasts, before.lasts, LAST_KEYS))
        found.update(_other(self.attributes, before.attributes, ATTRIBUTE_KEYS))
        if self.given != before.given:
            codes = self.given.keys() | before.given.keys()
            found.update(tag_key(code) for code in codes if self.given.get(code) != before.given.get(code))
        return found


def _other(now: Mapping[str, Any], before: Mapping[str, Any], keys: Mapping[str, str]) -> list[str]:
    if now == before:
        return []
    names = [name for name, value in now.items() if before.get(name) != value]
    names += [name for name in before.keys() - now.keys() if before[name] is not None]
    return [keys[name] for name in names if name in keys]
