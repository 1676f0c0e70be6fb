"""Use cases on linkage: compare, ask, decide, publish and preview models, and look up who is meant."""

from careloop_profile.linkage.service.candidates import Records
from careloop_profile.linkage.service.linking import Linker
from careloop_profile.linkage.service.previewing import Preview, preview
from careloop_profile.linkage.service.resolving import Resolved, Wanted, resolve
from careloop_profile.linkage.service.reviewing import Question, accept, assign, question, questions, reject
from careloop_profile.linkage.service.versions import find, publish

__all__ = [
    "Linker", "Preview", "Question", "Records", "Resolved", "Wanted",
    "accept", "assign", "find", "preview", "publish", "question", "questions", "reject", "resolve",
]  # fmt: skip
