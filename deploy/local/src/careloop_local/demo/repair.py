"""Putting back what a killed demo left in force: started by the platform when it is ready and finds a note of it."""

import asyncio
import sys
from pathlib import Path

from careloop_local.client import Gateway, Refused, read_key
from careloop_local.demo import rules
from careloop_local.demo.earlier import DemoRuns, Earlier
from careloop_local.errors import LocalError
from careloop_local.stack import state
from careloop_local.stack.keys import Keys


async def repair(home: Path) -> bool:
    """Whether there was anything to put back; a demo that is running does so itself."""
    earlier = Earlier(home / "demo")
    async with earlier.held(within=0.0):
        url = str(state.read(home / "run")["gateway_url"])
        async with Gateway.open(url, read_key(Keys(home / "secrets").admin)) as gateway:
            return await rules.put_back(gateway, earlier)


def main(home: str) -> int:
    """Run once; a failure is told, and the next demo repairs it."""
    try:
        if asyncio.run(repair(Path(home))):
            sys.stdout.write("put the policies back that a killed demo had replaced\n")
    except DemoRuns:
        return 0
    except (LocalError, Refused, OSError, KeyError) as error:
        sys.stdout.write(f"could not put back the policies that a killed demo had replaced: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
