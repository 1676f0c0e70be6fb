import asyncio
import contextlib
import io
from datetime import date, timedelta
from functools import partial
from hashlib import sha256
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from careloop_common import clock, ids
from careloop_common.privacy import OVERHEAD
from careloop_contracts import CustomerRegisteredV1
from careloop_profile.imports.service import parts
from sqlalchemy import text

HEADER = "id,name,phone,fee,status,city\n"


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


async def test_gb18030_is_recognised(run, insider, rows):
    job, _ = await run((HEADER + rows(3)).encode("gb18030"))
    assert job["created"] == 3
    [customer] = (await insider.get("/v1/customers", params={"external_id": "1"})).json()["items"]
    assert customer["name"] == "客户1"


async def test_a_file_in_many_parts_and_chunks_is_whole(run, upload, session, rows):
    data = (HEADER + rows(2500)).encode()
    job, _ = await run(data, part=7_777, size=len(data), sha256=sha256(data).hexdigest())
    assert (job["state"], job["rows_read"], job["created"]) == ("completed", 2500, 2500)
    assert await session.scalar(text("SELECT count(*) FROM customer")) == 2500
    assert await session.scalar(text("SELECT count(*) FROM import_part")) == 0


async def test_a_file_on_its_way_tells_nobody_who_is_in_it_or_after_whom_it_is_named(
    client, upload, session, rows, monkeypatch
):
    monkeypatch.setattr(parts, "FRAME", 1000)
    monkeypatch.setattr(parts, "_SEALED_FRAME", 1000 + OVERHEAD)
    data = (HEADER + rows(200)).encode()
    path = await upload(data, part=3500, filename="张伟 13800000001.csv")
    job = (await client.get(path)).json()
    assert (job["filename"], job["size"]) == ("张伟 13800000001.csv", len(data))
    assert [one["filename"] for one in (await client.get("/v1/imports")).json()["items"]] == [job["filename"]]
    kept = b"".join(await session.scalars(text("SELECT data FROM import_part ORDER BY number")))
    assert "客户".encode() not in kept
    assert b"1380000" not in kept
    assert "张伟" not in await session.scalar(text("SELECT filename FROM import_job"))
    import_id = UUID(job["import_id"])
    for offset, length in [
        (0, 1),
        (0, 1000),
        (999, 2),
        (1000, 1),
        (3400, 1000),
        (3500, 99999),
        (len(data), 9),
    ]:
        read = await parts.read(session, import_id, offset, length)
        end = min(offset + length, (offset // 3500 + 1) * 3500)
        assert read == data[offset:end], (offset, length)
    assert b"".join([part async for part in parts.stream(session, import_id)]) == data


async def test_a_part_that_was_tampered_with_or_whose_key_is_gone_ends_the_import(
    runtime, client, upload, rows, worker_running, eventually, finished
):
    path = await upload((HEADER + rows(3)).encode())
    async with runtime.database.transaction() as session:
        await session.execute(text("UPDATE import_part SET data = 'id,name'::bytea"))
    await client.post(f"{path}/start")
    async with worker_running():
        job = await eventually(lambda: finished(path), timeout=30)
    assert (job["state"], job["failure"]["code"]) == ("failed", "unreadable_file")


async def test_importing_the_same_file_again_changes_nothing(run, session, rows):
    data = (HEADER + rows(50)).encode()
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


async def test_a_row_that_contradicts_what_is_known_is_rejected_alone(run, client, rejects, mapping):
    dated = mapping | {
        "fields": [{"column": "from", "to": "joined_on"}, {"column": "until", "to": "left_on"}]
    }
    await run(b"id,from,until\n1,2025-05-01,\n", mapping=dated)
    job, path = await run(b"id,from,until\n1,,2025-01-01\n2,,2025-01-01\n", mapping=dated)
    assert (job["created"], job["rejected"]) == (1, 1)
    assert [(row["line"], row["reason"]) for row in await rejects(path)] == [("2", "dates_reversed")]


async def test_a_file_cannot_undo_a_refusal(run, client, rows):
    data = (HEADER + rows(1)).encode()
    await run(data)
    [customer] = (await client.get("/v1/customers")).json()["items"]
    word = {"purpose": "service", "channel": "sms", "granted": False}
    await client.put(f"/v1/customers/{customer['customer_id']}/consents", json={"items": [word]})
    await run(data)
    [customer] = (await client.get("/v1/customers")).json()["items"]
    assert [consent["granted"] for consent in customer["consents"]] == [False]


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


@pytest.mark.parametrize("form", ["csv", "parquet"])
async def test_a_worker_that_is_stopped_midway_loses_and_doubles_nothing(
    runtime, service_under_test, client, upload, session, form, eventually, rows, finished
):
    count = 3300
    if form == "csv":
        data = (HEADER + rows(count)).encode()
    else:
        columns = [line.split(",") for line in rows(count).splitlines()]
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
    while await finished(path) is None:
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
    events = "SELECT count(DISTINCT headers->>'ce-subject'), count(*) FROM (SELECT headers FROM outbox UNION ALL SELECT headers FROM outbox_sent) AS e WHERE headers->>'ce-type' = 'careloop.customer.registered.v1'"
    assert tuple((await session.execute(text(events))).one()) == (count, count)


async def _moved(client, path, before):
    job = (await client.get(path)).json()
    return job["rows_read"] > before or job["state"] in {"completed", "failed"}


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


async def test_mappings_are_kept_and_wrong_ones_pointed_at(client, mapping):
    assert (await client.get("/v1/import-mappings/telco-ibm")).json()["shipped"]
    assert (await client.get("/v1/import-mappings/none")).json()["code"] == "import_mapping_not_found"
    kept = await client.put("/v1/import-mappings/mine", json=mapping)
    assert kept.status_code == 200
    assert (await client.get("/v1/import-mappings/mine")).json()["mapping"]["key"] == "id"
    nul = mapping | {"key": "a\u0000b"}
    assert (await client.put("/v1/import-mappings/mine", json=nul)).status_code == 422
    wrong = mapping | {"fields": [{"column": "x", "to": "shoe_size"}, {"to": "name"}]}
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


async def test_registration_events_come_from_imports_too(run, published, worker_running, eventually, rows):
    await run((HEADER + rows(5)).encode())
    async with worker_running():
        events = await eventually(lambda: _five(published))
    assert {event.external_id for event in events} == {"0", "1", "2", "3", "4"}


async def _five(published):
    found = await published(CustomerRegisteredV1)
    return found if len(found) == 5 else None
