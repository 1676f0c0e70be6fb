"""Where notifications may go: out into the world, never back into the operator's own network unless he says so."""

import re
import socket
from contextlib import suppress
from ipaddress import IPv4Address, ip_address
from typing import Final
from urllib.parse import urlsplit

from careloop_ticketing.tmf621.errors import CallbackRefused
from careloop_ticketing.tmf621.policy.addresses import Address, Network, permitted

_LONGEST: Final = 2000
_NAME: Final = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?")
_LOOPBACK: Final = ip_address("127.0.0.1")
_LOOPBACK_NAMES: Final = re.compile(r"(.*\.)?localhost(\.localdomain)?|ip6-(localhost|loopback)")
_WEB: Final = frozenset({80, 443})
_UNPRIVILEGED: Final = 1024
OTHERS_PORTS: Final = frozenset(
    {
        1433, 1521, 2049, 2181, 2375, 2376, 2379, 2380, 3128, 3260, 3306, 3389, 4222, 4369, 5222, 5432, 5433, 5671, 5672,
        5900, 5984, 5985, 5986, 6000, 6379, 6380, 6443, 6666, 6667, 6668, 6669, 6697, 7000, 7001, 8125, 8300, 8301, 8500,
        8600, 9042, 9092, 9200, 9300, 10250, 10255, 11211, 15672, 25565, 26379, 27017, 27018, 50000, 61616,
    }
)  # fmt: skip
"""Where databases, brokers, chats and what runs machines listen: a POST can do harm there that nobody wanted."""


def port_of(callback: str) -> int:
    """The port to which a callback leads."""
    parts = urlsplit(callback)
    return parts.port if parts.port is not None else {"http": 80, "https": 443}[parts.scheme]


def port_permitted(port: int) -> bool:
    return port in _WEB or (port >= _UNPRIVILEGED and port not in OTHERS_PORTS)


def check(callback: str, allowed: tuple[Network, ...]) -> str:
    """The callback, if notifications may be sent there as far as its text tells; names are looked up at each attempt."""
    if len(callback) > _LONGEST or any(character <= " " or character > "~" for character in callback):
        raise CallbackRefused("A callback is a URL of printable ASCII.", pointer="/callback")
    try:
        parts = urlsplit(callback)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise CallbackRefused("The callback is no URL.", pointer="/callback") from None
    if parts.scheme not in {"http", "https"} or not host:
        raise CallbackRefused("A callback is an http or https URL.", pointer="/callback")
    if parts.username is not None or parts.query or parts.fragment:
        raise CallbackRefused("A callback has no credentials, query or fragment.", pointer="/callback")
    literal = address_of(host)
    if literal is None and not _NAME.fullmatch(host):
        raise CallbackRefused("The callback's host is no name and no address.", pointer="/callback")
    if literal is None and _LOOPBACK_NAMES.fullmatch(host.rstrip(".")):
        literal = _LOOPBACK
    if not port_permitted(port_of(callback)):
        raise CallbackRefused("Notifications are not sent to this port.", pointer="/callback")
    if literal is not None and not permitted(literal, allowed):
        raise CallbackRefused("Notifications are not sent to this address.", pointer="/callback")
    return callback


def address_of(host: str) -> Address | None:
    """The address, if the host is one and not a name, also as resolvers read it: 127.1, 0x7f000001, 2130706433, 0177.0.0.1."""
    plain = host.removesuffix(".")
    with suppress(ValueError):
        return ip_address(plain)
    try:
        return IPv4Address(socket.inet_aton(plain))
    except (OSError, ValueError):
        return None
