"""Who looks at persons, with what the slices hang on it."""

from typing import Any

from careloop_common.runtime import Runtime

from careloop_profile.lifecycle import service as lifecycle
from careloop_profile.tags.service.evaluating import Evaluator
from careloop_profile.tags.service.gathering import Gatherer


def evaluator(runtime: Runtime[Any]) -> Evaluator:
    settings = runtime.settings
    gatherer = Gatherer(runtime.vault, settings.source_ranks, settings.timezone)
    return Evaluator(gatherer, derive=[lifecycle.follow])
