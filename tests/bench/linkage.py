"""Linkage on public data with known answers: precision, recall and F1 of what is merged without anybody looking.

    python tests/bench/linkage.py [--data DIRECTORY] [--only historical_50k]

A model is trained on the records alone. Then they arrive one after the other in a random order, as customers do: each
is compared with those who share a key with it, and merged as the service would merge it. Nobody's answer is looked at
before all is done: the thresholds are the service's own (0.99 merges, 0.80 is shown to people, a person is joined
when more speaks for it than against it), the same for all data, and the prior is the one that the model settles on.
Besides, Splink scores the same pairs by the same document: the weights have to be equal.
"""

import argparse
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

from _linkage import Dataset, febrl, historical
from careloop_profile.linkage import policy, training
from careloop_profile.linkage.policy import Model, Record, Verdict
from careloop_profile.linkage.service.candidates import MOST_IN_BLOCK

DEFAULT = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "linkage"
PRECISION = 0.995


class Arrivals:
    """Records as they arrive, and the persons that they are taken for."""

    def __init__(self, model: Model, records: Sequence[Record]) -> None:
        self.model, self.records = model, records
        self.blocks: dict[str, list[int]] = defaultdict(list)
        self.person = list(range(len(records)))
        self.members = {number: [number] for number in self.person}
        self.weights: dict[tuple[int, int], float] = {}
        self.verdicts: dict[tuple[int, int], Verdict] = {}

    def weight(self, one: int, other: int) -> float:
        pair = (one, other) if one < other else (other, one)
        if pair not in self.weights:
            self.weights[pair] = self.model.score(self.records[pair[0]], self.records[pair[1]]).weight
        return self.weights[pair]

    def arrive(self, number: int) -> None:
        candidates: set[int] = set()
        for key in self.model.keys_of(self.records[number]):
            block = self.blocks[key]
            if len(block) <= MOST_IN_BLOCK:
                candidates.update(block)
                block.append(number)
        for other in sorted(candidates, key=lambda one: (-self.weight(number, one), one)):
            self.judge(number, other)

    def judge(self, one: int, other: int) -> None:
        ours, theirs = self.person[one], self.person[other]
        if ours == theirs:
            return
        probability = policy.probability_of(self.weight(one, other))
        if probability < policy.DOUBTFUL:
            return
        pairs = [(left, right) for left in self.members[ours] for right in self.members[theirs]]
        agreed = len(pairs) == 1 or policy.agree(self.weight(*pair) - self.model.prior for pair in pairs)
        verdict = policy.verdict(probability, agreed=agreed)
        self.verdicts[one, other] = verdict
        if verdict is Verdict.MERGE:
            for member in self.members[theirs]:
                self.person[member] = ours
            self.members[ours] += self.members.pop(theirs)


def pairs(labels: Sequence[object]) -> int:
    return sum(count * (count - 1) // 2 for count in Counter(labels).values())


def measure(dataset: Dataset, seed: int) -> bool:
    began = time.process_time()
    blank = policy.read(0, {**dataset.plan, "comparisons": [], "frequencies": {}, "prior": 0.5})
    known = [blank.record(raw, lambda _, value: value) for raw in dataset.raw]
    document = training.train(known, dataset.plan, lambda _, value: value)
    trained = time.process_time()
    model = policy.read(1, document)
    records = [model.record(raw, lambda _, value: value) for raw in dataset.raw]
    arrivals = Arrivals(model, records)
    order = list(range(len(records)))
    random.Random(seed).shuffle(order)
    for number in order:
        arrivals.arrive(number)
    done = time.process_time()
    truth = dataset.truth
    both = pairs(list(zip(arrivals.person, truth, strict=True)))
    found, real = pairs(arrivals.person), pairs(truth)
    precision, recall, f1 = both / found, both / real, 2 * both / (found + real)
    sure = [
        pair for pair, weight in arrivals.weights.items() if policy.probability_of(weight) >= policy.CERTAIN
    ]
    right = sum(truth[one] == truth[other] for one, other in sure) / len(sure)
    merges = judged(arrivals, truth, Verdict.MERGE)
    reviews = judged(arrivals, truth, Verdict.REVIEW)
    print(f"{dataset.name}: {len(records):,} records, {real:,} pairs are one person")
    print(f"  merged     P {precision:.4f}  R {recall:.4f}  F1 {f1:.4f}  (wanted {dataset.least})")
    print(
        f"  decisions  {merges[0]:,} merges, {merges[1]:.4f} of them right; pairs from 0.99 on: {right:.4f} right"
    )
    print(f"  to review  {reviews[0]:,}, of which {reviews[1]:.2f} are one person")
    print(f"  CPU        {trained - began:.1f} s to train, {done - trained:.1f} s to link"
          f" ({(done - trained) / len(arrivals.weights) * 1e6:.1f} µs a pair, {len(arrivals.weights):,} pairs)")  # fmt: skip
    equal = same_weights(model, records, document)
    return f1 >= dataset.least and merges[1] >= PRECISION and right >= PRECISION and equal


def judged(arrivals: Arrivals, truth: Sequence[str], verdict: Verdict) -> tuple[int, float]:
    those = [pair for pair, found in arrivals.verdicts.items() if found is verdict]
    return len(those), sum(truth[one] == truth[other] for one, other in those) / max(len(those), 1)


def same_weights(model: Model, records: Sequence[Record], document: dict[str, object]) -> bool:
    theirs = training.weights(records, document)
    worst = max(abs(model.score(records[a], records[b]).weight - weight) for (a, b), weight in theirs.items())
    print(f"  Splink     {len(theirs):,} pairs scored by both, largest difference {worst:.1e} bits")
    return worst < 1e-6


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=DEFAULT, help="where the public files are")
    parser.add_argument("--only", help="one of febrl3, febrl4, historical_50k")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    data: Path = given.data
    datasets = [
        febrl("febrl3", [data / "dataset3.csv"], 0.995),
        febrl("febrl4", [data / "dataset4a.csv", data / "dataset4b.csv"], 0.998),
        historical(data / "historical_figures_with_errors_50k.parquet", 0.86),
    ]
    chosen = [one for one in datasets if given.only in {None, one.name}]
    passed = [measure(dataset, given.seed) for dataset in chosen]
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
