from careloop_common.schemas import View

from careloop_ticketing.vocabulary import Tier


class Ratio(View):
    numerator: int
    denominator: int
    excluded: int
    """Not decided yet, or not concerned: in neither of the two."""
    ratio: float | None


class Attainment(Ratio):
    late_by_change: int
    """Of those that are excluded: late only because their terms were changed, which is nobody's fault."""


class Satisfaction(View):
    answers: int
    average: float | None


class TicketSummary(View):
    open: int
    open_by_tier: dict[Tier, int]
    breached: int
    """Tickets, open or not, of which any clock ran out, and not only by a change of terms; without those
    that were rejected, or cancelled as a mistake or a test."""
    responded_in_30_min: Ratio
    attainment: dict[str, Attainment]
    """By clock: stopped within its target, of all that were stopped or ran out; as in `/v1/ticket-kpis`, of all tickets."""
    satisfaction: Satisfaction
