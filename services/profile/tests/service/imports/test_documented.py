"""The examples of docs/imports.md, run as a whole."""

import re
from pathlib import Path

import yaml

PAGE = Path(__file__).resolve().parents[5] / "docs" / "imports.md"


async def test_the_example_of_the_page_does_what_the_page_says(run, rejects, insider, client):
    page = PAGE.read_text("utf-8")
    file, relations = re.findall(r"```csv\n(.*?)```", page, re.DOTALL)
    mapping, *others = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    job, path = await run(file.encode("gb18030"), mapping=yaml.safe_load(mapping))
    assert (job["state"], job["created"], job["rejected"]) == ("completed", 3, 1)
    told = [(one["line"], one["what"], one["column"]) for one in await rejects(path)]
    assert told == [("4", "value", "手机"), ("5", "row", "入网")]
    asked = {"source": "billing", "external_id": "A-001"}
    [customer] = (await insider.get("/v1/customers", params=asked)).json()["items"]
    assert (customer["name"], customer["phone"], customer["language"]) == ("张伟", "+8613801234567", "zh")
    assert customer["subscriptions"][0]["plan"] == "畅享 5G"

    houses = {"source": "crm", "key": "id", "fields": [{"column": "kind", "to": "kind"}]}
    await run(b"id,kind\nH-1,household\nF-1,enterprise\n", mapping=houses)
    job, path = await run(relations.encode("gb18030"), mapping="crm-relations")
    assert (job["created"], job["rejected"], job["relations"]["open"]) == (6, 1, 1)
    told = [(one["line"], one["what"], one["reason"]) for one in await rejects(path)]
    assert told == [("8", "row", "relation_to_self"), ("9", "open", "party_unknown")]
    for other in others:
        answer = await client.post(
            "/v1/imports", json={"mapping": yaml.safe_load(other), "filename": "x.csv"}
        )
        assert answer.status_code == 201, answer.text
