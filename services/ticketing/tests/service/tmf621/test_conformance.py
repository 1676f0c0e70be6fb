"""schemathesis against the two official documents, which are not part of the repository.

Here some examples of each operation; `make fuzz` goes through every way to get each of them wrong. EXAMPLES=100 tries more. What is changed about the documents before, and why:

* The listeners and, in version 4, the base path: a listener is the client's side.
* `oneOf` of references and values becomes `anyOf`: an attachment with an id is both to a validator which does not
  follow `discriminator`, so no such document of version 5 could ever be valid.
* `discriminator` goes: its mappings know no subtype, for which `@type` and `@schemaLocation` are there after all.
* 501 is no server error: the documents have it for what is not implemented.
* 413, 415 and 412 are added to the answers: the documents have no word for a body that is too large or of another type.
* The id of a ticket is one that there is, or one that there is not.
* `status` on creation is accepted and has no effect: a ticket begins acknowledged (docs/tmf621.md).
"""

import asyncio
import contextlib
import json
import os
import re
import sysconfig
from pathlib import Path

import pytest
import uvicorn
import yaml

FOLDER = (
    Path(os.environ.get("CARELOOP_DATA", Path(__file__).resolve().parents[5] / ".." / "shared" / "data"))
    / "tmforum"
)
FILES = {4: "TMF621-TroubleTicket-v4.0.0.swagger.json", 5: "TMF621-Trouble_Ticket-v5.0.1.oas.yaml"}
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance"
EXAMPLES = os.environ.get("EXAMPLES", "5")
PHASES = os.environ.get("PHASES", "examples,fuzzing")


def adapted(version, ticket_id):
    document = yaml.safe_load((FOLDER / FILES[version]).read_text(encoding="utf-8"))
    document["paths"] = {
        path: one for path, one in document["paths"].items() if not path.startswith("/listener")
    }
    if version == 4:
        document["basePath"] = "/"
        error = {"description": "Refused", "schema": {"$ref": "#/definitions/Error"}}
    else:
        document["servers"] = [{"url": "/"}]
        content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
        error = {"description": "Refused", "content": content}
        for schema in document["components"]["schemas"].values():
            schema.pop("discriminator", None)
            if "oneOf" in schema:
                schema["anyOf"] = schema.pop("oneOf")
    for path, operations in document["paths"].items():
        for operation in operations.values():
            if path == "/troubleTicket/{id}":
                _of_a_ticket(document, operation, ticket_id)
            for status in ("409", "412", "413", "415"):
                operation["responses"].setdefault(status, error)
    return document


def _of_a_ticket(document, operation, ticket_id):
    """Let the tool know one ticket that there is: made up ids would only ever find none."""
    known = {"enum": [ticket_id, "nobody"]}
    ours = {"name": "id", "in": "path", "required": True}
    ours |= {"type": "string", **known} if "swagger" in document else {"schema": {"type": "string", **known}}
    others = [
        one
        for one in operation.get("parameters", ())
        if one.get("name") != "id" and not one.get("$ref", "").endswith("/Id")
    ]
    operation["parameters"] = [*others, ours]


@contextlib.asynccontextmanager
async def served(app, eventually):
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", lifespan="off"))
    running = asyncio.create_task(server.serve())
    await eventually(lambda: server.started)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await running


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("version", [4, 5])
async def test_no_answer_differs_from_the_official_document(
    version, app, signer, tmp_path, open_ticket, eventually
):
    if not (FOLDER / FILES[version]).is_file():
        pytest.skip(f"{FILES[version]} is not in CARELOOP_DATA ({FOLDER})")
    ticket = await open_ticket()
    document = tmp_path / "document.json"
    document.write_text(json.dumps(adapted(version, ticket["id"]), default=str))
    config = tmp_path / "schemathesis.toml"
    config.write_text(
        '[checks]\nnot_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", 501]\n', encoding="utf-8"
    )
    token = signer.token(["tickets:read", "tickets:write", "tickets:subscribe"])
    async with served(app, eventually) as url:
        process = await asyncio.create_subprocess_exec(
            str(Path(sysconfig.get_path("scripts")) / "schemathesis"),
            "--config-file",
            str(config),
            "run",
            str(document),
            "--url",
            f"{url}/tmf-api/troubleTicket/v{version}",
            "--header",
            f"Authorization: Bearer {token}",
            "--checks",
            CHECKS,
            "--max-examples",
            EXAMPLES,
            "--phases",
            PHASES,
            "--generation-deterministic",
            "--suppress-health-check",
            "all",
            "--no-color",
            "--workers",
            "1",
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
    said = output.decode()
    print(said[-20_000:])  # noqa: T201  (`pytest -s` shows how many cases there were)
    cases = re.search(r"(\d+) generated(?:, (\d+) found)?", said)
    print(  # noqa: T201
        f"TMF621 v{version}: {cases.group(0) if cases else said[-300:]}"
    )
    assert process.returncode == 0
