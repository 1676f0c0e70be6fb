"""What a run works on: the operator's files, or simulated ones; and who of the imported customers complains of what."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from careloop_local.demo.journey import Filing, Known, Plan
from careloop_local.errors import LocalError
from careloop_local.simulator import complaints, customers, files
from careloop_local.simulator.dice import stream

TEXT_COLUMNS = ("Customer Complaint", "complaint", "text", "description", "投诉内容")
CHANNEL_COLUMNS = ("Received Via", "channel", "渠道")
NUMBER_COLUMNS = ("customer_no", "customer_id", "客户编号")
CHANNELS = {"customer care call": "hotline", "internet": "web"}


class ComplaintsUnreadable(LocalError):
    """The file of complaints has no column with the text."""


def check_complaints(path: Path) -> None:
    """Refuse a file that `filings` could not read."""
    try:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            _text_column(path, csv.DictReader(file))
    except OSError as error:
        raise ComplaintsUnreadable(f"{path} cannot be read: {error.strerror}") from error


def simulated_customers(plan: Plan) -> Path:
    """A file of simulated customers as an operator's system would export it."""
    path = plan.folder / "customers.csv"
    files.write_customers(path, customers.simulate(plan.size.customers, seed=plan.seed, today=plan.today))
    return path


def filings(plan: Plan, people: dict[str, Known]) -> list[Filing]:
    """The complaints of the run; those from a file that names nobody are given to customers deterministically."""
    present = [customer for customer in people.values() if customer.present]
    if plan.complaints is not None:
        return list(_from_file(plan, plan.complaints, people, present))
    written = complaints.simulate(present, plan.size.complaints, seed=plan.seed)
    return [Filing(one.number, one.customer_no, one.channel, one.text) for one in written]


def _from_file(
    plan: Plan, path: Path, people: dict[str, Known], present: Sequence[Known]
) -> Iterator[Filing]:
    dice = stream(plan.seed, "complainants")
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        reader = csv.DictReader(file)
        text = _text_column(path, reader)
        columns = reader.fieldnames or ()
        channel = next((name for name in CHANNEL_COLUMNS if name in columns), "")
        number = next((name for name in NUMBER_COLUMNS if name in columns), "")
        for count, row in enumerate(reader, start=1):
            named = people.get(row.get(number) or "")
            complainant = named or dice.choice(present)
            if wording := _wording(row, text):
                yield Filing(count, complainant.customer_no, _channel(row.get(channel)), wording)


def _text_column(path: Path, reader: "csv.DictReader[str]") -> str:
    text = next((name for name in TEXT_COLUMNS if name in (reader.fieldnames or ())), None)
    if text is None:
        raise ComplaintsUnreadable(f"{path.name} has none of the columns {', '.join(TEXT_COLUMNS)}")
    return text


def _wording(row: dict[str, str], text: str) -> str:
    """The complaint with where it came from, as the receiving desk would note it."""
    place = ", ".join(filter(None, (row.get("City"), row.get("State"))))
    said = (row.get(text) or "").strip()
    return f"{said} ({place})" if said and place else said


def _channel(said: str | None) -> str:
    word = (said or "").strip().lower()
    return CHANNELS.get(word, word or "hotline")
