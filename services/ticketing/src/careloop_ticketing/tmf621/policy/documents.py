"""What the documents of versions 4 and 5 say of the resources, as shapes."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from careloop_ticketing.tmf621.policy.shapes import (
    FLAG,
    INSTANT,
    INTEGER,
    NUMBER,
    TEXT,
    URI,
    Many,
    Shape,
    Simple,
    Thing,
)
from careloop_ticketing.tmf621.policy.statuses import TmfStatus

_STATUS = Simple("string", words=tuple(TmfStatus))
_PERIOD = Thing("", {"startDateTime": INSTANT, "endDateTime": INSTANT})
_QUANTITY = Thing("", {"amount": NUMBER, "units": TEXT})


def _v4(name: str, required: tuple[str, ...] = (), /, **members: Shape) -> Thing:
    common = {"@baseType": TEXT, "@schemaLocation": URI, "@type": TEXT, "@referredType": TEXT}
    return Thing(name, {**members, **common}, required)


def _v5(name: str, required: tuple[str, ...] = (), /, **members: Shape) -> Thing:
    return Thing(
        name, {**members, "@baseType": TEXT, "@schemaLocation": TEXT, "@type": TEXT}, (*required, "@type")
    )


def _ref(name: str, required: tuple[str, ...] = ("id",), /, **members: Shape) -> Thing:
    reference = _v5(name, required, id=TEXT, href=TEXT, name=TEXT, **members)
    return Thing(name, {**reference.members, "@referredType": TEXT}, reference.required)


_REF4: Mapping[str, Shape] = {"id": TEXT, "href": TEXT, "name": TEXT}
_ATTACHMENT: Mapping[str, Shape] = {
    **_REF4,
    "attachmentType": TEXT,
    "content": TEXT,
    "description": TEXT,
    "mimeType": TEXT,
    "url": TEXT,
    "size": _QUANTITY,
    "validFor": _PERIOD,
}
_NOTE: Mapping[str, Shape] = {"id": TEXT, "author": TEXT, "date": INSTANT, "text": TEXT}
_PLAIN: Mapping[str, Shape] = {
    "id": TEXT,
    "href": TEXT,
    "creationDate": INSTANT,
    "description": TEXT,
    "expectedResolutionDate": INSTANT,
    "lastUpdate": INSTANT,
    "name": TEXT,
    "priority": TEXT,
    "requestedResolutionDate": INSTANT,
    "resolutionDate": INSTANT,
    "severity": TEXT,
    "status": _STATUS,
    "statusChangeDate": INSTANT,
    "statusChangeReason": TEXT,
    "ticketType": TEXT,
}
_CREATION: Final = ("description", "severity", "ticketType")

V4_TICKET: Final = _v4(
    "ComplaintTicket",
    _CREATION,
    **_PLAIN,
    externalId=TEXT,
    attachment=Many(_v4("", **_ATTACHMENT)),
    channel=_v4("", ("id",), **_REF4),
    note=Many(_v4("", **_NOTE)),
    relatedEntity=Many(_v4("", ("@referredType", "id", "role"), **_REF4, role=TEXT)),
    relatedParty=Many(_v4("", ("@referredType", "id"), **_REF4, role=TEXT)),
    statusChange=Many(_v4("", changeDate=INSTANT, changeReason=TEXT, status=TEXT)),
    troubleTicketRelationship=Many(_v4("", **_REF4, relationshipType=TEXT)),
)

_PARTY = _ref("PartyRef", partyId=TEXT, partyName=TEXT)
_RELATED_PARTY = _v5("RelatedPartyRefOrPartyRoleRef", ("role",), role=TEXT, partyOrPartyRole=_PARTY)
_LINK = _v5("CharacteristicRelationship", id=TEXT, relationshipType=TEXT)

V5_TICKET: Final = _v5(
    "TroubleTicket",
    _CREATION,
    **_PLAIN,
    attachment=Many(_v5("Attachment", **_ATTACHMENT)),
    channel=_ref("ChannelRef"),
    externalIdentifier=Many(
        _v5("ExternalIdentifier", ("id",), owner=TEXT, externalIdentifierType=TEXT, id=TEXT)
    ),
    note=Many(_v5("Note", **_NOTE)),
    relatedEntity=Many(_v5("RelatedEntity", ("role", "entity"), role=TEXT, entity=_ref("EntityRef"))),
    relatedParty=Many(_RELATED_PARTY),
    statusChangeHistory=Many(
        _v5("StatusChange", statusChangeDate=INSTANT, statusChangeReason=TEXT, status=_STATUS)
    ),
    troubleTicketRelationship=Many(
        _ref("TroubleTicketRelationship", ("id", "relationshipType"), relationshipType=TEXT)
    ),
    troubleTicketSpecification=_ref("TroubleTicketSpecificationRef", version=TEXT),
    troubleTicketCharacteristic=Many(
        _v5(
            "Characteristic",
            ("name",),
            id=TEXT,
            name=TEXT,
            valueType=TEXT,
            characteristicRelationship=Many(_LINK),
        )
    ),
)

_VALUES = _v5(
    "CharacteristicValueSpecification",
    valueType=TEXT,
    isDefault=FLAG,
    unitOfMeasure=TEXT,
    validFor=_PERIOD,
    valueFrom=INTEGER,
    valueTo=INTEGER,
    rangeInterval=TEXT,
    regex=TEXT,
)
_RELATION = _v5(
    "CharacteristicSpecificationRelationship",
    relationshipType=TEXT,
    name=TEXT,
    characteristicSpecificationId=TEXT,
    parentSpecificationHref=TEXT,
    parentSpecificationId=TEXT,
    validFor=_PERIOD,
)
_CHARACTERISTIC = _v5(
    "CharacteristicSpecification",
    ("name", "valueType"),
    id=TEXT,
    name=TEXT,
    valueType=TEXT,
    description=TEXT,
    configurable=FLAG,
    validFor=_PERIOD,
    minCardinality=INTEGER,
    maxCardinality=INTEGER,
    isUnique=FLAG,
    regex=TEXT,
    extensible=FLAG,
    charSpecRelationship=Many(_RELATION),
    characteristicValueSpecification=Many(_VALUES),
)
SPECIFICATION: Final = _v5(
    "TroubleTicketSpecification",
    ("name",),
    id=TEXT,
    href=TEXT,
    name=TEXT,
    description=TEXT,
    lifecycleStatus=TEXT,
    version=TEXT,
    validFor=_PERIOD,
    specCharacteristic=Many(_CHARACTERISTIC),
    relatedParty=Many(_RELATED_PARTY),
    creationDate=INSTANT,
    lastUpdate=INSTANT,
)
TICKETS: Final[Mapping[int, Thing]] = MappingProxyType({4: V4_TICKET, 5: V5_TICKET})
LISTS: Final = frozenset(
    name
    for thing in (V5_TICKET, SPECIFICATION)
    for name, shape in thing.members.items()
    if isinstance(shape, Many)
)
"""Members of resources of version 5 that have several values."""
_HUB: Final[Mapping[str, Shape]] = {"id": TEXT, "callback": TEXT, "query": TEXT}
HUBS: Final[Mapping[int, Thing]] = MappingProxyType(
    {
        4: Thing("", _HUB, ("callback",)),
        5: Thing("Hub", {**_HUB, "@type": TEXT, "@baseType": TEXT, "@schemaLocation": TEXT}, ("callback",)),
    }
)
