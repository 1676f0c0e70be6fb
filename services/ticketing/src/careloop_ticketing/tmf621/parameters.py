"""Parameters of the lists, and the media types of bodies."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from careloop_common.errors import MediaTypeNotSupported
from careloop_common.schemas import Instant
from fastapi import Query, Request

from careloop_ticketing.tmf621.errors import AttributeInvalid, ParameterNotImplemented, PatchInvalid
from careloop_ticketing.tmf621.parties import Party
from careloop_ticketing.tmf621.policy import patching, shapes
from careloop_ticketing.tmf621.policy.statuses import TmfStatus
from careloop_ticketing.tmf621.queries import SORTABLE, Wanted

LARGEST = 100
_FARTHEST = 10_000_000
_Attribute = Annotated[str | None, Query(max_length=2000, pattern=r"^[^\x00]*$")]
Fields = Annotated[
    str | None, Query(max_length=2000, description="Attributes to be shown, separated by commas.")
]
Offset = Annotated[int, Query(ge=0, le=_FARTHEST, description="How many to leave out at the beginning.")]
Limit = Annotated[int, Query(ge=0, description=f"How many to show; {LARGEST} at most.")]


def _attribute(name: str) -> Any:
    return Query(alias=name, max_length=2000, pattern=r"^[^\x00]*$")


@dataclass(frozen=True, slots=True)
class _Common:
    id: _Attribute = None
    status: _Attribute = None
    severity: _Attribute = None
    name: _Attribute = None
    priority: _Attribute = None
    ticket_type: Annotated[str | None, _attribute("ticketType")] = None
    channel: Annotated[str | None, _attribute("channel.id")] = None
    created_after: Annotated[Instant | None, Query(alias="creationDate.gt")] = None
    created_before: Annotated[Instant | None, Query(alias="creationDate.lt")] = None

    role: Annotated[str | None, _attribute("relatedParty.role")] = None

    def _wanted(self, party: str | None, name: str | None, **more: str | None) -> Wanted:
        given = {
            "id": self.id,
            "status": self.status,
            "severity": self.severity,
            "name": self.name,
            "priority": self.priority,
            "ticketType": self.ticket_type,
            "channel.id": self.channel,
            **more,
        }
        values = {name: _any_of(value) for name, value in given.items() if value is not None}
        if unknown := [word for word in values.get("status", ()) if word not in set(TmfStatus)]:
            known = ", ".join(TmfStatus)
            raise AttributeInvalid(f"status is one of {known}, not {unknown[0][:40]!r}.", pointer="status")
        who = Party(*(_any_of(one) if one is not None else () for one in (party, self.role, name)))
        return Wanted(values, self.created_after, self.created_before, who)


@dataclass(frozen=True, slots=True)
class Filters4(_Common):
    external_id: Annotated[str | None, _attribute("externalId")] = None
    party: Annotated[str | None, _attribute("relatedParty.id")] = None
    party_name: Annotated[str | None, _attribute("relatedParty.name")] = None

    @property
    def wanted(self) -> Wanted:
        return self._wanted(self.party, self.party_name, externalId=self.external_id)


@dataclass(frozen=True, slots=True)
class Filters5(_Common):
    external_id: Annotated[str | None, _attribute("externalIdentifier.id")] = None
    party: Annotated[str | None, _attribute("relatedParty.partyOrPartyRole.id")] = None
    party_name: Annotated[str | None, _attribute("relatedParty.partyOrPartyRole.name")] = None

    @property
    def wanted(self) -> Wanted:
        return self._wanted(self.party, self.party_name, **{"externalIdentifier.id": self.external_id})


def _any_of(value: str) -> Sequence[str]:
    return [one.strip() for one in value.split(",")]


@dataclass(frozen=True, slots=True)
class Unsupported:
    """What version 5 knows beside offset and limit, and this implementation does not."""

    before: Annotated[str | None, Query(description="Answered with 501.")] = None
    after: Annotated[str | None, Query(description="Answered with 501.")] = None
    filter: Annotated[str | None, Query(description="Answered with 501.")] = None

    def refuse(self) -> None:
        for name in ("before", "after", "filter"):
            if getattr(self, name) is not None:
                raise ParameterNotImplemented(f"The parameter {name} is not implemented.")


def sort_of(given: str | None) -> str:
    """By which attribute to sort: the newest first where nothing is said."""
    wanted = given or "-creationDate"
    if wanted.removeprefix("-") not in SORTABLE:
        raise ParameterNotImplemented(f"Lists can be sorted by {', '.join(SORTABLE)}.")
    return wanted


def demand_json(request: Request) -> None:
    """Creation takes JSON and nothing else."""
    if _media_type(request) != "application/json":
        raise MediaTypeNotSupported("The body must be application/json.")


def patch_of(request: Request, body: Any, *, version: int) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """The patch in a body, as its media type says that it is to be read."""
    if why := shapes.unfit(body):
        raise PatchInvalid(f"The body has {why}.")
    kind = _media_type(request)
    if kind == "application/json-patch-query+json" and version == 5:
        raise ParameterNotImplemented("application/json-patch-query+json is not implemented.")
    if kind == "application/json-patch+json" and version == 5:
        return lambda document: patching.patched(document, body)
    if kind in {"application/json", "application/merge-patch+json"}:
        return lambda document: patching.merged(document, patching.demand_object(body))
    raise MediaTypeNotSupported("The body must be application/json or application/merge-patch+json.")


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()
