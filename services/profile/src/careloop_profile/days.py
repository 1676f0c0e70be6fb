"""What day it is for the operator."""

from datetime import date, datetime
from typing import Annotated

from careloop_common import zones
from careloop_common.web import NowDep, RuntimeDep
from fastapi import Depends


def today(now: NowDep, runtime: RuntimeDep) -> date:
    """Where the operator is."""
    return zones.day_of(now, runtime.settings.timezone)


Today = Annotated[date, Depends(today)]


def here(now: NowDep, runtime: RuntimeDep) -> datetime:
    """Now, as the operator's clocks tell it: by these rules count days and years."""
    return zones.at(now, runtime.settings.timezone)


Here = Annotated[datetime, Depends(here)]
