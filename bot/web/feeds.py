"""Write decrees as feeds: Atom (RFC 4287), JSON Feed 1.1, iCalendar. Pure.

An entry is the same whatever the day: what depends on the time is said as of the instant at which the decree last changed, as in a post.
Its id names neither the site's address nor anything that may be read otherwise tomorrow.
"""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree as ET

from bot.domain.acts import Decree, Place
from bot.domain.law import legal_advice
from bot.messages import Language, MessageInput
from bot.messages.announcement import PostRow, announce, entry_title, paragraphs
from bot.messages.lines import ALONE, MessageContext, PostPart
from bot.web.calendars import CalendarEvent, Span, calendar, span_of

TAG = "tag:vigie-vsa,2026:"
"""What ids begin with (RFC 4151)."""
_BEFORE_ALL = datetime(1970, 1, 1, tzinfo=UTC)
# What XML 1.0 allows.
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One decree. `link` is its page on the site, `pdf` the page of the PDF; None where it has no usable address. `updated` is aware."""

    id: str
    title: str
    link: str
    pdf: str | None
    text: str
    paragraphs: tuple[tuple[PostRow, ...], ...]
    pdf_label: str
    tags: tuple[str, ...]
    published: datetime
    updated: datetime
    where: str
    span: Span | None

    @property
    def html(self) -> str:
        """Return the same as `text`, as HTML."""
        written = ["<br>".join(html.escape(row.text) for row in part) for part in self.paragraphs]
        if self.pdf is not None:
            written.append(f'<a href="{html.escape(self.pdf)}">{html.escape(self.pdf_label)}</a>')
        return "".join(f"<p>{text}</p>" for text in written)


@dataclass(frozen=True, slots=True)
class Feed:
    """What is common to the entries. `home` is the page that shows the same, `address` that of the feed without its ending; `rights` is
    the licence, empty for none."""

    id: str
    title: str
    subtitle: str
    author: str
    home: str
    address: str
    language: Language
    rights: str
    entries: tuple[FeedEntry, ...]

    @property
    def updated(self) -> datetime:
        """Return when the last entry changed; long ago where there is none."""
        return max((entry.updated for entry in self.entries), default=_BEFORE_ALL)


def shown_since(decree: Decree) -> datetime:
    """Return since when a decree is shown as it is now."""
    return decree.changed_at or decree.found_at or _BEFORE_ALL


def entry_id(decree: Decree, language: Language) -> str:
    """Return what names a decree in the feeds of one language: nothing of it changes, and another instance gives another name."""
    found = int((decree.found_at or _BEFORE_ALL).timestamp())
    return f"{TAG}arretes:{decree.authority}:{decree.id}:{found}" + ("" if language == "fr" else f":{language}")


def entry_of(decree: Decree, place: Place, language: Language, link: str, context: MessageContext = ALONE, *, note: str = "") -> FeedEntry:
    """Return the entry of a decree of the authority at `place`, whose page is at `link`. `note` is said before all else."""
    updated = shown_since(decree)
    message = MessageInput(decree, place, updated, language, legal_advice(decree, place, updated), context)
    said = announce(message)
    rows = [[PostRow(note)]] if note else []
    # The head says what the title says, but for notices and flags; hashtags and links have places of their own.
    rows += [[PostRow(text)] for text in (line.text for line in said.lines if line.part in {PostPart.NOTICE, PostPart.FLAGS})]
    rows += [[row for row in part if row.href is None and row.text != " ".join(said.hashtags)] for part in paragraphs(said)[1:]]
    kept = [part for part in rows if part]
    pdf = said.link
    linked = [f"{said.link_label} : {pdf}"] if pdf is not None and language == "fr" else [f"{said.link_label}: {pdf}"] if pdf else []
    return FeedEntry(
        id=entry_id(decree, language),
        title=entry_title(message, said),
        link=link,
        pdf=pdf,
        text="\n\n".join(["\n".join(row.text for row in part) for part in kept] + linked),
        paragraphs=tuple(map(tuple, kept)),
        pdf_label=said.link_label,
        tags=tuple(tag.removeprefix("#") for tag in said.hashtags),
        published=decree.found_at or updated,
        updated=updated,
        where=", ".join(line.text for line in said.lines if line.part is PostPart.PLACES) or said.where,
        span=span_of(decree, place.time_zone),
    )


# The three formats.


def atom(feed: Feed) -> bytes:
    """Return an Atom feed."""
    root = ET.Element("feed", {"xmlns": "http://www.w3.org/2005/Atom", "xml:lang": feed.language})
    _add(root, "id", feed.id)
    _add(root, "title", feed.title)
    _add(root, "subtitle", feed.subtitle)
    _add(root, "updated", _instant(feed.updated))
    _add(ET.SubElement(root, "author"), "name", feed.author)
    if feed.rights:
        _add(root, "rights", feed.rights)
    _add(root, "generator", "Vigie")
    ET.SubElement(root, "link", {"rel": "self", "type": "application/atom+xml", "href": f"{feed.address}.atom"})
    ET.SubElement(root, "link", {"rel": "alternate", "type": "text/html", "href": feed.home})
    for entry in feed.entries:
        _add_entry(ET.SubElement(root, "entry"), entry)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))


def _add_entry(parent: ET.Element, entry: FeedEntry) -> None:
    _add(parent, "id", entry.id)
    _add(parent, "title", entry.title)
    _add(parent, "published", _instant(entry.published))
    _add(parent, "updated", _instant(entry.updated))
    ET.SubElement(parent, "link", {"rel": "alternate", "type": "text/html", "href": entry.link})
    if entry.pdf is not None:
        ET.SubElement(parent, "link", {"rel": "related", "type": "application/pdf", "href": entry.pdf})
    for tag in entry.tags:
        ET.SubElement(parent, "category", {"term": _xml(tag)})
    _add(parent, "summary", entry.text)
    _add(parent, "content", entry.html, type="html")


def _add(parent: ET.Element, name: str, text: str, **attributes: str) -> None:
    ET.SubElement(parent, name, attributes).text = _xml(text)


def _xml(text: str) -> str:
    return _NOT_XML.sub("", text)


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def json_feed(feed: Feed) -> bytes:
    """Return a JSON Feed."""
    whole = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "description": feed.subtitle,
        "home_page_url": feed.home,
        "feed_url": f"{feed.address}.json",
        "language": feed.language,
        "authors": [{"name": feed.author}],
        "items": [_item(entry) for entry in feed.entries],
    }
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _item(entry: FeedEntry) -> dict[str, Any]:
    item = {
        "id": entry.id,
        "url": entry.link,
        "external_url": entry.pdf,
        "title": entry.title,
        "content_html": entry.html,
        "content_text": entry.text,
        "date_published": _instant(entry.published),
        "date_modified": _instant(entry.updated),
        "tags": list(entry.tags),
    }
    return {name: value for name, value in item.items() if value is not None}


def ics(feed: Feed) -> bytes:
    """Return a calendar of the decrees that grant something on days that are known."""
    # A calendar has no address of its own that another could be relative to.
    links = {entry.id: entry.link if "://" in entry.link else entry.pdf for entry in feed.entries}
    events = (
        CalendarEvent(
            f"{entry.id.removeprefix(TAG)}@vigie-vsa", entry.span, entry.title, entry.text, links[entry.id], entry.where, entry.updated
        )
        for entry in feed.entries
        if entry.span is not None
    )
    return calendar(feed.title, feed.language, events)
