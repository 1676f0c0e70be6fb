"""`careloop-profile restore-archive`: bring days that have become a file back into the database."""

import argparse
import sys
from pathlib import Path

from careloop_common import clock
from careloop_common.errors import DomainError
from careloop_common.runtime import Runtime
from careloop_common.service import Command

from careloop_profile.interactions.service import archiving
from careloop_profile.settings import Settings


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="of the archive, as GET /v1/interaction-archives lists it")


async def _run(runtime: Runtime[Settings], given: argparse.Namespace) -> int:
    directory = Path(runtime.settings.archive_directory)
    try:
        async with runtime.database.transaction() as session:
            rows = await archiving.restore(session, directory, given.name, now=clock.now())
    except DomainError as error:
        sys.stderr.write(f"{error.detail}\n")
        return 1
    sys.stdout.write(f"{rows} interactions are back; they stay for 30 days\n")
    return 0


RESTORE: Command[Settings] = Command(
    "restore-archive", "bring archived interactions back into the database", _run, _arguments
)
