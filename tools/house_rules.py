"""Rules of this repository that no ready-made linter knows.

python tools/house_rules.py [path …]      prints `path:line: rule: what is wrong`, ends with 1 if there is anything

A rule is a function from a parsed file to findings, listed in `RULES`. `tests/lint` plants a violation of each.
"""

import ast
import io
import re
import subprocess
import sys
import tokenize
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

LONGEST_FILE = 500
LONG_FILE = 300

DOMAIN_NOUNS = frozenset(
    re.findall(
        r"\w+",
        """
        agent campaign churn complaint consent customer device escalation household interaction journey
        loyalty msisdn operator profile retention satisfaction score scoring segment sla subscriber
        subscription survey tariff telecom ticket ticketing voucher
        """,
    )
)
"""Words of the business. The plumbing serves any business, so none of them may name anything in it."""

PLUMBING_SENSES = {
    # A message subscription is the broker's own word.
    "subscription": ("messaging", "worker", "testing"),
    "subscriptions": ("messaging", "worker", "service", "testing"),
    # How long JetStream keeps messages.
    "retention": ("streams",),
}
"""Words above that are also the plumbing's own, and the modules where they are."""


@dataclass(frozen=True)
class Source:
    """One Python file."""

    path: Path
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed file."""
        return ast.parse(self.text)

    @property
    def test(self) -> bool:
        """Whether the file belongs to a test suite."""
        return "tests" in self.path.parts

    @property
    def migration(self) -> bool:
        """Whether the file is an Alembic version."""
        return "versions" in self.path.parts and "migrations" in self.path.parts

    @property
    def package(self) -> str:
        """`careloop_ticketing` for a file of that package, empty outside of packages."""
        return next((part for part in self.path.parts if part.startswith("careloop_")), "")

    @property
    def modules(self) -> tuple[str, ...]:
        """Names below the package: `("messaging", "relay")`."""
        parts = self.path.with_suffix("").parts
        return parts[parts.index(self.package) + 1 :] if self.package else ()


@dataclass(frozen=True, order=True)
class Finding:
    """One violation."""

    path: Path
    line: int
    rule: str
    message: str
    fatal: bool = True

    def __str__(self) -> str:
        """As editors and people read it."""
        mark = "" if self.fatal else " (warning)"
        return f"{self.path}:{self.line}: {self.rule}{mark}: {self.message}"


Found = Iterator[tuple[int, str]]
Rule = Callable[[Source], Found]


def commit_at_the_edge(source: Source) -> Found:
    """A transaction is committed in one place: only careloop_common may call `.commit()`."""
    if source.package == "careloop_common":
        return
    for call in _calls(source.tree):
        if isinstance(call.func, ast.Attribute) and call.func.attr == "commit":
            yield call.lineno, "the edge commits, nobody else"


def pure_asgi(source: Source) -> Found:
    """No BaseHTTPMiddleware, under any name: it costs over a millisecond a request."""
    for node in ast.walk(source.tree):
        if _last_name(node) == "BaseHTTPMiddleware" or (
            isinstance(node, ast.ImportFrom) and any(name.name == "BaseHTTPMiddleware" for name in node.names)
        ):
            yield getattr(node, "lineno", 1), "write pure ASGI middleware"
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for decorator in node.decorator_list:
                if isinstance(decorator, ast.Call) and _last_name(decorator.func) == "middleware":
                    yield (
                        decorator.lineno,
                        "@app.middleware is BaseHTTPMiddleware; write pure ASGI middleware",
                    )


def no_sleep_in_tests(source: Source) -> Found:
    """A test that sleeps is slow when it is right and wrong when the machine is slow."""
    programs = {"bench", "chaos"} & set(source.path.parts)  # they pace a load, and assert nothing about time
    if not source.test or programs:
        return
    slept = {
        alias.asname or alias.name
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ImportFrom) and node.module in {"time", "asyncio"}
        for alias in node.names
        if alias.name == "sleep"
    }
    for call in _calls(source.tree):
        dotted = ast.unparse(call.func)
        sleeps = dotted in slept or dotted in {"time.sleep", "asyncio.sleep", "anyio.sleep"}
        if sleeps and ast.unparse(call).partition("(")[2] != "0)":  # sleep(0) only lets others run
            yield call.lineno, "poll with a deadline (`eventually`), or pass another `now`"


def no_leftovers(source: Source) -> Found:
    """What is left to do is an issue, not a comment."""
    marks = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
        if token.type == tokenize.COMMENT and marks.search(token.string):
            yield token.start[0], "finish it or open an issue"


def plumbing_without_business(source: Source) -> Found:
    """libs/common names nothing of the business."""
    if source.package != "careloop_common" or source.test:
        return
    for line, name in _names(source.tree):
        for word in _words(name):
            singular = word.removesuffix("s") if word.removesuffix("s") in DOMAIN_NOUNS else word
            senses = PLUMBING_SENSES.get(word, PLUMBING_SENSES.get(singular, ()))
            if singular in DOMAIN_NOUNS and not set(senses) & set(source.modules):
                yield line, f"`{name}` is a word of the business ({singular})"


def one_publisher(source: Source) -> Found:
    """Only the bus talks to JetStream: an event goes through the outbox, or it can be lost."""
    allowed = source.package in {"", "careloop_common"} or source.test
    if allowed or source.package == "careloop_local":
        return
    for node in ast.walk(source.tree):
        imported = _imported(node)
        if any(name == "nats" or name.startswith("nats.") for name in imported):
            yield getattr(node, "lineno", 1), "services write events with `outbox.add`, the bus talks to NATS"
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "jetstream"
        ):
            yield node.lineno, "services write events with `outbox.add`, the bus talks to JetStream"


def no_module_settings(source: Source) -> Found:
    """Settings are made at the edge and passed down; reading the environment on import hides an input."""
    if source.test or not source.package:
        return
    for node in _module_level(source.tree):
        targets = (
            node.targets
            if isinstance(node, ast.Assign)
            else [node.target]
            if isinstance(node, ast.AnnAssign)
            else []
        )
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        named = any(
            isinstance(target, ast.Name) and target.id.lower() in {"settings", "config"} for target in targets
        )
        made = isinstance(value, ast.Call) and _last_name(value.func).endswith("Settings")
        if (named and isinstance(value, ast.Call)) or made:
            yield node.lineno, "make settings at the edge and pass them down"


RULES: dict[str, Rule] = {
    "commit-at-the-edge": commit_at_the_edge,
    "pure-asgi": pure_asgi,
    "no-sleep-in-tests": no_sleep_in_tests,
    "no-leftovers": no_leftovers,
    "plumbing-without-business": plumbing_without_business,
    "one-publisher": one_publisher,
    "no-module-settings": no_module_settings,
}


def check(source: Source) -> list[Finding]:
    """Everything that is wrong with one file."""
    found = [
        Finding(source.path, line, name, text) for name, rule in RULES.items() for line, text in rule(source)
    ]
    lines = source.text.count("\n")
    if lines > LONG_FILE and not source.migration:
        fatal = lines > LONGEST_FILE
        limit = LONGEST_FILE if fatal else LONG_FILE
        found.append(
            Finding(source.path, lines, "file-length", f"{lines} lines, over {limit}: split it", fatal)
        )
    return sorted(found)


def sources(paths: Sequence[str]) -> Iterator[Source]:
    """The Python files that git knows, or those given."""
    listed = subprocess.run(  # noqa: S603
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *(paths or ["*.py"])],  # noqa: S607
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    for name in sorted(set(listed)):
        path = ROOT / name
        if path.suffix == ".py" and path.exists():
            yield Source(Path(name), path.read_text())


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _last_name(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module] if isinstance(node, ast.ImportFrom) and node.module else []


def _module_level(tree: ast.Module) -> Iterator[ast.stmt]:
    """Statements that run on import: also those under a module-level `if` or `try`."""
    pending: list[ast.stmt] = list(tree.body)
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, ast.If | ast.Try | ast.With):
            pending += [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)]


def _names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Everything that the file itself names: definitions, arguments, variables, attributes, keys."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.lineno, _last_name(node)
        elif (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and re.fullmatch(r"[\w.:/-]+", node.value)
        ):
            yield node.lineno, node.value


def _words(name: str) -> list[str]:
    """`TicketOpenedV1`, `ticket_opened`, `ticket.opened` → ticket, opened."""
    return [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)]


def main(paths: Sequence[str]) -> int:
    """Check the files and print what is wrong."""
    found = [finding for source in sources(paths) for finding in check(source)]
    for finding in found:
        sys.stdout.write(f"{finding}\n")
    return int(any(finding.fatal for finding in found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
