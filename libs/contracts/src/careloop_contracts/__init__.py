"""CareLoop contracts: the events that cross service borders."""

from careloop_contracts import envelope
from careloop_contracts.campaign import (
    CareTaskCompletedV1,
    CareTaskOpenedV1,
    CareTaskOverdueV1,
    MessageFailedV1,
    MessageSentV1,
    MessageWithheldV1,
)
from careloop_contracts.customer import (
    CustomerActivityRecordedV1,
    CustomerRegisteredV1,
    CustomerState,
    CustomerUpdatedV1,
)
from careloop_contracts.event import PARTITIONS, Event, partition_of
from careloop_contracts.score import ScoreChangedV1, ScoreRunCompletedV1, ScoreWarningRaisedV1
from careloop_contracts.ticket import (
    TicketArchivedV1,
    TicketCancelledV1,
    TicketClassifiedV1,
    TicketEscalatedV1,
    TicketHistoryAnchoredV1,
    TicketMergedV1,
    TicketOpenedV1,
    TicketRejectedV1,
    TicketReopenedV1,
    TicketResolvedV1,
    TicketRespondedV1,
    TicketSatisfactionReceivedV1,
    TicketSatisfactionRequestedV1,
    TicketSlaBreachedV1,
    TicketSlaRecalculatedV1,
    TicketUnmergedV1,
)

__all__ = [
    "PARTITIONS",
    "CareTaskCompletedV1",
    "CareTaskOpenedV1",
    "CareTaskOverdueV1",
    "CustomerActivityRecordedV1",
    "CustomerRegisteredV1",
    "CustomerState",
    "CustomerUpdatedV1",
    "Event",
    "MessageFailedV1",
    "MessageSentV1",
    "MessageWithheldV1",
    "ScoreChangedV1",
    "ScoreRunCompletedV1",
    "ScoreWarningRaisedV1",
    "TicketArchivedV1",
    "TicketCancelledV1",
    "TicketClassifiedV1",
    "TicketEscalatedV1",
    "TicketHistoryAnchoredV1",
    "TicketMergedV1",
    "TicketOpenedV1",
    "TicketRejectedV1",
    "TicketReopenedV1",
    "TicketResolvedV1",
    "TicketRespondedV1",
    "TicketSatisfactionReceivedV1",
    "TicketSatisfactionRequestedV1",
    "TicketSlaBreachedV1",
    "TicketSlaRecalculatedV1",
    "TicketUnmergedV1",
    "envelope",
    "partition_of",
]
