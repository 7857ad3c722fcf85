"""The HTML of a page as a tree, whatever its encoding and faults."""

from __future__ import annotations

import re

from bs4 import BeautifulSoup

MAX_LINKS = 3000
"""Links read on one page. The longest real one has some 900."""

# However many: the parser warns of each page that begins with one.
_XML_DECLARATION = re.compile(r"^(?:\s*<\?xml[^>]*>)+")


def parse(html: str | bytes) -> BeautifulSoup | None:
    """The page, None where there is no markup at all. Bytes are decoded as the page declares, UTF-8 first."""
    if isinstance(html, bytes):
        try:
            html = html.decode("utf-8-sig")
        except UnicodeDecodeError:
            return BeautifulSoup(html, "lxml") if b"<" in html else None
    text = _XML_DECLARATION.sub("", html.replace("\0", ""))
    return BeautifulSoup(text, "lxml") if "<" in text else None
