"""Personal facts on their way into storage and out of it."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from careloop_common.disclosure import disclosed
from careloop_common.observability.logging import redact
from careloop_common.privacy import Vault, mask_email, mask_name, mask_phone

from careloop_profile.customers.policy import IDENTIFIERS, SEALED_FACTS, Customer, Identifier
from careloop_profile.identifiers.policy import parse_address

PERSONAL_FACTS: Final = (*SEALED_FACTS, *IDENTIFIERS)


def mask_identity_number(value: str) -> str:
    """`11010519491231002X` → `1****X`."""
    return f"{value[:1]}****{value[-1:]}"


def mask_birth_date(value: str) -> str:
    """`1990-01-05` → `1990-**-**`: an age is no secret to who cares for somebody."""
    return f"{value[:4]}-**-**"


def mask_address(value: str) -> str:
    """`广东省深圳市南山区科苑路15号` → `广东省深圳市***`."""
    return f"{parse_address(value).area}***"


MASKS: Final[Mapping[str, Callable[[str], str]]] = MappingProxyType(
    {
        "name": mask_name,
        "phone": mask_phone,
        "email": mask_email,
        "identity_number": mask_identity_number,
        "birth_date": mask_birth_date,
        "address": mask_address,
    }
)


PERSONAL_NAMES: Final = frozenset(
    {
        *("name", "full_name", "first_name", "last_name", "phone", "mobile", "msisdn", "telephone", "email"),
        *("address", "identity_number", "id_card", "id_number", "birth_date", "birthday"),
        *("姓名", "手机", "手机号", "电话", "邮箱", "地址", "身份证", "身份证号", "生日"),
    }
)
"""What senders call what is personal, where they may send what they like."""


def mask_anything(value: Any) -> Any:
    """Whatever senders sent, without what is called or looks like something personal."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {
            name: "[masked]" if name.lower() in PERSONAL_NAMES and inner is not None else mask_anything(inner)
            for name, inner in value.items()
        }
    return [mask_anything(inner) for inner in value] if isinstance(value, list) else value


def anything(customer_id: UUID, field: str, value: Any, *, masked: bool) -> Any:
    """Whatever senders sent, as a reader may see it: masked, or open and, if there is something personal, written down."""
    safe = mask_anything(value)
    if not masked and safe != value:
        disclosed(customer_id, field)
    return safe if masked else value


class Personal:
    """Seals what is new and keeps what is unchanged: a fresh seal of the same name would look like a change."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def sealed(self, customer: Customer, values: Mapping[str, str]) -> dict[str, Any]:
        """These personal facts as the customer holds them."""
        key = customer.customer_id
        facts: dict[str, Any] = {}
        for field, value in values.items():
            known = getattr(customer, field)
            seal = self._identifier if field in IDENTIFIERS else self._text
            facts[field] = seal(key, field, value, known)
        return facts

    def _text(self, customer_id: UUID, field: str, value: str, known: str | None) -> str:
        if known is not None and self._vault.open(customer_id, field, known) == value:
            return known
        return self._vault.seal(customer_id, field, value)

    def _identifier(self, customer_id: UUID, kind: str, value: str, known: Identifier | None) -> Identifier:
        index = self._vault.blind_index(kind, value)
        if known is not None and known.index == index:
            return known
        return Identifier(index, self._vault.seal(customer_id, kind, value))

    def opened(self, customer: Customer, field: str) -> str | None:
        """A personal fact in clear."""
        fact = getattr(customer, field)
        sealed = fact.sealed if isinstance(fact, Identifier) else fact
        return None if sealed is None else self._vault.open(customer.customer_id, field, sealed)

    def shown(self, customer: Customer, *, masked: bool) -> dict[str, str | None]:
        """What a reader may see: masked, or open to those who may see it."""
        facts = {field: self.opened(customer, field) for field in PERSONAL_FACTS}
        if not masked:
            disclosed(customer.customer_id, *(field for field, value in facts.items() if value))
        return {field: MASKS[field](value) if value and masked else value for field, value in facts.items()}
