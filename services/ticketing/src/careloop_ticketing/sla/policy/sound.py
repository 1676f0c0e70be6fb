"""Parts of a policy that could never have an effect: mistakes of whoever wrote it, and refused before it is in force."""

from collections.abc import Mapping, Sequence
from typing import Any

from careloop_ticketing.facts import never_reached
from careloop_ticketing.sla.errors import InvalidPolicy
from careloop_ticketing.vocabulary import PauseReason


def check(document: Mapping[str, Any]) -> None:
    """`InvalidPolicy` if a choice is never reached, or a reason to pause is one that nobody can give, or is there twice."""
    for name, clock in document["clocks"].items():
        for choice in ("targets", "ladders"):
            _check_choice(clock[choice], f"/clocks/{name}/{choice}")
        _check_pauses(clock.get("pauses", ()), f"/clocks/{name}/pauses")


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
