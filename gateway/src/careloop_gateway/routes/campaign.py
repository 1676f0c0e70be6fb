"""What of the campaign service is open to the outside."""

from careloop_gateway.routes.kinds import reads, writes
from careloop_gateway.routing import Limit, Route

CAMPAIGN = (
    *reads("campaign", "care:read", "/v1/care-tasks", "/v1/care-tasks/{task_id}"),
    *writes(
        "campaign",
        "care:write",
        "POST /v1/care-tasks/{task_id}/assign",
        "POST /v1/care-tasks/{task_id}/complete",
    ),
    *reads("campaign", "messages:read", "/v1/messages", "/v1/message-summary", "/v1/contact-policy"),
    *writes("campaign", "policies:write", "PUT /v1/contact-policy"),
    # The link in a message is its own proof: RFC 8058 wants it to work without a login.
    Route("GET", "/v1/unsubscribe", "campaign", None, Limit.PUBLIC),
    Route("POST", "/v1/unsubscribe", "campaign", None, Limit.PUBLIC),
)
