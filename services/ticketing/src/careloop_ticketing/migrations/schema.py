"""All of ticketing's tables in one metadata, for migrations: importing a slice's models registers them."""

from careloop_ticketing.calendars import models as calendars
from careloop_ticketing.classification import models as classification
from careloop_ticketing.customers import models as customers
from careloop_ticketing.database import Base
from careloop_ticketing.escalation import models as escalation
from careloop_ticketing.recalculation import models as recalculation
from careloop_ticketing.satisfaction import models as satisfaction
from careloop_ticketing.sla import models as sla
from careloop_ticketing.tickets import models as tickets

SLICES = (customers, calendars, sla, classification, tickets, escalation, satisfaction, recalculation)
metadata = Base.metadata
