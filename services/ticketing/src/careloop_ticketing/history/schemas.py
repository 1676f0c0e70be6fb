from uuid import UUID

from careloop_common.schemas import View


class BrokenView(View):
    seq: int | None
    problem: str


class VerificationView(View):
    ticket_id: UUID
    intact: bool
    entries: int
    anchored: int | None
    """The last entry that an anchor holds: up to there nothing can be taken away unnoticed."""
    broken: list[BrokenView]
