"""Moving persons on, and whom a list has."""

from careloop_profile.lifecycle.service.moving import follow
from careloop_profile.lifecycle.service.periods import begin, walk
from careloop_profile.lifecycle.service.standing import standing_of
from careloop_profile.lifecycle.service.terms import in_force, publish

__all__ = ["begin", "follow", "in_force", "publish", "standing_of", "walk"]
