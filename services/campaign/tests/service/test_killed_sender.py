"""kill -9 of the sending process, again and again: no care message goes out twice, none is forgotten."""

import asyncio
import json
import os
import signal
import sys
from collections import Counter

import pytest

MESSAGES = 600
KILLS = 3


@pytest.mark.timeout(300)  # it starts four processes, one after the other
async def test_nothing_is_doubled_and_nothing_lost(
    runtime, service_settings, known, plan, ledger, set_policy, eventually, tmp_path
):
    await set_policy()
    await plan(*await known(MESSAGES))
    sink = tmp_path / "killed"
    environment = os.environ | {
        "CAMPAIGN_DATABASE_URL": service_settings.database_url.get_secret_value(),
        "CAMPAIGN_NATS_URL": service_settings.nats_url,
        "CAMPAIGN_INTERNAL_PUBLIC_KEY": service_settings.internal_public_key,
        "CAMPAIGN_DATA_KEYS": service_settings.data_keys.get_secret_value(),
        "CAMPAIGN_SINK_DIRECTORY": str(sink),
        "CAMPAIGN_SEND_BATCH": "40",
        "CAMPAIGN_PORT": "0",
    }

    def lines():
        return [line for file in sink.glob("*.jsonl") for line in file.read_bytes().splitlines()]

    async def start():
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            "from careloop_campaign.service import main; raise SystemExit(main())",
            "worker",
            env=environment,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )

    for _ in range(KILLS):
        before = len(lines())
        process = await start()
        await eventually(lambda seen=before: len(lines()) > seen + 60, timeout=120)
        process.send_signal(signal.SIGKILL)
        await process.wait()

    process = await start()

    async def done():
        states = Counter(row.state for row in await ledger())
        # What the last process has under way it settles; what the killed ones had, nobody does.
        return states["planned"] + states["reserved"] == 0 and unsettled(states) <= KILLS * 40

    await eventually(done, timeout=120)
    process.terminate()
    await process.wait()

    arrived = Counter(whole(line) for line in lines())
    assert max(arrived.values()) == 1
    states = Counter(row.state for row in await ledger())
    assert states["accepted"] + unsettled(states) == MESSAGES
    assert states["accepted"] <= len(arrived) <= MESSAGES
    assert unsettled(states) <= KILLS * 40


def unsettled(states):
    return states["submitting"] + states["unknown"]


def whole(line):
    try:
        return json.loads(line)["message_id"]
    except ValueError:  # torn by a kill
        return line
