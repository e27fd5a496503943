"""Which addresses may be dialled, and what belongs to a site: rules, without a network."""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zope.interface import Interface, implementer  # type: ignore[import-untyped]

from crawlers.failures import NotFetched
from crawlers.safety import Dialler, Site, is_local, is_public, site_of
from crawlers.source import load_source

PRIVATE = ("10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "0.0.0.0/8")
private_addresses = st.one_of(
    *(st.integers(int(network[0]), int(network[-1])).map(IPv4Address) for network in map(ip_network, PRIVATE))
)


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "103.10.66.1",
        "2606:4700::1111",
        "2404:8000::1",
        "64:ff9b::808:808",
        "172.15.0.1",
        "11.0.0.1",
    ],
)
def test_public_addresses_may_be_dialled(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *(
            "0.0.0.0",
            "10.0.0.1",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
        ),
        *(
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.1",
        ),
        *("203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255"),
        *(
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:7f00:1",
            "::ffff:8.8.8.8",
            "::ffff:0:10.0.0.1",
        ),
        *(
            "64:ff9b::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2002:a00:1::1",
        ),
        *("2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:db8::1", "3fff::1", "100::1"),
        *("fc00::1", "fd12::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "5f00::1"),
        *("127.1", "0x7f000001", "2130706433", "", "localhost", "example.org"),
    ],
)
def test_no_other_address_may_be_dialled(address: str) -> None:
    assert not is_public(address)


@given(st.ip_addresses())
def test_no_address_is_public_that_python_does_not_call_global(address: IPv4Address | IPv6Address) -> None:
    if is_public(str(address)) and address not in ip_network("64:ff9b::/96"):
        assert address.is_global
        assert not is_local(str(address))


@given(private_addresses)
def test_a_private_address_is_not_public_in_any_dress_of_ipv6(address: IPv4Address) -> None:
    number = int(address)
    for dress in (0, 0xFFFF << 32, 0xFFFF << 48, 0x64FF9B << 96, 0x64FF9B0001 << 80):
        assert not is_public(str(IPv6Address(dress | number)))
    assert not is_public(str(IPv6Address((0x2002 << 112) | (number << 80))))


@given(private_addresses, st.integers(1, 4), st.data())
def test_no_spelling_of_a_private_address_is_ever_dialled(
    address: IPv4Address, length: int, data: st.DataObject
) -> None:
    """As the resolver reads them: up to 4 parts, decimal, octal or hexadecimal, the last one filling up."""
    number = int(address)
    parts = [(number >> (24 - 8 * index)) & 0xFF for index in range(length - 1)]
    parts.append(number & ((1 << (32 - 8 * (length - 1))) - 1))
    shapes = st.sampled_from(("{}", "0{:o}", "0x{:x}", "0X{:X}", "000{:o}", "0x00{:x}"))
    spelling = ".".join(data.draw(shapes).format(part) for part in parts)
    found = socket.getaddrinfo(spelling, 80, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    assert [ip_address(each[4][0]) for each in found] == [address]
    for each in found:
        reactor = FakeReactor()
        with pytest.raises(NotFetched, match="not a public address"):
            Dialler(reactor, may_be_local=False, most_bytes=1).connectTCP(str(each[4][0]), 80, None)
        assert reactor.dialled == []


class IDials(Interface):  # type: ignore[misc]
    """What Twisted would ask a reactor for."""


@implementer(IDials)
class FakeReactor:
    def __init__(self) -> None:
        self.dialled: list[str] = []

    def connectTCP(self, host: str, *_: Any, **__: Any) -> None:
        self.dialled.append(host)

    def seconds(self) -> int:
        return 7


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.1.2.3", "172.20.0.1", "192.168.0.1", "::1", "fd00::1", "8.8.8.8"]
)
def test_a_local_home_is_dialled(address: str) -> None:
    reactor = FakeReactor()
    Dialler(reactor, may_be_local=True, most_bytes=1).connectTCP(address, 80, None)
    assert reactor.dialled == [address]


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "0.0.0.0", "224.0.0.1", "fe80::1", "::ffff:127.0.0.1", "x"]
)
def test_what_is_neither_public_nor_local_is_never_dialled(address: str) -> None:
    with pytest.raises(NotFetched):
        Dialler(FakeReactor(), may_be_local=True, most_bytes=1).connectTCP(address, 80, None)


def test_the_dialler_is_the_reactor_in_all_else() -> None:
    dialler = Dialler(FakeReactor(), may_be_local=False, most_bytes=1)
    assert IDials.providedBy(dialler)
    assert dialler.seconds() == 7


def site(home: str, **fields: Any) -> Site:
    return site_of(load_source("demo").model_copy(update={"home": home, "local": False, **fields}))


@pytest.mark.parametrize(
    "url",
    [
        *("https://banten.example.id/a", "http://banten.example.id/", "https://www.banten.example.id/x?y#z"),
        *("https://BANTEN.example.id./a", "https://banten.example.id:443/", "https://m.banten.example.id/"),
    ],
)
def test_what_belongs_to_a_site(url: str) -> None:
    assert site("https://banten.example.id", hosts=("m.banten.example.id",)).holds(url)


@pytest.mark.parametrize(
    "url",
    [
        *("https://example.id/", "https://x.banten.example.id/", "https://banten.example.id.evil.test/"),
        *(
            "https://banten.example.id:8443/",
            "https://banten.example.id@evil.test/",
            "https://u:p@banten.example.id/",
        ),
        *(
            "ftp://banten.example.id/",
            "file:///etc/passwd",
            "data:,x",
            "javascript:1",
            "//banten.example.id/",
            "",
        ),
        *("http://127.0.0.1/", "http://[::1]/", "http://[", "https://banten.example.id:99999/", "https:///a"),
        *("https://evil.test\\@banten.example.id/", "https://banten.example.id:80x/"),
    ],
)
def test_what_does_not_belong_to_a_site(url: str) -> None:
    assert not site("https://banten.example.id", hosts=("m.banten.example.id",)).holds(url)


def test_only_home_and_port_of_a_local_source_may_be_local() -> None:
    local = site("http://127.0.0.1:8610", local=True, hosts=("127.0.0.2",))
    assert local.may_be_local("http://127.0.0.1:8610/robots.txt")
    for url in (
        "http://127.0.0.1/",
        "http://127.0.0.1:8611/",
        "http://127.0.0.2:8610/",
        "http://localhost:8610/",
    ):
        assert not local.may_be_local(url)
    assert not site("http://127.0.0.1:8610").may_be_local("http://127.0.0.1:8610/")
