from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldQuality:
    """How good one field of one source is. Shares are of 1; None where there is nothing to have a share of."""

    field: str
    filled: int
    completeness: float
    invalid: int
    """Customers whose value could not be taken."""
    doubtful: int
    """Customers with a value that somebody should look at."""
    repaired: int
    validity: float | None
    """Of the values that came, those that nothing is said against."""
    sharing: int | None
    """Customers with an identifier that another of the source has, too."""
    uniqueness: float | None


def quality_of(
    field: str,
    customers: int,
    filled: int,
    doubts: tuple[int, int, int],
    different: int | None = None,
    sharing: int | None = None,
) -> FieldQuality:
    """`doubts` are customers with something open about the value, without a value for it, and repaired."""
    doubtful, invalid, repaired = doubts
    came = filled + invalid
    return FieldQuality(
        field=field,
        filled=filled,
        completeness=_share(filled, customers) or 0.0,
        invalid=invalid,
        doubtful=doubtful,
        repaired=repaired,
        validity=_share(max(0, filled - doubtful), came),
        sharing=sharing,
        uniqueness=None if different is None else _share(different, filled),
    )


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
