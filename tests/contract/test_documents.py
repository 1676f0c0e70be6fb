"""Documents in the pages of docs/ are such as the services take."""

import json
import re
from pathlib import Path

import yaml
from careloop_ticketing.sla.policy import terms
from careloop_ticketing.sla.schemas import SlaPolicy

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_policy_of_the_page_is_one():
    (written,) = re.findall(r"```yaml\n(.*?)```", (DOCS / "sla-policies.md").read_text("utf-8"), re.DOTALL)
    document = SlaPolicy.model_validate(yaml.safe_load(written)).model_dump(mode="json", exclude_none=True)
    policy = terms.read(1, document)
    assert set(policy.clocks) == {"pick_up", "desk", "update"}


def test_the_page_names_every_moment_and_every_fact():
    from careloop_ticketing.facts import CATALOGUE
    from careloop_ticketing.sla.policy.terms import Moment

    page = (DOCS / "sla-policies.md").read_text("utf-8")
    assert all(f"`{word}`" in page for word in (*Moment, *CATALOGUE))


def test_the_bulk_job_of_the_page_is_one_and_the_page_names_every_act_and_result():
    from careloop_ticketing import facts
    from careloop_ticketing.bulk.policy import Act, Result
    from careloop_ticketing.bulk.schemas import AskBulkJob
    from pydantic import TypeAdapter

    page = (DOCS / "bulk.md").read_text("utf-8")
    (written,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    asked = TypeAdapter(AskBulkJob).validate_python(json.loads(written))
    assert facts.choice(asked.over.rule)
    assert all(f"`{word}`" in page for word in (*Act, *Result))
