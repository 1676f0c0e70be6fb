"""Cleansing personal data: how much comes out right or rightly flagged, what is repaired wrongly, and how fast.

    python tests/bench/cleansing.py --values 240000

The values and what corrupts them are in `_corruptions.py`. A value is right if it comes out as it was; it is rightly flagged
if it was lost and is refused or flagged. All else is wrong: a clean value that is flagged, one that could be known and was
refused, and one that is not what it was and passes without a word. A wrong repair is a repair that gives another value.
"""

import argparse
import gc
import sys
import time
from collections import Counter
from datetime import date
from itertools import chain

from _corruptions import KINDS, Case, cases
from careloop_profile.cleansing.policy import FieldName, Setting, read
from careloop_profile.identifiers.policy import Outcome

SETTING = Setting(date(2026, 11, 1))
RIGHT, WRONG, RATE = 0.997, 0.001, 100_000
ROUNDS = 5


def verdict(case: Case, outcome: Outcome) -> str:
    if outcome.value == case.truth:
        unasked = outcome.flags and case.recoverable
        return "flagged for nothing" if unasked else "right"
    if outcome.repaired:
        return "repaired wrongly"
    if case.recoverable and outcome.value is None:
        return "refused for nothing"
    return "flagged" if outcome.value is None or outcome.flags else "passed unnoticed"


def accuracy(everything: list[Case], *, shown: int) -> bool:
    found: Counter[tuple[str, str]] = Counter()
    examples: dict[tuple[str, str, str], tuple[str, str]] = {}
    for case in everything:
        outcome = read(case.kind, case.raw, SETTING)  # type: ignore[arg-type]
        result = verdict(case, outcome)
        found[case.kind, result] += 1
        if result not in {"right", "flagged"}:
            examples.setdefault((case.kind, case.corruption, result), (case.raw, str(outcome.value)))
    print(f"{'':16} {'values':>8} {'right':>9} {'flagged':>9} {'wrong':>7} {'good':>9} {'wrong repairs':>14}")
    good = wrong_repairs = 0
    for kind in KINDS:
        counts = {result: many for (one, result), many in found.items() if one == kind}
        total, right, flagged = sum(counts.values()), counts.get("right", 0), counts.get("flagged", 0)
        repairs = counts.get("repaired wrongly", 0)
        good, wrong_repairs = good + right + flagged, wrong_repairs + repairs
        print(
            f"{kind:16} {total:8,} {right:9,} {flagged:9,} {total - right - flagged:7,} "
            f"{(right + flagged) / total:9.4%} {repairs / total:14.4%}"
        )
    share, repaired = good / len(everything), wrong_repairs / len(everything)
    print(f"{'all':16} {len(everything):8,} {'':27} {share:9.4%} {repaired:14.4%}")
    for (kind, corruption, result), (raw, value) in list(examples.items())[:shown]:
        print(f"  {kind}, {corruption}: {result}, {raw!r} -> {value!r}")
    return share >= RIGHT and repaired <= WRONG


def speed(kind: FieldName, values: list[str]) -> float:
    """Values a second of one core, best of some rounds: others share the machine."""
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.process_time()
        for value in values:
            read(kind, value, SETTING)
        best = min(best, time.process_time() - began)
    return len(values) / best


def rates(everything: list[Case]) -> bool:
    """The fast path is for what is written as most people write it; the whole includes all corruptions."""
    gc.disable()
    enough = True
    print(f"\n{'':16} {'clean/s':>12} {'all/s':>12}")
    for kind in KINDS:
        clean = [case.raw for case in everything if case.kind == kind and case.corruption == "clean"]
        mixed = [case.raw for case in everything if case.kind == kind]
        fast = speed(kind, clean)  # type: ignore[arg-type]
        print(f"{kind:16} {fast:12,.0f} {speed(kind, mixed):12,.0f}")  # type: ignore[arg-type]
        enough = enough and fast >= RATE
    gc.enable()
    return enough


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--values", type=int, default=240_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--examples", type=int, default=20, help="wrong ones to show")
    given = parser.parse_args()
    many = given.values // len(KINDS)
    everything = list(chain.from_iterable(cases(kind, many, given.seed) for kind in KINDS))
    print(f"seed {given.seed}")
    accurate = accuracy(everything, shown=given.examples)
    fast = rates(everything)
    print(
        f"\nbar: {RIGHT:.1%} right or rightly flagged, {WRONG:.1%} wrong repairs, {RATE:,} clean values/s per core"
    )
    return 0 if accurate and fast else 1


if __name__ == "__main__":
    sys.exit(main())
