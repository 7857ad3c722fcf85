"""One function per reader of foreign text: bytes in, AssertionError or any other exception where a promise is broken."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from types import MappingProxyType
from urllib.parse import urlsplit

from bot.detection.judging import judge
from bot.domain.acts import Act, Facts, Outcome, Sighting
from bot.domain.mentions import StatusMention
from bot.domain.text import PageText, TextOrigin
from bot.messages.announcement import mastodon_status, telegram_text
from bot.messages.lines import MessageInput
from bot.messages.words import mastodon_length
from bot.queries.mastodon import asked_in, is_unwanted
from bot.queries.plain_words import town_of, understood
from bot.reading.acts.cutting import assemble
from bot.web.site import addresses, respond
from sources.pages import READERS
from sources.text import canonical, find_date, label_of
from tests.bot.messages import samples
from tests.bot.queries.conftest import PLACES, MemoryDecrees
from tests.bot.web.conftest import memory_site
from tests.servers.telegram_html import parse, utf16

_AT = datetime(2026, 8, 20, 12, 0, tzinfo=UTC)
_PAGE = "https://www.drome.gouv.fr/Publications/Recueil-des-actes-administratifs"
_LIMIT = 4096
"""Characters of a message, as Telegram counts."""
_SITE = memory_site(MemoryDecrees())
_ADDRESSES = addresses()
_STATUSES = frozenset({200, 301, 304, 308, 400, 404, 410, 422})


def pages(data: bytes) -> None:
    """Read a page of a site by each reader: entries and ways are addresses that the client may be given."""
    for read in READERS.values():
        found = read(data, _PAGE)
        for entry in found.entries(wants_details=True):
            assert urlsplit(entry.url).scheme in {"http", "https"}, entry.url
        for link in found.ways:
            assert canonical(_PAGE, link.url) == link.url, link.url


def dates(data: bytes) -> None:
    """Read a date, a label and an address in the text of a link."""
    text = data.decode("utf-8", "replace")
    find_date(text, short_years=True)
    label_of(_PAGE, text)
    address = canonical(_PAGE, text)
    assert address is None or canonical(_PAGE, address) == address, address


def acts(data: bytes) -> None:
    """Cut pages, which form feeds separate, into acts: in order, and each with the pages that it says it has."""
    texts = data.decode("utf-8", "replace").split("\f")
    reading = assemble([PageText(number, text) for number, text in enumerate(texts, start=1)])
    for act in reading.acts:
        assert 1 <= act.first_page <= act.last_page <= len(texts)
        assert [page.number for page in act.pages] == list(range(act.first_page, act.last_page + 1))
    for earlier, later in pairwise(reading.acts):
        assert earlier.first_page <= later.first_page


def detection(data: bytes) -> None:
    """Judge an act, one page of it unreadable where its first byte is odd: evidence and facts have the pages of the act."""
    odd = bool(data[:1]) and data[0] % 2 == 1
    texts = data[1:].decode("utf-8", "replace").split("\f")
    read = [PageText(number, text) for number, text in enumerate(texts, start=3)]
    if odd:
        read.append(PageText(len(texts) + 3, "", TextOrigin.UNREADABLE))
    act = Act(None, texts[0][:80], None, 3, read[-1].number, tuple(read))
    verdict = judge(act, stand_alone=True)
    assert (verdict.kind is not None) == (verdict.outcome is Outcome.DECREE)
    for quote in verdict.evidence:
        assert act.first_page <= quote.page <= act.last_page
    assert set(verdict.facts.doubtful) <= set(Facts.__dataclass_fields__)


def messages(data: bytes) -> None:
    """Write the post of a decree whose texts are what was read: within the limits, nothing of it markup."""
    parts = (data.decode("utf-8", "surrogateescape").split("\n") + [""] * 7)[:7]
    title, event, place, operator, software, number, url = parts
    facts = replace(
        samples.FULL,
        number=number or None,
        event=event,
        places=tuple(place.split(";")),
        operators=tuple(operator.split(";")),
        software=software,
    )
    address = url if url.startswith("https://") and len(url) < 300 else samples.PDF
    decree = samples.decree(title=title, facts=facts, url=address, sightings=(Sighting("26", address, 7, samples.NOW),))
    said = MessageInput(decree, samples.DROME, samples.NOW)
    post = telegram_text(said)
    assert 0 < utf16(parse(post.html).text) <= _LIMIT
    assert utf16(post.plain) <= _LIMIT
    post.plain.encode()
    status = mastodon_status(said)
    assert 0 < mastodon_length(status) <= 500
    status.encode()


def questions(data: bytes) -> None:
    """Understand what a person wrote, in a message or as the HTML of a mention."""
    text = data.decode("utf-8", "replace")[:400]
    mention = StatusMention("1", "2", "3", "person@a.example", text, text, "fr", "direct", is_reply=False, is_bot=False, made_at=_AT)
    is_unwanted(mention, _AT)
    assert len(asked_in(mention, "vigie").words) <= len(text)
    if any(character.isalnum() for character in text):
        understood(text, PLACES, _AT.date())
        town_of(text, PLACES)


def web(data: bytes) -> None:
    """Answer an address: with a known status, and without markup that came with it."""
    path, _, query = data.decode("latin-1").partition("?")
    document = respond(_SITE, _ADDRESSES.find("/" + path.lstrip("/"), query), _AT)
    if document.later is None:
        assert document.status in _STATUSES, document.status
        assert b"<script" not in document.body.lower()
        if document.media_type.startswith("application/json"):
            json.loads(document.body)


Target = Callable[[bytes], None]

TARGETS: Mapping[str, Target] = MappingProxyType(
    {"pages": pages, "dates": dates, "acts": acts, "detection": detection, "messages": messages, "questions": questions, "web": web}
)
"""The targets by the name that `python -m benchmarks.fuzz` takes."""
