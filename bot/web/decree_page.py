"""Make the page of a decree, with its picture as posts have it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from math import ceil

from bot.delivery.picture.album import alt_text
from bot.domain.acts import Decree
from bot.domain.posts import FRANCE
from bot.messages import MessageInput
from bot.queries.phrases import message_of, withdrawal
from bot.web.decree_view import decree_view
from bot.web.documents import Document, PageRequest, SiteContext
from bot.web.page_parts import next_change
from bot.web.pictures import Busy, ShownPage
from bot.web.rendering import missing, page, web_words
from bot.web.views import instant_text

_UNTIL_DRAWN = timedelta(seconds=20)
"""How long the page of a decree is kept whose picture is not drawn: its size and what it highlights are known then."""


def decree(site: SiteContext, request: PageRequest) -> Document:
    """Return the page of one decree; 410 with a sentence for one that a person judged not to be one."""
    language, known = request.language, _asked_decree(site, request)
    if known is None:
        return missing(site, request)
    message = message_of(known, site.places, request.at, language)
    view = decree_view(message, site.places)
    words = web_words(language)["decree"]
    gone = withdrawal(known, message.place, language)
    if gone is not None:
        title = words["withdrawn_title"]
        return page(site, request, "gone.html", status=410, title=title, sentence=gone, places=(*view.departments, *view.communes))
    copy = site.decrees.copy_of(known)
    picture = None if copy is None else _picture(site, message, copy[0])
    changes_at = next_change((known,), site, request.at)
    if picture is not None and not picture.drawn:
        changes_at = min(changes_at, request.at + _UNTIL_DRAWN)
    fetched = None if copy is None or copy[1] is None else instant_text(copy[1], message.place.time_zone, message.words)
    return page(
        site,
        request,
        "decree.html",
        changes_at=changes_at,
        title=view.title.text,
        decree=view,
        picture=picture,
        copy=None if copy is None or fetched is None else {"sha256": copy[0], "time": fetched},
        made_at=instant_text(request.at, FRANCE.key, message.words),
    )


def _asked_decree(site: SiteContext, request: PageRequest) -> Decree | None:
    asked = request.parameters["id"]
    return site.decrees.get(int(asked)) if asked.isascii() and asked.isdecimal() and len(asked) < 10 else None


# The picture of a decree, as posts have it.


@dataclass(frozen=True, slots=True)
class PictureView:
    """The picture of a page of a decree: `path` on this site, its size in pixels, and what it shows in words. Until it is `drawn` that is
    the size of most, and the words are those that are true of any."""

    path: str
    alt: str
    width: int
    height: int
    drawn: bool


def _picture(site: SiteContext, message: MessageInput, sha256: str) -> PictureView | None:
    decree, shown = message.decree, None if site.pictures is None else site.pictures.look(message.decree, sha256)
    # A site of files has those that are drawn: nobody draws others later.
    if shown is None or (site.settings.files and shown.file is None):
        return None
    alt = alt_text(decree, message.place, message.language, page=shown.page, highlighted=shown.highlighted, covered=shown.covered)
    return PictureView(f"/arretes/{decree.id}/page.png", alt, shown.width, shown.height, shown.file is not None)


def decree_picture(site: SiteContext, request: PageRequest) -> Document:
    """Return the picture of a decree, once it is drawn; 404 where there is none."""
    known = _asked_decree(site, request)
    copy = None if known is None else site.decrees.copy_of(known)
    if known is not None and known.withdrawn_at is not None:
        return missing(site, request, status=410)
    if known is None or copy is None or site.pictures is None:
        return missing(site, request)
    shown = site.pictures.look(known, copy[0])
    if shown is not None and shown.file is None:
        return Document(b"", later=partial(_drawn, site, request, partial(site.pictures.drawn, known, copy[0])))
    return _shown(site, request, shown)


async def _drawn(site: SiteContext, request: PageRequest, draw: Callable[[], Awaitable[ShownPage | None]]) -> Document:
    try:
        return _shown(site, request, await draw())
    except Busy as busy:
        return replace(missing(site, request, status=503), headers={"Retry-After": str(ceil(busy.seconds))})


def _shown(site: SiteContext, request: PageRequest, shown: ShownPage | None) -> Document:
    return missing(site, request) if shown is None else Document(b"", "image/png", file=shown.file)
