"""Use cases on runs over all customers: begin one, take its next chunk, read it."""

from careloop_profile.reconciliation.service.running import Reconciler
from careloop_profile.reconciliation.service.starting import begin, begin_night, find

__all__ = ["Reconciler", "begin", "begin_night", "find"]
