"""Use cases on identity: merge, take back, split, cut, confirm, keep apart, match, and read a person."""

from careloop_profile.identity.service.candidates import Candidates
from careloop_profile.identity.service.holding import hold
from careloop_profile.identity.service.leaving import leave
from careloop_profile.identity.service.matching import match
from careloop_profile.identity.service.merging import Grounds, confirm, cut, keep_apart, merge, split, undo
from careloop_profile.identity.service.reading import Person, person

__all__ = [
    "Candidates",
    "Grounds",
    "Person",
    "confirm",
    "cut",
    "hold",
    "keep_apart",
    "leave",
    "match",
    "merge",
    "person",
    "split",
    "undo",
]
