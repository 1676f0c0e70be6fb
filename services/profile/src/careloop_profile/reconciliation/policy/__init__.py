"""Pure decisions about runs over all customers: when one begins, what it does in which order, where persons hang by a thread."""

from careloop_profile.reconciliation.policy.bridges import Bridge, Tie, bridges, hanging
from careloop_profile.reconciliation.policy.nights import night_of
from careloop_profile.reconciliation.policy.phases import Cause, Finding, Phase, State

__all__ = ["Bridge", "Cause", "Finding", "Phase", "State", "Tie", "bridges", "hanging", "night_of"]
