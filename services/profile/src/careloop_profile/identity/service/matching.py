"""Finding out that customers who became known, or changed, are somebody who is known."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from careloop_common.tokens import SYSTEM
from sqlalchemy.ext.asyncio import AsyncSession

from careloop_profile.customers import queries as customers
from careloop_profile.identity import metrics, policy, queries
from careloop_profile.identity.errors import NotMergeable
from careloop_profile.identity.policy import Method, Proposal
from careloop_profile.identity.policy.evidence import MOST_SHARERS
from careloop_profile.identity.service.candidates import Candidates
from careloop_profile.identity.service.holding import hold
from careloop_profile.identity.service.merging import Grounds, join


async def match(
    session: AsyncSession, candidates: Candidates, customer_ids: Collection[UUID], *, now: datetime
) -> None:
    """Merge these customers with whom the rules take for the same person."""
    proposals = await _proposals(session, candidates, customer_ids)
    if not proposals:
        return
    # All at once and in their order, so that two who need the same customers do not wait for each other.
    held = await hold(session, [key for found in proposals for key in (found.one, found.other)])
    for proposal in proposals:
        grounds = Grounds(Method.DETERMINISTIC, proposal.rule, proposal.rule.replace("_", " "))
        try:
            merged = await join(
                session, candidates, held, proposal.one, proposal.other, grounds, now=now, actor=SYSTEM
            )
        except NotMergeable as refused:
            metrics.REFUSED.labels(str(refused.extra["refusal"])).inc()
        else:
            if merged:
                metrics.MERGED.labels(proposal.rule).inc()


async def _proposals(
    session: AsyncSession, candidates: Candidates, customer_ids: Collection[UUID]
) -> list[Proposal]:
    groups = await queries.sharing(session, customer_ids, MOST_SHARERS)
    found = await customers.load(session, list(set().union(*groups))) if groups else {}
    known = {key: candidates.of(customer) for key, customer in found.items()}
    proposals: dict[tuple[UUID, UUID], Proposal] = {}
    for holders in groups:
        for proposal in policy.propose([known[key] for key in sorted(holders) if key in known]):
            proposals.setdefault((proposal.one, proposal.other), proposal)
    return [proposals[pair] for pair in sorted(proposals)]
