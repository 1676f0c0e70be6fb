"""What a run works on: the operator's files, or simulated ones; and who of the imported customers complains of what."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from careloop_local.demo.journey import Filing, Known, Plan
from careloop_local.demo.table import Reject, read
from careloop_local.errors import LocalError
from careloop_local.simulator import complaints, customers, files
from careloop_local.simulator.dice import stream

TEXT_COLUMNS = ("Customer Complaint", "complaint", "text", "description", "投诉内容")
CHANNEL_COLUMNS = ("Received Via", "channel", "渠道")
NUMBER_COLUMNS = ("customer_no", "customer_id", "客户编号")
CHANNELS = {
    "customer care call": "hotline",
    "internet": "web",
    "热线": "hotline",
    "电话": "hotline",
    "网上": "web",
    "微信": "wechat",
    "短信": "sms",
    "邮件": "email",
    "营业厅": "store",
}
CHANNEL = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
LONGEST_TEXT = 20_000
CONTROL = re.compile(r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]")


class ComplaintsUnreadable(LocalError):
    """The file of complaints has no column with the text."""


class NobodyComplains(LocalError):
    """Complaints need somebody who is a customer."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """One row of a file; without a `customer_no`, a customer is chosen for it."""

    line: int
    customer_no: str
    channel: str
    text: str


@dataclass(frozen=True, slots=True)
class Complaints:
    """What a file holds: the complaints, and the rows that are left out."""

    encoding: str
    rows: Sequence[Complaint]
    rejects: Sequence[Reject]


def read_complaints(path: Path) -> Complaints:
    """All rows that are complaints; refuses a file that has no column with the text."""
    table = read(path)
    text = _column(table.header, TEXT_COLUMNS)
    if not text:
        raise ComplaintsUnreadable(
            f"{path.name} has none of the columns {', '.join(TEXT_COLUMNS)}; read as {table.encoding}, its columns are "
            f"{', '.join(table.header)[:200] or 'none'}"
        )
    channel, number = _column(table.header, CHANNEL_COLUMNS), _column(table.header, NUMBER_COLUMNS)
    rows, rejects = [], list(table.rejects)
    for line, row in table.rows:
        said = Complaint(line, row.get(number, "").strip(), _channel(row.get(channel)), _wording(row, text))
        if wrong := _wrong(said):
            rejects.append(Reject(line, wrong))
        else:
            rows.append(said)
    return Complaints(table.encoding, rows, sorted(rejects, key=lambda reject: reject.line))


def simulated_customers(plan: Plan) -> Path:
    """A file of simulated customers as an operator's system would export it."""
    path = plan.folder / "customers.csv"
    files.write_customers(path, customers.simulate(plan.size.customers, seed=plan.seed, today=plan.today))
    return path


def filings(plan: Plan, people: dict[str, Known]) -> list[Filing]:
    """The complaints of the run; those from a file that names nobody are given to customers deterministically."""
    present = [customer for customer in people.values() if customer.present]
    if not present:
        raise NobodyComplains(f"none of the {len(people)} customers is active")
    if plan.complaints is not None:
        return list(_given(plan, read_complaints(plan.complaints), people, present))
    written = complaints.simulate(present, plan.size.complaints, seed=plan.seed)
    return [Filing(one.number, one.customer_no, one.channel, one.text) for one in written]


def _given(
    plan: Plan, found: Complaints, people: dict[str, Known], present: Sequence[Known]
) -> Iterator[Filing]:
    dice = stream(plan.seed, "complainants")
    for number, row in enumerate(found.rows, start=1):
        complainant = people.get(row.customer_no) or dice.choice(present)
        yield Filing(number, complainant.customer_no, row.channel, row.text)


def _column(header: Sequence[str], names: Sequence[str]) -> str:
    return next((name for name in names if name in header), "")


def _wrong(said: Complaint) -> str:
    """Why ticketing would refuse it."""
    if not said.text:
        return "text_missing"
    if len(said.text) > LONGEST_TEXT:
        return "text_too_long"
    return "" if CHANNEL.fullmatch(said.channel) else "channel_unknown"


def _wording(row: Mapping[str, str], text: str) -> str:
    """The complaint with where it came from, as the receiving desk would note it."""
    place = ", ".join(filter(None, (row.get("City"), row.get("State"))))
    said = CONTROL.sub(" ", row[text]).strip()
    return f"{said} ({place})" if said and place else said


def _channel(said: str | None) -> str:
    word = " ".join((said or "").lower().split())
    return CHANNELS.get(word, word.replace(" ", "-") or "hotline")
