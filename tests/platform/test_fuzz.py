"""schemathesis on the merged document: no server error, no answer that is not documented.

Here some examples of each operation; `make fuzz` goes through every way to get each of their parameters wrong as well, which
takes minutes. EXAMPLES=100 tries more.
"""

import asyncio
import json
import os
import sysconfig
from pathlib import Path
from typing import Any

import httpx
import pytest
from fleet import Fleet

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
EXAMPLES = os.environ.get("EXAMPLES", "5")
PHASES = os.environ.get("PHASES", "examples,fuzzing")


@pytest.mark.timeout(3600)
async def test_no_server_error_and_no_undocumented_answer(
    fleet: Fleet, admin: httpx.AsyncClient, tmp_path: Path
) -> None:
    document = tmp_path / "openapi.json"
    document.write_text(json.dumps(_without_security((await admin.get("/openapi.json")).json())))
    command = [
        str(Path(sysconfig.get_path("scripts")) / "schemathesis"),
        "run",
        str(document),
        "--url",
        fleet.config.gateway_url,
        "--header",
        f"Authorization: Bearer {fleet.config.keys.admin.read_text().strip()}",
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
        # The faces of the TM Forum are judged by its own documents, and mail is read from whatever bytes there are, in the
        # tests of ticketing.
        "--exclude-path-regex",
        "^(/tmf-api/|/v1/inbound-mail$)",
        # Two workers parse source side by side, which Python 3.11 answers now and then with "AST constructor recursion
        # depth mismatch".
        "--workers",
        "1",
    ]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await process.communicate()
    print(output.decode()[-20_000:])  # `make fuzz ARGS=-s` shows how far it got
    assert process.returncode == 0


def _without_security(document: dict[str, Any]) -> dict[str, Any]:
    """A tool that makes up credentials beside the good ones sees nothing but 401."""
    del document["components"]["securitySchemes"]
    for operations in document["paths"].values():
        for operation in operations.values():
            operation.pop("security", None)
    return document
