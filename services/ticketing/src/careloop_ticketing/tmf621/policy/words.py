"""Words of other systems for how grave a ticket is and of what kind, as far as they have one meaning."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from careloop_ticketing.classification.policy import Severity
from careloop_ticketing.vocabulary import Kind

SEVERITIES: Final[Mapping[str, Severity]] = MappingProxyType(
    {
        "critical": Severity.CRITICAL,
        "urgent": Severity.CRITICAL,
        "紧急": Severity.CRITICAL,
        "high": Severity.HIGH,
        "major": Severity.HIGH,
        "严重": Severity.HIGH,
        "normal": Severity.NORMAL,
        "medium": Severity.NORMAL,
        "minor": Severity.NORMAL,
        "一般": Severity.NORMAL,
        "low": Severity.LOW,
        "trivial": Severity.LOW,
        "轻微": Severity.LOW,
    }
)
KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "complaint": Kind.COMPLAINT,
        "complain": Kind.COMPLAINT,
        "投诉": Kind.COMPLAINT,
        "inquiry": Kind.INQUIRY,
        "request": Kind.INQUIRY,
        "question": Kind.INQUIRY,
        "咨询": Kind.INQUIRY,
        "fault": Kind.FAULT,
        "incident": Kind.FAULT,
        "trouble": Kind.FAULT,
        "故障": Kind.FAULT,
        "suggestion": Kind.SUGGESTION,
        "建议": Kind.SUGGESTION,
    }
)


def severity_of(word: str) -> Severity | None:
    """None for a word that we do not know: the rules' severity stays then."""
    return SEVERITIES.get(word.strip().lower())


def kind_of(word: str) -> Kind:
    """What we do not know is a complaint, whose clocks are the strictest."""
    return KINDS.get(word.strip().lower(), Kind.COMPLAINT)


def severity_shown(stored: Severity, word: str | None) -> str:
    """The client's own word, as long as it means what the ticket has or nothing that we know."""
    return word if word and severity_of(word) in {None, stored} else stored.value


def kind_shown(stored: Kind, word: str | None) -> str:
    return word if word and kind_of(word) is stored else stored.value
