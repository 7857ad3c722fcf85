"""Which machine a host name stands for, and whether it may be asked at all.

A catalogue host that resolves to a private address is a mistake or an attack (DNS rebinding): the address is checked, then connected
to as it is, so that a second look-up cannot give another answer.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from sources.http.failures import in_plain_words, is_of_this_machine
from sources.model import Unreachable, Unusable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""`(host, port)` -> IP addresses as text. Raises OSError (`socket.gaierror`) when there is none."""

_NAMES_AT_ONCE = 4

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""RFC 6052 well-known prefix: the last 32 bits are the IPv4 address really reached."""

_UNICAST = ipaddress.IPv6Network("2000::/3")
"""All that is allotted of the public Internet (RFC 4291, section 2.4). What else Python holds for global is old wrappings of IPv4."""


class SystemResolver:
    """The machine's own resolver, for the address families it is configured for.

    In threads of its own: without a network each of a hundred names takes its time to be found missing, and whatever else is done in
    threads (the database) would wait behind them.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_NAMES_AT_ONCE, thread_name_prefix="names")

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """The addresses of a host as text. Raises OSError."""
        ask = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
        return [str(entry[4][0]) for entry in await asyncio.get_running_loop().run_in_executor(self._threads, ask)]

    def close(self) -> None:
        """Begin no other look-up; one that is under way ends in its own time."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def is_public(address: Address) -> bool:
    """Whether an address is a unicast one of the public Internet, IPv4 addresses wrapped in IPv6 included."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        return address in _UNICAST and address.sixtofour is None and address.is_global
    return address.is_global and not address.is_multicast


async def resolve(host: str, port: int, *, url: str, resolver: Resolver, seconds: float) -> tuple[Address, ...]:
    """The addresses of a host, each once, IPv4 first then in numeric order: hosts that share a machine get the same first one.

    `url` is named in errors, `seconds` bounds the look-up. An IP literal is its own address. Raises Unreachable when the name is not found.
    """
    literal = _parsed(host)
    if literal is not None:
        return (literal,)
    try:
        async with asyncio.timeout(seconds):
            texts = await resolver(host, port)
    except TimeoutError as error:
        timed_out = Unreachable(f"{url}: name look-up timed out after {seconds:g} s ({host})")
        timed_out.is_of_site = False
        raise timed_out from error
    except (OSError, UnicodeError) as error:
        failed = Unreachable(f"{url}: {in_plain_words(error)} ({host})")
        failed.is_of_site = not is_of_this_machine(error)
        raise failed from error
    addresses = {address for text in texts if (address := _parsed(text)) is not None}
    if not addresses:
        raise Unreachable(f"{url}: name not found ({host})")
    return tuple(sorted(addresses, key=lambda address: (address.version, int(address))))


def require_public(addresses: Sequence[Address], *, url: str) -> None:
    """Raise Unusable when any of the addresses is private, loopback, link-local, multicast or reserved."""
    for address in addresses:
        if not is_public(address):
            raise Unusable(f"{url}: its name leads to {address}, which is not a public address")


def require_loopback(addresses: Sequence[Address], *, url: str) -> None:
    """Raise Unusable when any of the addresses leaves this machine: plain http is for loopback only."""
    for address in addresses:
        if not address.is_loopback:
            raise Unusable(f"{url}: its replacement is plain http, which is for loopback only, and leads to {address}")


def _parsed(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
