"""A contract for import-linter: the tables of a slice are its own.

`careloop_ticketing.sla.models` may be imported by `careloop_ticketing.sla` and by the migrations, which see all tables.
The ready-made `protected` contract says the same of one module; this one says it of every slice, also of the next one.
"""

from typing import Any

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output

_MAY_SEE_ALL = "migrations"


class PrivateTables(Contract):
    """`packages` are the services whose slices keep their `models` to themselves."""

    packages: Any = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: ARG002
        """Find every import of a slice's models from outside the slice."""
        found = sorted(
            (importer, models, line)
            for package in self.packages
            for slice_ in graph.find_children(package)
            if (models := f"{slice_}.models") in graph.modules
            for importer in graph.find_modules_that_directly_import(models)
            if not _inside(importer, slice_) and not _inside(importer, f"{package}.{_MAY_SEE_ALL}")
            for line in sorted(
                {
                    detail["line_number"]
                    for detail in graph.get_import_details(importer=importer, imported=models)
                }
            )
        )
        return ContractCheck(kept=not found, metadata={"found": found})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print each such import."""
        for importer, models, line in check.metadata["found"]:
            output.print_error(f"{importer} imports {models} (l.{line}); ask the slice instead", bold=False)


def _inside(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")
