import asyncio
import contextlib
import csv
import io
from datetime import date, timedelta
from functools import partial
from hashlib import sha256

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from careloop_common import clock, ids
from careloop_contracts import CustomerRegisteredV1
from sqlalchemy import text

MAPPING = {
    "source": "crm",
    "key": "id",
    "fields": [
        {"column": "name", "to": "name"},
        {"column": "phone", "to": "phone"},
        {"column": "fee", "to": "subscription.monthly_fee"},
        {"const": "mobile", "to": "subscription.product"},
        {"column": "status", "to": "status", "map": {"走": "left", "*": "active"}},
    ],
    "consents": [{"purposes": ["service"], "channels": ["sms"]}],
}
HEADER = "id,name,phone,fee,status,city\n"


@pytest.fixture
def upload(client):
    """`await upload(data, …)`: an import whose file is there, not started."""

    async def make(data, *, mapping=MAPPING, part=None, **description):
        opened = await client.post(
            "/v1/imports", json={"mapping": mapping, "filename": "file.csv"} | description
        )
        assert opened.status_code == 201, opened.text
        path = f"/v1/imports/{opened.json()['import_id']}"
        size = part or len(data) or 1
        for number, start in enumerate(range(0, len(data), size), start=1):
            answer = await client.put(f"{path}/parts/{number}", content=data[start : start + size])
            assert answer.status_code == 200, answer.text
        return path

    return make


@pytest.fixture
def run(client, upload, worker_running, eventually):
    """`await run(data, …)`: uploads, starts and waits; gives the finished import and its path."""

    async def make(data, **description):
        path = await upload(data, **description)
        started = await client.post(f"{path}/start")
        assert started.status_code == 202, started.text
        async with worker_running():
            finished = await eventually(lambda: _finished(client, path), timeout=60)
        return finished, path

    return make


async def _finished(client, path):
    job = (await client.get(path)).json()
    return job if job["state"] in {"completed", "failed"} else None


async def _rejects(client, path):
    return list(csv.DictReader(io.StringIO((await client.get(f"{path}/rejects")).text)))


def _rows(count, start=0):
    return "".join(f"{n},客户{n},1380{n:07d},{n % 90}.50,在,北京\n" for n in range(start, start + count))


async def test_a_file_becomes_customers_with_everything_the_mapping_says(run, insider, published):
    job, _ = await run((HEADER + "7,张伟,138 0123 4567,39.50,走,北京\n").encode())
    assert (job["state"], job["rows_read"], job["created"], job["percent"]) == ("completed", 1, 1, 100.0)
    [customer] = (await insider.get("/v1/customers", params={"source": "crm", "external_id": "7"})).json()[
        "items"
    ]
    assert (customer["name"], customer["phone"], customer["status"]) == ("张伟", "+8613801234567", "left")
    assert customer["attributes"] == {"city": "北京"}
    assert customer["subscriptions"][0]["monthly_fee"] == "39.50"
    assert customer["consents"][0]["purpose"] == "service"


async def test_gb18030_is_recognised(run, insider):
    job, _ = await run((HEADER + _rows(3)).encode("gb18030"))
    assert job["created"] == 3
    [customer] = (await insider.get("/v1/customers", params={"external_id": "1"})).json()["items"]
    assert customer["name"] == "客户1"


async def test_a_file_in_many_parts_and_chunks_is_whole(run, upload, session):
    data = (HEADER + _rows(2500)).encode()
    job, _ = await run(data, part=7_777, size=len(data), sha256=sha256(data).hexdigest())
    assert (job["state"], job["rows_read"], job["created"]) == ("completed", 2500, 2500)
    assert await session.scalar(text("SELECT count(*) FROM customer")) == 2500
    assert await session.scalar(text("SELECT count(*) FROM import_part")) == 0


async def test_importing_the_same_file_again_changes_nothing(run, session):
    data = (HEADER + _rows(50)).encode()
    await run(data)
    job, _ = await run(data)
    assert (job["created"], job["updated"], job["unchanged"]) == (0, 0, 50)
    assert await session.scalar(text("SELECT max(version) FROM customer")) == 1


