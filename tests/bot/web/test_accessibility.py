"""Every kind of page in a real browser: what axe-core finds, whether it fits, what it requests. One browser for all."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Request, Route, sync_playwright

from bot.web.rendering import style_path
from sources.http.browser.installed import find_chromium
from tests.bot.web.conftest import get
from tests.bot.web.test_pages import sample_site

HOST = "https://vigie.example"
PAGES = (
    "/",
    "/envigueur",
    "/departements",
    "/departements/26",
    "/communes/26362",
    "/en/communes/26281",
    "/communes/38185",
    "/communes/2A004",
    "/arretes/1104",
    "/en/arretes/1001",
    "/arretes/400",
    "/arretes/1010",
    "/operateurs/sncf",
    "/recherche?q=romans",
    "/recherche?q=autorisation",
    "/sources",
    "/en/apropos",
    "/donnees",
    "/accessibilite",
    "/mentions",
    "/nulle-part",
)
NARROW, WIDE = 320, 1280
"""Pixels: the width at which WCAG 2.1 asks that nothing be scrolled sideways (1.4.10), and that of a desk."""


@pytest.fixture
def browser() -> Iterator[Browser]:
    chromium = find_chromium(None)
    if chromium is None:
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium)
        yield started
        started.close()


def test_no_page_has_a_fault_that_axe_finds_or_scrolls_sideways_or_requests_anything_elsewhere(browser: Browser) -> None:
    site, elsewhere = sample_site(), list[str]()

    def answer(route: Route, request: Request) -> None:
        if not request.url.startswith(HOST):
            elsewhere.append(request.url)
            route.abort()
            return
        made = get(site, request.url.removeprefix(HOST))
        route.fulfill(status=made.status, content_type=made.media_type, body=made.body)

    faults = []
    for width, dark in ((NARROW, False), (WIDE, True)):
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light")
        page = context.new_page()
        page.route("**/*", answer)
        for address in PAGES:
            page.goto(HOST + address)
            faults += [f"{address} at {width}: {fault}" for fault in _faults(page, width)]
        context.close()
    assert faults == []
    assert elsewhere == []
    assert get(site, style_path()).status == 200


def _faults(page: Page, width: int) -> Iterator[str]:
    if page.evaluate("document.documentElement.scrollWidth") > width:
        yield "scrolls sideways"
    for violation in Axe().run(page).response["violations"]:
        yield f"{violation['id']}: {violation['nodes'][0]['html'][:120]}"
