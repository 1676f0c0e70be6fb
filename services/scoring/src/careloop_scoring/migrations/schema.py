"""Every table of the service, so that the migrations see all of them."""

from careloop_scoring.customers import models as customers
from careloop_scoring.cutpoints import models as cutpoints
from careloop_scoring.database import Base
from careloop_scoring.registry import models as registry
from careloop_scoring.runs import models as runs
from careloop_scoring.scores import models as scores
from careloop_scoring.tiers import models as tiers

SLICES = (customers, cutpoints, registry, runs, scores, tiers)
metadata = Base.metadata
