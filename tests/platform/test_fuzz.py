"""schemathesis on the merged document: no server error, no answer that is not documented.

make fuzz EXAMPLES=100        the same for longer
"""

import asyncio
import os
import sysconfig
from pathlib import Path

import pytest
from fleet import Fleet

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
EXAMPLES = os.environ.get("EXAMPLES", "5")


@pytest.mark.skipif("EXAMPLES" not in os.environ, reason="takes minutes: `make fuzz` runs it")
@pytest.mark.timeout(3600)
async def test_no_server_error_and_no_undocumented_answer(fleet: Fleet) -> None:
    command = [
        str(Path(sysconfig.get_path("scripts")) / "schemathesis"),
        "run",
        f"{fleet.config.gateway_url}/openapi.json",
        "--header",
        f"Authorization: Bearer {fleet.config.keys.admin.read_text().strip()}",
        "--checks",
        CHECKS,
        "--max-examples",
        EXAMPLES,
        "--phases",
        "examples,coverage,fuzzing",
        "--generation-deterministic",
        "--suppress-health-check",
        "all",
        "--no-color",
        "--workers",
        "2",
    ]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()[-20_000:]
