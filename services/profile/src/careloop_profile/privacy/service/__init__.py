"""Use cases of privacy: forget somebody, hear that others have, prove it; hand out what is kept."""

from careloop_profile.privacy.service.completing import SERVICES, acknowledge, find
from careloop_profile.privacy.service.erasing import TIMER, obey, request
from careloop_profile.privacy.service.exporting import export
from careloop_profile.privacy.service.lifting import lift
from careloop_profile.privacy.service.resealing import reseal
from careloop_profile.privacy.service.sweeping import Sweeper

__all__ = [
    "SERVICES",
    "TIMER",
    "Sweeper",
    "acknowledge",
    "export",
    "find",
    "lift",
    "obey",
    "request",
    "reseal",
]
