"""What a customer allows: the ledger, what is in force, what proves it, what may be done now."""

from datetime import datetime
from functools import partial
from typing import Annotated
from uuid import UUID

from careloop_common.errors import VersionMismatch
from careloop_common.pagination import Page, PageQuery, page
from careloop_common.schemas import Instant
from careloop_common.web import (
    ActorDep,
    CareRouter,
    IfMatch,
    NowDep,
    RuntimeDep,
    SessionDep,
    etag,
    needs,
    problems,
)
from fastapi import Query, Response

from careloop_profile.consents import queries, schemas, service, views
from careloop_profile.consents.errors import ChannelMismatch, EndsBeforeBeginning, NoticeUnknown
from careloop_profile.consents.queries import Reference
from careloop_profile.consents.service.effective import bound
from careloop_profile.customers import service as customers
from careloop_profile.customers.api import READ, WRITE
from careloop_profile.customers.errors import CustomerNotFound
from careloop_profile.customers.policy.state import LedgerPurpose
from careloop_profile.customers.views import CustomerView, view

router = CareRouter(prefix="/v1/customers/{customer_id}", tags=["consents"])
_UNKNOWN = problems(CustomerNotFound)


@router.put(
    "/consents",
    dependencies=[needs(WRITE)],
    responses=problems(
        CustomerNotFound, VersionMismatch, ChannelMismatch, NoticeUnknown, EndsBeforeBeginning
    ),
)
async def declare_consents(
    customer_id: UUID,
    body: schemas.DeclareConsents,
    expected: IfMatch,
    response: Response,
    session: SessionDep,
    now: NowDep,
    actor: ActorDep,
    runtime: RuntimeDep,
) -> CustomerView:
    """Write down what the customer said. Every word is kept; the latest about a purpose and channel counts."""
    customer = await service.declare(
        session,
        runtime.vault,
        customer_id,
        [_statement(word, now) for word in body.items],
        expected_version=expected,
        now=now,
        actor=actor,
    )
    etag(response, customer.version)
    return view(customer, runtime.vault, actor)


def _statement(word: schemas.Word, now: datetime) -> service.Statement:
    """A word dated in the future would outweigh every later one, so it counts as said now."""
    return service.Statement(
        purpose=word.purpose,
        channel=word.channel,
        status=word.answer,
        at=min(word.at or now, now),
        expires_at=word.expires_at,
        legal_basis=word.legal_basis,
        notice=Reference(word.notice.name, word.notice.version) if word.notice else None,
        proof_kind=word.proof.kind if word.proof else None,
        proof=word.proof.model_dump(exclude={"kind"}) if word.proof else None,
        source=word.source,
    )


@router.get("/consents", dependencies=[needs(READ)], responses=_UNKNOWN)
async def get_ledger(
    customer_id: UUID,
    query: PageQuery,
    session: SessionDep,
    actor: ActorDep,
    runtime: RuntimeDep,
    purpose: Annotated[LedgerPurpose | None, Query()] = None,
) -> Page[schemas.EntryView]:
    """The customer's own entries of the ledger, those written down last first."""
    await customers.get(session, customer_id)
    before = query.after(datetime, UUID)
    rows = await queries.ledger(session, customer_id, purpose=purpose, before=before, limit=query.limit + 1)
    shown = partial(views.entry_view, vault=runtime.vault, actor=actor)
    return page(rows, query.limit, key=lambda entry: (entry.recorded_at, entry.entry_id), view=shown)


@router.get("/consents/effective", dependencies=[needs(READ)], responses=_UNKNOWN)
async def get_effective(
    customer_id: UUID,
    session: SessionDep,
    now: NowDep,
    actor: ActorDep,
    runtime: RuntimeDep,
    at: Annotated[Instant | None, Query(description="An instant that is past; without it, now.")] = None,
    known_at: Annotated[
        Instant | None, Query(description="Leave out what was written down later than this.")
    ] = None,
) -> schemas.StandingView:
    """What binds the customer at an instant: by its own words, and by what its person refused elsewhere."""
    then, known = min(at or now, now), min(known_at or now, now)
    standing = await service.in_force(session, customer_id, at=then, known_at=known)
    return views.standing_view(customer_id, standing, then, known, runtime.vault, actor)


@router.get("/consents/proof", dependencies=[needs(READ)], responses=_UNKNOWN)
async def get_proof(
    customer_id: UUID, session: SessionDep, now: NowDep, actor: ActorDep, runtime: RuntimeDep
) -> schemas.ProofDocument:
    """Everything that proves what the person allowed: all entries, the texts they had read, what follows from it."""
    proof = await service.prove(session, customer_id, now=now)
    return views.proof_document(customer_id, proof, runtime.vault, actor, now=now)


@router.get("/contact-rules", dependencies=[needs(READ)], responses=_UNKNOWN)
async def get_contact_rules(customer_id: UUID, session: SessionDep, now: NowDep) -> schemas.ContactRulesView:
    """What may be done now, on which channel, for what, and why; if not now, when."""
    standing = await service.in_force(session, customer_id, at=now, known_at=now)
    return views.contact_rules(await bound(session, customer_id, standing), standing, now=now)
