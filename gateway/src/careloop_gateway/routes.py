"""The route table: who may call what, where it goes, and how much of it. What is not in here does not exist.

`tests/contract/test_routes.py` compares it with what the services say of themselves (path, method and `x-scope`).
"""

from careloop_gateway.routing import MIB, Limit, Route

LOCAL = "gateway"
"""The upstream of the gateway's own routes."""
PERSONAL = "customers:personal"
"""Unmasks names, phone numbers and addresses; no route demands it."""
SELF = "self:read"
"""What everyone may who is known at all."""


def _reads(upstream: str, scope: str, *paths: str) -> tuple[Route, ...]:
    return tuple(Route("GET", path, upstream, scope, Limit.READ) for path in paths)


def _writes(upstream: str, scope: str, *operations: str) -> tuple[Route, ...]:
    return tuple(
        Route(method, path, upstream, scope, Limit.WRITE)
        for method, path in (operation.split() for operation in operations)
    )


def _takes(*paths: str) -> tuple[Route, ...]:
    """Where messages of other systems come in."""
    scope = "interactions:write"
    return tuple(
        Route("POST", path, "profile", scope, Limit.INGEST, seconds=30, max_body=MIB) for path in paths
    )


PROFILE = (
    *_reads(
        "profile",
        "customers:read",
        "/v1/customers",
        "/v1/customers/{customer_id}",
        "/v1/consent-notices",
        "/v1/consent-notices/{name}/{version}",
        "/v1/customers/{customer_id}/consents",
        "/v1/customers/{customer_id}/consents/effective",
        "/v1/customers/{customer_id}/consents/proof",
        "/v1/customers/{customer_id}/contact-rules",
        "/v1/customers/{customer_id}/person",
        "/v1/customers/{customer_id}/profile",
        "/v1/do-not-disturb-registers",
        "/v1/customers/{customer_id}/relations",
        "/v1/customers/{customer_id}/tenure",
        "/v1/customers/{customer_id}/ecosystem",
        "/v1/relations",
        "/v1/relations/{relation_id}",
        "/v1/accounts/{account_id}",
        "/v1/households/{customer_id}",
        "/v1/organizations/{customer_id}",
        "/v1/organizations/{customer_id}/decision-map",
        "/v1/organizations/{customer_id}/influence-path",
        "/v1/anniversaries",
        "/v1/merges",
        "/v1/quality",
        "/v1/quality-issues",
    ),
    *_writes(
        "profile",
        "customers:write",
        "POST /v1/customers",
        "PATCH /v1/customers/{customer_id}",
        "PUT /v1/customers/{customer_id}/consents",
        "PUT /v1/customers/{customer_id}/preferences",
        "POST /v1/customers/{customer_id}/do-not-disturb",
        "DELETE /v1/customers/{customer_id}/do-not-disturb/{block_id}",
        "PUT /v1/customers/{customer_id}/subscriptions/{subscription_id}",
        "PUT /v1/customers/{customer_id}/devices/{device_id}",
        "POST /v1/relations",
        "POST /v1/relations/{relation_id}/confirm",
        "POST /v1/relations/{relation_id}/dismiss",
        "POST /v1/relations/{relation_id}/end",
        "POST /v1/accounts",
        "POST /v1/accounts/{account_id}/items",
        "POST /v1/accounts/{account_id}/close",
    ),
    *_writes(
        "profile",
        "consents:write",
        "POST /v1/consent-notices",
    ),
    *(
        Route(
            "POST",
            f"/v1/do-not-disturb-registers/{{register}}/{change}",
            "profile",
            "consents:write",
            Limit.WRITE,
            max_body=8 * MIB,
        )
        for change in ("numbers", "removals")
    ),
    *_writes(
        "profile",
        "identity:write",
        "POST /v1/customers/{customer_id}/merges",
        "POST /v1/customers/{customer_id}/split",
        "POST /v1/merges/{merge_id}/undo",
    ),
    *_writes(
        "profile",
        "quality:write",
        "POST /v1/quality-issues/{issue_id}/accept",
        "POST /v1/quality-issues/{issue_id}/dismiss",
    ),
    *_reads(
        "profile",
        "identity:review",
        "/v1/match-reviews",
        "/v1/match-reviews/statistics",
        "/v1/match-reviews/{review_id}",
    ),
    *_writes(
        "profile",
        "identity:review",
        "PUT /v1/match-reviews/{review_id}/assignee",
        "POST /v1/match-reviews/{review_id}/accept",
        "POST /v1/match-reviews/{review_id}/reject",
    ),
    *_reads("profile", "linkage:read", "/v1/linkage-models", "/v1/linkage-models/{version}"),
    Route("PUT", "/v1/linkage-models", "profile", "linkage:write", Limit.WRITE, max_body=4 * MIB),
    Route(
        "POST",
        "/v1/linkage-models/preview",
        "profile",
        "linkage:write",
        Limit.WRITE,
        seconds=30,
        max_body=4 * MIB,
    ),
    Route("POST", "/v1/customers/resolve", "profile", "customers:read", Limit.READ),
    *_reads(
        "profile",
        "interactions:read",
        "/v1/channels",
        "/v1/customers/{customer_id}/interactions",
        "/v1/interaction-archives",
        "/v1/interaction-dead-letters",
    ),
    *_writes("profile", "channels:write", "POST /v1/channels", "PATCH /v1/channels/{code}"),
    *_writes("profile", "interactions:replay", "POST /v1/interaction-dead-letters/{letter_id}/replay"),
    Route(
        "POST",
        "/v1/interaction-dead-letters/replay",
        "profile",
        "interactions:replay",
        Limit.WRITE,
        seconds=30,
    ),
    *_takes("/v1/batch", "/v1/events", "/v1/identify", "/v1/track", "/v1/page", "/v1/screen"),
    *_takes("/v1/group", "/v1/alias"),
    *_reads(
        "profile",
        "imports:read",
        "/v1/imports",
        "/v1/imports/{import_id}",
        "/v1/imports/{import_id}/quality",
        "/v1/imports/{import_id}/rejects",
        "/v1/import-mappings/{name}",
    ),
    *_writes(
        "profile",
        "imports:write",
        "POST /v1/imports",
        "POST /v1/imports/{import_id}/start",
        "PUT /v1/import-mappings/{name}",
    ),
    Route(
        "PUT",
        "/v1/imports/{import_id}/parts/{number}",
        "profile",
        "imports:write",
        Limit.INGEST,
        seconds=30,
        max_body=8 * MIB,
    ),
    Route("POST", "/v1/interactions", "profile", "interactions:write", Limit.INGEST),
    Route(
        "POST",
        "/v1/interactions/batch",
        "profile",
        "interactions:write",
        Limit.INGEST,
        seconds=30,
        max_body=4 * MIB,
    ),
)

