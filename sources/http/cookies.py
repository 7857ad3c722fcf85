"""Cookies kept per site and never shared: one of the sites serves its list only to whoever shows the cookie of its first page.

Connections go to bare IP addresses that dozens of sites share, so the HTTP library's own jar would mix them up.
"""

from __future__ import annotations

import httpx

_MOST_PER_SITE = 30


class SiteCookies:
    """One jar per canonical host, filled and read under the canonical URL, by the rules of the standard library's jar."""

    def __init__(self) -> None:
        self._jars: dict[str, httpx.Cookies] = {}

    def header(self, url: str) -> dict[str, str]:
        """The `Cookie` header for a request to `url`, nothing where there is none."""
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
