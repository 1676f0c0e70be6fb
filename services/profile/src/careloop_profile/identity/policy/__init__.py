"""Pure decisions about identity: clusters, evidence, survivorship."""

from careloop_profile.identity.policy.clusters import Clue, Known, head, parts, row_of
from careloop_profile.identity.policy.evidence import Candidate, Method, Proposal, Refusal, objection, propose
from careloop_profile.identity.policy.golden import Field, golden

__all__ = [
    "Candidate",
    "Clue",
    "Field",
    "Known",
    "Method",
    "Proposal",
    "Refusal",
    "golden",
    "head",
    "objection",
    "parts",
    "propose",
    "row_of",
]
