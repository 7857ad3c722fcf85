"""Where recueils come from: the catalogue of authorities, and the crawler that lists what their sites publish."""

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
    Unreachable,
    Unusable,
    Validators,
)
from sources.listed import Listed
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
    "LayoutChanged",
    "Listed",
    "MovedAway",
    "NeedsBrowser",
    "Order",
    "Page",
    "Paused",
    "Refused",
    "Resolved",
    "Source",
    "Trail",
    "Unreachable",
    "Unusable",
    "Validators",
    "browser_hosts",
    "canonical",
    "hosts",
    "load_authorities",
]
