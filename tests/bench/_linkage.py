"""Public data with known answers, as records for linkage: FEBRL 3 and 4, and historical figures with errors."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

Raw = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Dataset:
    """`truth` says who each record really is; nothing that is measured looks at it before the end."""

    name: str
    raw: Sequence[Raw]
    truth: Sequence[str]
    plan: Mapping[str, Any]
    least: float


def _field(name: str, spelling: str) -> dict[str, str]:
    return {"name": name, "source": name, "spelling": spelling}


def _compare(field: str, *levels: str, frequencies: bool = False) -> dict[str, Any]:
    return {"field": field, "levels": [*levels, "else"], "frequencies": frequencies}


FEBRL: Mapping[str, Any] = {
    "fields": [
        *(_field(name, "words") for name in ("given_name", "surname", "address_1", "suburb", "state")),
        *(_field(name, "code") for name in ("postcode", "soc_sec_id", "street_number")),
        _field("date_of_birth", "date"),
    ],
    "keys": [
        ["given_name", "surname"], ["date_of_birth"], ["soc_sec_id"], ["surname", "postcode"],
        ["given_name", "postcode"], ["surname", "date_of_birth:4"], ["address_1"], ["given_name", "suburb"],
        ["surname", "suburb"], ["given_name:3", "surname:3"], ["surname:3", "postcode:3"],
    ],
    "comparisons": [
        _compare("given_name", "equal", "jaro_winkler 0.92", "jaro_winkler 0.8", frequencies=True),
        _compare("surname", "equal", "jaro_winkler 0.92", "jaro_winkler 0.8", frequencies=True),
        _compare("date_of_birth", "equal", "edits 1", "edits 2"),
        _compare("soc_sec_id", "equal", "edits 1", "edits 2"),
        _compare("postcode", "equal", "edits 1", "first 2"),
        _compare("street_number", "equal", "edits 1"),
        _compare("address_1", "equal", "jaro_winkler 0.92", "words 1", frequencies=True),
        _compare("suburb", "equal", "jaro_winkler 0.92", frequencies=True),
        _compare("state", "equal"),
    ],
    "learn_from": [["date_of_birth"], ["given_name", "surname"], ["soc_sec_id"]],
}  # fmt: skip

HISTORICAL: Mapping[str, Any] = {
    "fields": [
        *(_field(n, "words") for n in ("name", "first_name", "surname", "rest", "birth_place", "occupation", "gender")),
        _field("postcode", "code"),
        _field("dob", "date"),
    ],
    "keys": [
        ["name"], ["first_name", "surname"], ["surname", "dob"], ["first_name", "dob"], ["postcode"],
        ["dob", "birth_place"], ["dob", "occupation"], ["dob:7", "postcode:3"], ["name:6", "dob:4"],
        ["surname", "dob:4"], ["surname", "postcode:4"], ["surname", "birth_place"],
        ["surname", "first_name:3", "occupation"], ["first_name", "postcode:4"],
        ["first_name", "birth_place", "dob:4"], ["first_name", "birth_place", "occupation"],
        ["rest", "first_name"], ["rest", "surname"], ["rest", "birth_place"],
    ],
    "comparisons": [
        _compare("first_name", "equal", "jaro_winkler 0.92", "jaro_winkler 0.8", "first 1", frequencies=True),
        _compare("surname", "equal", "jaro_winkler 0.92", "jaro_winkler 0.8", frequencies=True),
        _compare("rest", "equal", "words 2", "words 1", frequencies=True),
        _compare("dob", "equal", "edits 1", "edits 2", "first 4", "days 3653"),
        _compare("birth_place", "equal", "jaro_winkler 0.92", "words 1", frequencies=True),
        _compare("postcode", "equal", "edits 1", "first 4", "first 2", frequencies=True),
        _compare("occupation", "equal", "jaro_winkler 0.92", frequencies=True),
        _compare("gender", "equal", frequencies=True),
    ],
    "learn_from": [["first_name", "surname"], ["dob"], ["postcode"]],
}  # fmt: skip


def febrl(name: str, files: Sequence[Path], least: float) -> Dataset:
    raw, truth = [], []
    for path in files:
        with path.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file, skipinitialspace=True):
                raw.append({key: value for key, value in row.items() if value and key != "rec_id"})
                truth.append(row["rec_id"].split("-")[1])
    return Dataset(name, raw, truth, FEBRL, least)


def historical(path: Path, least: float) -> Dataset:
    rows = pq.read_table(path).to_pylist()
    raw = []
    for row in rows:
        known = {key: value for key, value in row.items() if value}
        first, last = known.get("first_name", ""), known.get("surname", "")
        full = known.get("full_name", "").replace(",", " ")
        rest = [word for word in full.split() if word not in {*first.split(), *last.split(), "of", "the"}]
        found = {"name": full, "rest": " ".join(rest), "postcode": known.get("postcode_fake", "")}
        for name in ("first_name", "surname", "dob", "birth_place", "gender", "occupation"):
            found[name] = known.get(name, "")
        raw.append({key: value for key, value in found.items() if value})
    return Dataset("historical_50k", raw, [row["cluster"] for row in rows], HISTORICAL, least)
