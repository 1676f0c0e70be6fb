"""Write the generated pages: `python -m careloop_local.docs [directory]`."""

import sys
from pathlib import Path

from careloop_local.docs import errors, settings


def main(directory: Path) -> None:
    (directory / "operations").mkdir(parents=True, exist_ok=True)
    (directory / "errors.md").write_text(errors.render(errors.collect()), encoding="utf-8")
    (directory / "operations" / "settings.md").write_text(
        settings.render(settings.collect()), encoding="utf-8"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs"))
