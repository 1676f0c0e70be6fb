import asyncio
import json
import os
from datetime import timedelta

from careloop_campaign.delivery.file_sink import FileTransport
from careloop_campaign.delivery.transport import Accepted, Unavailable


def read(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


async def test_each_envelope_is_one_line_in_the_file_of_its_day(tmp_path, make_envelope):
    sink = FileTransport(tmp_path / "out")
    today = make_envelope(1)
    tomorrow = make_envelope(2, at=today.at + timedelta(days=1), channel="sms", address="+8613800000000")
    assert await sink.send(today) == Accepted("file:2026-06-01.jsonl")
    assert await sink.send(tomorrow) == Accepted("file:2026-06-02.jsonl")
    await sink.close()
    (line,) = read(tmp_path / "out" / "2026-06-01.jsonl")
    assert line["message_id"] == str(today.message_id)
    assert line["text"] == today.text
    assert line["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert read(tmp_path / "out" / "2026-06-02.jsonl")[0]["to"] == "+8613800000000"


async def test_concurrent_envelopes_share_the_price_of_a_flush(tmp_path, make_envelope, monkeypatch):
    flushes = []
    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: (flushes.append(handle), fsync(handle)))
    sink = FileTransport(tmp_path)
    answers = await asyncio.gather(*(sink.send(make_envelope(number)) for number in range(500)))
    assert all(isinstance(answer, Accepted) for answer in answers)
    lines = read(tmp_path / "2026-06-01.jsonl")
    assert sorted(line["message_id"] for line in lines) == sorted(
        str(make_envelope(n).message_id) for n in range(500)
    )
    assert len(flushes) <= 3


async def test_a_line_torn_by_a_crash_spoils_no_other(tmp_path, make_envelope):
    (tmp_path / "2026-06-01.jsonl").write_text('{"message_id": "torn')
    await FileTransport(tmp_path).send(make_envelope())
    torn, whole = (tmp_path / "2026-06-01.jsonl").read_text().splitlines()
    assert torn == '{"message_id": "torn'
    assert json.loads(whole)["subject"] == make_envelope().subject


async def test_addresses_are_for_the_owner_only(tmp_path, make_envelope):
    await FileTransport(tmp_path / "out").send(make_envelope())
    assert (tmp_path / "out").stat().st_mode & 0o077 == 0
    assert (tmp_path / "out" / "2026-06-01.jsonl").stat().st_mode & 0o077 == 0


async def test_a_directory_that_cannot_be_written_is_an_answer(tmp_path, make_envelope):
    (tmp_path / "out").write_text("a file is in the way")
    answer = await FileTransport(tmp_path / "out").send(make_envelope())
    assert isinstance(answer, Unavailable)
