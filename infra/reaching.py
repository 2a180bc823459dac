"""Reaches servers that companies name: on the internet, and in those private networks that whoever runs us allows.

A name is looked up once, and what was looked at is what is connected to: the next time it may lead somewhere else.
"""

import asyncio
import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any, Final

from infra.settings import Networks

_NEVER: Final = tuple(
    ip_network(network)
    for network in (
        "169.254.0.0/16",  # link-local: where most clouds hand their keys out
        "fe80::/10",
        "fd00:ec2::/32",  # Amazon's
        "fd20:ce::254",  # Google's
        "168.63.129.16",  # Azure's
        "192.0.0.192",  # Oracle's
        "fd00:c1::a9fe:a9fe",
        "100.100.100.200",  # Alibaba's
        "fd00:100::100:200",
        "fd00:42::42",  # Scaleway's
        "fd00:a9fe:a9fe::1",  # Akamai's
    )
)
"""Clouds' services of metadata: no company's server is there, whatever larger network is allowed."""
_INTERNET_6: Final = ip_network("2000::/3")
_TRANSLATED: Final = ip_network("64:ff9b::/96")
"""IPv4 addresses, as a network without IPv4 has them."""


class Refused(Exception):
    """A host is nowhere that a company may have us go: nothing was sent there.

    Attributes:
        always: it is where a cloud hands out keys; otherwise its network can be allowed (BOKBUSS_PRIVATE_NETWORKS).
    """

    def __init__(self, host: str, *, always: bool) -> None:
        self.host = host
        self.always = always
        super().__init__(host)


@dataclass(frozen=True, slots=True)
class Place:
    """One address of a server, as it is connected to."""

    family: int
    address: Any

    @property
    def ip(self) -> str:
        """The address without its port."""
        return str(self.address[0])


async def places(host: str, port: int, allowed: Networks) -> list[Place]:
    """Return every address of a server, each of which may be connected to.

    Raises:
        Refused: one of them may not.
        OSError, UnicodeError: the name cannot be looked up.
    """
    answers = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    found = [Place(family, address) for family, _, _, _, address in answers]
    for place in found:
        must_be_outside(host, place.ip, allowed, is_ours=_is_ours(place))
    return found


async def connected(host: str, port: int, allowed: Networks) -> socket.socket:
    """Connect to a server. Raises what ``places`` raises, and OSError when nobody answers at any of its addresses."""
    refused = OSError(host)
    for place in await places(host, port, allowed):
        opened = socket.socket(place.family, socket.SOCK_STREAM)
        try:
            opened.setblocking(False)  # noqa: FBT003 - the library's signature
            await asyncio.get_running_loop().sock_connect(opened, place.address)
        except OSError as error:
            opened.close()
            refused = error
        except BaseException:
            opened.close()
            raise
        else:
            return opened
    raise refused


def must_be_outside(host: str, address: str, allowed: Networks, *, is_ours: bool = False) -> None:
    """Raise Refused where an address is inside: ours, private or reserved, and not allowed; or a cloud's own."""
    meant = _meant(ip_address(address))
    if any(meant in network for network in _NEVER):
        raise Refused(host, always=True)
    if (is_ours or not _is_of_the_internet(meant)) and not any(meant in network for network in allowed):
        raise Refused(host, always=False)


def _meant(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address that an IPv6 address stands for, or itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in _TRANSLATED:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _is_of_the_internet(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address):
        return address in _INTERNET_6 and address.is_global
    return address.is_global and not address.is_multicast


def _is_ours(place: Place) -> bool:
    """Tell whether an address is one of this machine, where no firewall stands before what listens; sends nothing."""
    with socket.socket(place.family, socket.SOCK_DGRAM) as asking:
        try:
            asking.connect(place.address)
        except OSError:  # there is no way there
            return False
        return bool(asking.getsockname()[0] == place.ip)
