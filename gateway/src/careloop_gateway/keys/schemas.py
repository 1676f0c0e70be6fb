from datetime import datetime
from typing import Annotated

from careloop_common.schemas import Body, Instant, View
from pydantic import AfterValidator, Field, model_validator

from careloop_gateway.identity.roles import Role
from careloop_gateway.identity.secrets import ApiKey
from careloop_gateway.keys.models import ApiKeyRow
from careloop_gateway.routes import SCOPES


def _known(scope: str) -> str:
    if scope not in SCOPES:
        raise ValueError("no such scope")
    return scope


Scope = Annotated[str, AfterValidator(_known), Field(json_schema_extra={"enum": sorted(SCOPES)})]


class IssueApiKey(Body):
    name: str = Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")
    roles: list[Role] = Field(default=[], max_length=10)
    scopes: list[Scope] = Field(default=[], max_length=100)
    expires_at: Instant | None = None

    @model_validator(mode="after")
    def _allows_something(self) -> "IssueApiKey":
        if not self.roles and not self.scopes:
            raise ValueError("a key needs at least one role or scope")
        return self


class RotateApiKey(Body):
    grace_seconds: int = Field(default=3600, ge=0, le=30 * 86_400)
    """How long the secret before this one stays good."""


class ApiKeyView(View):
    id: str
    name: str
    roles: list[str]
    scopes: list[str]
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    previous_until: datetime | None = Field(
        description="Until when the secret before the last rotation is good."
    )


class IssuedApiKey(ApiKeyView):
    key: str = Field(description="The key itself. It is shown this once and stored nowhere.")

    @classmethod
    def of(cls, row: ApiKeyRow, key: ApiKey) -> "IssuedApiKey":
        shown = ApiKeyView.model_validate(row).model_dump()
        return cls(**shown, key=str(key))
