"""A service as one object, and the command that it gets from it.

careloop-ticketing api | worker | background | all | migrate | dead-letters list | dead-letters replay | revive-timers | … and its own commands
"""

import argparse
import asyncio
import contextlib
import gc
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import structlog
import uvicorn
from starlette.types import ASGIApp

from careloop_common import timers
from careloop_common.app import build_app
from careloop_common.messaging import dead_letters, relay
from careloop_common.observability.logging import configure_logging
from careloop_common.observability.tracing import configure_tracing
from careloop_common.patience import Patience
from careloop_common.protocol import ProblemProtocol
from careloop_common.runtime import Runtime
from careloop_common.settings import ServiceSettings
from careloop_common.worker import Worker

_LITTLE_GARBAGE: Final = 25_000
"""Objects in cycles that may gather before they are collected. Statements put together by hand leave hundreds each: to
collect so many holds everybody up for 30 ms."""
_SOME_GARBAGE: Final = 200_000
"""The same where nobody waits for an answer, and what gathers is mostly in use."""
_YIELDING: Final = 10
"""By how much work in the background is nicer than others: where both want a processor, it gets a tenth."""

S = TypeVar("S", bound=ServiceSettings)
log = structlog.get_logger()


def _no_arguments(parser: argparse.ArgumentParser) -> None: ...


@dataclass(frozen=True)
class Command(Generic[S]):
    """A command that one service has beside those of all; `run` returns the exit status."""

    name: str
    help: str
    run: Callable[[Runtime[S], argparse.Namespace], Awaitable[int]]
    arguments: Callable[[argparse.ArgumentParser], None] = _no_arguments