TICKETING = (
    Route(
        "HEAD",
        "/v1/tickets/{ticket_id}/attachments/{attachment_id}/content",
        "ticketing",
        "tickets:read",
        Limit.READ,
    ),
    *_reads(
        "ticketing",
        "tickets:read",
        "/v1/tickets",
        "/v1/tickets/{ticket_id}",
        "/v1/tickets/{ticket_id}/history",
        "/v1/tickets/{ticket_id}/history/verification",
        "/v1/tickets/{ticket_id}/notes",
        "/v1/tickets/{ticket_id}/links",
        "/v1/tickets/{ticket_id}/mail-thread",
        "/v1/tickets/{ticket_id}/attachments",
        "/v1/tickets/{ticket_id}/attachments/{attachment_id}",
        "/v1/tickets/{ticket_id}/attachments/{attachment_id}/content",
        "/v1/ticket-count",
        "/v1/incidents",
        "/v1/incidents/{ticket_id}",
        "/v1/bulk-jobs",
        "/v1/bulk-jobs/{job_id}",
        "/v1/bulk-jobs/{job_id}/items",
        "/v1/ticket-summary",
        "/v1/ticket-kpis",
        "/v1/pause-audit",
        "/v1/ticket-shares",
        "/v1/tickets/{ticket_id}/shares",
        "/v1/sla-policies",
        "/v1/sla-policies/{version}",
        "/v1/rule-sets",
        "/v1/rule-sets/{version}",
        "/v1/rule-sets/{version}/agreement",
        "/v1/calendars",
        "/v1/calendars/{code}",
        "/v1/calendars/{code}/versions/{version}",
        "/v1/calendars/{code}/answer",
        "/v1/sla-recalculations",
        "/v1/sla-recalculations/{recalculation_id}",
        "/v1/escalations",
        "/v1/escalations/lateness",
        "/v1/escalations/desk",
        "/v1/tickets/{ticket_id}/addressees",
        "/v1/notices",
        "/v1/notices/counts",
        "/v1/notice-choices/{agent_id}",
        "/v1/duty-rosters",
        "/v1/duty-rosters/{version}",
        "/v1/ticket-views",
        "/v1/ticket-views/{code}",
        "/v1/tickets/{ticket_id}/dispatch",
        "/v1/dispatch-summary",
        "/v1/my-day",
        "/v1/agents",
        "/v1/agents/{agent_id}",
        "/v1/agents/{agent_id}/shifts",
        "/v1/teams",
        "/v1/teams/{code}",
        "/v1/routing-policies",
        "/v1/routing-policies/{version}",
    ),
    # A view of one's own changes nothing for anybody else; for shared ones the service asks for more.
    *_writes("ticketing", "tickets:read", "PUT /v1/ticket-views/{code}", "DELETE /v1/ticket-views/{code}"),
    # Nor does what one has read, or wants to be told.
    *_writes("ticketing", "tickets:read", "POST /v1/notices/read", "PUT /v1/notice-choices/{agent_id}"),
    *_writes(
        "ticketing",
        "tickets:write",
        "POST /v1/tickets",
        "PATCH /v1/tickets/{ticket_id}",
        "POST /v1/tickets/{ticket_id}/close",
        "POST /v1/tickets/{ticket_id}/respond",
        "POST /v1/tickets/{ticket_id}/classify",
        "POST /v1/tickets/{ticket_id}/acknowledge",
        "POST /v1/tickets/{ticket_id}/milestones",
        "POST /v1/tickets/{ticket_id}/messages",
        "POST /v1/tickets/{ticket_id}/pause",
        "POST /v1/tickets/{ticket_id}/resume",
        "POST /v1/tickets/{ticket_id}/resolve",
        "POST /v1/tickets/{ticket_id}/reopen",
        "POST /v1/tickets/{ticket_id}/notes",
        "POST /v1/tickets/{ticket_id}/satisfaction",
        "POST /v1/tickets/{ticket_id}/cancel",
        "POST /v1/tickets/{ticket_id}/links",
        "DELETE /v1/tickets/{ticket_id}/links/{type}/{to}",
        "POST /v1/tickets/{ticket_id}/merge",
        "POST /v1/tickets/{ticket_id}/unmerge",
        "PUT /v1/tickets/{ticket_id}/watchers/{person}",
        "DELETE /v1/tickets/{ticket_id}/watchers/{person}",
        "POST /v1/tickets/{ticket_id}/take",
        "POST /v1/tickets/{ticket_id}/release",
        # Breaks of one's own; for all else the service asks for more.
        "POST /v1/agents/{agent_id}/shifts",
        "DELETE /v1/agents/{agent_id}/shifts/{shift_id}",
    ),
    # Many texts of customers at once.
    *_reads("ticketing", "tickets:supervise", "/v1/classification-corrections", "/v1/ticket-exports"),
    *_reads("ticketing", "tickets:export", "/v1/ticket-export"),
    Route(
        "POST",
        "/v1/inbound-mail",
        "ticketing",
        "tickets:write",
        Limit.WRITE,
        seconds=60,
        max_body=20 * MIB,
    ),
    Route(
        "POST",
        "/v1/tickets/{ticket_id}/attachments",
        "ticketing",
        "tickets:write",
        Limit.WRITE,
        seconds=60,
        max_body=20 * MIB,
    ),
    *_writes(
        "ticketing",
        "tickets:supervise",
        "POST /v1/tickets/{ticket_id}/assign",
        "POST /v1/tickets/{ticket_id}/reject",
        "DELETE /v1/tickets/{ticket_id}/attachments/{attachment_id}",
        "POST /v1/incidents",
        "POST /v1/incidents/{ticket_id}/resolve",
        "POST /v1/bulk-jobs",
        "POST /v1/bulk-jobs/{job_id}/cancel",
        "POST /v1/bulk-jobs/{job_id}/undo",
        "POST /v1/tickets/{ticket_id}/virtual-team",
        "DELETE /v1/tickets/{ticket_id}/virtual-team",
        "PUT /v1/agents/{agent_id}",
        "POST /v1/agents/{agent_id}/release",
        "PUT /v1/teams/{code}",
    ),
    *_writes(
        "ticketing",
        "policies:write",
        "PUT /v1/sla-policies",
        "POST /v1/sla-policies/{version}/restore",
        "POST /v1/sla-recalculations",
        "POST /v1/sla-recalculations/preview",
        "PUT /v1/rule-sets",
        "POST /v1/rule-sets/preview",
        "PUT /v1/calendars/{code}",
        "POST /v1/calendars/{code}/preview",
        "POST /v1/calendars/{code}/import",
        "PUT /v1/routing-policies",
        "PUT /v1/duty-rosters",
        "POST /v1/routing-policies/preview",
    ),
)

