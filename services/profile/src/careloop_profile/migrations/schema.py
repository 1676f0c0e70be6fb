"""All of profile's tables in one metadata, for migrations: importing a slice's models registers them."""

from careloop_profile.channels import models as channels
from careloop_profile.cleansing import models as cleansing
from careloop_profile.collection import models as collection
from careloop_profile.consents import models as consents
from careloop_profile.customers import models as customers
from careloop_profile.database import Base
from careloop_profile.identity import models as identity
from careloop_profile.imports import models as imports
from careloop_profile.interactions import models as interactions
from careloop_profile.lifecycle import models as lifecycle
from careloop_profile.linkage import models as linkage
from careloop_profile.parties import models as parties
from careloop_profile.privacy import models as privacy
from careloop_profile.reconciliation import models as reconciliation
from careloop_profile.tags import models as tags

SLICES = (
    channels,
    cleansing,
    collection,
    consents,
    customers,
    identity,
    interactions,
    imports,
    lifecycle,
    linkage,
    parties,
    privacy,
    reconciliation,
    tags,
)
metadata = Base.metadata
