"""Make what several pages have: ways to be notified, when what they show changes, which page of a list is asked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from bot.domain.acts import DecreePeriod, Moment
from bot.domain.law import period
from bot.domain.routing import FRANCE, Follow
from bot.messages.lines import place_for
from bot.messages.words import words_in
from bot.queries.following import follow_code
from bot.queries.running import RunningDecrees
from bot.web.documents import Document, PageRequest, SiteContext
from bot.web.rendering import web_words
from bot.web.views import full_day

_LAST_PAGE = 500


@dataclass(frozen=True, slots=True)
class Way:
    """A way to be notified: a link, and what comes of it. `type` is the media type of a feed that programs find in the head of the page."""

    name: str
    address: str
    note: str
    type: str = ""
    outside: bool = False


@dataclass(frozen=True, slots=True)
class Ways:
    """All ways to be notified of what a page is about."""

    heading: str
    ways: tuple[Way, ...]


def ways(site: SiteContext, request: PageRequest, feed: str, *, name: str = "", follow: Follow | None = None, tag: str = "VSA") -> Ways:
    """Return how to be notified. `feed` is the path of the feeds without its ending, `name` what the page is about."""
    words, settings = web_words(request.language)["follow"], site.settings
    found = []
    if settings.telegram:
        start = "" if follow is None else f"?start={follow_code(follow)}"
        found.append(Way(words["telegram"], f"https://t.me/{settings.telegram}{start}", words["telegram_note"], outside=True))
    found.append(Way(words["calendar"], settings.href(f"{feed}.ics", request.language), words["calendar_note"], "text/calendar"))
    found.append(Way(words["atom"], settings.href(f"{feed}.atom", request.language), words["atom_note"], "application/atom+xml"))
    if settings.mastodon:
        account = urlsplit(settings.mastodon)
        address = f"{account.scheme}://{account.netloc}/tags/{tag}"
        found.append(Way(words["mastodon"].format(tag=f"#{tag}"), address, words["mastodon_note"], outside=True))
    return Ways(words["heading"].format(name=name) if name else words["heading_all"], tuple(found))


def next_change(decrees: Iterable[DecreePeriod], site: SiteContext, at: datetime) -> datetime:
    """Return when a page that shows these decrees must be made anew: at the next hour at which one begins or ends, at midnight at the
    latest, in each time zone that counts."""
    zones, instants = {FRANCE}, []
    for decree in decrees:
        zone = ZoneInfo(place_for(site.places, decree.authority).time_zone)
        zones.add(zone)
        instants += [_instant(moment, zone) for moment in period(decree) if moment is not None and moment.time is not None]
    for zone in zones:
        midnight = datetime.combine(at.astimezone(zone).date() + timedelta(days=1), time(), zone)
        instants.append(midnight.astimezone(UTC))
    return min(instant for instant in instants if instant > at)


def _instant(moment: Moment, zone: ZoneInfo) -> datetime:
    return datetime.combine(moment.day, moment.time or time(), zone).astimezone(UTC)


def number_of(request: PageRequest) -> int:
    """Return the page of a list that is asked for; the first where that is no number."""
    asked = request.query.get("page", "")
    return min(max(int(asked), 1), _LAST_PAGE) if asked.isdecimal() and asked.isascii() and len(asked) < 5 else 1


def today(request: PageRequest) -> str:
    """Return the day in France, in full."""
    return full_day(request.at.astimezone(FRANCE).date(), words_in(request.language), request.language)


def running_of(site: SiteContext, department: str = "") -> RunningDecrees | None:
    """Return what is in force or to come, of a department where one is given; None where there is no such."""
    answer = site.questions.running(department)
    return answer if isinstance(answer, RunningDecrees) else None


def moved(site: SiteContext, request: PageRequest, path: str) -> Document:
    """Return that a page is at another path of the site."""
    return Document(b"", status=301, headers={"Location": site.settings.href(path, request.language)})
