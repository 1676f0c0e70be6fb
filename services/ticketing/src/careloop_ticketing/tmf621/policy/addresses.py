"""Which addresses are public: everything but what IANA's registries of special purposes name.

The table is ours and not that of Python's `ipaddress`, which knows another set in every version. What the registries call
globally reachable but nobody listens at (relays, the sinks of AS112) is closed too.
https://www.iana.org/assignments/iana-ipv4-special-registry https://www.iana.org/assignments/iana-ipv6-special-registry
"""

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from types import MappingProxyType
from typing import Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

CLOSED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "0.0.0.0/8": "this network",
        "10.0.0.0/8": "private use",
        "100.64.0.0/10": "shared address space of carriers",
        "127.0.0.0/8": "loopback",
        "169.254.0.0/16": "link local, metadata of clouds",
        "172.16.0.0/12": "private use",
        "192.0.0.0/24": "IETF protocol assignments",
        "192.0.2.0/24": "documentation",
        "192.31.196.0/24": "AS112",
        "192.52.193.0/24": "multicast tunnels (AMT)",
        "192.88.99.0/24": "relays of 6to4",
        "192.168.0.0/16": "private use",
        "192.175.48.0/24": "AS112",
        "198.18.0.0/15": "benchmarks",
        "198.51.100.0/24": "documentation",
        "203.0.113.0/24": "documentation",
        "224.0.0.0/4": "multicast",
        "240.0.0.0/4": "reserved, broadcast",
        "::/96": "unspecified, loopback, IPv4-compatible",
        "::ffff:0:0:0/96": "IPv4-translated",
        "64:ff9b:1::/48": "NAT64 of one's own",
        "100::/64": "discarded",
        "100:0:0:1::/64": "dummy prefix",
        "2001::/23": "IETF protocol assignments: Teredo, benchmarks, ORCHID, DRIP",
        "2001:db8::/32": "documentation",
        "2620:4f:8000::/48": "AS112",
        "3fff::/20": "documentation",
        "5f00::/16": "segment routing",
        "fc00::/7": "unique local",
        "fe80::/10": "link local",
        "fec0::/10": "site local",
        "ff00::/8": "multicast",
    }
)
"""What notifications are never sent to, and what it is for."""
_CLOSED: Final = tuple(ip_network(one) for one in CLOSED)
_GLOBAL: Final = ip_network("2000::/3")
"""All that has been given out of the addresses of version 6."""
_NAT64: Final = ip_network("64:ff9b::/96")


def networks(setting: str) -> tuple[Network, ...]:
    """The networks of a setting, separated by commas."""
    return tuple(ip_network(one.strip()) for one in setting.split(",") if one.strip())


def permitted(address: Address, allowed: tuple[Network, ...]) -> bool:
    """Whether an address is public, also the one that it stands for, or in a network that the operator allows."""
    if _within(address, allowed):
        return True
    inner = _inner(address)
    if inner is not None:
        return permitted(inner, allowed)
    if _within(address, _CLOSED):
        return False
    return address.version == 4 or address in _GLOBAL


def _within(address: Address, many: tuple[Network, ...]) -> bool:
    return any(address in network for network in many if network.version == address.version)


def _inner(address: Address) -> IPv4Address | None:
    """The address of version 4 to which a packet would go at last."""
    if isinstance(address, IPv4Address):
        return None
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour
