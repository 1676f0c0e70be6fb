"""Personal facts on their way into storage and out of it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
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


_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_A-Za-z]+")
_PERSONAL: Final = frozenset(
    {
        *("phone", "mobile", "msisdn", "telephone", "email", "address", "birthday"),
        *("phonenumber", "mobilenumber", "mobilephone", "cellphone", "emailaddress"),
        *("identitynumber", "idcard", "idcardnumber", "idcardno", "idnumber", "passportnumber"),
        *("birthdate", "dateofbirth", "street"),
        *("fullname", "firstname", "lastname", "realname", "givenname", "familyname", "surname"),
        *("customername", "contactname", "recipientname", "holdername", "ownername", "subscribername"),
    }
)
"""How what is personal is called in any spelling, also as the end of a name: `contact_phone`, `billingAddress`."""
_PERSONAL_ENDS: Final = (
    *(
        "姓名",
        "名字",
        "联系人",
        "手机",
        "手机号",
        "手机号码",
        "电话",
        "电话号码",
        "邮箱",
        "邮件地址",
        "地址",
        "住址",
    ),
    *("身份证", "身份证号", "身份证号码", "证件号", "证件号码", "生日", "出生日期"),
)

_LEAST, _MOST = 1e10, 1e18
"""Between these a number may be one to call, or of an identity card, that became a number on its way."""


@lru_cache(10_000)
def _is_personal(name: str) -> bool:
    """Whether what senders call so is personal; they may send what they like."""
    words = [word.lower() for word in _WORDS.findall(name)]
    ends = {"".join(words[place:]) for place in range(len(words))}
    return words == ["name"] or not ends.isdisjoint(_PERSONAL) or name.endswith(_PERSONAL_ENDS)


def _says_something(value: Any) -> bool:
    """Nothing, and yes or no, are nobody's: `has_phone` is no number to call."""
    return value is not None and not isinstance(value, bool)


def mask_anything(value: Any) -> Any:
    """Whatever senders sent, without what is called or looks like something personal."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {
            name: "[masked]" if _says_something(inner) and _is_personal(name) else mask_anything(inner)
            for name, inner in value.items()
        }
    if isinstance(value, int | float) and _LEAST <= value < _MOST and value == int(value):
        written = f"{value:.0f}" if isinstance(value, float) else str(value)
        masked = redact(written)
        return value if masked == written else masked
    return [mask_anything(inner) for inner in value] if isinstance(value, list) else value


def anything(customer_id: UUID, field: str, value: Any, *, masked: bool) -> Any:
    """Whatever senders sent, as a reader may see it: masked, or open and, if there is something personal, written down."""
    safe = mask_anything(value)
    if not masked and safe != value:
        disclosed(customer_id, field)
    return safe if masked else value


def as_called(customer: Customer, *, masked: bool) -> Customer:
    """The customer as a reader may see what its source calls it: some call customers by their numbers or addresses."""
    key, called = customer.customer_id, customer.external_id
    return replace(customer, external_id=anything(key, "external_id", called, masked=masked))


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