async def test_a_later_file_adds_what_it_knows_and_takes_nothing_away(run, insider):
    await run((HEADER + "7,张伟,13801234567,39,在,北京\n").encode())
    job, _ = await run((HEADER + "7,,,59,走,\n").encode())
    assert job["updated"] == 1
    [customer] = (await insider.get("/v1/customers", params={"external_id": "7"})).json()["items"]
    assert (customer["name"], customer["status"], customer["attributes"]) == (
        "张伟",
        "left",
        {"city": "北京"},
    )
    assert [item["monthly_fee"] for item in customer["subscriptions"]] == ["59.00"]


async def test_a_row_that_contradicts_what_is_known_is_rejected_alone(run, client):
    mapping = MAPPING | {
        "fields": [{"column": "from", "to": "joined_on"}, {"column": "until", "to": "left_on"}]
    }
    await run(b"id,from,until\n1,2025-05-01,\n", mapping=mapping)
    job, path = await run(b"id,from,until\n1,,2025-01-01\n2,,2025-01-01\n", mapping=mapping)
    assert (job["created"], job["rejected"]) == (1, 1)
    assert [(row["line"], row["reason"]) for row in await _rejects(client, path)] == [("2", "dates_reversed")]


async def test_a_file_cannot_undo_a_refusal(run, client):
    data = (HEADER + _rows(1)).encode()
    await run(data)
    [customer] = (await client.get("/v1/customers")).json()["items"]
    word = {"purpose": "service", "channel": "sms", "granted": False}
    await client.put(f"/v1/customers/{customer['customer_id']}/consents", json={"items": [word]})
    await run(data)
    [customer] = (await client.get("/v1/customers")).json()["items"]
    assert [consent["granted"] for consent in customer["consents"]] == [False]


async def test_rejected_rows_are_listed_with_line_and_reason(run, client, client_as):
    data = HEADER + (
        "1,张伟,13801234567,39,在,北京\n"
        ",李娜,13901234567,39,在,北京\n"
        "3,王芳,13701234567,gratis,在,北京\n"
        "1,赵敏,13601234567,39,在,上海\n"
        "5,too,few\n"
        "\n"
        "6,陈杰,13800138000,39,在,深圳\n"
    )
    job, path = await run(data.encode())
    assert (job["rows_read"], job["accepted"], job["rejected"]) == (6, 2, 4)
    found = [(row["line"], row["what"], row["column"], row["reason"]) for row in await _rejects(client, path)]
    assert found == [
        ("3", "row", "id", "key_missing"),
        ("4", "row", "fee", "not_a_number"),
        ("5", "row", "id", "duplicate_key"),
        ("6", "row", "", "ragged_row"),
        ("8", "value", "phone", "placeholder"),
    ]
    assert all(row["value"] == "" for row in await _rejects(client, path))
    open_eyed = await _rejects(client_as("imports:read", "customers:personal"), path)
    assert [row["value"] for row in open_eyed] == ["", "gratis", "1", "", "13800138000"]


async def test_formula_cells_are_harmless_in_the_report(run, client_as):
    _, path = await run((HEADER + "1,n,13801234567,\"=cmd|'/c calc'!A0\",在,x\n").encode())
    [row] = await _rejects(client_as("imports:read", "customers:personal"), path)
    assert row["value"].startswith("'=cmd")


async def test_the_quality_report_counts_by_column(run, client):
    data = HEADER + "1,张伟,138-0123-4567,39,在,北京\n2,李娜,13800138000,39,在,\n2,王芳,,39,在,北京\n"
    _, path = await run(data.encode())
    report = (await client.get(f"{path}/quality")).json()
    columns = {column["column"]: column for column in report["columns"]}
    assert columns["city"] == {
        "column": "city",
        "filled": 2,
        "filled_share": 0.6667,
        "distinct": 1,
        "distinct_exact": True,
        "invalid": 0,
        "repaired": 0,
    }
    assert (columns["phone"]["filled"], columns["phone"]["invalid"]) == (2, 1)
    assert report["duplicates"] == 1
    fields = {field["target"]: field for field in report["key_fields"]}
    assert (fields["external_id"]["correct"], fields["phone"]["correct_share"]) == (2, 0.5)


