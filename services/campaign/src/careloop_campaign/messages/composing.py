"""From a ledger row and a member of the audience to an envelope. Name and address are opened here and nowhere before."""

from dataclasses import dataclass
from uuid import UUID

from careloop_common.errors import SealBroken, SubjectKeyGone
from careloop_common.privacy import Vault

from careloop_campaign.audience.policy import Member, language
from careloop_campaign.contact.policy import Channel, Purpose, Reason
from careloop_campaign.delivery.transport import Envelope
from careloop_campaign.messages.models import Message
from careloop_campaign.templates import service as templates
from careloop_campaign.templates.errors import TemplateBroken, TemplateUnknown
from careloop_campaign.templates.policy import Choice
from careloop_campaign.unsubscribe import service as unsubscribe
from careloop_campaign.unsubscribe.policy import Ticket


@dataclass(frozen=True, slots=True)
class Submission:
    """One attempt of one message, ready to be carried."""

    customer_id: UUID
    message_id: UUID
    attempt: int
    envelope: Envelope


class Composer:
    def __init__(self, vault: Vault, *, public_url: str, default_language: str) -> None:
        self._vault = vault
        self._public_url = public_url
        self._default_language = default_language

    def compose(self, row: Message, member: Member) -> Submission | Reason | str:
        """The submission; or the reason to withhold it; or the code of a failure. The row keeps what was chosen.

        `SubjectKeyGone` as long as nobody has given out the customer's key.
        """
        row.address = _sealed_address(row, member)
        try:
            address = self._open(row, "email" if row.channel == Channel.EMAIL else "phone", row.address)
            name = self._open(row, "name", member.name)
        except SubjectKeyGone:
            raise
        except SealBroken:
            return Reason.NO_ADDRESS
        if address is None:
            return Reason.NO_ADDRESS
        try:
            return self._submission(row, member, address, name)
        except (TemplateUnknown, TemplateBroken) as error:
            return error.code

    def _submission(self, row: Message, member: Member, address: str, name: str | None) -> Submission:
        link = self._unsubscribe_link(row)
        row.language = language(member.language, templates.LANGUAGES, self._default_language)
        row.variant = member.variant.value
        choice = Choice(row.template, row.language, row.variant)
        rendered = templates.render(choice, row.values, name=name, unsubscribe_url=link)
        row.template_version = rendered.version
        envelope = Envelope(
            message_id=row.message_id,
            channel=row.channel or "",
            address=address,
            subject=rendered.subject,
            text=rendered.text,
            html=rendered.html,
            language=row.language,
            at=row.planned_at,
            headers=unsubscribe.headers(link) if link else {},
            possible_duplicate=row.possible_duplicate,
        )
        return Submission(row.customer_id, row.message_id, row.attempts, envelope)

    def _unsubscribe_link(self, row: Message) -> str | None:
        """Care and marketing can be refused; an answer to the customer's own request cannot."""
        if row.purpose == Purpose.SERVICE or row.channel is None:
            return None
        ticket = Ticket(row.customer_id, row.message_id, row.purpose, row.channel)
        return unsubscribe.link(self._vault, self._public_url, ticket)

    def _open(self, row: Message, field: str, token: str | None) -> str | None:
        return self._vault.open(row.customer_id, field, token) if token else None


def _sealed_address(row: Message, member: Member) -> str | None:
    return member.email if row.channel == Channel.EMAIL else member.phone
