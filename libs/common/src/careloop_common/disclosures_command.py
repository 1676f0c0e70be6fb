"""`… verify-disclosures`: exit status 1, and the first broken places, if what was shown is not written down as it was."""

import argparse
import sys
from typing import Any, Final

from careloop_common import disclosure
from careloop_common.runtime import Runtime
from careloop_common.service import Command

_SHOWN: Final = 20


async def _run(runtime: Runtime[Any], _: argparse.Namespace) -> int:
    async with runtime.database.transaction() as session:
        entries, broken = await disclosure.verify(session)
    for place in broken[:_SHOWN]:
        sys.stdout.write(f"{place}\n")
    sys.stdout.write(f"{entries} entries; {len(broken)} broken places\n")
    return 1 if broken else 0


VERIFY: Final[Command[Any]] = Command(
    "verify-disclosures", "check that nobody changed who saw what of whom", _run
)
