import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from careloop_common.errors import ServiceUnavailable
from careloop_gateway.errors import CredentialsInvalid
from careloop_gateway.identity.keyring import (
    KNOWN_SECONDS,
    REFUSED_SECONDS,
    STALE_SECONDS,
    KeyRecord,
    Keyring,
)
from careloop_gateway.identity.principal import Principal
from careloop_gateway.identity.secrets import ApiKey, new_key, parse_key
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Shelf:
    """Keys in memory, which can be taken away, and a clock that stands still."""

    def __init__(self):
        self.keys, self.changes = {}, []
        self.finds = 0
        self.now = 1000.0
        self.down = False
        self.touched = set()

    def put(self, record):
        self.keys[record.id] = record
        self.changes.append(record)

    async def find(self, key_id):
        self._answer()
        self.finds += 1
        await asyncio.sleep(0)
        return self.keys.get(key_id)

    async def changed(self):
        self._answer()
        return list(self.changes)

    async def touch(self, key_ids):
        self._answer()
        self.touched |= set(key_ids)

    def _answer(self):
        if self.down:
            raise ConnectionRefusedError


@pytest.fixture
def shelf():
    return Shelf()


@pytest.fixture
def keyring(shelf):
    return Keyring(shelf, clock=lambda: shelf.now)


def record(key, **changes):
    principal = Principal(f"key:{key.id}", "api_key", "x", (), frozenset())
    return replace(KeyRecord(key.id, principal, key.hash), **changes)


@pytest.fixture
def key(shelf):
    made = new_key()
    shelf.put(record(made))
    shelf.changes.clear()
    return made


async def test_a_known_key_costs_no_look_up(keyring, shelf, key):
    for _ in range(5):
        assert (await keyring.authenticate(str(key), NOW)).id == f"key:{key.id}"
    assert shelf.finds == 1


async def test_many_who_come_at_once_cause_one_look_up(keyring, shelf, key):
    await asyncio.gather(*(keyring.authenticate(str(key), NOW) for _ in range(50)))
    assert shelf.finds == 1


async def test_an_unknown_key_is_remembered_for_a_moment(keyring, shelf):
    stranger = new_key()
    for _ in range(5):
        with pytest.raises(CredentialsInvalid):
            await keyring.authenticate(str(stranger), NOW)
    assert shelf.finds == 1
    shelf.keys[stranger.id] = record(stranger)
    shelf.now += REFUSED_SECONDS
    assert await keyring.authenticate(str(stranger), NOW)


async def test_a_new_secret_of_a_known_key_is_good_at_once_and_wrong_ones_cost_one_look_up(
    keyring, shelf, key
):
    await keyring.authenticate(str(key), NOW)
    rotated = new_key(key.id)
    shelf.keys[key.id] = record(rotated)
    shelf.now += REFUSED_SECONDS
    assert await keyring.authenticate(str(rotated), NOW)
    for _ in range(5):
        with pytest.raises(CredentialsInvalid):
            await keyring.authenticate(str(key), NOW)
    assert shelf.finds == 2


async def test_a_change_is_seen_by_whoever_comes_when_the_last_look_is_old(keyring, shelf, key):
    await keyring.authenticate(str(key), NOW)
    shelf.put(record(key, revoked=True))
    shelf.now += STALE_SECONDS
    with pytest.raises(CredentialsInvalid):
        await keyring.authenticate(str(key), NOW)


async def test_after_a_long_quiet_every_key_is_read_again(keyring, shelf, key):
    await keyring.authenticate(str(key), NOW)
    shelf.keys[key.id] = record(key, revoked=True)
    shelf.now += 3600
    with pytest.raises(CredentialsInvalid):
        await keyring.authenticate(str(key), NOW)


async def test_known_keys_work_and_others_have_to_wait_while_the_store_is_down(keyring, shelf, key):
    await keyring.authenticate(str(key), NOW)
    shelf.down = True
    for _ in range(5):
        shelf.now += KNOWN_SECONDS
        assert await keyring.authenticate(str(key), NOW)
    with pytest.raises(ServiceUnavailable):
        await keyring.authenticate(str(new_key()), NOW)


async def test_after_an_outage_changes_are_seen_again(keyring, shelf, key):
    await keyring.authenticate(str(key), NOW)
    shelf.down = True
    shelf.now += 100
    await keyring.authenticate(str(key), NOW)
    shelf.down = False
    shelf.keys[key.id] = record(key, revoked=True)
    shelf.now += 100
    await keyring.authenticate(str(key), NOW)
    await asyncio.gather(*(task for task in asyncio.all_tasks() if task.get_name() == "api-keys"))
    with pytest.raises(CredentialsInvalid):
        await keyring.authenticate(str(key), NOW)


async def test_use_is_noted_once_a_minute(keyring, shelf, key):
    await keyring.authenticate(str(key), NOW)
    shelf.now += 61
    await keyring.authenticate(str(key), NOW)
    assert shelf.touched == {key.id}


async def test_fixed_keys_need_no_store(shelf):
    key = new_key()
    shelf.down = True
    keyring = Keyring(shelf, fixed=[record(key)], clock=lambda: shelf.now)
    shelf.now += 1000
    assert await keyring.authenticate(str(key), NOW)


def test_expiry_and_grace_end_on_the_second():
    old, new = new_key(), None
    new = new_key(old.id)
    later = NOW + timedelta(seconds=10)
    both = record(new, previous_hash=old.hash, previous_until=later, expires_at=later)
    just_before = later - timedelta(microseconds=1)
    assert both.accepts(new, just_before)
    assert both.accepts(old, just_before)
    assert not both.accepts(old, later)
    assert not both.accepts(new, later)


def test_a_key_is_read_as_it_was_written():
    key = new_key()
    assert parse_key(str(key)) == key
    assert len(key.secret) >= 43
    assert key.secret not in repr(key.hash)


@given(st.text(max_size=80))
def test_nothing_else_is_a_key(text):
    found = parse_key(text)
    assert found is None or str(found) == text


def test_secrets_of_one_key_differ():
    assert ApiKey("abcdef", "a" * 43).hash != ApiKey("abcdef", "b" * 43).hash
