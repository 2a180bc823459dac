"""Where a company's server may be: on the internet or in a network that is allowed, however its host is written."""

import asyncio
import socket
from collections.abc import Sequence
from ipaddress import ip_network
from typing import Any

import pytest

from infra import reaching
from infra.reaching import Place, Refused
from infra.settings import Networks, Settings

EVERYWHERE: Networks = (ip_network("0.0.0.0/0"), ip_network("::/0"))


def resolve(monkeypatch: pytest.MonkeyPatch, *answers: Sequence[str]) -> list[str]:
    """Let the names of this test lead to these addresses, at each look to the next; return what was looked up."""
    asked = list[str]()

    async def getaddrinfo(host: str, port: int, **_: object) -> list[Any]:
        found = answers[len(asked)]
        asked.append(host)
        return [
            (socket.AF_INET6 if ":" in one else socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in found
        ]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
    return asked


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "localhost", "LOCALHOST"),
        *("0", "0.0.0.0", "::", "::1", "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1", "::FFFF:7F00:1", "::127.0.0.1"),  # noqa: S104 - nothing listens there
        *("10.1.2.3", "172.31.0.1", "192.168.1.1", "100.64.0.1", "198.18.0.1", "192.0.2.1", "0xa010203"),
        *("224.0.0.1", "240.0.0.1", "255.255.255.255"),
        *("fc00::1", "fd12:3456::1", "fec0::1", "ff02::1", "2001:db8::1", "2001::1", "64:ff9b:1::1", "::ffff:0:7f00:1"),
        *("64:ff9b::127.0.0.1", "64:ff9b::a01:203", "2002:7f00:1::", "2002:c0a8:101::1"),
    ],
)
async def test_what_is_inside_is_refused(host: str) -> None:
    """In whatever form it is written; no packet is sent."""
    with pytest.raises(Refused) as refused:
        await reaching.connected(host, 22, ())
    assert (refused.value.host, refused.value.always) == (host, False)


@pytest.mark.parametrize(
    "host",
    [
        *("169.254.169.254", "2852039166", "0xA9FEA9FE", "169.254.170.2", "::ffff:169.254.169.254", "::FFFF:a9fe:a9fe"),
        *("64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1", "fe80::1", "fe80::1%lo", "fe80::a9fe:a9fe"),
        *("fd00:ec2::254", "FD00:EC2:0::254", "fd00:ec2::23", "fd20:ce::254", "fd00:c1::a9fe:a9fe", "fd00:42::42"),
        *("168.63.129.16", "100.100.100.200", "192.0.0.192", "::ffff:100.100.100.200"),
    ],
)
async def test_where_a_cloud_hands_out_its_keys_nobody_goes(host: str) -> None:
    """Not even where every network is allowed: who allows a large one has not thought of them."""
    with pytest.raises(Refused) as refused:
        await reaching.connected(host, 22, EVERYWHERE)
    assert refused.value.always


@pytest.mark.parametrize("host", ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822", "::ffff:93.184.216.34"])
async def test_what_is_on_the_internet_is_reached(host: str) -> None:
    """An IPv4 address in the form of networks that have none, too."""
    [place] = await reaching.places(host, 22, ())
    assert place.ip == host


async def test_only_what_is_allowed_is_reached_besides() -> None:
    """A network is that network, in all of its forms, and not the next one."""
    allowed = (ip_network("10.20.0.0/16"), ip_network("fd12::/32"))
    for host in ("10.20.255.1", "::ffff:10.20.0.1", "64:ff9b::a14:1", "fd12::7"):
        assert await reaching.places(host, 22, allowed)
    for host in ("10.21.0.1", "fd13::7", "127.0.0.1"):
        with pytest.raises(Refused):
            await reaching.places(host, 22, allowed)


@pytest.mark.parametrize("inside", ["10.0.0.1", "::1", "169.254.169.254"])
async def test_of_several_addresses_none_may_be_inside(inside: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody says which of them is taken."""
    for found in (("93.184.216.34", inside), (inside, "93.184.216.34")):
        resolve(monkeypatch, found)
        with pytest.raises(Refused, match=r"^sftp\.evil\.example$"):
            await reaching.connected("sftp.evil.example", 22, ())


async def test_what_was_looked_at_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that leads elsewhere the next time is not asked again; where one address is silent, the next is tried."""
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    asked = resolve(monkeypatch, ("127.0.0.2", "127.0.0.1"), ("169.254.169.254",))
    async with server:
        opened = await reaching.connected("sftp.evil.example", port, (ip_network("127.0.0.0/8"),))
        with opened:
            assert opened.getpeername() == ("127.0.0.1", port)
    assert asked == ["sftp.evil.example"]


async def test_an_address_of_this_machine_is_known_as_that() -> None:
    """Also a public one: behind it no firewall stands before us."""
    assert reaching._is_ours(Place(socket.AF_INET, ("127.0.0.1", 22)))
    assert not reaching._is_ours(Place(socket.AF_INET, ("93.184.216.34", 22)))
    with pytest.raises(Refused) as refused:
        reaching.must_be_outside("sftp.evil.example", "93.184.216.34", (), is_ours=True)
    assert not refused.value.always
    reaching.must_be_outside("ours.example", "93.184.216.34", (ip_network("93.184.216.34"),), is_ours=True)


def test_networks_are_listed_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    """As one text; none are allowed where nothing is said."""
    assert Settings(_env_file=None).private_networks == ()
    monkeypatch.setenv("BOKBUSS_PRIVATE_NETWORKS", " 10.20.0.0/16, 192.168.1.7,fd12::/32,")
    assert [str(one) for one in Settings(_env_file=None).private_networks] == [
        "10.20.0.0/16",
        "192.168.1.7/32",
        "fd12::/32",
    ]
    for wrong in ("10.20.0.1/16", "10.20", "example.se", '["10.0.0.0/8"]'):
        monkeypatch.setenv("BOKBUSS_PRIVATE_NETWORKS", wrong)
        with pytest.raises(ValueError, match="it lists networks, with commas"):
            Settings(_env_file=None)