HOSTILE = {
    "empty": (b"", "empty_file"),
    "blank lines": (b"\n\n\n", "empty_file"),
    "duplicate header": (b"id,name,id\n1,a,2\n", "duplicate_column"),
    "other columns": (b"a,b\n1,2\n", "missing_columns"),
    "utf-16": ((HEADER + _rows(1)).encode("utf-16"), "unsupported_encoding"),
    "nul header": (b"id\0,name\n", "unreadable_header"),
    "binary": (bytes(range(256)) * 40, "unreadable_header"),
}


@pytest.mark.parametrize("case", HOSTILE)
async def test_a_hopeless_file_ends_with_a_reason(run, client, case):
    data, code = HOSTILE[case]
    job, path = await run(data)
    assert (job["state"], job["failure"]["code"]) == ("failed", code)
    assert (await client.get(f"{path}/quality")).status_code == 200
    assert (await client.get(f"{path}/rejects")).status_code == 200


async def test_a_header_alone_is_a_complete_file(run):
    job, _ = await run(HEADER.encode())
    assert (job["state"], job["rows_read"]) == ("completed", 0)


async def test_a_hostile_file_keeps_its_good_rows(run, client):
    good = [f"{n},客户{n},1380123{n:04d},10,在,北京".encode() for n in range(6)]
    lines = [
        b"\xef\xbb\xbf" + HEADER.strip().encode(),
        good[0],
        b'"quoted ""id""","multi\nline",13801239999,10,x,y\r',
        good[1],
        b"a\0b,name,,10,x,y",
        good[2],
        b"latin,\xe9\xe8\xff,,10,x,y",
        b'big,"' + b"x" * (10 << 20) + b'",,10,x,y',
        good[3],
        b"wide" + b"," * 500,
        b'=HYPERLINK("http://x"),@SUM(A1),13801238888,10,x,y',
        good[4],
        b'open,"never closed,,10,x,y',
        good[5],
    ]
    job, path = await run(b"\n".join(lines), encoding="utf-8", part=8 << 20)
    assert job["state"] == "completed"
    reasons = [(row["line"], row["reason"]) for row in await _rejects(client, path) if row["what"] == "row"]
    assert reasons == [
        ("6", "nul_character"),
        ("8", "wrong_encoding"),
        ("9", "record_too_large"),
        ("11", "ragged_row"),
        ("14", "unterminated_quote"),
    ]
    assert job["accepted"] == 8
    found = (await client.get("/v1/customers", params={"external_id": 'quoted "id"'})).json()["items"]
    assert len(found) == 1


async def test_parquet_is_read_with_its_types(run, insider):
    table = pa.table(
        {
            "id": [1, 2, None],
            "name": ["张伟", "李娜", "王芳"],
            "phone": [13801234567.0, 13901234567.0, None],
            "fee": [39.5, 59.0, 1.0],
            "status": ["在", "走", "在"],
            "since": [date(2020, 1, 1), None, None],
        }
    )
    file = io.BytesIO()
    pq.write_table(table, file)
    job, _ = await run(file.getvalue(), format="parquet", filename="file.parquet")
    assert (job["created"], job["rejected"]) == (2, 1)
    [customer] = (await insider.get("/v1/customers", params={"external_id": "1"})).json()["items"]
    assert (customer["phone"], customer["attributes"]) == ("+8613801234567", {"since": "2020-01-01"})


async def test_what_is_no_parquet_file_ends_with_a_reason(run):
    for data in (b"", b"PAR1 nonsense PAR1"):
        job, _ = await run(data, format="parquet")
        assert (job["state"], job["failure"]["code"]) == ("failed", "unreadable_file")


@pytest.mark.parametrize("form", ["csv", "parquet"])
async def test_a_worker_that_is_stopped_midway_loses_and_doubles_nothing(
    runtime, service_under_test, client, upload, session, form, eventually
):
    count = 3300
    if form == "csv":
        data = (HEADER + _rows(count)).encode()
    else:
        columns = [line.split(",") for line in _rows(count).splitlines()]
        file = io.BytesIO()
        pq.write_table(
            pa.table(dict(zip(HEADER.strip().split(","), zip(*columns, strict=True), strict=True))),
            file,
            row_group_size=2000,
        )
        data = file.getvalue()
    path = await upload(data, format=form, part=1 << 20)
    await client.post(f"{path}/start")
    stops = 0
    while await _finished(client, path) is None:
        before = (await client.get(path)).json()["rows_read"]
        working = asyncio.create_task(service_under_test.create_worker(runtime).run())
        await eventually(partial(_moved, client, path, before), timeout=60)
        working.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await working
        stops += 1
    job = (await client.get(path)).json()
    assert stops > 2
    assert (job["rows_read"], job["created"], job["rejected"]) == (count, count, 0)
    assert await session.scalar(text("SELECT count(*) FROM customer")) == count
    events = "SELECT count(DISTINCT headers->>'ce-subject'), count(*) FROM (SELECT headers FROM outbox UNION ALL SELECT headers FROM outbox_sent) AS e"
    assert tuple((await session.execute(text(events))).one()) == (count, count)


