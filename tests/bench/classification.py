"""The shipped rule set on real texts: how many it has something to say of, whether people would agree, how long it takes.

    python tests/bench/classification.py [FILE …]

Files by their form: a CSV with a column of complaints, utterances with intents, or reviews with a label (also TSV, also
gzipped), or dialogs of a hotline as JSON. Without arguments the usual ones, as far as they are there.

What the agreement measures. Reviews are labelled good or bad by their writers: the figures compare "bad" with "at least
dissatisfied", so a bad review in calm words counts as missed. Utterances have a tag where they swear: compared with "at least
angry"; they are synthetic, and the rule set has their few swear-words. Intents that are about money are compared with
the product billing. Complaints and dialogs have no labels: only coverage is shown.
"""

import argparse
import csv
import gzip
import io
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from careloop_ticketing import defaults
from careloop_ticketing.classification import policy
from careloop_ticketing.classification.policy import Emotion, RuleSet, Verdict

DATA: Final = Path(__file__).resolve().parents[2] / ".." / "shared" / "data"
USUAL: Final = (
    "comcast_telecom_complaints.csv",
    "mobilecs_chinamobile_10_dialogs.json",
    "online_shopping_10_cats.csv.gz",
    "chnsenticorp/dev.tsv",
    "bitext_cs_train.csv",
)
MONEY = {
    "check_cancellation_fee",
    "check_invoice",
    "check_payment_methods",
    "check_refund_policy",
    "get_invoice",
}
MONEY |= {"get_refund", "payment_issue", "track_refund"}
BUDGET: Final = 150
"""Microseconds for a text of 200 characters."""


@dataclass(frozen=True, slots=True)
class Text:
    text: str
    kind: str = "complaint"
    labels: dict[str, bool] = field(default_factory=dict)
    """What somebody said about it."""


AGREES: Final[dict[str, Callable[[Verdict], bool]]] = {
    "a bad review is at least dissatisfied": lambda verdict: (
        verdict.emotion.rank >= Emotion.DISSATISFIED.rank
    ),
    "who swears is at least angry": lambda verdict: verdict.emotion.rank >= Emotion.ANGRY.rank,
    "an intent about money is billing": lambda verdict: verdict.product == "billing",
}


def read(path: Path) -> list[Text]:
    raw = path.read_bytes()
    content = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8-sig", "replace")
    if path.suffix == ".json":
        return [Text("\n".join(_customer(turns["content"])), "inquiry") for turns in json.loads(content)]
    if path.name.endswith(".tsv"):
        rows = csv.DictReader(io.StringIO(content), delimiter="\t", quoting=csv.QUOTE_NONE)
    else:
        rows = csv.DictReader(io.StringIO(content))
    return [_text(row) for row in rows]


def _customer(turns: Iterable[dict[str, Any]]) -> Iterable[str]:
    return (turn["[SPEAKER 2]"] for turn in turns if "[SPEAKER 2]" in turn)


def _text(row: dict[str, str]) -> Text:
    if (utterance := row.get("utterance")) is not None:
        labels = {
            "who swears is at least angry": "W" in (row.get("tags") or ""),
            "an intent about money is billing": row["intent"] in MONEY,
        }
        return Text(utterance, "inquiry", labels)
    if (review := row.get("review", row.get("text_a"))) is not None:
        return Text(review, "complaint", {"a bad review is at least dissatisfied": row["label"] == "0"})
    return Text(row["Customer Complaint"])


def show(path: Path, rules: RuleSet) -> None:
    texts = read(path)
    began = time.process_time()
    verdicts = [rules.classify(text.text, text.kind) for text in texts]
    took = time.process_time() - began
    size = sum(len(text.text) for text in texts) / len(texts)
    print(
        f"{path.name}: {len(texts):,} texts of {size:.0f} characters, {took / len(texts) * 1e6:.0f} µs each"
    )
    said = {name: sum(bool(_rules(verdict, name)) for verdict in verdicts) for name in policy.ATTRIBUTES}
    print(
        "  said by a rule   ", ", ".join(f"{name} {count / len(texts):.0%}" for name, count in said.items())
    )
    print("  products         ", _counts(verdict.product or "(unclear)" for verdict in verdicts))
    print("  emotions         ", _counts(verdict.emotion.value for verdict in verdicts))
    for name in texts[0].labels:
        pairs = [
            (text.labels[name], AGREES[name](verdict)) for text, verdict in zip(texts, verdicts, strict=True)
        ]
        hits = sum(label and found for label, found in pairs)
        labelled, found = sum(label for label, _ in pairs), sum(found for _, found in pairs)
        print(
            f"  {name}: precision {hits / max(found, 1):.3f} ({hits:,} of {found:,}),"
            f" recall {hits / max(labelled, 1):.3f} ({hits:,} of {labelled:,})"
        )
    print()


def _rules(verdict: Verdict, name: str) -> Sequence[str]:
    return [rule for rule in verdict.because[name] if not rule.startswith("(")]


def _counts(words: Iterable[str]) -> str:
    return ", ".join(f"{word} {count:,}" for word, count in Counter(words).most_common(8))


CHINESE: Final = (
    "您好，我家宽带从上周五开始就一直断网，打了三次客服电话都没有人来处理，师傅说要换光猫但是一直没有来，这个月账单反而多扣了三十块钱，"
    "我真的很生气，再不解决我就去工信部投诉你们，然后携号转网。家里老人等着用电话，孩子上网课也耽误了，营业厅的人说让我找客服，客服说让我找营业厅，"
    "互相推诿，没有一个人负责。请你们今天之内给我一个明确的答复，并且把多扣的钱退回来，不然我只能换一家运营商了，希望你们重视，谢谢各位领导。"
)
ENGLISH: Final = (
    "I have called three times about my internet connection that keeps dropping every evening and nobody has ever called"
    " me back; the bill went up by thirty dollars and I am really angry about the service you provide to me"
)


def show_speed(rules: RuleSet) -> bool:
    """Two texts that are full of words to be found; most texts take half of that."""
    slowest = 0.0
    for name, text in (("Chinese", CHINESE[:200]), ("English", ENGLISH[:200])):
        took = min(_seconds(rules, text) for _ in range(20)) * 1e6
        print(
            f"{name}, {len(text)} characters, {len(rules.classify(text, 'complaint').rules)} rules match: {took:.0f} µs"
        )
        slowest = max(slowest, took)
    print(f"{'ok' if slowest <= BUDGET else 'MISSED'}: at most {BUDGET} µs for 200 characters")
    return slowest <= BUDGET


def _seconds(rules: RuleSet, text: str, times: int = 100) -> float:
    began = time.process_time()
    for _ in range(times):
        rules.classify(text, "complaint")
    return (time.process_time() - began) / times


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="*", type=Path)
    files = parser.parse_args().files or [DATA / name for name in USUAL]
    rules = policy.read(1, defaults.rule_set())
    for path in files:
        if path.is_file():
            show(path, rules)
        else:
            print(f"{path.name} is not here: skipped\n")
    return 0 if show_speed(rules) else 1


if __name__ == "__main__":
    sys.exit(main())
