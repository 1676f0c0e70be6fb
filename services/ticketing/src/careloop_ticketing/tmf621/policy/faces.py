"""One ticket's attributes as the two versions write them, and the one form in which they are kept: that of version 5."""

from dataclasses import dataclass
from typing import Any, Final

from careloop_ticketing.tmf621.policy import shapes
from careloop_ticketing.tmf621.policy.documents import TICKETS, V5_TICKET
from careloop_ticketing.tmf621.policy.shapes import Many, Shape, Thing

TICKET: Final = "troubleTicket"
SPECIFICATION: Final = "troubleTicketSpecification"
SCHEMA: Final = "https://careloop.dev/schemas/ComplaintTicket.schema.json"
EXTENSION: Final = (
    "number",
    "tier",
    "causeCategory",
    "productCategory",
    "customerEmotion",
    "isVip",
    "supportLevel",
    "responseDueDate",
    "resolutionDueDate",
)
"""What a ticket of ours has and the standard has no attribute for. The system alone writes it."""
_OWN: Final = frozenset(
    {
        "id",
        "href",
        "creationDate",
        "lastUpdate",
        "status",
        "statusChangeDate",
        "statusChangeReason",
        "name",
        "description",
        "expectedResolutionDate",
        "resolutionDate",
        "note",
    }
)
"""What the store itself holds or works out, so that nothing beside it may."""
HISTORY: Final = {4: "statusChange", 5: "statusChangeHistory"}
_CHARACTERISTICS: Final = "troubleTicketCharacteristic"
_NESTED: Final = {"relatedParty": "partyOrPartyRole", "relatedEntity": "entity"}
_REFERRED: Final = {"relatedParty": "PartyRef", "relatedEntity": "EntityRef"}


@dataclass(frozen=True, slots=True)
class Face:
    """One version of the interface under the public address of the platform."""

    version: int
    public_url: str

    @property
    def shape(self) -> Thing:
        return TICKETS[self.version]

    def href(self, resource: str, identity: object) -> str:
        return f"{self.public_url.rstrip('/')}/tmf-api/troubleTicket/v{self.version}/{resource}/{identity}"

    def attachment(self, ticket_id: object, identity: object) -> str:
        return f"{self.public_url.rstrip('/')}/v1/tickets/{ticket_id}/attachments/{identity}"

    def keeps(self, name: str) -> bool:
        """Whether an attribute is none of the store's own and is therefore kept beside the ticket."""
        theirs = EXTENSION if self.version == 4 else ()
        return name not in _OWN and name not in HISTORY.values() and name not in theirs


def to_keep(face: Face, name: str, value: Any) -> tuple[str, Any]:
    """An attribute as it is kept."""
    if name == _CHARACTERISTICS and isinstance(value, list):
        return name, [one for one in value if not (isinstance(one, dict) and one.get("name") in EXTENSION)]
    if face.version == 5:
        return name, value
    if name == "externalId":
        return "externalIdentifier", [{"id": value}]
    if name in _NESTED:
        return name, [_nest(one, _NESTED[name]) for one in value]
    return name, value


def _nest(flat: dict[str, Any], inner: str) -> dict[str, Any]:
    rest = {key: item for key, item in flat.items() if key != "role"}
    role = {"role": flat["role"]} if "role" in flat else {}
    return {**role, inner: rest}


def as_written(face: Face, kept: dict[str, Any]) -> dict[str, Any]:
    """The kept attributes as the version writes them."""
    if face.version == 5:
        return {name: shapes.typed(value, V5_TICKET.members.get(name)) for name, value in kept.items()}
    found = {name: _flat(name, value) for name, value in kept.items() if name != "externalIdentifier"}
    if identifiers := kept.get("externalIdentifier"):
        found["externalId"] = identifiers[0]["id"]
    return {name: value for name, value in found.items() if _fits(value, face.shape.members.get(name))}


def _fits(value: Any, shape: Shape | None) -> bool:
    """Version 5 lets some things through that version 4 calls wrong, such as a schema's address that is no URI."""
    return shape is None or isinstance(shape, Many) or not any(shapes.faults(value, shape))


def _flat(name: str, value: Any) -> Any:
    if name not in _NESTED:
        return value
    return [_unnest(one, _NESTED[name], _REFERRED[name]) for one in value]


def _unnest(nested: dict[str, Any], inner: str, referred: str) -> dict[str, Any]:
    outer = {key: item for key, item in nested.items() if key not in {inner, "@type"}}
    return {"id": "", "@referredType": referred, "role": "", **outer, **nested.get(inner, {})}


def selected(document: dict[str, Any], fields: str | None) -> dict[str, Any]:
    """Only the attributes that were asked for; who a resource is and what it is always comes along."""
    if not fields or fields.strip() in {"", "*"}:
        return document
    wanted = {name.strip().split(".")[0] for name in fields.split(",")} | {"id", "href", "@type"}
    return {name: value for name, value in document.items() if name in wanted}
