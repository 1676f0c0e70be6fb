"""Each distribution declares what it imports, by itself: what comes along with another dependency may leave with it.

python tools/declared.py

`tools/isolation.py` cannot see this: what is imported is there, as long as somebody needs it.
"""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def undeclared(member: Path, owners: Mapping[str, Sequence[str]]) -> list[str]:
    """`file:line: imports x, of y` for each import whose distribution the member's pyproject.toml does not name."""
    project = tomllib.loads((member / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project.get("optional-dependencies", {}).values()
    stated = [project["name"], *project.get("dependencies", ()), *(one for extra in extras for one in extra)]
    declared = {_normal(requirement) for requirement in stated}
    return [
        f"{file}:{line}: imports {package}, of {' or '.join(sorted(of))}"
        for file in sorted((member / "src").rglob("*.py"))
        for line, package in _imports(ast.parse(file.read_text(encoding="utf-8")))
        if not declared & (of := {_normal(name) for name in owners.get(package) or (package,)})
    ]


def _imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or ""]
        else:
            continue
        for name in names:
            package = name.partition(".")[0]
            if package not in sys.stdlib_module_names:
                yield node.lineno, package


def _normal(requirement: str) -> str:
    """The name alone, as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=!~; ]", requirement)[0]).lower()


def main() -> int:
    """Check every member; ends with 1 if one imports what it does not declare."""
    members = [
        *sorted((ROOT / "libs").iterdir()),
        *sorted((ROOT / "services").iterdir()),
        ROOT / "gateway",
        ROOT / "deploy/local",
    ]
    owners = packages_distributions()
    found = [problem for member in members for problem in undeclared(member, owners)]
    for problem in found:
        sys.stdout.write(f"{problem.removeprefix(f'{ROOT}/')}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
