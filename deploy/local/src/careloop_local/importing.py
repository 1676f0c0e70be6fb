"""`careloop import`: a file of customers, or of what they are to each other, into a running platform."""

import argparse
import asyncio
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from careloop_local import importer
from careloop_local.client import Gateway, Refused, read_key
from careloop_local.demo import figures
from careloop_local.demo.report import Report
from careloop_local.errors import LocalError
from careloop_local.stack.config import StackConfig


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="CSV or Parquet")
    parser.add_argument("--mapping", required=True, help="name or file of the mapping")
    parser.add_argument("--source", help="source system, in place of the mapping's")
    parser.add_argument(
        "--rejects", type=Path, help="file for what is not taken; beside the imported one without it"
    )
    parser.add_argument("--url", help="the gateway; the local platform's without it")
    parser.add_argument(
        "--key-file", type=Path, help="file with the API key; the local administrator's without it"
    )


def run(arguments: argparse.Namespace) -> int:
    config = StackConfig.from_environment()
    key = read_key(arguments.key_file or config.keys.admin)
    try:
        return asyncio.run(_import(arguments, arguments.url or config.gateway_url, key))
    except (Refused, OSError) as error:
        raise LocalError(str(error)) from error


async def _import(arguments: argparse.Namespace, url: str, key: str) -> int:
    report = Report(Console())
    rejects = arguments.rejects or arguments.file.with_suffix(".rejects.csv")
    async with Gateway.open(url, key) as gateway, report.open():
        line = report.start(f"Import {arguments.file.name}")
        mapping = await importer.load_mapping(gateway, arguments.mapping, source=arguments.source)
        done = await importer.import_file(gateway, arguments.file, mapping, line.update)
        report.say(
            f"{figures.count(done['rows_read'])} rows: {done['created']:,} created, {done['updated']:,} updated, "
            f"{done['unchanged']:,} unchanged, {done['rejected']:,} rejected"
        )
        if any(done.get("relations", {}).values()):
            report.say(_relations(done["relations"]))
        lines = await importer.save_rejects(gateway, done["import_id"], rejects)
    if lines:
        report.say(f"What was not taken, with line and reason: {rejects}")
    return 0


def _relations(counts: Mapping[str, int]) -> str:
    told = (f"{counts[name]:,} {name}" for name in ("stated", "changed", "unchanged", "refused"))
    return f"relations: {', '.join(told)}, {counts['open']:,} open: they wait for somebody"
