"""Who may what: roles stand for the scopes that the route table asks for."""

from enum import StrEnum

from careloop_gateway.routes import PERSONAL, SCOPES, SELF


class Role(StrEnum):
    """Bundles of scopes for people and systems of one kind."""

    ADMIN = "admin"
    OPERATOR = "operator"
    AGENT = "agent"
    SUPERVISOR = "supervisor"
    RETENTION = "retention"
    INTEGRATOR = "integrator"
    PRIVACY = "privacy"
    VIEWER = "viewer"


_VIEWER = frozenset(scope for scope in SCOPES if scope.endswith(":read"))
_AGENT = _VIEWER | {"tickets:write", "interactions:write", "customers:write", "tags:give", PERSONAL}
_SUPERVISOR = _AGENT | {
    "tickets:supervise",
    "tickets:export",
    "care:write",
    "quality:write",
    "identity:review",
}

ROLES: dict[Role, frozenset[str]] = {
    Role.ADMIN: SCOPES,
    Role.OPERATOR: _VIEWER
    | {
        "policies:write",
        "channels:write",
        "interactions:replay",
        "hubs:operate",
        "scores:run",
        "scores:configure",
        "linkage:write",
        "tags:write",
        "tags:give",
        "lifecycle:write",
        "consents:write",
        "customers:write",
        "imports:write",
    },
    Role.AGENT: _AGENT,
    Role.SUPERVISOR: _SUPERVISOR,
    Role.RETENTION: _VIEWER | {"care:write", PERSONAL},
    Role.INTEGRATOR: frozenset(
        {
            "customers:read",
            "customers:write",
            "imports:read",
            "imports:write",
            "interactions:read",
            "interactions:write",
            "tags:give",
            "tags:read",
            "tickets:read",
            "tickets:subscribe",
            "tickets:write",
        }
    ),
    Role.PRIVACY: _VIEWER | {"privacy:audit", "privacy:erase", "privacy:export", PERSONAL},
    Role.VIEWER: _VIEWER,
}


def scopes_of(roles: frozenset[str], scopes: frozenset[str] = frozenset()) -> frozenset[str]:
    """Everything that these roles and scopes allow; unknown ones allow nothing."""
    granted = {scope for role in ROLES if role in roles for scope in ROLES[role]}
    return frozenset(granted | (scopes & SCOPES) | {SELF})
