"""docs/imports.md: its mapping reads its file as it says, and it names everything that a mapping can hold."""

import csv
import io
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from careloop_local.demo import material
from careloop_profile.imports.mapping import DefaultConsent, MappedField, Mapping
from careloop_profile.imports.policy.plan import CUSTOMER_FACTS, OTHER, PERSONAL, SUBSCRIPTION_FACTS
from careloop_profile.imports.policy.rows import Refused, RowReader
from careloop_profile.imports.policy.values import TRANSFORMS, Setting

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "imports.md").read_text("utf-8")


def block(kind):
    """The first of its kind; those below it are of relations."""
    found, *_ = re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)
    return found


@pytest.fixture
def read():
    """`read(0)`: what the mapping of the page makes of this row of its file."""
    header, *rows = csv.reader(io.StringIO(block("csv")))
    plan = Mapping.model_validate(yaml.safe_load(block("yaml"))).plan()
    assert plan.missing_columns(header) == []
    reader = RowReader(plan, header, Setting(date(2026, 11, 28)))
    return lambda number: reader.read(dict(zip(header, rows[number], strict=True)))


def test_the_mapping_of_the_page_reads_its_file(read):
    first, second, third = read(0), read(1), read(2)
    assert first.personal == {"name": "张伟", "phone": "+8613801234567", "email": "zhang.wei@mail.example"}
    assert first.facts["joined_on"] == date(2020, 1, 5)
    assert first.subscription["monthly_fee"] == Decimal("129.00")
    assert first.attributes == {"note": "喜欢上午接电话"}
    assert sorted(first.consents) == [
        ("marketing", "sms", True),
        ("service", "email", True),
        ("service", "sms", True),
    ]
    assert (second.facts["status"], second.subscription["status"]) == ("left", "ended")
    assert (third.external_id, [one.column for one in third.dropped]) == ("A-003", ["手机"])
    with pytest.raises(Refused, match="not_a_date"):
        read(3)


def test_the_page_names_every_member_target_and_transform():
    facts = CUSTOMER_FACTS | OTHER | {target.name for target in PERSONAL}
    subscription = {f"subscription.{name}" for name in SUBSCRIPTION_FACTS}
    consents = {f"consents.{name}" for name in ("service", "care", "marketing")}
    members = Mapping.model_fields | MappedField.model_fields | DefaultConsent.model_fields
    words = facts | subscription | consents | members.keys() | TRANSFORMS.keys() | {"attributes.<name>"}
    assert [word for word in sorted(words) if f"`{word}`" not in PAGE] == []


def test_the_page_names_every_column_of_complaints():
    names = (*material.TEXT_COLUMNS, *material.CHANNEL_COLUMNS, *material.NUMBER_COLUMNS)
    assert [name for name in names if f"`{name}`" not in PAGE] == []


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md", "docs/operations/running.md"])
def test_the_page_is_found_from(page):
    assert re.search(r"\]\((docs|\.\.)/imports\.md\)", (ROOT / page).read_text("utf-8"))
