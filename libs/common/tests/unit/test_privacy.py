"""Personal data: what is sealed opens for its subject and field only, and masks show too little to use."""

import base64
from uuid import UUID

import pytest
from careloop_common.errors import SealBroken, SubjectKeyGone
from careloop_common.privacy import OVERHEAD, Vault, mask_email, mask_name, mask_phone
from hypothesis import given
from hypothesis import strategies as st

OLD = base64.b64encode(b"o" * 32).decode()
NEW = base64.b64encode(b"n" * 32).decode()
SUBJECT = UUID(int=1)


@pytest.fixture(scope="module")
def vault() -> Vault:
    return Vault(f"new:{NEW},old:{OLD}")


@given(value=st.text(), field=st.text(min_size=1), subject=st.uuids())
def test_what_is_sealed_opens_again(value: str, field: str, subject: UUID) -> None:
    vault = Vault(f"k:{NEW}")
    assert vault.open(subject, field, vault.seal(subject, field, value)) == value


def test_a_token_opens_for_no_other_subject_or_field(vault: Vault) -> None:
    token = vault.seal(SUBJECT, "phone", "+8613812345678")
    for subject, field in [(UUID(int=2), "phone"), (SUBJECT, "email")]:
        with pytest.raises(SealBroken):
            vault.open(subject, field, token)


@given(value=st.binary(), field=st.text(min_size=1), subject=st.uuids())
def test_bytes_open_again_and_grow_by_as_much_each_time(value: bytes, field: str, subject: UUID) -> None:
    vault = Vault(f"k:{NEW}")
    sealed = vault.seal_bytes(subject, field, value)
    assert vault.open_bytes(subject, field, sealed) == value
    assert len(sealed) == len(value) + OVERHEAD
    assert len(value) < 4 or value not in sealed


def test_sealed_bytes_open_with_an_old_key_and_for_nobody_else(vault: Vault) -> None:
    sealed = Vault(f"old:{OLD}").seal_bytes(SUBJECT, "part", b"13812345678")
    assert vault.open_bytes(SUBJECT, "part", sealed) == b"13812345678"
    wrong = [
        (UUID(int=2), "part", sealed),
        (SUBJECT, "other", sealed),
        (SUBJECT, "part", sealed[:-1]),
        (SUBJECT, "part", b"\x02" + sealed[1:]),
        (SUBJECT, "part", b"name,phone"),
        (SUBJECT, "part", b"\x01"),
        (SUBJECT, "part", b""),
    ]
    for subject, field, given_bytes in wrong:
        with pytest.raises(SealBroken):
            vault.open_bytes(subject, field, given_bytes)
    with pytest.raises(SealBroken):
        Vault(f"new:{NEW}").open_bytes(SUBJECT, "part", sealed)


@pytest.mark.parametrize(
    "token", ["", "v1", "v1.new.", "v1.none.AAAA", "v2.new.AAAA", "v1.new.%%%", "v1.new.AAAA"]
)
def test_what_is_not_a_token_does_not_open(vault: Vault, token: str) -> None:
    with pytest.raises(SealBroken):
        vault.open(SUBJECT, "phone", token)


def test_the_same_value_never_looks_the_same(vault: Vault) -> None:
    assert vault.seal(SUBJECT, "phone", "1") != vault.seal(SUBJECT, "phone", "1")


def test_rotation_keeps_old_tokens_and_blind_indexes(vault: Vault) -> None:
    before = Vault(f"old:{OLD}")
    assert vault.open(SUBJECT, "name", before.seal(SUBJECT, "name", "张伟")) == "张伟"
    assert vault.blind_index("phone", "1") == before.blind_index("phone", "1")
    assert vault.blind_index("phone", "1") != vault.blind_index("email", "1")


@pytest.mark.parametrize("ring", ["", "k:AAAA", "k:not base64!"])
def test_a_bad_ring_is_refused_at_the_start(ring: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Vault(ring)


def test_masks() -> None:
    assert mask_phone("+8613812345678") == "+86138****5678"
    assert mask_email("zhang.wei@example.com") == "z***@example.com"
    assert mask_name("张伟") == "张*"
    assert mask_name("Wei Zhang") == "W*** Z***"


def test_what_is_sealed_for_a_subject_with_a_key_opens_with_it_alone(vault: Vault) -> None:
    subject = UUID(int=7)
    vault.hold(subject, vault.new_key(subject))
    token = vault.seal(subject, "name", "张伟")
    assert token.startswith("v2.")
    assert vault.open(subject, "name", token) == "张伟"
    with pytest.raises(SealBroken):
        vault.open(subject, "phone", token)
    vault.drop(subject)
    with pytest.raises(SubjectKeyGone):
        vault.open(subject, "name", token)
    vault.hold(subject, vault.new_key(subject))
    with pytest.raises(SealBroken):
        vault.open(subject, "name", token)


def test_a_key_is_wrapped_for_its_subject_under_the_ring() -> None:
    old = Vault(f"old:{OLD}")
    wrapped = old.new_key(SUBJECT)
    rotated = Vault(f"new:{NEW},old:{OLD}")
    rotated.hold(SUBJECT, wrapped)
    with pytest.raises(SealBroken):
        rotated.hold(UUID(int=2), wrapped)
    with pytest.raises(SealBroken):
        Vault(f"new:{NEW}").hold(SUBJECT, wrapped)


def test_tokens_of_before_open_beside_a_key(vault: Vault) -> None:
    subject = UUID(int=8)
    token = vault.seal(subject, "name", "张伟")
    vault.hold(subject, vault.new_key(subject))
    assert vault.open(subject, "name", token) == "张伟"


def test_a_key_that_is_not_kept_is_asked_for_again(vault: Vault) -> None:
    kept, made = UUID(int=9), UUID(int=10)
    vault.hold(kept, vault.new_key(kept))
    vault.hold(made, vault.new_key(made), kept=False)
    assert (vault.holds(kept), vault.holds(made), vault.holds(UUID(int=11))) == (True, False, False)


@pytest.mark.parametrize("token", ["v2.", "v2.x", "v2.old.AAAA", "v3.AAAA", "", "v1.AAAA", "v2"])
def test_what_is_no_token_does_not_open(vault: Vault, token: str) -> None:
    with pytest.raises(SealBroken):
        vault.open(SUBJECT, "name", token)
