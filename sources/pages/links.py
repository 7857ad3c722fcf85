"""Sorts the links of one page by what they lead to, and reads its pager and its anchors, for every reader of pages; then reads the national
platform, which most sites use. HTML -> links: pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import islice
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup, Tag
from bs4.element import CData, NavigableString, PageElement

from sources.model import ListingEntry
from sources.text import Period, bulletin_in, canonical, find_date, fold, label_of, names_recueil, read_label, same_site


@dataclass(frozen=True, slots=True)
class PageLink:
    """Describes a link that may lead to a listing. `period` is the stretch of time its label announces, None when it announces none."""

    url: str
    text: str
    period: Period | None = None


@dataclass(frozen=True, slots=True)
class Pager:
    """Describes the pages of one list by a number that grows along it: the offset of their first item, or their rank. `current` is the page
    being read; the first page has the lowest number, usually 0."""

    current: int = 0
    pages: tuple[tuple[int, str], ...] = ()

    @property
    def next(self) -> str | None:
        """Return the page after this one."""
        return next((url for offset, url in self.pages if offset > self.current), None)

    @property
    def previous(self) -> str | None:
        """Return the page before this one."""
        return next((url for offset, url in reversed(self.pages) if offset < self.current), None)

    @property
    def last(self) -> str | None:
        """Return the last page, when it is not this one."""
        return self.pages[-1][1] if self.pages and self.pages[-1][0] > self.current else None


@dataclass(frozen=True, slots=True)
class PageLinks:
    """Describes the links of one page in page order, each address once. `documents` are files; `details` HTML pages that name one bulletin
    and hold its files; `ways` all other links of the content; `named` texts that name a bulletin without a link. `is_stranger`: the site
    returned another page than the requested one, as without its session cookie."""

    documents: tuple[ListingEntry, ...] = ()
    details: tuple[ListingEntry, ...] = ()
    ways: tuple[PageLink, ...] = ()
    pager: Pager = field(default_factory=Pager)
    named: tuple[str, ...] = ()
    is_stranger: bool = False

    def entries(self, *, wants_details: bool) -> tuple[ListingEntry, ...]:
        """Return what this page lists. If the site links its files, a link to a page is a bulletin only when the page has neither file nor
        way onward, or when its text says so."""
        if wants_details or not (self.documents or any(way.period for way in self.ways)):
            return self.documents + self.details
        return self.documents + tuple(detail for detail in self.details if bulletin_in(detail.title))


Reader = Callable[[str | bytes, str], PageLinks]
"""Return the links of a page, from its HTML and its canonical address. Pure; never raises on bad markup."""


OFFSET = re.compile(r"/\(offset\)/(\d+)", re.IGNORECASE)
"""The end of an eZ Publish address: how many items come before the page."""

PAGE_LENGTH = 10
"""Items on one page of a paginated list, on every site of the national platform."""

_PAGE = re.compile(r"(?:^|&)page=([^&]*)")
_NUMBER = re.compile(r"\d+")
_DIGITS = 9


def by_offset(anchors: Iterable[Tag], url: str) -> Pager:
    """Return the pager of the page `url` of a site whose lists go by `/(offset)/10`, from the anchors that may belong to it."""
    current = _offset(url)
    pages: dict[int, str] = {}
    for anchor in anchors:
        target = canonical(url, attribute(anchor, "href"))
        if target is None or not same_site(target, url):
            continue
        if OFFSET.search(target) or (current and path_of(target) == path_of(url)):
            pages.setdefault(_offset(target), target)
    if pages and 0 not in pages and current == 0:
        pages[0] = url
    before = max(current - PAGE_LENGTH, 0)
    if current and not any(before <= offset < current for offset in pages):
        pages[before] = OFFSET.sub(f"/(offset)/{before}" if before else "", url)
    return Pager(current, tuple(sorted(pages.items())))


def by_page_number(anchors: Iterable[Tag], url: str) -> Pager:
    """Return the pager of the page `url` of a site whose lists use `?page=1`, from its possible anchors. An address without a number is the
    first page. Drupal writes the numbers of all lists of a page (`page=0,3`): the last one counts."""
    current = _page_number(url) or 0
    pages: dict[int, str] = {}
    for anchor in anchors:
        target = canonical(url, attribute(anchor, "href"))
        if target is None or not same_site(target, url) or path_of(target) != path_of(url):
            continue
        number = _page_number(target)
        if number is not None or current:
            pages.setdefault(number or 0, target)
    if pages:
        pages.setdefault(current, url)
    return Pager(current, tuple(sorted(pages.items())))


def path_of(url: str) -> str:
    """Return the path of a list, the same for all its pages, without a slash at its end."""
    return OFFSET.sub("", urlsplit(url).path).rstrip("/")


def _offset(url: str) -> int:
    match = OFFSET.search(url)
    return int(match[1][:_DIGITS]) if match else 0


def _page_number(url: str) -> int | None:
    match = _PAGE.search(urlsplit(url).query)
    numbers = _NUMBER.findall(match[1].replace("%2C", ",")) if match else []
    return int(numbers[-1][:_DIGITS]) if numbers else None


# The markup of a page: its tree, and the title and date that one anchor shows, as the platforms of the State write them.

MAX_LINKS = 3000
"""Links read on one page. The longest real one has some 900."""

# However many: the parser warns of each page that begins with one.
_XML_DECLARATION = re.compile(r"^(?:\s*<\?xml[^>]*>)+")


def parse(html: str | bytes, url: str) -> BeautifulSoup | None:
    """Return the page at canonical address `url`, None without markup. Bytes are decoded as the page declares, UTF-8 first. Links relative
    to a `<base>` are made absolute."""
    if isinstance(html, bytes):
        try:
            html = html.decode("utf-8-sig")
        except UnicodeDecodeError:
            return _with_base(_tree(html), url) if b"<" in html else None
    text = _XML_DECLARATION.sub("", html.replace("\0", ""))
    return _with_base(_tree(text), url) if "<" in text else None


def _tree(html: str | bytes) -> BeautifulSoup:
    # Nobody needs the lists that values with blanks would become.
    return BeautifulSoup(html, "lxml", multi_valued_attributes=None)


def _with_base(page: BeautifulSoup, url: str) -> BeautifulSoup:
    tag = page.find("base", href=True)
    base = canonical(url, attribute(tag, "href")) if isinstance(tag, Tag) else None
    for anchor in page.find_all("a", href=True) if base is not None else ():
        href = attribute(anchor, "href").strip()
        if not href.startswith("#"):  # a place of this page, for whoever reads it
            anchor["href"] = canonical(base or url, href) or href
    return page


MAX_TITLE = 500
"""Characters kept of a title."""

MAX_NODES = 200
"""Nodes looked at inside one tag. No title, cell or card has as many."""

MAX_SPANS = 8
"""Spans looked at inside one link."""

_DEPTH = 64
_LINKS_OF_A_CARD = 3
_BLANKS = re.compile(r"\s+")
_VERB = re.compile(r"^t[ée]l[ée]charger\b\s*:?\s*", re.IGNORECASE)
# "PDF - 1,25 Mb - 03/07/2024", "format pdf - 0,20 Mb - 13/08/2026", with or without the date.
_SIZE = re.compile(r"(?:format\s+)?\b[a-z]{2,4}\s*-\s*\d[\d\s,.]*\s*[kmg]?[bo]\b(?:\s*-\s*\d{1,2}/\d{1,2}/\d{4})?\s*$", re.IGNORECASE)
_PUBLISHED = re.compile(r"publie le\s*:?\s*(\d{1,2}/\d{1,2}/\d{4})")
_EXTENSION = re.compile(r"\.[a-z0-9]{2,4}$", re.IGNORECASE)
# What editors write for every file alike: such a text names nothing (the Gers has it on all its rows).
_SAYS_NOTHING = frozenset(
    {"", "le document", "document", "le fichier", "fichier", "ici", "cliquez ici", "lien", "pdf", "consulter", "voir", "le recueil"}
)


def attribute(tag: Tag, name: str) -> str:
    """Return the value of an attribute as one string, empty when absent."""
    value = tag.get(name) or ""
    return value if isinstance(value, str) else " ".join(value)


def classes(tag: Tag) -> list[str]:
    """Return the class names of a tag."""
    return attribute(tag, "class").split()


def ancestors(tag: Tag) -> Iterator[Tag]:
    """Return the ancestors of a tag, nearest first, up to a depth no template reaches, so that time on hostile markup is bounded."""
    return islice(tag.parents, _DEPTH)


def nodes_in(tag: Tag, *, at_most: int = MAX_NODES) -> Iterator[PageElement]:
    """Yield what is inside a tag, in page order, up to `at_most`, so that time on hostile markup is bounded. Beautiful Soup's own iterators
    first search the end of the tag, however deep."""
    path = [iter(tag.contents)]
    while path and at_most > 0:
        node = next(path[-1], None)
        if node is None:
            path.pop()
            continue
        at_most -= 1
        yield node
        if isinstance(node, Tag):
            path.append(iter(node.contents))


def tags_in(tag: Tag, name: str | None = None) -> Iterator[Tag]:
    """Return the tags inside a tag, of one name or all, as far as `nodes_in` goes."""
    return (node for node in nodes_in(tag) if isinstance(node, Tag) and name in (None, node.name))


def text_of(tag: Tag) -> str:
    """Return the text of a tag on one line, as far as `nodes_in` goes, without comments and scripts."""
    # Comments and the text of scripts are subclasses.
    return _BLANKS.sub(" ", " ".join(str(node) for node in nodes_in(tag) if type(node) in (NavigableString, CData))).strip()


def shown_title(anchor: Tag) -> str | None:
    """Return the anchor's own words, without "Télécharger" and the size; None when they name nothing."""
    title = _VERB.sub("", _SIZE.sub("", text_of(anchor)).strip()).strip(" -:\u00a0")
    return None if fold(title).strip(" .") in _SAYS_NOTHING else title[:MAX_TITLE].rstrip()