async def _moved(client, path, before):
    job = (await client.get(path)).json()
    return job["rows_read"] > before or job["state"] in {"completed", "failed"}


async def test_a_damaged_upload_is_not_read(run, client, upload):
    data = (HEADER + _rows(3)).encode()
    job, _ = await run(data, sha256="0" * 64)
    assert job["failure"]["code"] == "checksum_mismatch"
    path = await upload(data, size=len(data) + 1)
    answer = await client.post(f"{path}/start")
    assert (answer.status_code, answer.json()["code"]) == (409, "import_parts_missing")


async def test_parts_may_be_sent_again_until_the_start_but_not_left_out(client, upload):
    path = await upload(b"wrong")
    await client.put(f"{path}/parts/1", content=HEADER.encode())
    assert (await client.get(path)).json()["size"] == len(HEADER)
    await client.put(f"{path}/parts/3", content=b"x")
    assert (await client.post(f"{path}/start")).json()["code"] == "import_parts_missing"
    await client.put(f"{path}/parts/2", content=b"x")
    assert (await client.post(f"{path}/start")).json()["state"] == "queued"
    late = await client.put(f"{path}/parts/4", content=b"x")
    assert (late.status_code, late.json()["code"]) == (409, "import_started")


async def test_a_part_over_the_limit_is_refused(client, upload):
    path = await upload(b"x")
    answer = await client.put(f"{path}/parts/1", content=bytes((8 << 20) + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "import_part_too_large")


async def test_mappings_are_kept_and_wrong_ones_pointed_at(client):
    assert (await client.get("/v1/import-mappings/telco-ibm")).json()["shipped"]
    assert (await client.get("/v1/import-mappings/none")).json()["code"] == "import_mapping_not_found"
    kept = await client.put("/v1/import-mappings/mine", json=MAPPING)
    assert kept.status_code == 200
    assert (await client.get("/v1/import-mappings/mine")).json()["mapping"]["key"] == "id"
    nul = MAPPING | {"key": "a\u0000b"}
    assert (await client.put("/v1/import-mappings/mine", json=nul)).status_code == 422
    wrong = MAPPING | {"fields": [{"column": "x", "to": "shoe_size"}, {"to": "name"}]}
    answer = await client.put("/v1/import-mappings/mine", json=wrong)
    assert answer.status_code == 422
    assert {error["pointer"] for error in answer.json()["errors"]} == {"/fields/0/to", "/fields/1"}


async def test_imports_are_listed_and_unknown_ones_not_found(client, upload):
    path = await upload(b"x")
    [job] = (await client.get("/v1/imports")).json()["items"]
    assert path.endswith(job["import_id"])
    assert (await client.get(f"/v1/imports/{ids.new_id()}")).json()["code"] == "import_not_found"


async def test_an_upload_that_nobody_starts_is_forgotten(runtime, client, upload, monkeypatch):
    from careloop_profile.imports.service.uploading import forget_abandoned

    path = await upload(b"x")
    await forget_abandoned(runtime)
    assert (await client.get(path)).json()["state"] == "uploading"
    later = clock.now() + timedelta(days=8)
    monkeypatch.setattr(clock, "now", lambda: later)
    await forget_abandoned(runtime)
    assert (await client.get(path)).json()["failure"]["code"] == "abandoned"


async def test_registration_events_come_from_imports_too(run, published, worker_running, eventually):
    await run((HEADER + _rows(5)).encode())
    async with worker_running():
        events = await eventually(lambda: _five(published))
    assert {event.external_id for event in events} == {"0", "1", "2", "3", "4"}


async def _five(published):
    found = await published(CustomerRegisteredV1)
    return found if len(found) == 5 else None
