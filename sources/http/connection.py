"""The one connection to an address: kept alive for the site that uses it, closed when another site's turn comes.

The connection goes to the very IP address that was checked, while TLS still verifies the certificate for the site's own name. A
connection is never shared by two names: the second one's certificate would not be verified.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx

from sources.http.address import Address, Target

_IDLE_SECONDS = 30.0


class Connection:
    """Sends GET requests to one address, one at a time (the caller's queue sees to that). No proxy, no cookie, no redirect.

    `transport` replaces the network altogether and is then the caller's to close. No setting of the environment is honoured.
    """

    def __init__(self, address: Address, tls: ssl.SSLContext, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._address = address
        self._tls = tls
        self._given = transport
        self._transport: httpx.AsyncBaseTransport | None = transport
        self._site: tuple[str, str, int] | None = None

    @contextlib.asynccontextmanager
    async def get(self, target: Target, headers: Mapping[str, str], seconds: float) -> AsyncIterator[httpx.Response]:
        """Yield the answer, its body still to be read with `aiter_raw()`. `seconds` bounds the wait for its head, and each wait for more.

        Requests once more, at once, when a kept-alive connection turns out to have died while idle. Raises `httpx.TransportError`.
        """
        transport = await self._for_site(target)
        watch = _Watch()
        request = self._request(target, headers, seconds, watch)
        try:
            async with asyncio.timeout(seconds):  # a head that comes byte by byte ends no wait for the network
                try:
                    response = await transport.handle_async_request(request)
                except (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError):
                    if watch.connected or transport is self._given:
                        raise
                    await self.close()
                    transport = await self._for_site(target)
                    response = await transport.handle_async_request(request)
        except TimeoutError as error:
            raise httpx.ReadTimeout("no answer began in time", request=request) from error
        response.request = request
        try:
            yield response
        finally:
            await response.aclose()

    async def close(self) -> None:
        """Close the connection, if any. It is opened again when it is needed."""
        transport, self._transport = self._transport, self._given
        if transport is not None and transport is not self._given:
            await transport.aclose()

    async def _for_site(self, target: Target) -> httpx.AsyncBaseTransport:
        site = (target.scheme, target.host, target.port)
        if site != self._site:
            await self.close()
            self._site = site
        if self._transport is None:
            limits = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=_IDLE_SECONDS)
            self._transport = httpx.AsyncHTTPTransport(verify=self._tls, trust_env=False, http2=False, limits=limits)
        return self._transport

    def _request(self, target: Target, headers: Mapping[str, str], seconds: float, watch: _Watch) -> httpx.Request:
        host = f"[{self._address}]" if self._address.version == 6 else str(self._address)
        return httpx.Request(
            "GET",
            f"{target.scheme}://{host}:{target.port}{target.path}",
            headers={"Host": target.authority, **headers},
            extensions={
                "sni_hostname": target.host,
                "timeout": {"connect": seconds, "read": seconds, "write": seconds, "pool": seconds},
                "trace": watch,
            },
        )


class _Watch:
    """Notes whether a request opened a connection of its own, or reused one."""

    def __init__(self) -> None:
        self.connected = False

    async def __call__(self, event: str, info: Mapping[str, Any]) -> None:
        if event == "connection.connect_tcp.started":
            self.connected = True


# Cookies kept per site and never shared: one of the sites serves its list only to whoever shows the cookie of its first page.
#
# Connections go to bare IP addresses that dozens of sites share, so the HTTP library's own jar would mix them up.

_MOST_PER_SITE = 30


class SiteCookies:
    """Keeps one jar per canonical host, filled and read under the canonical URL, by the rules of the standard library's jar."""

    def __init__(self) -> None:
        self._jars: dict[str, httpx.Cookies] = {}

    def header(self, url: str) -> dict[str, str]:
        """Return the `Cookie` header for a request to `url`, nothing where there is none."""
        request = httpx.Request("GET", url)
        jar = self._jars.get(request.url.host)
        if jar is not None:
            jar.set_cookie_header(request)
        return {"Cookie": request.headers["cookie"]} if "cookie" in request.headers else {}

    def keep(self, url: str, headers: httpx.Headers) -> None:
        """Remember what the answer to `url` set, where a header can carry it back. A site that sets cookies without end loses them all."""
        usable = [("Set-Cookie", value) for value in headers.get_list("set-cookie") if value.isascii() and value.isprintable()]
        if not usable:
            return
        request = httpx.Request("GET", url)
        jar = self._jars.setdefault(request.url.host, httpx.Cookies())
        jar.extract_cookies(httpx.Response(200, headers=usable, request=request))
        if len(jar.jar) > _MOST_PER_SITE:
            jar.clear()