def name_in(url: str) -> str:
    """Return the last segment of an address, decoded, without its extension: the title of last resort."""
    segment = unquote(urlsplit(url).path.rstrip("/").rsplit("/", 1)[-1])
    return (_EXTENSION.sub("", segment).strip() or url)[:MAX_TITLE]


def row_title(anchor: Tag) -> str | None:
    """Return, for an anchor in a table, the first other cell of its row that is more than a date."""
    for cell in _other_cells(anchor):
        text = text_of(cell)
        if text and not re.fullmatch(r"[\d/.\s-]{8,12}", text):
            return text[:MAX_TITLE]
        if text and find_date(text) is None:
            return text[:MAX_TITLE]
    return None


def published(anchor: Tag, url: str, title: str, *, year: int | None = None) -> date | None:
    """Return the date of a link, from the most certain place: the size span beside the name, the `title` attribute, "Publié le" on the
    card, the title, the row, the file name. `year` completes a day and month. Never the page's "Mis à jour le"."""
    texts = [text_of(span) for span in islice(tags_in(anchor, "span"), MAX_SPANS)]
    size = next((match[0] for text in texts if (match := _SIZE.search(text))), None)
    if size is None and (match := _SIZE.search(text_of(anchor))):
        size = match[0]
    return (
        (find_date(size) if size else None)
        or find_date(attribute(anchor, "title"))
        or _on_card(anchor)
        or find_date(title)
        or next((found for cell in _other_cells(anchor) if (found := find_date(text_of(cell)))), None)
        or find_date(name_in(url))
        or (find_date(title, year=year) if year else None)
    )


