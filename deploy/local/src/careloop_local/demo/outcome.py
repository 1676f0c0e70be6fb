"""What a station did: figures for the reader, and expectations that decide whether it did its work."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Expectation:
    """A statement about the station, and whether it held."""

    text: str
    held: bool
    found: str = ""

    def __str__(self) -> str:
        return f"{self.text} ({self.found})" if self.found else self.text


@dataclass(slots=True)
class Outcome:
    figures: list[tuple[str, str]] = field(default_factory=list)
    expectations: list[Expectation] = field(default_factory=list)

    def show(self, label: str, value: object) -> None:
        self.figures.append((label, str(value)))

    def expect(self, text: str, held: bool, found: object = "") -> None:
        self.expectations.append(Expectation(text, held, str(found)))

    @property
    def broken(self) -> list[Expectation]:
        return [expectation for expectation in self.expectations if not expectation.held]


@dataclass(slots=True)
class Visit:
    """One station of one run, with the time it took and what came of it."""

    title: str
    outcome: Outcome
    seconds: float
    failure: str = ""

    @property
    def passed(self) -> bool:
        return not self.failure and not self.outcome.broken

    @classmethod
    def missed(cls, title: str) -> "Visit":
        """A station that the run did not get to, because an earlier one failed."""
        return cls(title, Outcome(), 0.0, "not reached")
