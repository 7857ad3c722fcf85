"""The HTML of a page as a tree, whatever its encoding and faults."""

from __future__ import annotations

import re

from bs4 import BeautifulSoup, Tag

from sources.pages.anchors import attribute
from sources.text.urls import canonical

MAX_LINKS = 3000
"""Links read on one page. The longest real one has some 900."""

# However many: the parser warns of each page that begins with one.
_XML_DECLARATION = re.compile(r"^(?:\s*<\?xml[^>]*>)+")


def parse(html: str | bytes, url: str) -> BeautifulSoup | None:
    """The page at canonical address `url`, None where there is no markup at all. Bytes are decoded as the page declares, UTF-8 first.

    Where it says with `<base>` what its links are relative to, they are made absolute.
    """
    if isinstance(html, bytes):
        try:
            html = html.decode("utf-8-sig")
        except UnicodeDecodeError:
            return _with_base(BeautifulSoup(html, "lxml"), url) if b"<" in html else None
    text = _XML_DECLARATION.sub("", html.replace("\0", ""))
    return _with_base(BeautifulSoup(text, "lxml"), url) if "<" in text else None


def _with_base(page: BeautifulSoup, url: str) -> BeautifulSoup:
    tag = page.find("base", href=True)
    base = canonical(url, attribute(tag, "href")) if isinstance(tag, Tag) else None
    for anchor in page.find_all("a", href=True) if base is not None else ():
        href = attribute(anchor, "href").strip()
        if not href.startswith("#"):  # a place of this page, for whoever reads it
            anchor["href"] = canonical(base or url, href) or href
    return page
