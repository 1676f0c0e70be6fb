"""Training a model: Splink learns m and u from the customers alone, without anybody telling it who is who.

Needs the extra `linkage`; what scores by the model does not. Names and numbers are open in memory only: DuckDB may not
write to disk, and of values the document has keyed hashes.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

import duckdb
import pyarrow as pa
import splink
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

from careloop_profile.linkage.policy.levels import EQUAL, level
from careloop_profile.linkage.policy.model import Hashed
from careloop_profile.linkage.policy.records import Record, split_part

MOST_TERMS: Final = 5_000
FEWEST: Final = 5
"""Customers that must have a value before its frequency is kept: what fewer have could tell who they are."""
LEAST: Final = 50
"""Customers without whom nothing is learnt."""
SPARSE: Final = 0.01
"""Share of customers that must have a field before anything is learnt of it."""
_SEED: Final = 1
_ROUNDS: Final = 25


class NothingToLearn(Exception):
    """There are too few customers, or too few who might be one person; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is compared for the estimates of u, and by how many threads."""

    pairs: float = 2e7
    threads: int = 1


def train(
    records: Sequence[Record], plan: Mapping[str, Any], hashed: Hashed, effort: Effort = Effort()
) -> dict[str, Any]:
    """A model's document for a plan, learnt from these records."""
    if len(records) < LEAST:
        raise NothingToLearn(f"{len(records)} customers are too few, {LEAST} are needed")
    plan = _within_reach(plan, records)
    connection = duckdb.connect(
        ":memory:", config={"threads": effort.threads, "temp_directory": "", "preserve_insertion_order": True}
    )
    try:
        linker = _linker(connection, plan, records)
        linker.training.estimate_u_using_random_sampling(
            max_pairs=effort.pairs, seed=_SEED, min_count_per_level=1000
        )
        for key in plan["learn_from"]:
            linker.training.estimate_parameters_using_expectation_maximisation(block_on(*map(_sql, key)))
        document = _document(plan, records, linker.misc.save_model_to_json(), hashed)
        return document | _settled(linker, document, len(records))
    finally:
        connection.close()


def weights(records: Sequence[Record], document: Mapping[str, Any]) -> dict[tuple[int, int], float]:
    """What Splink itself makes of the pairs that the keys bring together, by places: to compare the two scorers."""
    connection = duckdb.connect(":memory:", config={"temp_directory": ""})
    try:
        linker = _linker(connection, document, records)
        found = _table(linker.inference.predict())
        columns = (found[name].to_pylist() for name in ("unique_id_l", "unique_id_r", "match_weight"))
        return {(one, other): weight for one, other, weight in zip(*columns, strict=True)}
    finally:
        connection.close()


def _within_reach(plan: Mapping[str, Any], records: Sequence[Record]) -> dict[str, Any]:
    """The plan without the fields that hardly anybody has."""
    filled = Counter(chain.from_iterable(record.values for record in records))
    known = {one["name"] for one in plan["fields"] if filled[one["name"]] > SPARSE * len(records)}

    def usable(keys: Sequence[Sequence[str]]) -> list[list[str]]:
        return [list(key) for key in keys if {split_part(part)[0] for part in key} <= known]

    comparisons = [one for one in plan["comparisons"] if one["field"] in known]
    learn_from = usable(plan["learn_from"])
    if not comparisons or not learn_from:
        raise NothingToLearn("hardly any customer has the fields of the plan")
    for one in comparisons:
        if all(one["field"] in {split_part(part)[0] for part in key} for key in learn_from):
            raise NothingToLearn(f"nothing is learnt about {one['field']!r}: it is in all of learn_from")
    return {
        "fields": [one for one in plan["fields"] if one["name"] in known],
        "keys": usable(plan["keys"]),
        "comparisons": comparisons,
        "learn_from": learn_from,
    }


def _linker(connection: Any, plan: Mapping[str, Any], records: Sequence[Record]) -> Linker:
    names = [one["name"] for one in plan["fields"]]
    columns: dict[str, Any] = {
        name: pa.array([record.values.get(name) for record in records], pa.string()) for name in names
    }
    table = pa.table({"unique_id": pa.array(range(len(records)), pa.int64())} | columns)
    settings = SettingsCreator(
        link_type="dedupe_only",
        probability_two_random_records_match=plan.get("prior", 1 / len(records)),
        comparisons=[_comparison(one, plan, records) for one in plan["comparisons"]],
        blocking_rules_to_generate_predictions=[block_on(*map(_sql, key)) for key in plan["keys"]],
        retain_matching_columns=False,
    )
    return Linker(DuckDBAPI(connection).register(table), settings, log_level=None)


