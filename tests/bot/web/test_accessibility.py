"""Every kind of page in a real browser: what axe-core finds, whether it fits, what it requests, and a way through it without a mouse."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Request, Route, sync_playwright
from pypdfium2 import PdfDocument

from sources.http.browser.installed import find_chromium
from sources.http.browser.process import FEATURES_OFF
from tests.bot.web.conftest import get
from tests.bot.web.test_pages import sample_site

HOST = "https://vigie.example"
PAGES = (
    "/",
    "/envigueur",
    "/envigueur?jour=2026-08-21",
    "/arretes?nature=authorisation",
    "/departements",
    "/departements/26",
    "/communes/26362",
    "/en/communes/38185",
    "/arretes/1104",
    "/en/arretes/1001",
    "/arretes/1010",
    "/operateurs/sncf",
    "/recherche?q=autorisation",
    "/sources",
    "/en/apropos",
    "/donnees",
    "/mentions",
    "/nulle-part",
)
HEIGHT, NARROW, WIDE = 900, 320, 1280
"""Pixels of the window. The widths: the width at which WCAG 2.1 asks that nothing be scrolled sideways (1.4.10), and that of a desk."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = find_chromium(None)
    if chromium is None:
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=[FEATURES_OFF])
        yield started
        started.close()


class Served:
    """A context of the browser in which the sample site answers at `HOST`; requests to anybody else are noted and refused."""

    def __init__(self, browser: Browser, width: int) -> None:
        self._site, self.elsewhere = sample_site(), list[str]()
        self.page = browser.new_context(viewport={"width": width, "height": HEIGHT}).new_page()
        self.page.route("**/*", self._answer)

    def _answer(self, route: Route, request: Request) -> None:
        if not request.url.startswith(HOST):
            self.elsewhere.append(request.url)
            route.abort()
            return
        made = get(self._site, request.url.removeprefix(HOST))
        route.fulfill(status=made.status, content_type=made.media_type, body=made.body, headers=dict(made.headers))


def test_no_page_has_a_fault_that_axe_finds_or_scrolls_sideways_or_requests_anything_elsewhere(browser: Browser) -> None:
    faults, seen = [], set[str]()
    served = Served(browser, NARROW)
    for address in PAGES:
        served.page.set_viewport_size({"width": NARROW, "height": HEIGHT})
        served.page.emulate_media(color_scheme="light")
        served.page.goto(HOST + address)
        served.page.evaluate(Axe().axe_script)
        shown = set(served.page.evaluate(_KINDS_OF_ELEMENT))
        # Axe spends most of its time on colours, and has seen those of every page whose elements are like earlier ones.
        are_known = shown <= seen
        found = [*_too_wide(served.page, NARROW), *_violations(served.page, rules={"color-contrast": {"enabled": not are_known}})]
        faults += [f"{address} at {NARROW}: {fault}" for fault in found]
        served.page.set_viewport_size({"width": WIDE, "height": HEIGHT})
        served.page.emulate_media(color_scheme="dark")
        # In the dark only colours are others.
        found = [*_too_wide(served.page, WIDE), *([] if are_known else _violations(served.page, runOnly=["cat.color"]))]
        faults += [f"{address} at {WIDE}: {fault}" for fault in found]
        seen |= shown
    assert faults == []
    assert served.elsewhere == []


_KINDS_OF_ELEMENT = "Array.from(document.querySelectorAll('*'), one => `${one.localName} ${one.getAttribute('class')}`)"


def _too_wide(page: Page, width: int) -> Iterator[str]:
    if page.evaluate("document.documentElement.scrollWidth") > width:
        yield "scrolls sideways"


def _violations(page: Page, **options: object) -> Iterator[str]:
    found = page.evaluate("options => axe.run(options)", {"resultTypes": ["violations"], **options})
    for violation in found["violations"]:
        yield f"{violation['id']}: {violation['nodes'][0]['html'][:120]}"


def test_a_town_is_searched_and_its_decree_read_with_the_keyboard_alone(browser: Browser) -> None:
    page = Served(browser, WIDE).page
    page.goto(HOST + "/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    _to(page, "a[href='#carte-tableau']")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.localName") == "summary", "the map, of a hundred links, is skipped"
    page.goto(HOST + "/")
    _to(page, "#q")
    page.keyboard.type("valence")
    page.keyboard.press("Enter")
    page.wait_for_url("**/recherche?q=valence")
    _to(page, 'main a[href="/communes/26362"]')
    page.keyboard.press("Enter")
    page.wait_for_url("**/communes/26362")
    assert page.locator("link[rel=alternate]").count() == 2
    _to(page, 'main a[href="/arretes/1104"]')
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    page.wait_for_url("**/arretes/1104")
    _to(page, ".letters summary")
    page.keyboard.press("Enter")
    assert page.locator(".letters pre").first.is_visible()
    page.go_back()
    assert page.locator("h1").inner_text() == "Valence"


def _to(page: Page, selector: str) -> None:
    """Press Tab until the first element of the selector has the focus."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement === document.querySelector(selector)", selector):
            return
    pytest.fail(f"Tab never reaches {selector}")


def test_a_decree_with_the_picture_of_its_page_prints_on_two_sheets(browser: Browser) -> None:
    served = Served(browser, WIDE)
    served.page.goto(f"{HOST}/arretes/1104")
    served.page.evaluate(
        """const picture = document.createElement("img");
        picture.src = "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' width='1000' height='1414'/>";
        const figure = document.createElement("figure");
        figure.append(picture);
        document.querySelector(".act .quote").after(figure);"""
    )
    served.page.wait_for_function("document.querySelector('.act img').naturalHeight > 0")
    with closing(PdfDocument(served.page.pdf(prefer_css_page_size=True))) as printed:
        assert len(printed) == 2
