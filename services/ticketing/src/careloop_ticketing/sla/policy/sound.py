"""Parts of a policy that could never have an effect, pauses that must not be, and names that mean something else.

These are mistakes of whoever wrote it, and refused before it is in force.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from careloop_common.rules import Catalogue

from careloop_ticketing.facts import CATALOGUE, expect_met, met_together, never_reached
from careloop_ticketing.sla.errors import InvalidPolicy
from careloop_ticketing.sla.policy.terms import NEVER_WAITS, is_statutory
from careloop_ticketing.vocabulary import PauseReason

_SAID: Final = {
    "act", "action", "approved", "assignee_id", "attributes", "because", "cause", "channel", "clock",
    "clocks", "courtesy", "customer_id", "due_at", "emotion", "evidence", "feedback_until", "into", "kind",
    "language", "level", "lowered", "milestones", "note_id", "of", "outcome", "overlooked", "people",
    "policy_version", "product", "reason", "received_at", "region", "reopened_count", "rule_set", "rules",
    "severity", "status", "step", "team", "tier", "told", "version", "vip", "watchers",
}  # fmt: skip
"""What a history says by these names. It says by its name how a clock moved, and is read again."""


def check(document: Mapping[str, Any], catalogue: Catalogue = CATALOGUE) -> None:
    """`InvalidPolicy` if a condition is never met or a choice never reached, or a pause is one that cannot be or must not."""
    for name, clock in document["clocks"].items():
        at = f"/clocks/{name}"
        if name in _SAID:
            raise InvalidPolicy(
                f"No clock can be named {name!r}: histories say something else by that.", pointer=at
            )
        for place, text in _conditions(clock, at):
            expect_met(text, place, InvalidPolicy, catalogue)
        for choice in ("targets", "ladders"):
            _check_choice(clock[choice], f"{at}/{choice}")
        _check_pauses(clock.get("pauses") or (), f"{at}/pauses")
        if clock.get("pauses"):
            _check_pausable(name, clock, at)


def _conditions(clock: Mapping[str, Any], at: str) -> Iterator[tuple[str, str | None]]:
    """By their places."""
    for part in ("when", "pausable"):
        yield f"{at}/{part}", clock.get(part)
    for choice in ("targets", "ladders"):
        for index, item in enumerate(clock[choice]):
            yield f"{at}/{choice}/{index}/when", item.get("when")


def _check_choice(items: Sequence[Mapping[str, Any]], at: str) -> None:
    # The last one has no condition, and may be there for what nobody has thought of.
    texts = [item["when"] for item in items[:-1]]
    for index in range(1, len(texts)):
        if never_reached(texts[: index + 1]):
            raise InvalidPolicy(
                "Those before it take all that meets this condition.", pointer=f"{at}/{index}/when"
            )


def _check_pauses(pauses: Sequence[Mapping[str, Any]], at: str) -> None:
    reasons = [pause["reason"] for pause in pauses]
    for index, reason in enumerate(reasons):
        if reason not in set(PauseReason):
            known = ", ".join(PauseReason)
            raise InvalidPolicy(
                f"Nobody can pause for {reason!r}; there are {known}.", pointer=f"{at}/{index}/reason"
            )
        if reason in reasons[:index]:
            raise InvalidPolicy(f"The reason {reason!r} is there twice.", pointer=f"{at}/{index}/reason")


def _check_pausable(name: str, clock: Mapping[str, Any], at: str) -> None:
    if is_statutory(name, clock):
        raise InvalidPolicy("A clock of the regulator never pauses.", pointer=f"{at}/pauses")
    if met_together([clock.get("when"), clock.get("pausable"), NEVER_WAITS]):
        expected = f"Tickets never wait if {NEVER_WAITS}: `pausable` has to leave them out."
        raise InvalidPolicy(expected, pointer=f"{at}/pausable")