def _on_card(anchor: Tag) -> date | None:
    for parent in ancestors(anchor):
        if "fr-card" in classes(parent):
            if len(parent.find_all("a", href=True, limit=_LINKS_OF_A_CARD + 1)) > _LINKS_OF_A_CARD:
                return None  # a frame around a list
            match = _PUBLISHED.search(fold(text_of(parent)))
            return find_date(match[1]) if match else None
    return None


def _other_cells(anchor: Tag) -> Iterator[Tag]:
    row = next((parent for parent in ancestors(anchor) if parent.name == "tr"), None)
    own = next((parent for parent in ancestors(anchor) if parent.name in {"td", "th"}), None)
    # A row that holds several links (nested by broken markup, or a layout grid) says nothing of one of them.
    if row is None or own is None or len(row.find_all("a", href=True, limit=2)) > 1:
        return
    for cell in row.find_all(["td", "th"], recursive=False):
        if cell is not own:
            yield cell


# The national platform of prefecture sites (94 departments, one template). Only address and label of a link matter, never its class (the
# template writes `<a id= class="fr-link …">`). Links to `/contenu/telechargement/` or a PDF of the site are documents, others detail pages
# or listings.

# The second is the platform's own word for the first, which old pages still have.
_DOCUMENT = re.compile(r"/(?:(?:ire)?contenu/telechargement|content/download)/", re.IGNORECASE)
_MEDIA = "/media/files/"
_ADDRESSES = ("href", "data-href", "data-url", "formaction", "action", "src", "data-src", "data")
_IN_SCRIPT = re.compile(r"[\"']([^\"'\s]*/[^\"'\s]*)[\"']")
_IN_VIEWER = re.compile(r"[?&](?:file|url|pdf|doc|src)=([^&]*(?:\.pdf|telechargement[^&]*))", re.IGNORECASE)
_BULLETIN_WORD = re.compile(r"\brecueil|\br\.?a\.?a\b|num[ée]ro sp[ée]cial", re.IGNORECASE)
_BLOCKS = frozenset({"p", "li", "td", "th", "div", "h2", "h3", "h4", "h5", "h6", "a", "button", "dt", "dd", "summary", "article"})
_MORE = re.compile(r"(?:(?:voir|afficher|charger|lire) (?:plus|la suite|tou[st])|(?:la )?suite\b|(?:page )?suivante?\b)")
_GOES_ON = re.compile(r"\b(?:suite|suivants?|desormais|(?:autres|nouveaux|derniers) (?:recueils|numeros))\b")
_COPIES = 4
"""Links to one document that are looked at."""
_CHROME_TAGS = frozenset({"header", "footer", "nav"})
_CHROME_CLASSES = tuple(
    f"fr-{part}" for part in ("header", "footer", "nav", "sidemenu", "breadcrumb", "skiplinks", "pagination", "share", "follow")
)