def _comparison(one: Mapping[str, Any], plan: Mapping[str, Any], records: Sequence[Record]) -> dict[str, Any]:
    name = one["field"]
    ours, theirs = f'"{name}_l"', f'"{name}_r"'
    levels: list[dict[str, Any]] = [
        {"sql_condition": f"{ours} IS NULL OR {theirs} IS NULL", "is_null_level": True}
    ]
    for item in _levels(one):
        found: dict[str, Any] = {"sql_condition": level(item["when"]).sql.format(one=ours, other=theirs)}
        if "m" in item:
            found |= {"m_probability": item["m"], "u_probability": item["u"]}
        if item["when"] == EQUAL and (floor := _floor(one, plan, records)):
            found |= {"tf_adjustment_column": name, "tf_minimum_u_value": floor}
        levels.append(found | {"label_for_charts": item["when"]})
    return {"output_column_name": name, "comparison_levels": levels}


def _levels(one: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Of a plan's comparison, which has words, and of a model's, which has weights as well."""
    return [item if isinstance(item, dict) else {"when": item} for item in one["levels"]]


def _floor(one: Mapping[str, Any], plan: Mapping[str, Any], records: Sequence[Record]) -> float | None:
    if "frequencies" in plan:
        known = plan["frequencies"].get(one["field"])
        return float(known["floor"]) if known else None
    return _common(one["field"], records)[0] if one.get("frequencies") else None


def _common(name: str, records: Sequence[Record]) -> tuple[float, dict[str, float]]:
    """The values that many have with the share of those who have any, and the share below which a value is rare."""
    counted = Counter(record.values[name] for record in records if name in record.values)
    total = counted.total()
    most = counted.most_common(MOST_TERMS + 1)
    fewest = max(FEWEST, most[-1][1] if len(most) > MOST_TERMS else 0)
    return fewest / total, {value: count / total for value, count in most if count > fewest}


def _sql(part: str) -> str:
    name, length = split_part(part)
    if not length:
        return f'"{name}"'
    return f'left("{name}", {length})' if length > 0 else f'right("{name}", {-length})'


def _document(
    plan: Mapping[str, Any], records: Sequence[Record], trained: Mapping[str, Any], hashed: Hashed
) -> dict[str, Any]:
    comparisons, frequencies = [], {}
    for one, learnt in zip(plan["comparisons"], trained["comparisons"], strict=True):
        name, levels = (
            one["field"],
            [item for item in learnt["comparison_levels"] if not item.get("is_null_level")],
        )
        comparisons.append(
            {
                "field": name,
                "levels": [
                    {"when": when} | _chances(item) for when, item in zip(one["levels"], levels, strict=True)
                ],
            }
        )
        if one.get("frequencies"):
            floor, terms = _common(name, records)
            frequencies[name] = {
                "floor": floor,
                "terms": {hashed(name, value): share for value, share in sorted(terms.items())},
            }
    return {
        "fields": plan["fields"],
        "keys": plan["keys"],
        "comparisons": comparisons,
        "frequencies": frequencies,
        "prior": trained["probability_two_random_records_match"],
    }


def _chances(item: Mapping[str, Any]) -> dict[str, float]:
    """m and u of a level. One that was never seen says nothing; one that was seen on one side only says much."""
    m, u = (_observed(item.get(name)) for name in ("m_probability", "u_probability"))
    rare = 1e-6
    if not m and not u:
        return {"m": rare, "u": rare}
    return {"m": m or min(u, 1e-4), "u": u or min(m, rare)}


def _observed(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0


def _settled(linker: Linker, document: Mapping[str, Any], customers: int) -> dict[str, Any]:
    """The prior at which as many pairs are one person as the model expects: what is expected of it depends on it."""
    scores = _table(linker.inference.predict())["match_weight"].to_numpy()
    odds = 2.0**scores * (1 - document["prior"]) / document["prior"]
    pairs, prior = customers * (customers - 1) / 2, document["prior"]
    for _ in range(_ROUNDS):
        expected = float((odds * prior / (1 - prior + odds * prior)).sum())
        prior = min(max(expected, 1.0) / pairs, 0.5)
    training = {
        "customers": customers,
        "pairs": len(scores),
        "expected": round(expected),
        "splink": splink.__version__,
    }
    return {"prior": prior, "training": training}


def _table(predicted: Any) -> Any:
    # Splink has types, but not here.
    return predicted.as_pyarrow_table()
