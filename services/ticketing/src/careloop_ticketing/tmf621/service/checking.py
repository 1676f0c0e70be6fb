"""Documents are checked before anything is done with them."""

from typing import Any

from careloop_ticketing.tmf621.errors import AttributeInvalid
from careloop_ticketing.tmf621.policy import faces, shapes
from careloop_ticketing.tmf621.policy.faces import Face
from careloop_ticketing.tmf621.policy.shapes import Thing

_NAMED = 10


def check(document: Any, shape: Thing) -> None:
    """`AttributeInvalid` for the first wrong attribute, with the others named beside it."""
    if why := shapes.unfit(document):
        raise AttributeInvalid(f"The body has {why}.")
    if found := list(shapes.faults(document, shape)):
        said = "; ".join(f"{pointer or '/'}: {what}" for pointer, what in found[:_NAMED])
        raise AttributeInvalid(f"The document differs from its schema: {said}.", pointer=found[0][0])


def kept_of(face: Face, document: dict[str, Any]) -> dict[str, Any]:
    """The attributes of a document that are kept beside the ticket, in the form in which they are."""
    return dict(faces.to_keep(face, name, value) for name, value in document.items() if face.keeps(name))
