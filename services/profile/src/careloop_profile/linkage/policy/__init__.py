"""Pure decisions about linkage: spellings, levels, weights, verdicts."""

from careloop_profile.linkage.policy.model import Model, Score, probability_of, read
from careloop_profile.linkage.policy.persons import CERTAIN, DOUBTFUL, Verdict, agree, verdict
from careloop_profile.linkage.policy.records import SPELLINGS, Record, Spelling

__all__ = [
    "CERTAIN",
    "DOUBTFUL",
    "SPELLINGS",
    "Model",
    "Record",
    "Score",
    "Spelling",
    "Verdict",
    "agree",
    "probability_of",
    "read",
    "verdict",
]
