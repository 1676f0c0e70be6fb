"""Where notifications may go, row by row."""

from ipaddress import ip_address, ip_network

import pytest
from careloop_ticketing.tmf621.errors import CallbackRefused
from careloop_ticketing.tmf621.policy import addresses, callbacks


@pytest.mark.parametrize("network", addresses.CLOSED)
def test_nothing_goes_into_a_network_of_a_special_purpose(network):
    inside = ip_network(network)
    for address in (inside[0], inside[1], inside[inside.num_addresses // 2], inside[-1]):
        assert not addresses.permitted(address, ())


@pytest.mark.parametrize(
    "network",
    [
        "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.168.0.0/16", "192.88.99.0/24", "198.18.0.0/15",
    ],
)  # fmt: skip
@pytest.mark.parametrize("form", ["::ffff:{}", "64:ff9b::{}", "2002:{0:02x}{1:02x}:{2:02x}{3:02x}::1"])
def test_nor_to_one_that_stands_for_it(network, form):
    inner = ip_network(network)[1]
    written = form.format(*inner.packed) if "{0" in form else form.format(inner)
    assert not addresses.permitted(ip_address(written), ())


@pytest.mark.parametrize(
    "address",
    [
        "::", "::1", "::7f00:1", "::ffff:0:127.0.0.1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "4000::1", "fec0::1",
        "64:ff9b:1::a00:1", "3fff::1", "3fff:fff:ffff::1", "192.0.0.9", "192.0.0.170", "255.255.255.255",
    ],
)  # fmt: skip
def test_nor_where_pythons_own_table_would_let_it(address):
    assert not addresses.permitted(ip_address(address), ())


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8", "1.1.1.1", "100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.88.98.255",
        "198.17.255.255", "198.20.0.0", "223.255.255.255", "2001:4860:4860::8888", "2001:200::1", "2400:3200::1",
        "3ffe:ffff::1", "4000::".replace("4000", "3000"), "64:ff9b::808:808", "::ffff:8.8.8.8", "2002:808:808::1",
    ],
)  # fmt: skip
def test_public_addresses_are_taken_up_to_the_borders(address):
    assert addresses.permitted(ip_address(address), ())


def test_the_operator_may_allow_networks_of_his_own():
    own = addresses.networks("10.1.0.0/16, fd00::/8")
    for address in ("10.1.2.3", "::ffff:10.1.2.3", "fd00::1"):
        assert addresses.permitted(ip_address(address), own)
    assert not addresses.permitted(ip_address("10.2.0.1"), own)


@pytest.mark.parametrize(
    "port", ["0", "1", "22", "25", "53", "81", "1023", *map(str, callbacks.OTHERS_PORTS)]
)
def test_ports_of_others_are_refused(port):
    with pytest.raises(CallbackRefused):
        callbacks.check(f"https://crm.example:{port}/tmf", ())


@pytest.mark.parametrize(
    "place", ["https://a.example", "http://a.example:80", "http://a.example:443", "https://a.example:8443"]
)
def test_ports_of_the_web_are_taken(place):
    assert callbacks.check(place, ()) == place
