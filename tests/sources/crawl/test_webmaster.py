"""What a webmaster changes from one day to the next: the new recueil is found within a day, or what names it is reported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal

import pytest

from sources.catalogue.authority import Order
from sources.crawl.crawler import Crawl, Crawler
from sources.http.answers import refresh_of
from sources.model import CrawlFailed, NotAPage, Page, Validators
from sources.text import canonical
from tests.sources.markup import HOST, ROOT, download, file_href, page, pager, white_card
from tests.sources.poller import AUGUST, NOW, YEAR, Poller, cards, files, listing, source
from tests.sources.site import MemorySite

HREF = file_href(9)
TITLE = "RAA n° 9 du 14 août 2026"
OLD = [download(number, f"0{number}/08/2026") for number in (1, 2, 3)]
JUNE, JULY = f"{YEAR}/Juin-2026", f"{YEAR}/Juillet-2026"
SECTION = AUGUST.removeprefix(HOST)
BEFORE = {
    ROOT: cards(YEAR, f"{ROOT}/Annee-2025"),
    YEAR: cards(JUNE, JULY, AUGUST),
    JUNE: files(11, day="12/06/2026"),
    JULY: files(10, day="12/07/2026"),
    AUGUST: page(*OLD),
}


class Platform(MemorySite):
    """Sends readers on as a page says, and answers with a file where there is one."""

    async def page(self, url: str, validators: Validators = Validators()) -> Page:  # noqa: B008 - the protocol's own signature
        if url.endswith(("id=9", "/recueil-9")):
            raise NotAPage(f"{url}: a file")
        found = await super().page(url, validators)
        there = refresh_of(found.html)
        return Page(target, self.pages[target]) if there and (target := canonical(url, there)) else found


@dataclass(frozen=True)
class Change:
    """`pages` are those that change, `is_gone` those that are gone; `new` is the address by which the recueil is to be found."""

    name: str
    pages: Mapping[str, str]
    expected: Literal["found", "reported"] = "found"
    new: str = HOST + HREF
    before: Mapping[str, str] = field(default_factory=lambda: BEFORE)
    gone: tuple[str, ...] = ()
    order: Order = "one-page"
    is_next: bool = False
    foreign: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.name


def link(markup: str, name: str, *, new: str = HOST + HREF, expected: Literal["found", "reported"] = "found") -> Change:
    """The new recueil stands among the others in another markup."""
    return Change(name, {AUGUST: page(f"<p>{markup}</p>", *OLD)}, expected, new, is_next=True)


def beside(name: str, markup: str, url: str, html: str, *, is_next: bool = True) -> Change:
    """The new recueil is on a page of its own, which the list leads to."""
    return Change(name, {AUGUST: page(markup, *OLD), url: html}, is_next=is_next)


A_FILE = download(9, "14/08/2026")
PAPER = f"{YEAR}/Recueil-special-n-9"
MORE = f"{YEAR}/RAA-suite"
MANY = [download(number, f"{number:02}/08/2026") for number in range(1, 14)]


def paged(numbers: list[int], *, newest_first: bool) -> dict[str, str]:
    """Two pages and more of dated cards."""
    rows = [white_card(file_href(number), f"RAA n° {number}", f"{number % 28 + 1:02}/08/2026") for number in numbers]
    rows = rows[::-1] if newest_first else rows
    chunks = [rows[start : start + 10] for start in range(0, len(rows), 10)]
    return {
        AUGUST if not rank else f"{AUGUST}/(offset)/{10 * rank}": page(*chunk, pager(AUGUST, rank + 1, len(chunks)))
        for rank, chunk in enumerate(chunks)
    }


def turned(name: str, *, newest_first: bool) -> Change:
    """The pager of a list is turned round, and the new one stands at the other end."""
    order: Order = "oldest-first" if newest_first else "newest-first"
    others = [*range(12, 42)]
    site = {**BEFORE, **paged(others, newest_first=not newest_first)}
    after = paged([*others, 9], newest_first=newest_first)
    return Change(name, after, before=site, order=order, is_next=True)


def renamed_pager() -> Change:
    parameter = "?debut_liste=10"
    nav = f'<nav class="fr-pagination"><a class="fr-pagination__link--next" href="{SECTION}{parameter}">Page suivante</a></nav>'
    site = {**BEFORE, **listing(AUGUST, [*range(12, 30)], newest_first=False)}
    before = site[AUGUST].split("<nav role")[0] + nav
    return Change(
        "the parameter of the pager renamed",
        {AUGUST: before, AUGUST + parameter: page(*OLD, A_FILE)},
        before=site,
        gone=(f"{AUGUST}/(offset)/10",),
        order="oldest-first",
    )


CHANGES = (
    link(f'<a href="#" data-href="{HREF}">{TITLE}</a>', "data-href"),
    link(f'<a href="#" onclick="window.open(\'{HREF}\'); return false">{TITLE}</a>', "onclick"),
    link(f"<a href=\"javascript:window.open('{HREF}','_blank')\">{TITLE}</a>", "javascript:"),
    link(f'<form><button formaction="{HREF}">{TITLE}</button></form>', "button with formaction"),
    link(f"<button onclick=\"location.href='{HREF}'\">{TITLE}</button>", "button with onclick"),
    link(f'<form action="{HREF}" method="get"><input type="submit" value="{TITLE}"></form>', "form"),
    link(f'<a href="//{HOST.removeprefix("https://")}{HREF}">{TITLE}</a>', "protocol left out"),
    link(f'<a href="{HOST.replace("https", "http")}{HREF}">{TITLE}</a>', "absolute, http"),
    Change("base", {AUGUST: page(f'<a href="{HREF[1:]}">{TITLE}</a>', *OLD).replace("<head>", f'<head><base href="{HOST}/">')}),
    link(f'<a href="/docs/RAA-9.PDF">{TITLE}</a>', "extension in capitals", new=f"{HOST}/docs/RAA-9.PDF"),
    link(f'<a href="/docs/recueil-9">{TITLE}</a>', "no extension", new=f"{HOST}/docs/recueil-9"),
    link(f'<a href="/download.php?id=9">{TITLE}</a>', "download.php", new=f"{HOST}/download.php?id=9"),
    link('<a href="/docs/RAA-aout.zip">RAA d\'août 2026</a>', "zip of a month", new=f"{HOST}/docs/RAA-aout.zip"),
    link(f'<a href="/pdfjs/web/viewer.html?file={HREF.replace("/", "%2F")}">{TITLE}</a>', "viewer"),
    link(f'<iframe src="{HREF}" title="{TITLE}"></iframe>', "iframe"),
    link(f'<object data="{HREF}" type="application/pdf">{TITLE}</object>', "object"),
    link(f'<embed src="{HREF}" type="application/pdf">', "embed"),
    link(f"<details><summary>Août</summary><ul><li><a href='{HREF}'>{TITLE}</a></li></ul></details>", "accordion"),
    link(f'<div class="fr-tabs" hidden><div role="tabpanel"><a href="{HREF}">9</a></div></div>', "tab"),
    link(f'<table><tr><td>9</td><td>14/08/2026</td><td><a href="{HREF}">Télécharger</a></td></tr></table>', "table"),
    link(white_card(HREF, TITLE, "14/08/2026"), "card"),
    link(f'<a href="{HREF}">Numéro spécial (préfecture)</a>', "another title"),
    link(f'<a href="{HREF}">RAA 9 - 14.08.26</a>', "another way to write dates"),
    link(f'<a href="{HREF}">RAA n\ufffd 9 du 14 ao\ufffdt 2026</a>', "wrong encoding"),
    link(f'<div><a href={HREF}>{TITLE}</div></p></main><a name="x">', "broken markup"),
    beside("landing page", f'<p><a href="{PAPER.removeprefix(HOST)}">{TITLE}</a></p>', PAPER, page(A_FILE)),
    beside("landing page, card", white_card(PAPER.removeprefix(HOST), TITLE, "14/08/2026"), PAPER, page(A_FILE)),
    beside(
        "landing page with a table of contents and a viewer",
        f'<p><a href="{PAPER.removeprefix(HOST)}">{TITLE}</a></p>',
        PAPER,
        page('<a href="/docs/sommaire.pdf">Sommaire</a>', f'<iframe src="/pdfjs/viewer.html?file={HREF}"></iframe>'),
    ),
    beside("behind “Voir plus”", f'<a href="{SECTION}/tous">Voir plus</a>', f"{AUGUST}/tous", page(A_FILE)),
    beside("behind “Voir la suite”", f'<button data-url="{SECTION}?ajax=1">Voir la suite</button>', f"{AUGUST}?ajax=1", page(A_FILE)),
    beside(
        "continued in a page of the lead text",
        f'<div class="fr-text--lead"><p>Les recueils suivants sont sur <a href="{MORE.removeprefix(HOST)}">cette page</a>.</p></div>',
        MORE,
        page(A_FILE),
    ),
    turned("the pager turned round: the newest first", newest_first=True),
    turned("the pager turned round: the oldest first", newest_first=False),
    renamed_pager(),
    Change("month page renamed", {YEAR: cards(JULY, f"{YEAR}/RAA-d-aout"), f"{YEAR}/RAA-d-aout": page(*OLD, A_FILE)}, gone=(AUGUST,)),
    Change(
        "folder of the year renamed",
        {ROOT: cards(f"{ROOT}/RAA2026"), f"{ROOT}/RAA2026": cards(f"{ROOT}/RAA2026/Aout"), f"{ROOT}/RAA2026/Aout": page(A_FILE)},
        gone=(YEAR, AUGUST),
    ),
    Change(
        "root moved",
        {
            f"{HOST}/Publications": cards(f"{HOST}/Publications/Recueil-des-actes-administratifs"),
            f"{HOST}/Publications/Recueil-des-actes-administratifs": page(A_FILE),
        },
        gone=(ROOT, YEAR, AUGUST),
    ),
    Change("meta refresh", {AUGUST: f'<meta http-equiv="refresh" content="0;url={MORE}">', MORE: page(*OLD, A_FILE)}),
    Change("filed under a former month", {JUNE: page(download(11, "12/06/2026"), A_FILE)}),
    Change("only named", {AUGUST: page(f"<p>{TITLE}</p>", *OLD)}, "reported", is_next=True),
    Change("only named, on a card", {AUGUST: page(f'<div class="fr-card"><h3>{TITLE}</h3></div>', *OLD)}, "reported", is_next=True),
    Change("a script alone knows where", {AUGUST: page(f'<a href="#" onclick="show(9)">{TITLE}</a>', *OLD)}, "reported", is_next=True),
    Change(
        "host of somebody else",
        {AUGUST: page(f'<a href="https://cdn.example.org/9.pdf">{TITLE}</a>', *OLD)},
        "reported",
        foreign=("https://cdn.example.org",),
        is_next=True,
    ),
    Change(
        "host of somebody else, which only the address names",
        {AUGUST: page('<a href="https://cdn.example.org/RAA-n-9.pdf">Télécharger</a>', *OLD)},
        "reported",
        is_next=True,
    ),
    Change("nothing found", {AUGUST: page("<p>Aucun résultat</p>")}, "reported", is_next=True),
    Change("soft 404", {AUGUST: page("<p>La page que vous demandez est introuvable.</p>", title="Page non trouvée")}, "reported"),
)


async def outcome(change: Change) -> tuple[str, int]:
    """Whether the new recueil was found or something reported, and at which of the polls of 26 hours."""
    site = Platform(change.before)
    site.foreign = change.foreign
    poll = Poller(site, source(change.order), reads_former=True)
    await poll()
    site.pages.update(change.pages)
    for url in change.gone:
        site.pages.pop(url)
    crawler = Crawler(site)
    reported = 0
    for number, hours in enumerate((0.5, 3, 26), 1):
        now: datetime = NOW + timedelta(hours=hours)
        try:
            crawl: Crawl = await poll(date(now.year, now.month, now.day), now)
        except CrawlFailed:
            return "reported", number
        for entry in crawl.listed:
            if change.new in [one.url for one in (await crawler.documents(poll.source, entry)).documents]:
                return "found", number
        if not reported and (crawl.unread or crawl.emptied or crawl.moved_to or crawl.unfetched):
            reported = number
    return ("reported", reported) if reported else ("silent", 0)


@pytest.mark.parametrize("change", CHANGES, ids=str)
async def test_no_change_is_silent(change: Change) -> None:
    found, at = await outcome(change)
    assert found == change.expected
    assert at == 1 or not change.is_next


async def test_what_stays_as_it_was_is_not_reported() -> None:
    assert (await outcome(Change("nothing", {})))[0] == "silent"