@dataclass(frozen=True)
class Service(Generic[S]):
    """Everything that differs between services."""

    name: str
    package: str
    settings: type[S]
    create_app: Callable[[Runtime[S]], ASGIApp]
    create_worker: Callable[[Runtime[S]], Worker] | None = None
    commands: Sequence[Command[S]] = ()

    def migrate(self, url: str) -> None:
        """Bring the database at `url` to the newest schema."""
        from careloop_common.migrations import upgrade  # noqa: PLC0415  (a running service has no need of Alembic)

        upgrade(self.package, url)

    def cli(self, argv: Sequence[str] | None = None) -> int:
        """Run the service's command; returns the exit status."""
        arguments = self._parser().parse_args(argv)
        settings = self.settings()
        configure_logging(self.name, settings.log_level)
        configure_tracing(self.name, settings.otlp_endpoint)
        if arguments.command == "migrate":
            self.migrate(settings.database_url.get_secret_value())
            return 0
        with contextlib.suppress(KeyboardInterrupt):
            return _runner(self._main(settings, arguments))
        return 0

    def _parser(self) -> argparse.ArgumentParser:
        parser = argparse.ArgumentParser(prog=f"careloop-{self.name}")
        commands = parser.add_subparsers(dest="command", required=True)
        commands.add_parser("api", help="answer HTTP")
        commands.add_parser("worker", help="relay, consume, fire timers, run jobs")
        commands.add_parser(
            "background", help="jobs that nobody waits for, with what others leave of the machine"
        )
        commands.add_parser("all", help="api and worker in one process")
        commands.add_parser("migrate", help="bring the database to the newest schema")
        letters = commands.add_parser("dead-letters", help="messages that could not be handled")
        actions = letters.add_subparsers(dest="action", required=True)
        actions.add_parser("list", help="one JSON line each")
        replay = actions.add_parser("replay", help="handle them again")
        replay.add_argument("--id", type=int, action="append", help="only this one; repeatable")
        revive = commands.add_parser("revive-timers", help="fire again, now, timers that failed too often")
        revive.add_argument("--kind", help="only those of this kind")
        resend = commands.add_parser("resend", help="publish events of the last hours again")
        resend.add_argument("--hours", type=float, default=1.0)
        for own in self.commands:
            own.arguments(commands.add_parser(own.name, help=own.help))
        return parser

    async def _main(self, settings: S, arguments: argparse.Namespace) -> int:
        async with Runtime.open(self.name, settings) as runtime:
            if arguments.command == "dead-letters":
                return await self._dead_letters(runtime, arguments)
            if arguments.command == "revive-timers":
                async with runtime.database.transaction() as session:
                    revived = await timers.revive(session, arguments.kind)
                sys.stdout.write(f"{revived} timers\n")
                return 0
            if arguments.command == "resend":
                sys.stdout.write(f"{await relay.resend(runtime, hours=arguments.hours)} events\n")
                return 0
            for own in self.commands:
                if own.name == arguments.command:
                    return await own.run(runtime, arguments)
            await self._serve(runtime, arguments.command)
            return 0

    async def _serve(self, runtime: Runtime[S], what: str) -> None:
        app: ASGIApp
        working = self._working(runtime, what)
        if what in {"worker", "background"}:
            app = build_app(runtime, title=f"careloop-{self.name} {what}", routers=[])
        else:
            app = self.create_app(runtime)
        # What is there by now stays for good: no collection need look at it again.
        gc.collect()
        gc.freeze()
        gc.set_threshold(_LITTLE_GARBAGE if what in {"api", "all"} else _SOME_GARBAGE, 20, 20)
        log.info("service.started", command=what, port=runtime.settings.port)
        await _together(_Server(_uvicorn(app, runtime.settings)), working)
        log.info("service.stopped", command=what)

    def _working(self, runtime: Runtime[S], what: str) -> Coroutine[Any, Any, None] | None:
        """What the process does beside answering HTTP."""
        if self.create_worker is None or what == "api":
            return None
        worker = self.create_worker(runtime)
        if what != "background":
            return worker.run()
        if hasattr(os, "nice"):  # not on Windows
            os.nice(_YIELDING)
        return worker.run_background()

    async def _dead_letters(self, runtime: Runtime[S], arguments: argparse.Namespace) -> int:
        subscriptions = self.create_worker(runtime).subscriptions if self.create_worker else ()
        if arguments.action == "list":
            for letter in await dead_letters.pending(runtime):
                sys.stdout.write(json.dumps(letter, ensure_ascii=False, default=str) + "\n")
            return 0
        handled, failed = await dead_letters.replay(runtime, subscriptions, only=arguments.id)
        sys.stdout.write(f"{handled} handled, {failed} failed again\n")
        return 1 if failed else 0


def _uvicorn(app: ASGIApp, settings: ServiceSettings) -> uvicorn.Config:
    patience = Patience(connections=settings.connections, head_seconds=settings.head_seconds)
    return uvicorn.Config(
        app,
        http=ProblemProtocol.with_patience(patience),  # type: ignore[arg-type]
        ws="none",
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        proxy_headers=False,  # who called is for the gateway to say, in the internal token
        timeout_graceful_shutdown=10,
        timeout_keep_alive=75,
    )


class _Server(uvicorn.Server):
    """uvicorn raises a caught signal again after shutdown; here the command ends by returning."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield


async def _together(server: uvicorn.Server, work: Coroutine[Any, Any, None] | None) -> None:
    """Serve and work until a signal comes or either breaks."""
    serving = asyncio.create_task(server.serve(), name="server")
    working = asyncio.create_task(work, name="worker") if work else None
    await asyncio.wait({serving, working} if working else {serving}, return_when=asyncio.FIRST_COMPLETED)
    if working:
        working.cancel()
    server.should_exit = True
    for result in await asyncio.gather(serving, *([working] if working else []), return_exceptions=True):
        if isinstance(result, Exception):
            raise result


def _runner(main: Coroutine[Any, Any, int]) -> int:
    """Run `main` on uvloop where there is one."""
    try:
        import uvloop  # noqa: PLC0415  (absent on Windows)
    except ImportError:
        return asyncio.run(main)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)
