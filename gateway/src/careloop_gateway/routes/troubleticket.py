"""TM Forum's face of the ticketing service."""

from careloop_gateway.routes.kinds import reads, writes

_TMF621 = "/tmf-api/troubleTicket"
TMF621 = (
    *reads(
        "ticketing",
        "tickets:read",
        f"{_TMF621}/v4/troubleTicket",
        f"{_TMF621}/v4/troubleTicket/{{ticket_id}}",
        f"{_TMF621}/v5/troubleTicket",
        f"{_TMF621}/v5/troubleTicket/{{ticket_id}}",
        f"{_TMF621}/v5/troubleTicketSpecification",
        f"{_TMF621}/v5/troubleTicketSpecification/{{specification_id}}",
    ),
    *writes(
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
    *reads(
        "ticketing",
        "tickets:subscribe",
        f"{_TMF621}/v4/hub/{{subscription_id}}",
        f"{_TMF621}/v5/hub/{{subscription_id}}",
    ),
    *writes(
        "ticketing",
        "tickets:subscribe",
        f"POST {_TMF621}/v4/hub",
        f"DELETE {_TMF621}/v4/hub/{{subscription_id}}",
        f"POST {_TMF621}/v5/hub",
        f"DELETE {_TMF621}/v5/hub/{{subscription_id}}",
    ),
    *reads(
        "ticketing",
        "hubs:operate",
        "/v1/hub-subscriptions",
        "/v1/hub-subscriptions/{subscription_id}",
    ),
    *writes(
        "ticketing",
        "hubs:operate",
        "POST /v1/hub-subscriptions/{subscription_id}/disable",
        "POST /v1/hub-subscriptions/{subscription_id}/enable",
        "POST /v1/hub-subscriptions/{subscription_id}/resend",
    ),
)
