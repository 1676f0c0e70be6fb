"""What is compared of customers of a telecom operator, unless somebody says otherwise."""

from collections.abc import Mapping
from typing import Any, Final


def _field(name: str, source: str, spelling: str) -> dict[str, str]:
    return {"name": name, "source": source, "spelling": spelling}


def _compared(field: str, *levels: str, frequencies: bool = False) -> dict[str, Any]:
    return {"field": field, "levels": [*levels, "else"], "frequencies": frequencies}


PLAN: Final[Mapping[str, Any]] = {
    "fields": [
        _field("name", "name", "name"),
        _field("phone", "phone", "code"),
        _field("email", "email", "line"),
        _field("region", "region", "words"),
        _field("birth_date", "attributes.birth_date", "date"),
        _field("gender", "attributes.gender", "words"),
        _field("address", "attributes.address", "words"),
        _field("postcode", "attributes.postcode", "code"),
        _field("occupation", "attributes.occupation", "words"),
    ],
    "keys": [
        ["phone"],
        ["email"],
        ["name", "birth_date:4"],
        ["name", "region"],
        ["name", "phone:-4"],
        ["birth_date", "phone:-4"],
        ["birth_date", "postcode"],
        ["name:2", "birth_date"],
        ["address"],
    ],
    "comparisons": [
        _compared("name", "equal", "jaro_winkler 0.92", "edits 1", "words 1", "first 1", frequencies=True),
        _compared("phone", "equal", "edits 1", "last 7", frequencies=True),
        _compared("email", "equal", "mailbox", "jaro_winkler 0.92", frequencies=True),
        _compared("region", "equal", frequencies=True),
        _compared("birth_date", "equal", "edits 1", "first 4", "days 3653"),
        _compared("gender", "equal"),
        _compared("address", "equal", "words 3", "jaro_winkler 0.92", "words 1", frequencies=True),
        _compared("postcode", "equal", "edits 1", "first 3", frequencies=True),
        _compared("occupation", "equal", "jaro_winkler 0.92", frequencies=True),
    ],
    "learn_from": [["phone"], ["name", "birth_date"], ["email"], ["name", "region"]],
}
