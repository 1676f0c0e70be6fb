"""`docs/errors.md` from the error classes of every package."""

import inspect
from collections.abc import Iterable, Iterator, Mapping

from careloop_common.errors import DomainError

from careloop_local.docs import packages

HEAD = """\
# Errors

Every answer that is not a success is a problem document (RFC 9457, `application/problem+json`). Branch on `code`: it is stable,
unlike the wording of `title` and `detail`. `trace_id` finds the request in the logs and traces. `errors` names what is wrong in a
request by its `pointer`: members of the body by JSON Pointer (RFC 6901), `/items/0/phone`, and parameters by their bare name, `cursor`.

```json
{"type": "https://careloop.dev/errors#ticket_not_found", "title": "Ticket not found", "status": 404,
 "detail": "…", "instance": "/v1/tickets/…", "code": "ticket_not_found", "trace_id": "…"}
```

"Again" says whether the same request may succeed later; wait for `Retry-After` where it is sent, and send the same
`Idempotency-Key`. This page is made by `make docs`, and a contract test compares it with the code.
"""

# Answers that the framework gives before any of our code runs.
FRAMEWORK = (
    ("malformed_request", 400, "Malformed request", "The body is not valid JSON, or not valid HTTP."),
    ("route_not_found", 404, "Not Found", "No route has this path."),
    ("method_not_allowed", 405, "Method Not Allowed", "The path exists, with other methods; see `Allow`."),
    (
        "validation_failed",
        422,
        "Validation failed",
        "Members are missing, unknown or wrong; `errors` lists them.",
    ),
    ("internal_error", 500, "Internal error", "A defect: report it with its `trace_id`."),
    (
        "connections_exhausted",
        503,
        "Connections exhausted",
        "All connections that the process may hold have work under way; nothing was done.",
    ),
)
_AGAIN = frozenset({503})


def collect() -> list[type[DomainError]]:
    """Every concrete error of every package, in the order of their codes."""
    for _ in packages.modules():
        pass
    concrete = {error for error in _descendants(DomainError) if "code" in vars(error)}
    ours = [error for error in concrete if error.__module__.split(".")[0] in packages.PACKAGES]
    return sorted(ours, key=lambda error: (error.code, error.__module__))


def render(errors: Iterable[type[DomainError]]) -> str:
    parts = [HEAD, "## Of the platform\n"]
    parts += [
        _entry(code, status, title, meaning, again=status in _AGAIN)
        for code, status, title, meaning in FRAMEWORK
    ]
    sections: dict[str, list[str]] = {}
    for error in errors:
        package = error.__module__.split(".")[0].removeprefix("careloop_")
        sections.setdefault(package, []).append(_described(error))
    parts += sections.pop("common", [])
    for package, entries in sorted(sections.items()):
        parts += [f"## Of {package}\n", *entries]
    return "\n".join(parts)


def _descendants(error: type[DomainError]) -> Iterator[type[DomainError]]:
    for child in error.__subclasses__():
        yield child
        yield from _descendants(child)


def _described(error: type[DomainError]) -> str:
    said = inspect.cleandoc(error.__doc__ or "") if "__doc__" in vars(error) else ""
    meaning = " ".join(said.split("\n\n")[0].split()) or f"{error.title}."
    entry = _entry(error.code, error.status, error.title, meaning, again=error.passes)
    reasons: Mapping[str, str] = getattr(error, "reasons", {})
    if not reasons:
        return entry
    rows = "\n".join(f"| `{reason}` | {text} |" for reason, text in sorted(reasons.items()))
    return f"{entry}\n| `reason` | |\n|---|---|\n{rows}\n"


def _entry(code: str, status: int, title: str, meaning: str, *, again: bool = False) -> str:
    return f"### {code}\n\n{status} {title}. Again: {'yes' if again else 'no'}.\n{meaning}\n"
