"""Where notifications may go: out into the world, never back into the operator's own network unless he says so."""

import re
import socket
from collections.abc import Sequence
from contextlib import suppress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

from careloop_ticketing.tmf621.errors import CallbackRefused

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
_NAT64: Final = ip_network("64:ff9b::/96")
_LONGEST: Final = 2000
_NAME: Final = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?")
_LOOPBACK: Final = ip_address("127.0.0.1")
_LOOPBACK_NAMES: Final = re.compile(r"(.*\.)?localhost(\.localdomain)?|ip6-(localhost|loopback)")


def networks(setting: str) -> tuple[Network, ...]:
    """The networks of a setting, separated by commas."""
    return tuple(ip_network(one.strip()) for one in setting.split(",") if one.strip())


def permitted(address: Address, allowed: Sequence[Network]) -> bool:
    """Whether an address is public, also the one that it stands for, or in a network that the operator allows."""
    if any(address in network for network in allowed if network.version == address.version):
        return True
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo and address.teredo[1])
        if address in _NAT64:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return permitted(inner, allowed)
    closed = address.is_multicast or address.is_reserved or address.is_unspecified or address.is_link_local
    return address.is_global and not closed


def check(callback: str, allowed: Sequence[Network]) -> str:
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
