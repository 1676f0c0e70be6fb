"""All of ticketing's tables in one metadata, for migrations: importing a slice's models registers them."""

from careloop_ticketing.attachments import models as attachments
from careloop_ticketing.bulk import models as bulk
from careloop_ticketing.calendars import models as calendars
from careloop_ticketing.classification import models as classification
from careloop_ticketing.customers import models as customers
from careloop_ticketing.database import Base
from careloop_ticketing.dispatch import models as dispatch
from careloop_ticketing.drills import models as drills
from careloop_ticketing.escalation import models as escalation
from careloop_ticketing.exports import models as exports
from careloop_ticketing.history import models as history
from careloop_ticketing.incidents import models as incidents
from careloop_ticketing.mail import models as mail
from careloop_ticketing.medals import models as medals
from careloop_ticketing.notices import models as notices
from careloop_ticketing.recalculation import models as recalculation
from careloop_ticketing.satisfaction import models as satisfaction
from careloop_ticketing.saved_views import models as saved_views
from careloop_ticketing.search import models as search
from careloop_ticketing.sla import models as sla
from careloop_ticketing.staff import models as staff
from careloop_ticketing.tickets import models as tickets
from careloop_ticketing.tmf621 import models as tmf621
from careloop_ticketing.training import models as training

SLICES = (
    customers,
    calendars,
    sla,
    classification,
    search,
    saved_views,
    staff,
    training,
    drills,
    medals,
    notices,
    tickets,
    escalation,
    dispatch,
    satisfaction,
    recalculation,
    history,
    bulk,
    incidents,
    exports,
    attachments,
    mail,
    tmf621,
)
metadata = Base.metadata
