from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from careloop_common.service import Service
from careloop_profile.service import service


@pytest.fixture
def service_under_test() -> Service[Any]:
    return service


@pytest.fixture
def insider(client_as: Callable[..., httpx.AsyncClient]) -> httpx.AsyncClient:
    """A client that may see personal data."""
    return client_as("customers:read", "customers:write", "customers:personal")


@pytest.fixture
def register(client: httpx.AsyncClient) -> Callable[..., Awaitable[dict[str, Any]]]:
    """`await register(name=…, phone=…)`: a customer, as the API answers."""

    async def make(**facts: Any) -> dict[str, Any]:
        answer = await client.post("/v1/customers", json=facts)
        assert answer.status_code == 201, answer.text
        return answer.json()

    return make
