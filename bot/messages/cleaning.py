"""Outside text made harmless. Whoever writes a PDF or a file name must not be able to shape what readers or terminals see."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from urllib.parse import quote, urldefrag, urlsplit

LONGEST_TEXT = 4000
"""Characters kept of one text: more than any platform shows, little enough that a hostile text costs nothing."""

_MARKS_IN_A_ROW = 2
# Words of letters and signs that are neither put together nor invisible, with one space between two: most texts, told at once.
_CLEAN_ALREADY = re.compile("[!-~¡-¬®-ÿŒœ–—‘’“”…€]+(?: [!-~¡-¬®-ÿŒœ–—‘’“”…€]+)*")
_LOST_APOSTROPHE = re.compile(r"(?<=[^\W\d_])[□�](?=[^\W\d_])")
# From the first of its characters only: trying each of a long word takes the square of its length.
_SCHEME = re.compile(r"(?<![a-z0-9+.-])[a-z0-9+.-]*:/+", re.IGNORECASE)
# As TDLib finds them in any text (MessageEntity.cpp): a dot within a domain, the stroke of a command, the sign of `$EUR`.
_ACTED_ON = re.compile(r"(?P<address>https?://\S+)|(?<=[^\W_])\.(?=[^\W\d_])|(?<![\w/<>])/(?=(?P<name>\w+))|(?<!\w)\$(?=[A-Z])")
JOINER = "\u2060"
"""The word joiner: no line is broken there, and it is part of no domain, command or currency."""
# RFC 3986 characters that neither HTML nor the link detection of chat programs can trip over.
_SAFE_IN_LINKS = "%/:?#!$&*+,;=-._~"


def clean(text: str) -> str:
    """Return one line of visible text.

    Line breaks and tabs become spaces; control and format characters (bidirectional overrides, zero-width, escape
    sequences), surrogates, private-use and unassigned characters go; piles of combining marks are cut; the box that
    broken fonts put for an apostrophe becomes one.
    """
    if len(text) <= LONGEST_TEXT and _CLEAN_ALREADY.fullmatch(text):
        return text
    kept: list[str] = []
    marks = 0
    for character in unicodedata.normalize("NFC", text[: 2 * LONGEST_TEXT]):
        category = unicodedata.category(character)
        if category.startswith("M"):
            marks += 1
            if marks > _MARKS_IN_A_ROW:
                continue
        else:
            marks = 0
        if character.isspace() or category.startswith("Z"):
            kept.append(" ")
        elif not category.startswith("C"):
            kept.append(character)
    line = " ".join("".join(kept).split())
    return _LOST_APOSTROPHE.sub("’", line)[:LONGEST_TEXT].rstrip()


def inert(text: str) -> str:
    """Return `clean`, and free of links, mentions and hashtags: for networks that would act on them."""
    line = clean(text)
    return (_SCHEME.sub("", line).strip() if ":/" in line else line).replace("@", "＠").replace("#", "＃")


def with_plain_spaces(text: str) -> str:
    """Return a message as it is compared: without word joiners, every no-break space (U+00A0, U+202F) as a space. Messages sent by versions
    that wrote other spaces are recognised so."""
    return text.replace(JOINER, "").replace("\u00a0", " ").replace("\u202f", " ")


def unlinked(text: str, commands: Collection[str] = ()) -> str:
    """Return the text with nothing in it that Telegram makes a link of by itself: a bare domain, a command but for these, a currency. Whole
    addresses are meant.

    Each is broken by a character that nobody sees, and that browsers leave out of an address which is copied.
    """

    def broken(found: re.Match[str]) -> str:
        is_meant = found["address"] is not None or found["name"] in commands
        return found[0] if is_meant else found[0] + JOINER

    return _ACTED_ON.sub(broken, text)


def link_to(url: str, page: int) -> str | None:
    """Return the address of a page inside a PDF (`…pdf#page=7`, RFC 8118), in plain ASCII; None when `url` is no web address."""
    address, _ = urldefrag("".join(url.split()))
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not host or parts.username is not None:
        return None
    if not host.isascii():
        try:
            ascii_host = host.encode("idna").decode("ascii")
        except UnicodeError:
            return None
        address = address.replace(parts.netloc, parts.netloc.replace(host, ascii_host), 1)
    return f"{quote(address, safe=_SAFE_IN_LINKS, errors='replace')}#page={max(page, 1)}"


def cut(text: str, longest: int) -> str:
    """Return at most `longest` characters, cut between words, with an ellipsis. Only a text that begins with too long a word is cut in
    it.
    """
    if len(text) <= longest:
        return text
    if longest < 1:
        return ""
    head = text[: longest - 1]
    space = text.rfind(" ", 0, longest)
    if space > 0:
        head = head[:space]
    return head.rstrip(" ,;:.-–—(") + "…"


def fitting(pieces: Sequence[str], longest: int) -> str:
    """Return the pieces in one text, whole ones left out from the end until it fits; the first two stay."""
    kept = list(pieces)
    while len(kept) > 2 and len(" · ".join(kept)) > longest:
        kept.pop()
    return cut(" · ".join(kept), longest)
