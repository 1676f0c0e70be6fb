from careloop_common.schemas import View

from careloop_ticketing.vocabulary import Tier


class Ratio(View):
    numerator: int
    denominator: int
    excluded: int
    """Not decided yet, or not concerned: in neither of the two."""
    ratio: float | None


class Satisfaction(View):
    answers: int
    average: float | None


class TicketSummary(View):
    open: int
    open_by_tier: dict[Tier, int]
    breached: int
    """Tickets, open or not, of which any clock ran out."""
    responded_in_30_min: Ratio
    attainment: dict[str, Ratio]
    """By clock: stopped within its target, of all that were stopped or ran out."""
    satisfaction: Satisfaction
