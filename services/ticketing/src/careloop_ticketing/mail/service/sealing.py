"""Addresses and ids of messages as they are kept: to be found by, never to be read, but for who shows them masked."""

from uuid import UUID

from careloop_common.privacy import Vault, mask_email

_FIELD = "e-mail sender"


def key_of(vault: Vault, key: str) -> str:
    return vault.blind_index("e-mail", key)


def message_index(vault: Vault, message_id: str) -> str:
    return vault.blind_index("e-mail message id", message_id)


def sender_index(vault: Vault, address: str) -> str:
    return vault.blind_index("e-mail sender", address)


def sealed(vault: Vault, mail_id: UUID, address: str) -> str:
    return vault.seal(mail_id, _FIELD, address)


def masked(vault: Vault, mail_id: UUID, sealed_address: str) -> str:
    return mask_email(vault.open(mail_id, _FIELD, sealed_address))