def read_national(html: str | bytes, url: str) -> PageLinks:
    """Return the links of the page at canonical address `url`. Bytes are decoded as the page declares, UTF-8 first."""
    soup = parse(html, url)
    if soup is None:
        return PageLinks()
    main = soup.find("main")
    links = _read_scope(main if isinstance(main, Tag) else soup, url)
    if main is not None and not links.documents:
        # Broken markup may close <main> before its content.
        whole = _read_scope(soup, url)
        links = replace(whole, details=links.details or whole.details, ways=links.ways or whole.ways)
    pager = by_offset(soup.find_all("a", href=True), url)
    if not pager.pages and (more := _continuation(soup, url)) is not None:
        pager = Pager(0, ((0, url), (1, more)))
    return replace(links, pager=pager)


def _read_scope(scope: Tag, url: str) -> PageLinks:
    heading = scope.find("h1")
    title = text_of(heading) if isinstance(heading, Tag) else ""
    documents: dict[str, list[Tag]] = {}
    foreign: list[str] = []
    others: dict[str, tuple[Tag, bool]] = {}
    for tag, target, is_block in _links(scope, url):
        is_file = urlsplit(target).path.lower().endswith((".pdf", ".zip"))
        is_pdf = is_file and (is_block or same_site(target, url))
        if is_file and not is_pdf and bulletin_in(name_in(target)):
            foreign.append(f"{name_in(target)} ({target})")
        if is_pdf or _DOCUMENT.search(urlsplit(target).path):
            if not _is_furniture(tag, title) and len(anchors := documents.setdefault(target, [])) < _COPIES:
                anchors.append(tag)
        elif tag.name in {"a", "option"} and target not in others and _leads_on(tag, target, url, is_block=is_block):
            others[target] = (tag, is_block)
    details, ways = _sorted(others, url, title)
    leading = {id(tag) for tag in (*(tag for tags in documents.values() for tag in tags), *(tag for tag, _ in others.values()))}
    return PageLinks(_as_documents(documents, url, title), details, ways, named=(*_bulletins_named(scope, leading), *foreign))


