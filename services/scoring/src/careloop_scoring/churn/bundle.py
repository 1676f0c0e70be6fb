"""A model as files: LightGBM text and JSON, each with its SHA-256, and golden rows that are replayed at load.

Nothing here can run code when it is read: there is no pickle.
"""

import hashlib
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from careloop_scoring.churn.calibration import Calibrator
from careloop_scoring.churn.errors import ArtefactDamaged
from careloop_scoring.churn.features import Record, Specification
from careloop_scoring.churn.linear import Linear
from careloop_scoring.churn.model import FULL, Member, Model

GOLDEN_ROWS = 100
TOLERANCE = 1e-9

FEATURES, CURVES, CALIBRATION, GOLDEN = "features.json", "curves.json", "calibration.json", "golden.json"


@dataclass(frozen=True, slots=True)
class File:
    name: str
    sha256: str
    content: bytes


def save(model: Model, records: Sequence[Record]) -> tuple[File, ...]:
    """The files of a model; golden rows mix the values of `records`, so that no row is a customer."""
    members = {"full": model.full} | {str(k): member for k, member in enumerate(model.held_out)}
    golden = golden_rows(model.specification, records)
    expected = model.score(golden, [FULL] * len(golden))
    contents = {f"trees-{name}.txt": member.trees.model_to_string() for name, member in members.items()}
    contents |= {
        FEATURES: model.specification.to_json(),
        CURVES: json.dumps({name: asdict(member.curve) for name, member in members.items()}),
        CALIBRATION: json.dumps({name: member.calibrator.to_dict() for name, member in members.items()}),
        GOLDEN: json.dumps(
            {
                "rows": golden,
                "probabilities": expected.probabilities.tolist(),
                "contributions": expected.contributions.tolist(),
            },
            ensure_ascii=False,
        ),
    }
    return tuple(_file(name, text) for name, text in sorted(contents.items()))


def load(files: Sequence[File]) -> Model:
    """The model again, or `ArtefactDamaged`: a digest differs, or the golden rows come out otherwise."""
    from lightgbm import Booster
    from lightgbm.basic import LightGBMError

    texts = {file.name: _text(file) for file in files}
    try:
        curves, calibration = json.loads(texts[CURVES]), json.loads(texts[CALIBRATION])
        members = {
            name: Member(
                Booster(model_str=texts[f"trees-{name}.txt"]),
                Linear.from_dict(curves[name]),
                Calibrator.from_dict(calibration[name]),
            )
            for name in curves
        }
        model = Model(
            Specification.from_json(texts[FEATURES]),
            members["full"],
            tuple(members[str(k)] for k in range(len(members) - 1)),
        )
        golden = json.loads(texts[GOLDEN])
    except (KeyError, ValueError, LightGBMError) as error:
        raise ArtefactDamaged(f"unreadable: {error}") from error
    _replay(model, golden)
    return model


def _replay(model: Model, golden: Mapping[str, Any]) -> None:
    found = model.score(golden["rows"], [FULL] * len(golden["rows"]))
    for got, name in ((found.probabilities, "probabilities"), (found.contributions, "contributions")):
        worst = float(np.max(np.abs(got - np.array(golden[name])), initial=0.0))
        if not worst <= TOLERANCE:
            raise ArtefactDamaged(f"golden rows differ by {worst:.2g} in {name}")


def golden_rows(spec: Specification, records: Sequence[Record]) -> list[dict[str, Any]]:
    random = np.random.default_rng(len(records))
    count = min(GOLDEN_ROWS, len(records))
    picks = {name: random.integers(0, len(records), count) for name in spec.names}
    return [{name: records[int(picks[name][i])].get(name) for name in spec.names} for i in range(count)]


def _file(name: str, text: str) -> File:
    content = zlib.compress(text.encode(), 6)
    return File(name, hashlib.sha256(content).hexdigest(), content)


def _text(file: File) -> str:
    if hashlib.sha256(file.content).hexdigest() != file.sha256:
        raise ArtefactDamaged(f"{file.name} is not what was stored")
    try:
        return zlib.decompress(file.content).decode()
    except (zlib.error, UnicodeDecodeError) as error:
        raise ArtefactDamaged(f"{file.name}: {error}") from error
