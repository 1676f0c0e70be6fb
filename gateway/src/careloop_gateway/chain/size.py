from starlette.exceptions import HTTPException

from careloop_gateway.errors import AddressTooLong, HeadersTooLarge
from careloop_gateway.exchange import Exchange

MOST_HEADERS = 100
HEADER_BYTES = 16 << 10
ADDRESS_BYTES = 8 << 10


async def limit_size(exchange: Exchange) -> None:
    """Refuse what no honest client sends, before anything is made of it."""
    headers = exchange.scope["headers"]
    if len(headers) > MOST_HEADERS:
        raise HeadersTooLarge(f"More than {MOST_HEADERS} headers.")
    if sum(len(name) + len(value) for name, value in headers) > HEADER_BYTES:
        raise HeadersTooLarge(f"More than {HEADER_BYTES} bytes of headers.")
    if len(exchange.raw_path) + len(exchange.scope["query_string"]) > ADDRESS_BYTES:
        raise AddressTooLong(f"Path and query may have {ADDRESS_BYTES} bytes.")
    if not exchange.scope["query_string"].isascii():
        raise HTTPException(400, "The query has characters that are not percent-encoded.")
