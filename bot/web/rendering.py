"""Renders templates as pages, with what several pages share. Every value is escaped; a misspelt name in a template is an error."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from functools import cache
from hashlib import blake2b
from importlib.resources import files
from math import ceil
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from bot.domain.acts import Decree, DecreePeriod, Moment, deciding_in
from bot.domain.hours import open_hours
from bot.domain.law import period, slots_of
from bot.domain.posts import FRANCE, Follow
from bot.domain.topics import topics
from bot.messages.lines import capital, followed_tags, hashtags, place_for, topics_told
from bot.messages.words import Language, data_file, topic_words, words_in
from bot.queries.following import code_to_follow, event_followed
from bot.queries.running import RunningDecrees
from bot.web.documents import OF_TOPICS, Document, PageRequest, Preview, SiteContext
from bot.web.pictures import Busy
from bot.web.views import full_day, in_print


@cache
def _environment() -> Environment:
    # Templates do not change while the program runs. `PackageLoader` finds them in a wheel too.
    loader = PackageLoader("bot.web", "templates")
    made = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, auto_reload=False)
    made.filters["emphasised"] = emphasised
    return made


_EMPHASIS = re.compile(r"\*\*(.+?)\*\*")


def emphasised(text: str) -> Markup:
    """Return a text as HTML, escaped, with what stands between two ** emphasised."""
    return Markup(_EMPHASIS.sub(r"<strong>\1</strong>", str(escape(text))))  # noqa: S704 - all of it is escaped before


@cache
def web_words(language: Language) -> dict[str, Any]:
    """Return the words of the pages: tables of `bot/web/words/<language>.toml`."""
    return data_file("bot.web", "words", f"{language}.toml")


@cache
def style() -> bytes:
    """Return the one style sheet."""
    return files("bot.web").joinpath("style.css").read_bytes()


@cache
def style_path() -> str:
    """Return the path of the style sheet, which names its content: it is kept by browsers for good."""
    return f"/style-{blake2b(style(), digest_size=6).hexdigest()}.css"


def render(template: str, language: Language, **values: object) -> bytes:
    """Fill a template of `bot/web/templates/`. It sees `words`, `language` and these values."""
    given = {"words": web_words(language), "language": language, **values}
    return _kept_whole(_environment().get_template(template).render(given)).encode("utf-8")


# What stands between two tags and holds such a number; drawings and the title of a page hold no tags.
_TEXT = re.compile(r"<(svg|title)\b.*?</\1>|(?<=>)[^<>]*[0-9][-/][0-9][^<>]*(?=<)", re.DOTALL)
_NUMBER = re.compile(r"(?<![\w/.:&#-])[0-9A-Z]{1,8}(?:[-/][0-9A-Z]{1,8}){1,5}(?![\w/-])")


def _kept_whole(document: str) -> str:
    """Return a page whose numbers (`2026-1104`, `L. 312-1`) are on one line: browsers break at hyphens, and a half is another number."""
    return _TEXT.sub(lambda text: text[0] if text[1] else _NUMBER.sub(r'<span class="nb">\g<0></span>', text[0]), document)


def page(
    site: SiteContext,
    request: PageRequest,
    template: str,
    *,
    status: int = 200,
    changes_at: datetime | None = None,
    preview: Preview | None = None,
    **values: object,
) -> Document:
    """Return a page of the site. Its template also has `site` (the settings), `request`, `preview` with the path of its picture, and
    `href(path)`, the address of another page in the same language."""

    def href(path: str, **query: object) -> str:
        return site.settings.href(path, request.language, query)

    body = render(
        template,
        request.language,
        words={**web_words(request.language), "topics": _names_of_topics(site.questions.watched, request.language)},
        about=about_topics(site.questions.topics, request.language),
        topic_choices=_topic_choices(site, request),
        site=site.settings,
        request=request,
        href=href,
        style=site.settings.href(style_path()),
        canonical=site.settings.address(request.path, request.language),
        preview=preview,
        **values,
    )
    return Document(body, status=status, changes_at=changes_at, preview=preview)


def about_topics(watched: Sequence[str], language: Language) -> dict[str, Any]:
    """Return what the site says of what it is about: `title` and `lead` of its first page, and what each topic is."""
    told = [topic_words(topic, language) for topic in watched]
    lead, quotes = web_words(language)["several"], {"fr": "«\u00a0{text}\u00a0»", "en": "“{text}”"}[language]
    several = {"title": lead["title"], "lead": lead["lead"].format(about=topics_told(watched, language, "on"))}
    home = {"title": told[0].home.title, "lead": told[0].home.lead} if len(told) == 1 else several
    phrases = ", ".join(dict.fromkeys(quotes.format(text=one.phrase) for one in told))
    return home | {"what": [one.home.what for one in told], "called": topics_told(watched, language, "called"), "phrases": phrases}


@dataclass(frozen=True, slots=True)
class TopicChoice:
    """A topic that can be chosen for a page, or all of them."""

    name: str
    address: str
    is_chosen: bool


def _names_of_topics(watched: Collection[str], language: Language) -> dict[str, str]:
    """Return how a card names each topic; empty for the one that alone is watched."""
    unnamed = set(watched) if len(watched) == 1 else set()
    return {topic: "" if topic in unnamed else capital(topic_words(topic, language).short) for topic in topics()}


def _topic_choices(site: SiteContext, request: PageRequest) -> tuple[TopicChoice, ...]:
    """Return the topics that a page can be narrowed to; none where one is watched, or the page is the same for all."""
    watched, chosen, words = site.questions.watched, site.settings.topic, web_words(request.language)["page"]
    if len(watched) < 2 or site.settings.files or not OF_TOPICS.match(request.path):
        return ()
    query = {name: value for name, value in request.query.items() if name not in {"page", "topic"}}
    named = {"": words["all_topics"], **{topic: capital(topic_words(topic, request.language).short) for topic in watched}}
    return tuple(
        TopicChoice(name, replace(site.settings, topic=topic).href(request.path, request.language, query), topic == chosen)
        for topic, name in named.items()
    )


def missing(site: SiteContext, request: PageRequest, *, status: int = 404) -> Document:
    """Return the page of an address where nothing is (404), or nothing any more (410)."""
    return page(site, request, "error.html", status=status, error=web_words(request.language)["errors"][str(status)])


# What several pages have: ways to be notified, when what they show changes, which page of a list is asked for.

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


def ways(site: SiteContext, request: PageRequest, feed: str, *, name: str = "", follow: Follow | None = None, department: str = "") -> Ways:
    """Return how to be notified. `feed` is the path of the feeds without its ending, `name` what the page is about, in `department`."""
    words, settings = web_words(request.language)["follow"], site.settings
    follow = replace(follow, topics=(settings.topic,)) if follow is not None and settings.topic else follow
    found = []
    if settings.telegram:
        found.append(_in_telegram(site, words["telegram"], "" if follow is None else code_to_follow(follow), words["telegram_note"]))
    found.append(Way(words["calendar"], settings.href(f"{feed}.ics", request.language), words["calendar_note"], "text/calendar"))
    found.append(Way(words["atom"], settings.href(f"{feed}.atom", request.language), words["atom_note"], "application/atom+xml"))
    if settings.mastodon:
        account, tag = urlsplit(settings.mastodon), f"dept{department}" if department else topics()[site.questions.topics[0]].hashtag[1:]
        address = f"{account.scheme}://{account.netloc}/tags/{tag}"
        found.append(Way(words["mastodon"].format(tag=f"#{tag}"), address, words["mastodon_note"], outside=True))
        for code in sorted(deciding_in({department}, site.places)):
            # Posts of the préfet de police bear `#Paris`, which on a whole server is of much else.
            place = site.places[code]
            if place.territory and not code.startswith("R-"):
                tag = followed_tags(hashtags(place, site.questions.topics[0]))[1]
                found.append(Way(words["mastodon"].format(tag=tag), f"{settings.mastodon}/tagged/{tag[1:]}", place.name, outside=True))
    if department in settings.lists:
        found.append(Way(words["list"], settings.lists[department], words["list_note"], outside=True))
    return Ways(words["heading"].format(name=name) if name else words["heading_all"], tuple(found))


def _in_telegram(site: SiteContext, name: str, code: str, note: str) -> Way:
    return Way(name, f"https://t.me/{site.settings.telegram}{code and '?start='}{code}", note, outside=True)


def decree_ways(site: SiteContext, request: PageRequest, decree: Decree, place: tuple[str, str] | None) -> Ways:
    """Return how to be notified of changes of a decree, of its event, and the feeds of its place: its name, and the path of its page."""
    words, found = web_words(request.language)["follow"], []
    if site.settings.telegram:
        found.append(_in_telegram(site, words["telegram"], f"a{decree.id}", words["decree_note"]))
        if event_followed(decree) is not None:
            event = words["event"].format(event=in_print(decree.facts.event or ""))
            found.append(_in_telegram(site, event, f"e{decree.id}", words["event_note"]))
    if place is not None:
        feeds = (way for way in ways(site, request, f"/flux{place[1]}").ways if way.type)
        found += [replace(way, name=words["of_place"].format(way=way.name, name=place[0])) for way in feeds]
    return Ways(words["decree_heading"], tuple(found))


def next_change(decrees: Iterable[DecreePeriod], site: SiteContext, at: datetime) -> datetime:
    """Return when a page with these decrees expires: at the next hour at which one, or its hours, begin or end, at the latest at midnight
    in each time zone that counts."""
    zones, instants = {FRANCE}, []
    for decree in decrees:
        zone = ZoneInfo(place_for(site.places, decree.authority).time_zone)
        zones.add(zone)
        hours = open_hours(slots_of(decree), at.astimezone(zone))
        moments = (*period(decree), *((hours.opens, hours.closes) if hours is not None else ()))
        instants += [_instant(moment, zone) for moment in moments if moment is not None and moment.time is not None]
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


def asked_decree(site: SiteContext, request: PageRequest) -> Decree | None:
    """Return the decree whose number is in the address; None where there is no such."""
    asked = request.parameters["id"]
    return site.decrees.get(int(asked)) if asked.isascii() and asked.isdecimal() and len(asked) < 10 else None


async def in_turn(site: SiteContext, request: PageRequest, make: Callable[[], Awaitable[Document]]) -> Document:
    """Return what is made in its turn, or that it may be asked for again later."""
    try:
        return await make()
    except Busy as busy:
        return replace(missing(site, request, status=503), headers={"Retry-After": str(ceil(busy.seconds))})


def moved(site: SiteContext, request: PageRequest, path: str) -> Document:
    """Return that a page is at another path of the site."""
    return Document(b"", status=301, headers={"Location": site.settings.href(path, request.language)})