_TMF621 = "/tmf-api/troubleTicket"
TMF621 = (
    *_reads(
        "ticketing",
        "tickets:read",
        f"{_TMF621}/v4/troubleTicket",
        f"{_TMF621}/v4/troubleTicket/{{ticket_id}}",
        f"{_TMF621}/v5/troubleTicket",
        f"{_TMF621}/v5/troubleTicket/{{ticket_id}}",
        f"{_TMF621}/v5/troubleTicketSpecification",
        f"{_TMF621}/v5/troubleTicketSpecification/{{specification_id}}",
    ),
    *_writes(
        "ticketing",
        "tickets:write",
        f"POST {_TMF621}/v4/troubleTicket",
        f"PATCH {_TMF621}/v4/troubleTicket/{{ticket_id}}",
        f"POST {_TMF621}/v5/troubleTicket",
        f"PATCH {_TMF621}/v5/troubleTicket/{{ticket_id}}",
        f"POST {_TMF621}/v5/troubleTicketSpecification",
        f"PATCH {_TMF621}/v5/troubleTicketSpecification/{{specification_id}}",
        f"DELETE {_TMF621}/v5/troubleTicketSpecification/{{specification_id}}",
    ),
    # Who subscribes has every change of every ticket sent to an address of his.
    *_reads(
        "ticketing",
        "tickets:subscribe",
        f"{_TMF621}/v4/hub/{{subscription_id}}",
        f"{_TMF621}/v5/hub/{{subscription_id}}",
    ),
    *_writes(
        "ticketing",
        "tickets:subscribe",
        f"POST {_TMF621}/v4/hub",
        f"DELETE {_TMF621}/v4/hub/{{subscription_id}}",
        f"POST {_TMF621}/v5/hub",
        f"DELETE {_TMF621}/v5/hub/{{subscription_id}}",
    ),
    *_reads(
        "ticketing",
        "hubs:operate",
        "/v1/hub-subscriptions",
        "/v1/hub-subscriptions/{subscription_id}",
    ),
    *_writes(
        "ticketing",
        "hubs:operate",
        "POST /v1/hub-subscriptions/{subscription_id}/disable",
        "POST /v1/hub-subscriptions/{subscription_id}/enable",
        "POST /v1/hub-subscriptions/{subscription_id}/resend",
    ),
)

