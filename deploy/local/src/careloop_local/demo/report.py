"""What the reader sees: progress while the stations work, and the table at the end.

On a terminal the progress is bars; elsewhere (a CI log) it is a line per station and one every few seconds.
"""

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from careloop_local.demo.figures import duration
from careloop_local.demo.outcome import Visit

LOG_EVERY = 3.0


class Report:
    """The visible side of a run; stations may report at the same time."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.bars = Progress(
            SpinnerColumn(finished_text="✓"),
            TextColumn("{task.description:<28}"),
            BarColumn(bar_width=28),
            MofNCompleteColumn(),
            TextColumn("[dim]{task.fields[note]}"),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Report"]:
        with self.bars:
            yield self

    def say(self, text: str) -> None:
        self.console.print(text, highlight=False, soft_wrap=True)

    def start(self, title: str) -> "Line":
        if not self.console.is_terminal:
            self.say(f"· {title}")
        return Line(self, title)

    def finish(self, visit: Visit) -> None:
        mark = "[green]✓[/]" if visit.passed else "[red]✗[/]"
        facts = ", ".join(f"{label} {escape(value)}" for label, value in visit.outcome.figures[:3])
        self.say(f"{mark} {visit.title} in {duration(visit.seconds)}" + (f": {facts}" if facts else ""))

    def table(self, visits: Sequence[Visit]) -> None:
        table = Table(title="What happened at each station", title_justify="left", show_lines=True)
        table.add_column("station", no_wrap=True)
        table.add_column("what happened")
        table.add_column("expected", ratio=1)
        for visit in visits:
            table.add_row(f"{visit.title}\n[dim]{duration(visit.seconds)}", _figures(visit), _verdict(visit))
        self.console.print(table)

    def addresses(self, found: Mapping[str, str]) -> None:
        width = max(map(len, found))
        self.say("")
        for label, address in found.items():
            self.console.print(
                f"  {label:<{width}}  {address}", highlight=False, markup=False, soft_wrap=True
            )
        self.say("")


@dataclass(slots=True)
class Line:
    """The progress of one station."""

    report: Report
    title: str
    _task: TaskID | None = None
    _done: int = 0
    _total: int | None = None
    _logged: float = 0.0

    def update(self, done: int, total: int | None = None, note: str = "") -> None:
        """Work done so far, out of `total`; None where the whole is not known."""
        bars = self.report.bars
        if self._task is not None and total is None and self._total is not None:
            bars.remove_task(self._task)  # a bar cannot forget its total
            self._task = None
        self._done, self._total = done, total
        if self._task is None:
            self._task = bars.add_task(self.title, total=total, note=note)
        bars.update(self._task, completed=done, total=total, note=note)
        if not self.report.console.is_terminal and time.monotonic() - self._logged >= LOG_EVERY:
            self._logged = time.monotonic()
            whole = f"/{self._total:,}" if self._total is not None else ""
            self.report.say(f"  {self.title}: {done:,}{whole} {note}".rstrip())

    def close(self) -> None:
        if self._task is not None:
            self.report.bars.update(self._task, total=max(self._done, 1), completed=max(self._done, 1))


def _figures(visit: Visit) -> str:
    return "\n".join(f"{label}: [bold]{escape(value)}[/]" for label, value in visit.outcome.figures)


def _verdict(visit: Visit) -> str:
    if visit.failure:
        return f"[red]✗ {escape(visit.failure)}[/]"
    marks = {True: "[green]✓[/]", False: "[red]✗[/]"}
    return "\n".join(f"{marks[item.held]} {escape(str(item))}" for item in visit.outcome.expectations)
