"""A definition before it is one, and its row."""

from dataclasses import dataclass
from datetime import datetime

from careloop_profile.tags.models import DefinitionRow
from careloop_profile.tags.policy.definitions import Content, Reading, State
from careloop_profile.tags.service import registry


@dataclass(frozen=True, slots=True)
class Proposal:
    """A definition before it has a version."""

    code: str
    name: str
    name_zh: str
    description: str
    category: str
    pack: str
    owner: str
    sensitivity: str
    ttl_days: int | None
    content: Content


def make(
    proposal: Proposal,
    content: Content,
    reading: Reading,
    *,
    version: int,
    group: int,
    now: datetime,
    by: str,
) -> DefinitionRow:
    """The row of a proposal."""
    return DefinitionRow(
        code=proposal.code,
        version=version,
        name=proposal.name,
        name_zh=proposal.name_zh,
        description=proposal.description,
        category=proposal.category,
        pack=proposal.pack,
        kind=content.kind.value,
        value_type=content.value_type.value,
        content=registry.document_of(content),
        depends_on=sorted(reading.inputs),
        owner=proposal.owner,
        sensitivity=proposal.sensitivity,
        ttl_days=proposal.ttl_days,
        group=group,
        state=State.PROPOSED.value,
        created_at=now,
        created_by=by,
    )
