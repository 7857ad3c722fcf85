"""Where recueils come from: the catalogue of authorities, and the crawler that lists what their sites publish."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sources.authority import Authority, Browser, Order, Source, browser_hosts, hosts, load_authorities
    from sources.crawl import Crawl, Crawler, Resolved
    from sources.errors import CatalogueError, CrawlFailed, Emptied, LayoutChanged
    from sources.fetch import (
        Blocked,
        Download,
        Fetcher,
        FetchError,
        Gone,
        MovedAway,
        NeedsBrowser,
        Page,
        Paused,
        Refused,
        UnderMaintenance,
        Unreachable,
        Unusable,
        Validators,
    )
    from sources.issuers import Issuers, prefix_of
    from sources.listed import Listed, Origin
    from sources.trail import Trail
    from sources.urls import canonical

__all__ = [
    "Authority",
    "Blocked",
    "Browser",
    "CatalogueError",
    "Crawl",
    "CrawlFailed",
    "Crawler",
    "Download",
    "Emptied",
    "FetchError",
    "Fetcher",
    "Gone",
    "Issuers",
    "LayoutChanged",
    "Listed",
    "MovedAway",
    "NeedsBrowser",
    "Order",
    "Origin",
    "Page",
    "Paused",
    "Refused",
    "Resolved",
    "Source",
    "Trail",
    "UnderMaintenance",
    "Unreachable",
    "Unusable",
    "Validators",
    "browser_hosts",
    "canonical",
    "hosts",
    "load_authorities",
    "prefix_of",
]

# From the quick to import to the slow.
_MODULES = ("fetch", "errors", "listed", "issuers", "urls", "trail", "authority", "crawl")

if not TYPE_CHECKING:  # a type checker knows what there is, and what there is not

    def __getattr__(name: str) -> Any:
        """A name of the face, imported when it is asked for: who needs one small module does not wait for the parsers of all pages."""
        if name in __all__:
            for module in _MODULES:
                found = getattr(import_module(f"sources.{module}"), name, None)
                if found is not None:
                    return found
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
