"""Use cases on identity: merge, take back, split, keep apart, match, and read a person."""

from careloop_profile.identity.service.candidates import Candidates
from careloop_profile.identity.service.holding import hold
from careloop_profile.identity.service.leaving import leave
from careloop_profile.identity.service.matching import match
from careloop_profile.identity.service.merging import Grounds, keep_apart, merge, split, undo
from careloop_profile.identity.service.reading import Person, person

__all__ = [
    "Candidates",
    "Grounds",
    "Person",
    "hold",
    "keep_apart",
    "leave",
    "match",
    "merge",
    "person",
    "split",
    "undo",
]
