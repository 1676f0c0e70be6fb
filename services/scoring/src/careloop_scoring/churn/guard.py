"""Leakage guard: what exists only because a customer left must not predict that he leaves."""

import re
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from careloop_scoring.churn.features import Kind, Matrix, Specification

MAX_SINGLE_AUC = 0.97
"""One honest fact alone does not separate leavers this well."""

MAX_MISSING_GAP = 0.5
"""Share of missing values among leavers minus that among the others."""

FEW = 30
"""So few rows without a value may all be leavers' by chance."""

MAX_LEAVERS_AMONG_MISSING = 0.95
"""Where one source of many leaves a value out for its leavers only, the gap over all rows is small."""

_WORDS = re.compile(
    r"(^|_)(churn(ed|er)?|left|leav(e|er|ing)|lost|cancel\w*|terminat\w*|closure|closed|ended|"
    r"win_?back|retention|tier|segment|deactivat\w*|port(ed)?_out)(_|$)"
)
_NAMES = {"status", "customer_status", "account_status", "subscription_status", "contract_status"}


def forbidden(name: str) -> bool:
    """Whether a field is written on or after leaving, judging by its name."""
    bare = name.casefold().removeprefix("care_flag_")
    return bare in _NAMES or _WORDS.search(bare) is not None


def leaks(spec: Specification, matrix: Matrix, labels: NDArray[np.int64]) -> Mapping[str, str]:
    """The columns to leave out, each with the reason."""
    found: dict[str, str] = {}
    for column, feature in enumerate(spec.features):
        if forbidden(feature.name):
            found[feature.name] = "known only after leaving"
            continue
        values = matrix[:, column]
        absent = np.isnan(values)
        gap = abs(float(absent[labels == 1].mean()) - float(absent[labels == 0].mean()))
        if gap > MAX_MISSING_GAP:
            found[feature.name] = f"missing by label (gap {gap:.2f})"
        elif absent.sum() >= FEW and labels[absent].mean() > MAX_LEAVERS_AMONG_MISSING:
            found[feature.name] = "missing of leavers only"
        elif (alone := _single_auc(values, labels, feature.kind)) > MAX_SINGLE_AUC:
            found[feature.name] = f"separates the labels alone (AUC {alone:.3f})"
    return found


def _single_auc(values: Matrix, labels: NDArray[np.int64], kind: Kind) -> float:
    from sklearn.metrics import roc_auc_score

    groups = values if kind is Kind.CATEGORY else _deciles(values)
    _, positions = np.unique(np.where(np.isnan(groups), -1.0, groups), return_inverse=True)
    rates = np.bincount(positions, weights=labels) / np.bincount(positions)
    return float(roc_auc_score(labels, rates[positions]))


def _deciles(values: Matrix) -> Matrix:
    present = values[np.isfinite(values)]
    edges = np.unique(np.quantile(present, np.linspace(0.1, 0.9, 9))) if present.size else np.array([0.0])
    return np.where(np.isnan(values), np.nan, np.searchsorted(edges, values).astype(np.float64))