CAMPAIGN = (
    *_reads("campaign", "care:read", "/v1/care-tasks", "/v1/care-tasks/{task_id}"),
    *_writes(
        "campaign",
        "care:write",
        "POST /v1/care-tasks/{task_id}/assign",
        "POST /v1/care-tasks/{task_id}/complete",
    ),
    *_reads("campaign", "messages:read", "/v1/messages", "/v1/message-summary", "/v1/contact-policy"),
    *_writes("campaign", "policies:write", "PUT /v1/contact-policy"),
    # The link in a message is its own proof: RFC 8058 wants it to work without a login.
    Route("GET", "/v1/unsubscribe", "campaign", None, Limit.PUBLIC),
    Route("POST", "/v1/unsubscribe", "campaign", None, Limit.PUBLIC),
)

SCORING = (
    *_reads(
        "scoring",
        "scores:read",
        "/v1/scoring-runs",
        "/v1/scoring-runs/{run_id}",
        "/v1/scores",
        "/v1/scores/{customer_id}",
        "/v1/score-summary",
        "/v1/models",
        "/v1/models/{model_id}",
        "/v1/models/{model_id}/report",
        "/v1/tier-tables",
    ),
    *_writes("scoring", "scores:run", "POST /v1/scoring-runs"),
    *_writes("scoring", "scores:configure", "POST /v1/tier-tables"),
)

OWN = (
    Route("GET", "/v1/customers/{customer_id}/view", LOCAL, "customers:read", Limit.READ),
    Route("GET", "/v1/whoami", LOCAL, SELF, Limit.READ),
    Route("GET", "/v1/api-keys", LOCAL, "api-keys:admin", Limit.ADMIN),
    Route("POST", "/v1/api-keys", LOCAL, "api-keys:admin", Limit.ADMIN),
    Route("GET", "/v1/api-keys/{key_id}", LOCAL, "api-keys:admin", Limit.ADMIN),
    Route("DELETE", "/v1/api-keys/{key_id}", LOCAL, "api-keys:admin", Limit.ADMIN),
    Route("POST", "/v1/api-keys/{key_id}/rotate", LOCAL, "api-keys:admin", Limit.ADMIN),
)

PAGES = tuple(
    Route("GET", path, LOCAL, None, None)
    for path in ("/livez", "/readyz", "/metrics", "/docs", "/docs/{file}", "/openapi.json")
)
"""For probes and people, outside of the API."""

API: tuple[Route, ...] = PROFILE + TICKETING + TMF621 + CAMPAIGN + SCORING + OWN
ROUTES: tuple[Route, ...] = API + PAGES
UPSTREAMS = ("profile", "ticketing", "campaign", "scoring")

SCOPES = frozenset(route.scope for route in ROUTES if route.scope) | {PERSONAL}
"""Every scope there is."""
