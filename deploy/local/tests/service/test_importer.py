import argparse
import asyncio
import hashlib

import pytest
from aiohttp import web
from careloop_local import importer, importing
from careloop_local.client import Gateway
from careloop_local.errors import LocalError

MAPPING = {"source": "crm", "key": "no", "fields": []}


class Profile:
    """Takes an import as the service's API describes it, and reads it in two looks."""

    def __init__(self, end: str = "completed"):
        self.end = end
        self.announced: dict = {}
        self.parts: dict[str, bytes] = {}
        self.looks = 0
        self.report = "line,what\n3,row\n"

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/v1/imports", self.announce),
            web.put("/v1/imports/i1/parts/{number}", self.part),
            web.post("/v1/imports/i1/start", self.state),
            web.get("/v1/imports/i1", self.state),
            web.get("/v1/imports/i1/rejects", self.rejects),
            web.get("/v1/import-mappings/crm", self.mapping),
        ]

    async def announce(self, request):
        self.announced = await request.json()
        return web.json_response({"import_id": "i1"}, status=201)

    async def part(self, request):
        self.parts[request.match_info["number"]] = await request.read()
        return web.json_response({})

    async def state(self, _):
        self.looks += 1
        done = self.looks > 2
        failure = {"code": "missing_columns", "detail": "no"} if self.end == "failed" else None
        return web.json_response(
            {
                "import_id": "i1",
                "state": self.end if done else "running",
                "rows_read": 2 if done else 1,
                "percent": 50.0,
                **dict.fromkeys(("created", "updated", "unchanged", "rejected"), 0),
                "relations": {"stated": 1200, "changed": 0, "unchanged": 3, "refused": 1, "open": 2},
                "failure": failure,
            }
        )

    async def rejects(self, _):
        return web.Response(text=self.report)

    async def mapping(self, _):
        return web.json_response({"name": "crm", "mapping": MAPPING})


@pytest.fixture
async def serve():
    runners: list[web.AppRunner] = []

    async def start(profile: Profile) -> str:
        app = web.Application(client_max_size=64 << 20)
        app.add_routes(profile.routes())
        runner = web.AppRunner(app)
        runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        return f"http://{host}:{port}"

    yield start
    for runner in runners:
        await runner.cleanup()


@pytest.fixture
def customers(tmp_path):
    path = tmp_path / "customers.csv"
    path.write_text("no,name\n1,张伟\n2,李娜\n", encoding="utf-8")
    return path


async def test_a_file_is_announced_sent_in_parts_and_watched(serve, customers, monkeypatch):
    monkeypatch.setattr(importer, "PART", 10)
    profile, seen = Profile(), []
    async with Gateway.open(await serve(profile), "key") as gateway:
        done = await importer.import_file(gateway, customers, MAPPING, lambda *args: seen.append(args))
    sent = b"".join(profile.parts[str(number)] for number in range(1, len(profile.parts) + 1))
    assert sent == customers.read_bytes()
    assert len(profile.parts) > 1
    assert profile.announced["size"] == len(sent)
    assert profile.announced["sha256"] == hashlib.sha256(sent).hexdigest()
    assert (done["state"], done["rows_read"]) == ("completed", 2)
    assert seen[-1] == (2, 2, "rows read")


async def test_a_file_that_cannot_be_read_ends_with_the_reason(serve, customers):
    async with Gateway.open(await serve(Profile(end="failed")), "key") as gateway:
        with pytest.raises(importer.ImportFailed, match="missing_columns"):
            await importer.import_file(gateway, customers, MAPPING, lambda *_: None)


async def test_rejects_are_written_beside_the_file(serve, tmp_path):
    async with Gateway.open(await serve(Profile()), "key") as gateway:
        assert await importer.save_rejects(gateway, "i1", tmp_path / "rejects.csv") == 1
    assert (tmp_path / "rejects.csv").read_text() == "line,what\n3,row\n"


async def test_without_rejects_nothing_is_written(serve, tmp_path):
    profile = Profile()
    profile.report = "line,what\n"
    async with Gateway.open(await serve(profile), "key") as gateway:
        assert await importer.save_rejects(gateway, "i1", tmp_path / "rejects.csv") == 0
    assert not (tmp_path / "rejects.csv").exists()


async def test_a_place_for_rejects_that_cannot_be_written_is_named(serve, tmp_path):
    async with Gateway.open(await serve(Profile()), "key") as gateway:
        with pytest.raises(LocalError, match=r"no/rejects\.csv: No such file or directory; --rejects names"):
            await importer.save_rejects(gateway, "i1", tmp_path / "no" / "rejects.csv")


async def test_the_command_tells_what_became_of_relations(serve, customers, tmp_path, capsys):
    url, key = await serve(Profile()), tmp_path / "key"
    key.write_text("key")
    given = {
        "file": customers,
        "mapping": "crm",
        "source": None,
        "rejects": None,
        "url": url,
        "key_file": key,
    }
    assert await asyncio.to_thread(importing.run, argparse.Namespace(**given)) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "relations: 1,200 stated, 0 changed, 3 unchanged, 1 refused, 2 open" in said


async def test_a_mapping_is_a_file_or_a_name(serve, tmp_path):
    own = tmp_path / "mapping.yaml"
    own.write_text("source: billing\nkey: id\n")
    async with Gateway.open(await serve(Profile()), "key") as gateway:
        assert await importer.load_mapping(gateway, str(own)) == {"source": "billing", "key": "id"}
        assert await importer.load_mapping(gateway, "crm", source="demo-1") == MAPPING | {"source": "demo-1"}


@pytest.mark.parametrize("content", ["- a\n- b\n", "key: [\n", "\x00"], ids=["list", "broken", "binary"])
async def test_what_is_no_mapping_is_refused(serve, tmp_path, content):
    path = tmp_path / "mapping.yaml"
    path.write_text(content)
    async with Gateway.open(await serve(Profile()), "key") as gateway:
        with pytest.raises(LocalError, match=r"mapping\.yaml"):
            await importer.load_mapping(gateway, str(path))


async def test_a_missing_file_is_named(serve, tmp_path):
    async with Gateway.open(await serve(Profile()), "key") as gateway:
        with pytest.raises(LocalError, match=r"gone\.csv"):
            await importer.import_file(gateway, tmp_path / "gone.csv", MAPPING, lambda *_: None)
