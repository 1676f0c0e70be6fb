from uuid import UUID

from careloop_common.schemas import View

from careloop_ticketing.mail.policy.automatic import Ignored
from careloop_ticketing.mail.policy.outcomes import Apart, Outcome


class RefusedFileView(View):
    name: str
    code: str
    """Of the problem, as `POST …/attachments` would have answered."""


class TakenMailView(View):
    outcome: Outcome
    ticket_id: UUID | None
    number: str | None
    reason: Ignored | Apart | None
    """Why it was ignored, or why it is a ticket of its own although it names another one."""
    acknowledge: bool
    """Whether a machine may answer it."""
    acknowledgement: str | None
    """What to answer then, in the customer's language, if there is a new ticket."""
    thread: str | None
    """For the Message-ID and the Reply-To of what is written back."""
    sender: str | None
    """Who wrote, masked."""
    refused: list[RefusedFileView]
    """Files that were not kept."""


class MailThreadView(View):
    thread: str
    """`<thread>.<anything>@<domain>` as Message-ID, or `<mailbox>+<thread>@<domain>` as Reply-To, bring an answer here."""
    correspondents: list[str]
    """Who wrote on the ticket, masked, in the order in which they did first."""
