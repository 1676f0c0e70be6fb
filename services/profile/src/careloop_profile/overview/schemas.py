from datetime import datetime

from careloop_common.schemas import View

from careloop_profile.customers.views import CustomerView, DeviceView
from careloop_profile.interactions.schemas import ActivityView, InteractionView


class ActivityTotals(View):
    interactions: int
    payments: int
    amount: str
    complaints: int
    last_at: datetime | None
    channels: list[ActivityView]


class ProfileView(View):
    """All that profile knows about a customer, on one page."""

    customer: CustomerView
    devices: list[DeviceView]
    activity: ActivityTotals
    last_interactions: list[InteractionView]
