import os
import signal

import nats
import psutil


async def test_acknowledged_messages_survive_kill_9(place, started, nats_at):
    server = started(nats_at(place / "data"))
    client = await nats.connect(server.url)
    stream = client.jetstream()
    await stream.add_stream(name="KEPT", subjects=["kept.>"])
    for number in range(20):
        await stream.publish("kept.message", str(number).encode())
    await client.close()
    os.kill(server.pid, signal.SIGKILL)
    started(server)
    client = await nats.connect(server.url)
    assert (await client.jetstream().stream_info("KEPT")).state.messages == 20
    await client.close()


async def test_every_message_is_synced_and_may_be_4_megabytes(place, started, nats_at):
    server = started(nats_at(place / "data"))
    client = await nats.connect(server.url)
    assert client.max_payload == 4 << 20
    await client.close()
    assert "sync_interval: always" in (place / "data" / "nats.conf").read_text()


async def test_stop_leaves_no_process(place, started, nats_at):
    server = started(nats_at(place / "data"))
    process = psutil.Process(server.pid)
    server.stop()
    assert not process.is_running()
