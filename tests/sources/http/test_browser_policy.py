"""What a page may load and what an answer is: tables."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from sources.http.browser import policy
from sources.http.browser.policy import AllowedHost, of_driver, of_network, resolver_rules
from sources.http.connection import Target, in_plain_words

HOST = "www.var.gouv.fr"
SITE = Target("https", "www.var.gouv.fr", 443, "/raa?page=2", chosen=False)
LOCAL = Target("http", "127.0.0.1", 8080, "/var/raa", chosen=True)
SCRIPTS = ("challenges.example.com",)


@pytest.mark.parametrize(
    ("kind", "url", "target", "allowed"),
    [
        ("document", "https://www.var.gouv.fr/raa", SITE, True),
        ("script", "https://www.var.gouv.fr:443/x.js", SITE, True),
        ("script", "https://www.var.gouv.fr:8443/x.js", SITE, False),
        ("script", "http://www.var.gouv.fr/x.js", SITE, False),
        ("script", "https://var.gouv.fr/x.js", SITE, False),
        ("script", "https://www.var.gouv.fr.example.com/x.js", SITE, False),
        ("script", "https://challenges.example.com/x.js", SITE, True),
        ("script", "http://challenges.example.com/x.js", SITE, False),
        ("script", "https://challenges.example.com:444/x.js", SITE, False),
        ("script", "https://sub.challenges.example.com/x.js", SITE, False),
        ("fetch", "https://stats.example.com/", SITE, False),
        ("websocket", "wss://www.var.gouv.fr/", SITE, False),
        ("image", "https://www.var.gouv.fr/a.png", SITE, False),
        ("image", "data:image/png;base64,", SITE, False),
        ("font", "https://challenges.example.com/a.woff2", SITE, False),
        ("media", "https://www.var.gouv.fr/a.mp4", SITE, False),
        ("script", "data:text/javascript,1", SITE, True),
        ("script", "blob:https://www.var.gouv.fr/1", SITE, True),
        ("script", "file:///etc/passwd", SITE, False),
        ("script", "https://[::1", SITE, False),
        ("script", "https://www.var.gouv.fr:99999/", SITE, False),
        ("script", "http://127.0.0.1:8080/var/x.js", LOCAL, True),
        ("script", "http://127.0.0.1:8081/x.js", LOCAL, False),
        ("script", "http://localhost:8080/x.js", LOCAL, False),
    ],
)
def test_what_a_page_may_load(kind: str, url: str, target: Target, allowed: bool) -> None:
    assert policy.may_load(kind, url, target, SCRIPTS) is allowed


@pytest.mark.parametrize(
    ("method", "url", "allowed"),
    [
        ("GET", "https://www.var.gouv.fr/raa?page=2", True),
        ("GET", "https://www.var.gouv.fr/raa?__cf_chl_tk=x", True),
        ("POST", "https://www.var.gouv.fr/raa?page=2", True),
        ("POST", "https://www.var.gouv.fr/answer", True),
        ("GET", "https://www.var.gouv.fr/elsewhere", False),
        ("GET", "http://www.var.gouv.fr/raa", False),
        ("POST", "https://challenges.example.com/raa", False),
        ("GET", "about:blank", False),
    ],
)
def test_where_a_page_may_be_left_for(method: str, url: str, allowed: bool) -> None:
    assert policy.may_go(method, url, SITE) is allowed


def test_places_are_the_site_and_its_scripts() -> None:
    assert policy.places(SITE, SCRIPTS) == {AllowedHost("www.var.gouv.fr", 443), AllowedHost("challenges.example.com", 443)}
    assert policy.places(LOCAL, ()) == {AllowedHost("127.0.0.1", 8080)}


def test_each_place_is_found_at_its_address_and_no_other_is() -> None:
    pins = {AllowedHost(HOST, 443): ip_address("93.184.215.14"), AllowedHost("::1", 8080): ip_address("::1")}
    assert resolver_rules(pins) == f"MAP {HOST}:443 93.184.215.14, MAP [::1]:8080 [::1], MAP * ~NOTFOUND"
    assert resolver_rules({}) == "MAP * ~NOTFOUND"


@pytest.mark.parametrize(
    ("url", "moved"),
    [
        ("https://www.var.gouv.fr/raa?page=2", False),
        ("https://www.var.gouv.fr/raa?page=2&__cf_chl_tk=x", False),
        ("https://www.var.gouv.fr/raa#top", False),
        ("https://www.var.gouv.fr/login?page=2", True),
        ("https://www.var.gouv.fr", True),
    ],
)
def test_a_page_that_moved_by_itself(url: str, moved: bool) -> None:
    assert policy.has_moved(url, SITE) is moved


@pytest.mark.parametrize(
    ("status", "headers", "rendered"),
    [
        (200, {"content-type": "text/html; charset=utf-8"}, True),
        (200, {}, True),
        (403, {"content-type": "text/html"}, True),
        (200, {"content-type": "application/pdf"}, False),
        (302, {"content-type": "text/html"}, False),
        (204, {}, False),
        (304, {"content-type": "text/html"}, False),
        (200, {"content-type": "text/html", "content-disposition": "Attachment; filename=a.html"}, False),
        (200, {"content-type": "text/html", "content-disposition": "inline"}, True),
    ],
)
def test_what_a_browser_shows(status: int, headers: dict[str, str], rendered: bool) -> None:
    assert policy.is_rendered(status, headers) is rendered


@pytest.mark.parametrize(
    ("status", "headers", "waits"),
    [(429, {"retry-after": "5"}, True), (503, {"retry-after": "5"}, True), (503, {}, False), (403, {"retry-after": "5"}, False)],
)
def test_a_refusal_that_says_when_to_come_back(status: int, headers: dict[str, str], waits: bool) -> None:
    assert policy.asks_to_wait(status, headers) is waits


@pytest.mark.parametrize(("count", "length", "too_many"), [(0, 0, False), (60, 100, False), (61, 1, True), (3, 3000, True)])
def test_cookies_that_a_site_cannot_mean(count: int, length: int, too_many: bool) -> None:
    assert policy.are_too_many([{"name": "a", "value": "x" * length, "domain": HOST}] * count) is too_many


def test_headers_that_are_no_longer_true_are_left_out() -> None:
    packed = {
        "content-encoding": "gzip",
        "content-length": "10",
        "content-type": "a/b",
        "set-cookie": "a",
        "etag": "x",
        "retry-after": "1",
    }
    assert policy.unpacked(packed) == {"content-type": "a/b", "retry-after": "1"}
    assert policy.unpacked({"content-length": "10"}) == {"content-length": "10"}


def test_failures_in_plain_words() -> None:
    assert in_plain_words(of_network("net::ERR_CONTENT_LENGTH_MISMATCH")) == "answer cut short"
    assert in_plain_words(of_network("net::ERR_CERT_DATE_INVALID")) == "TLS failure: certificate not trusted (ERR_CERT_DATE_INVALID)"
    assert in_plain_words(of_network("net::ERR_UNHEARD_OF")) == "the browser could not load it (ERR_UNHEARD_OF)"
    assert in_plain_words(of_driver(RuntimeError("Page.goto: Oh\nCall log:\n…"))) == "the browser failed: Page.goto: Oh"
    launch = "BrowserType.launch: closed\nBrowser logs:\n[pid=1][err] one\n[pid=1][err] \n[pid=1][err] No usable sandbox!\n[pid=1] gone"
    assert in_plain_words(of_driver(RuntimeError(launch))) == "the browser failed: No usable sandbox!"
    assert in_plain_words(of_driver(RuntimeError())) == "the browser failed: RuntimeError"
