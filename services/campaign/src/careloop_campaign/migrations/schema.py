"""Every table of the service, so that migrations see them all."""

from careloop_campaign.audience.models import AudienceMember
from careloop_campaign.care.models import CareTask
from careloop_campaign.complaints.models import Complaint
from careloop_campaign.contact.models import ContactBudget, ContactPolicy, Suppression
from careloop_campaign.database import Base
from careloop_campaign.messages.models import Message

__all__ = [
    "AudienceMember",
    "CareTask",
    "Complaint",
    "ContactBudget",
    "ContactPolicy",
    "Message",
    "Suppression",
    "metadata",
]

metadata = Base.metadata
