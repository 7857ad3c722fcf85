"""The national platform of prefecture sites (94 departments, one template): HTML -> links. Pure.

One rule fits them all: what matters is where a link leads and what it is called, never its class, for the template breaks its own classes
(`<a id= class="fr-link …">` swallows them). Every link to `/contenu/telechargement/`, or to a PDF of the site, is a document; cards,
options of a list and links of the text lead to detail pages or further listings, distinguished by their label.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from bs4 import Tag

from sources.model import ListingEntry
from sources.pages.links import (
    MAX_LINKS,
    OFFSET,
    PageLink,
    PageLinks,
    ancestors,
    attribute,
    by_offset,
    classes,
    name_in,
    parse,
    path_of,
    published,
    row_title,
    shown_title,
    text_of,
)
from sources.text import canonical, label_of, names_recueil, read_label, same_site

# The second is the platform's own word for the first, which old pages still have.
_DOCUMENT = re.compile(r"/(?:(?:ire)?contenu/telechargement|content/download)/", re.IGNORECASE)
_MEDIA = "/media/files/"
_COPIES = 4
"""Links to one document that are looked at."""
_CHROME_TAGS = frozenset({"header", "footer", "nav"})
_CHROME_CLASSES = tuple(
    f"fr-{part}" for part in ("header", "footer", "nav", "sidemenu", "breadcrumb", "skiplinks", "pagination", "share", "follow")
)


def read(html: str | bytes, url: str) -> PageLinks:
    """Return the links of the page at canonical address `url`. Bytes are decoded as the page declares, UTF-8 first."""
    soup = parse(html, url)
    if soup is None:
        return PageLinks()
    main = soup.find("main")
    links = _read_scope(main if isinstance(main, Tag) else soup, url)
    if main is not None and not links.documents:
        # Broken markup may close <main> before its content.
        whole = _read_scope(soup, url)
        links = PageLinks(whole.documents, links.details or whole.details, links.ways or whole.ways)
    return replace(links, pager=by_offset(soup.find_all("a", href=True), url))


def _read_scope(scope: Tag, url: str) -> PageLinks:
    heading = scope.find("h1")
    title = text_of(heading) if isinstance(heading, Tag) else ""
    documents: dict[str, list[Tag]] = {}
    others: dict[str, tuple[Tag, bool]] = {}
    for tag, target, is_block in _links(scope, url):
        is_pdf = urlsplit(target).path.lower().endswith(".pdf") and (is_block or same_site(target, url))
        if is_pdf or _DOCUMENT.search(urlsplit(target).path):
            if not _is_furniture(tag, title) and len(anchors := documents.setdefault(target, [])) < _COPIES:
                anchors.append(tag)
        elif target not in others and _leads_on(tag, target, url, is_block=is_block):
            others[target] = (tag, is_block)
    details, ways = _sorted(others, url, title)
    return PageLinks(_as_documents(documents, url, title), details, ways)


def _links(scope: Tag, url: str) -> Iterator[tuple[Tag, str, bool]]:
    """Yield every anchor and list option with its canonical target; the flag marks the blocks made to lead somewhere: cards and options."""
    for tag in scope.find_all(["a", "option"], limit=MAX_LINKS):
        if tag.name == "option":
            value = attribute(tag, "value").strip()
            if "/" not in value:  # placeholders, languages
                continue
            # Values are written relative to the site's root but without the leading slash.
            href = value if value.startswith("/") or "://" in value else "/" + value
        else:
            href = attribute(tag, "href")
        target = canonical(url, href)
        if target is not None:
            yield tag, target, tag.name == "option" or _is_card(tag)


def _is_card(anchor: Tag) -> bool:
    return any(name == "fr-card" or name.startswith("fr-card__") for tag in (anchor, *ancestors(anchor)) for name in classes(tag))


def _in_chrome(anchor: Tag) -> bool:
    around = tuple(ancestors(anchor))
    return any(
        (parent.name in _CHROME_TAGS and not _is_of_an_article(parent, around[above:]))
        or any(name.startswith(_CHROME_CLASSES) for name in classes(parent))
        for above, parent in enumerate(around, 1)
    )


def _is_of_an_article(tag: Tag, around: Sequence[Tag]) -> bool:
    """Return whether this is the header or footer of an article, which holds its title and file, and not that of the page."""
    return tag.name != "nav" and any(parent.name == "article" for parent in around)


def _in_lead(anchor: Tag) -> bool:
    return any("fr-text--lead" in classes(parent) for parent in ancestors(anchor))


def _leads_on(tag: Tag, target: str, url: str, *, is_block: bool) -> bool:
    """Return whether a link that is no document may belong to the way: on this site, in the content, not back upwards, not a pager."""
    path, here = path_of(target), path_of(url)
    if not same_site(target, url) or OFFSET.search(target) or path == "/" or (here + "/").startswith(path + "/") or _in_chrome(tag):
        return False
    if is_block or _MEDIA in path.lower():
        return True
    above = here.rsplit("/", 1)[0] if _in_lead(tag) else here
    return path.startswith(above + "/") or _is_recueil(target, shown_title(tag) or "")


def _is_recueil(target: str, title: str) -> bool:
    """Return whether a link elsewhere on the site names the recueil as a whole: what the old page says of the new one."""
    label = label_of(target, title)
    return label.period is None and not label.is_bulletin and names_recueil(target, title)


def _is_furniture(tag: Tag, heading: str) -> bool:
    """Return whether a link is to a file of the site's menus, or the button that prints a month page itself (Deux-Sèvres).

    That button stands in a `<section>` of its own, is called like the page, and the page like a period.
    """
    if _in_chrome(tag):
        return True
    title = shown_title(tag)
    in_section = any(parent.name == "section" for parent in ancestors(tag))
    return in_section and title is not None and title == heading and read_label(title).period is not None


def _as_documents(found: dict[str, list[Tag]], url: str, heading: str) -> tuple[ListingEntry, ...]:
    alone = heading if len(found) == 1 else None
    year = _year(url, heading)
    listed = []
    for target, anchors in found.items():
        named = next((anchor for anchor in anchors if shown_title(anchor) is not None), anchors[0])
        title = shown_title(named) or row_title(named) or alone or name_in(target)
        # A link in the text often has no date, its copy in the group of documents has one.
        dates = (published(anchor, target, title, year=year) for anchor in (named, *anchors))
        listed.append(ListingEntry(target, title, next((day for day in dates if day), None)))
    return tuple(listed)


def _sorted(found: dict[str, tuple[Tag, bool]], url: str, heading: str) -> tuple[tuple[ListingEntry, ...], tuple[PageLink, ...]]:
    details: list[ListingEntry] = []
    ways: list[PageLink] = []
    nameless: list[tuple[ListingEntry, PageLink]] = []
    for target, (tag, is_block) in found.items():
        title = shown_title(tag) or name_in(target)
        label = label_of(target, title)
        detail = ListingEntry(target, title, published(tag, target, title, year=_year(url, heading)), is_detail=True)
        way = PageLink(target, title, label.period)
        if label.is_bulletin or _MEDIA in urlsplit(target).path.lower():
            details.append(detail)
        elif label.period is None and is_block and detail.published is not None:
            nameless.append((detail, way))
        else:
            ways.append(way)
    # A dated card whose name has no number is a bulletin among bulletins, a section among sections.
    is_listing = bool(details) and not any(way.period for way in ways)
    details.extend(detail for detail, _ in nameless if is_listing)
    ways.extend(way for _, way in nameless if not is_listing)
    return tuple(details), tuple(ways)


def _year(url: str, heading: str) -> int | None:
    period = label_of(OFFSET.sub("", url), heading).period
    return period.year if period is not None else None
