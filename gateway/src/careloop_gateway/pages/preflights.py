"""What browsers ask first: the answer is in its headers, which the data path gives (`chain/origins.py`)."""

from fastapi import APIRouter
from fastapi.responses import Response

from careloop_gateway.routes import PREFLIGHTS

router = APIRouter(include_in_schema=False)


async def answer() -> Response:
    return Response(status_code=204)


for route in PREFLIGHTS:
    router.add_api_route(route.path, answer, methods=["OPTIONS"])
