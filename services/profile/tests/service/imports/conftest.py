"""Files on their way in: columns id, name, phone, fee, status, city, read by one small mapping."""

import csv
import io

import pytest

_MAPPING = {
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


@pytest.fixture
def mapping():
    return _MAPPING


@pytest.fixture
def rows():
    """`rows(3)`: so many good lines."""

    def make(count):
        return "".join(f"{n},客户{n},1380{n:07d},{n % 90}.50,在,北京\n" for n in range(count))

    return make


@pytest.fixture
def finished(client):
    """`await finished(path)`: the import, once it is over."""

    async def look(path):
        job = (await client.get(path)).json()
        return job if job["state"] in {"completed", "failed"} else None

    return look


@pytest.fixture
def rejects(client):
    """`await rejects(path)`: the rows of the report of what was refused, as this or another client sees it."""

    async def read(path, reader=client):
        return list(csv.DictReader(io.StringIO((await reader.get(f"{path}/rejects")).text)))

    return read


@pytest.fixture
def upload(client, mapping):
    """`await upload(data, …)`: an import whose file is there, not started."""

    async def make(data, *, mapping=mapping, part=None, **description):
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
def run(client, upload, finished, worker_running, eventually):
    """`await run(data, …)`: uploads, starts and waits; gives the finished import and its path."""

    async def make(data, **description):
        path = await upload(data, **description)
        started = await client.post(f"{path}/start")
        assert started.status_code == 202, started.text
        async with worker_running():
            job = await eventually(lambda: finished(path), timeout=250)
        return job, path

    return make
