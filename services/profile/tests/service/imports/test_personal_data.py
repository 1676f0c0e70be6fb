"""Personal data in files: read, repaired where that is sure, and pointed at."""

import csv
import io

import pytest
from careloop_common import clock, zones


async def test_personal_facts_of_a_file_are_read_repaired_and_pointed_at(run, client, insider, mapping):
    fields = [
        {"column": name, "to": name} for name in ("name", "email", "identity_number", "birth_date", "address")
    ]
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerows(
        [
            ["id", "name", "email", "identity_number", "birth_date", "address"],
            ["1", "张伟先生", "li@gmail.con", "110105491231002", "1949年12月31日", "深圳市南山区科苑路15号"],
            ["2", "张先生", "li@gmal.com", "910105194912310021", "18263", "无"],
        ]
    )
    job, path = await run(table.getvalue().encode(), mapping=mapping | {"fields": fields})
    assert (job["created"], job["rejected"]) == (2, 0)
    [first] = (await insider.get("/v1/customers", params={"external_id": "1"})).json()["items"]
    assert {name: first[name] for name in ("name", "email", "identity_number", "birth_date", "address")} == {
        "name": "张伟",
        "email": "li@gmail.com",
        "identity_number": "11010519491231002X",
        "birth_date": "1949-12-31",
        "address": "广东省深圳市南山区科苑路15号",
    }
    [second] = (await insider.get("/v1/customers", params={"external_id": "2"})).json()["items"]
    assert (second["identity_number"], second["birth_date"]) == (None, "1949-12-31")
    issues = (await client.get("/v1/quality-issues", params={"customer_id": second["customer_id"]})).json()
    assert {(one["field"], one["rule"], one["action"], one["noted_by"]) for one in issues["items"]} == {
        ("name", "family_name_only", "flag", f"import:{job['import_id']}"),
        ("email", "domain_typo", "flag", f"import:{job['import_id']}"),
        ("identity_number", "wrong_check_digit", "manual", f"import:{job['import_id']}"),
        ("birth_date", "spreadsheet_serial", "auto", f"import:{job['import_id']}"),
        ("address", "placeholder", "manual", f"import:{job['import_id']}"),
    }
    fields_of = {one["target"]: one for one in (await client.get(f"{path}/quality")).json()["key_fields"]}
    assert fields_of["identity_number"]["correct_share"] == 0.5
    await run(table.getvalue().encode(), mapping=mapping | {"fields": fields})
    again = (await client.get("/v1/quality-issues", params={"customer_id": second["customer_id"]})).json()
    assert len(again["items"]) == 5, "the same file says nothing new"


class TestWhereDaysBeginEarly:
    @pytest.fixture
    def settings_overrides(self):
        return {"timezone": "Pacific/Kiritimati"}

    async def test_who_is_born_on_the_day_that_it_is_there_is_read(self, run, client, mapping):
        born = zones.day_of(clock.now(), "Pacific/Kiritimati")
        fields = [{"column": "birth_date", "to": "birth_date"}]
        await run(f"id,birth_date\n1,{born}\n".encode(), mapping=mapping | {"fields": fields})
        [shown] = (await client.get("/v1/customers", params={"external_id": "1"})).json()["items"]
        assert shown["birth_date"]