def _bulletins_named(scope: Tag, leading: Collection[int]) -> tuple[str, ...]:
    """Return the texts of the content that name a bulletin, without one of the `leading` tags (by their id) in their block, row or card."""
    found: dict[str, None] = {}
    for node in scope.find_all(string=_BULLETIN_WORD, limit=MAX_LINKS):
        around = tuple(islice((parent for parent in node.parents), _DEPTH))
        block = next((parent for parent in around if parent.name in _BLOCKS), None)
        text = text_of(block) if block is not None else ""
        if (
            block is None
            or len(text) > MAX_TITLE
            or bulletin_in(text) is None
            or type(node) not in (NavigableString, CData)
            or _in_chrome(block)
        ):
            continue
        frames = (parent for parent in around if parent is block or parent.name in {"tr", "li"} or "fr-card" in classes(parent))
        if not any(id(tag) in leading for frame in frames for tag in (*ancestors(frame), frame, *tags_in(frame))):
            found[text] = None
    return tuple(found)


def _continuation(soup: Tag, url: str) -> str | None:
    """Return the next page of a list without a pager of the platform: by the link's words, or by the lead text around it."""
    here, folder = path_of(url), path_of(url).rsplit("/", 1)[0]
    for tag in soup.find_all(["a", "button"], limit=MAX_LINKS):
        target = _target(tag, url)
        if target is None or target == url or not same_site(target, url) or _DOCUMENT.search(target):
            continue
        path, words = path_of(target), fold(text_of(tag))
        is_pager = any("pagination" in name for parent in ancestors(tag) for name in classes(parent))
        if is_pager or _MORE.match(words):
            goes_on = (path == here or path.startswith(here + "/")) and _MORE.match(words)
        else:
            sentence = next((text_of(parent) for parent in ancestors(tag) if parent.name == "p"), "")
            label = label_of(target, words)
            is_list = path.startswith(folder + "/") and path != here and label.period is None and not label.is_bulletin
            goes_on = is_list and not _in_chrome(tag) and _GOES_ON.search(fold(sentence))
        if goes_on:
            return target
    return None


def _links(scope: Tag, url: str) -> Iterator[tuple[Tag, str, bool]]:
    """Yield every anchor and list option with its canonical target; the flag marks the blocks made to lead somewhere: cards and options."""
    for tag in scope.find_all(["a", "option", "button", "form", "iframe", "object", "embed"], limit=MAX_LINKS):
        if tag.name == "option":
            value = attribute(tag, "value").strip()
            if "/" not in value:  # placeholders, languages
                continue
            # Values are written relative to the site's root but without the leading slash.
            target = canonical(url, value if value.startswith("/") or "://" in value else "/" + value)
        else:
            target = _target(tag, url)
        if target is not None:
            yield tag, target, tag.name == "option" or _is_card(tag)


def _target(tag: Tag, url: str) -> str | None:
    """Return the target of a tag: an attribute, an address in its script, or the file that it gives to a viewer."""
    script = (
        f"{attribute(tag, 'onclick')} {attribute(tag, 'href')}" if tag.has_attr("onclick") or "script:" in attribute(tag, "href") else ""
    )
    written = (*(attribute(tag, name) for name in _ADDRESSES), *_IN_SCRIPT.findall(script))
    target = next((found for address in written if (found := canonical(url, address))), None)
    shown = _IN_VIEWER.search(target or "")
    return (canonical(url, unquote(shown[1])) or target) if shown else target


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


def _leads_on(tag: Tag, target: str, url: str, *, is_block: bool) -> bool:
    """Return whether a link that is no document may belong to the way: on this site, in the content, not back upwards, not a pager."""
    path, here = path_of(target), path_of(url)
    if not same_site(target, url) or OFFSET.search(target) or path == "/" or (here + "/").startswith(path + "/") or _in_chrome(tag):
        return False
    if is_block or _MEDIA in path.lower():
        return True
    if bulletin_in(shown_title(tag) or ""):
        return True
    is_in_lead = any("fr-text--lead" in classes(parent) for parent in ancestors(tag))
    above = here.rsplit("/", 1)[0] if is_in_lead else here
    return path.startswith(above + "/") or _is_recueil(target, shown_title(tag) or "")


def _is_recueil(target: str, title: str) -> bool:
    """Return whether a link elsewhere on the site names the recueil as a whole, as on an old page that links the new one."""
    label = label_of(target, title)
    return label.period is None and not label.is_bulletin and names_recueil(target, title)


def _is_furniture(tag: Tag, heading: str) -> bool:
    """Return whether a link is to a file of the site's menus, or the button that prints a month page itself (Deux-Sèvres): in its own
    `<section>`, with the name of the page, which is a period."""
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
