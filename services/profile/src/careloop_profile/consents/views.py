import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from careloop_common.disclosure import disclosed
from careloop_common.privacy import Vault
from careloop_common.tokens import Actor

from careloop_profile.consents.policy import Decided, Entry, Reason, next_allowed, permission
from careloop_profile.consents.schemas import (
    BlockView,
    ContactRulesView,
    EffectiveView,
    EntryView,
    NoticeView,
    ProofDocument,
    RuleView,
    StandingView,
    UseView,
)
from careloop_profile.consents.service import Proof, Standing
from careloop_profile.consents.service.declaring import PROOF
from careloop_profile.customers.policy import ANY, CHANNELS, PURPOSES, USES, Customer
from careloop_profile.customers.policy.state import Channel, Purpose, Use
from careloop_profile.customers.views import PERSONAL

LARGE: Final = frozenset(
    {"plain_language", "large_print", "elderly", "large_font", "low_vision", "accessibility"}
)
"""Wishes and care flags that ask for plain words in large print."""
WHY: Final[Mapping[Reason, tuple[str, str]]] = MappingProxyType(
    {
        Reason.ALLOWED: ("Nothing speaks against it.", "可以联系。"),
        Reason.DO_NOT_DISTURB: ("The customer is not to be disturbed.", "客户已设置免打扰。"),
        Reason.CUSTOMER_LEFT: ("The customer has left.", "客户已离网。"),
        Reason.NO_CONSENT: ("The customer has not been asked, or has not answered.", "尚未取得客户同意。"),
        Reason.REFUSED: ("The customer said no.", "客户已拒绝或撤回同意。"),
        Reason.CONSENT_EXPIRED: ("The customer's consent has expired.", "客户的同意已过期。"),
        Reason.NO_ADDRESS: ("There is no address for this channel.", "该渠道没有可用的联系方式。"),
        Reason.QUIET_HOURS: ("The customer wants quiet at this time.", "当前处于客户的静默时段。"),
    }
)
MAY: Final = ("Nothing speaks against it.", "客户未拒绝。")
MAY_NOT: Final = ("The customer did not allow it.", "客户未同意或已拒绝。")


def entry_view(entry: Entry, vault: Vault, actor: Actor) -> EntryView:
    """An entry as this actor may see it: what proves it is personal."""
    word, terms = entry.word, entry.word.terms
    shown: dict[str, Any] = {name: getattr(word, name) for name in ("purpose", "channel", "status", "at")}
    proof: dict[str, Any] | None = None
    if terms.proof_kind:
        proof = {"kind": terms.proof_kind, "reference": None, "details": None}
        if terms.proof_sealed and actor.may(PERSONAL):
            disclosed(entry.customer_id, "consent proof")
            proof |= json.loads(vault.open(entry.customer_id, PROOF, terms.proof_sealed))
    notice = {"name": terms.notice, "version": terms.notice_version} if terms.notice else None
    return EntryView.model_validate(
        {
            **shown,
            "expires_at": word.expires_at,
            "legal_basis": terms.legal_basis,
            "notice": notice,
            "proof": proof,
            "source": terms.source,
            "entry_id": entry.entry_id,
            "customer_id": entry.customer_id,
            "recorded_at": entry.recorded_at,
            "recorded_by": entry.recorded_by,
        }
    )


def standing_view(
    customer_id: UUID, standing: Standing, at: datetime, known_at: datetime, vault: Vault, actor: Actor
) -> StandingView:
    return StandingView(
        customer_id=customer_id,
        at=at,
        known_at=known_at,
        customers=list(standing.members),
        items=_effective(standing.decided.values(), vault, actor),
    )


def proof_document(
    customer_id: UUID, proof: Proof, vault: Vault, actor: Actor, *, now: datetime
) -> ProofDocument:
    """The proof with a digest of it, so that whoever gets it can tell whether it is as it was given."""
    document = ProofDocument(
        customer_id=customer_id,
        customers=list(proof.standing.members),
        made_at=now,
        made_by=actor.id,
        masked=not actor.may(PERSONAL),
        entries=[entry_view(entry, vault, actor) for entry in proof.entries],
        notices=[NoticeView.model_validate(row) for row in proof.notices],
        in_force=_effective(proof.standing.decided.values(), vault, actor),
        sha256="",
    )
    return document.model_copy(update={"sha256": digest(document.model_dump(mode="json"))})


def digest(document: Mapping[str, Any]) -> str:
    """SHA-256 of a document without its own `sha256`."""
    bare = {name: value for name, value in document.items() if name != "sha256"}
    text = json.dumps(bare, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def contact_rules(customer: Customer, standing: Standing, *, now: datetime) -> ContactRulesView:
    """What may be done with a customer, who is as bound by its person."""
    quiet = (customer.quiet_hours,) if customer.quiet_hours else ()
    asked = {*customer.accessibility, *customer.care_flags}
    everything = [BlockView(block_id=None, reason="do_not_disturb", channel=None, hours=None, until=None)]
    blocks = [BlockView.model_validate(block) for block in customer.blocks if block.open(now)]
    return ContactRulesView.model_validate(
        {
            "customer_id": customer.customer_id,
            "customers": list(standing.members),
            "at": now,
            "language": customer.language,
            "accessibility": customer.accessibility,
            "variant": "plain_large" if asked & LARGE else "standard",
            "calls": _calls(customer),
            "do_not_disturb": (everything if customer.do_not_disturb else []) + blocks,
            "quiet_hours": (*quiet, *customer.more_quiet, *customer.also_quiet),
            "contact": [
                _rule(customer, standing, purpose, channel, now)
                for purpose in PURPOSES
                for channel in CHANNELS
            ],
            "uses": [_use(customer, standing, use) for use in USES],
        }
    )


def _effective(decided: Iterable[Decided], vault: Vault, actor: Actor) -> list[EffectiveView]:
    return [
        EffectiveView(
            purpose=one.word.purpose,
            channel=one.word.channel,
            status=one.word.status,
            since=one.word.at,
            expires_at=one.word.expires_at,
            decided_by=entry_view(one.entry, vault, actor),
        )
        for one in decided
    ]


def _calls(customer: Customer) -> str:
    if "sign_language" in customer.accessibility:
        return "sign_language_video"
    return "text" if "hearing" in customer.accessibility else "voice"


def _rule(
    customer: Customer, standing: Standing, purpose: Purpose, channel: Channel, now: datetime
) -> RuleView:
    found = permission(customer, purpose, channel, now)
    why, why_zh = WHY[found.reason]
    return RuleView(
        purpose=purpose,
        channel=channel,
        allowed=found.allowed,
        reason=found.reason,
        why=why,
        why_zh=why_zh,
        next_at=next_allowed(customer, purpose, channel, now),
        entry_id=_entry_id(standing, purpose, channel) if found.word else None,
    )


def _use(customer: Customer, standing: Standing, use: Use) -> UseView:
    """Data go to others on a yes only; assessing and deciding goes on until there is a no."""
    allowed = customer.allows(use) if use == "third_party" else not customer.refuses(use)
    why, why_zh = MAY if allowed else MAY_NOT
    return UseView(
        purpose=use, allowed=allowed, why=why, why_zh=why_zh, entry_id=_entry_id(standing, use, ANY)
    )


def _entry_id(standing: Standing, purpose: str, channel: str) -> UUID | None:
    found = standing.decided.get((purpose, channel))
    return found.entry.entry_id if found else None
