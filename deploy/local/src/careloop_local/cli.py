"""The command `careloop`: a table of subcommands, each imported only when it is asked for."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module

from careloop_local.errors import LocalError


@dataclass(frozen=True, slots=True)
class Command:
    """A subcommand: `module` has `configure(parser)` and `run(arguments) -> exit status`."""

    module: str
    help: str


COMMANDS = {
    "up": Command("careloop_local.stack.up", "start the platform and stay with it until Ctrl-C"),
    "down": Command("careloop_local.stack.down", "stop a running platform"),
    "reset": Command("careloop_local.stack.reset", "stop the platform and delete its data"),
    "demo": Command("careloop_local.demo.command", "drive the care loop and show what happened"),
    "import": Command("careloop_local.importing", "import a file of customers into a running platform"),
    "simulate": Command("careloop_local.simulator.command", "write a simulated operator to files"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand; returns the exit status."""
    try:
        return _run(list(sys.argv[1:] if argv is None else argv))
    except LocalError as error:
        sys.stderr.write(f"careloop: {error}\n")
        return error.status
    except KeyboardInterrupt:
        return 130


def _run(given: Sequence[str]) -> int:
    name = given[0] if given else ""
    parser = argparse.ArgumentParser(prog="careloop", description="CareLoop on one machine.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    for known, command in COMMANDS.items():
        subparser = commands.add_parser(known, help=command.help, description=command.help)
        if known == name:
            import_module(command.module).configure(subparser)
    arguments = parser.parse_args(given)
    status: int = import_module(COMMANDS[arguments.command].module).run(arguments)
    return status
