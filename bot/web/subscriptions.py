"""Answer the addresses of feeds and calendars: which decrees each has, and what it is called."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any

from bot.domain.acts import Decree, deciding_in
from bot.domain.routing import operator_slug, whole_city
from bot.gazetteer.gazetteer import gazetteer
from bot.messages import place_for
from bot.messages.announcement import publisher_of
from bot.messages.cleaning import inert
from bot.messages.lines import MessageContext
from bot.messages.words import data_file
from bot.queries.running import in_force
from bot.storage.browsing import DecreeFilter
from bot.web.documents import Document, PageRequest, Parameters, Route, SiteContext
from bot.web.feeds import TAG, Feed, atom, entry_of, ics, json_feed, shown_since
from bot.web.page_parts import next_change
from bot.web.rendering import missing

MOST = 50
"""Decrees of a feed, and of a calendar."""
_FORMS: dict[str, tuple[Callable[[Feed], bytes], str]] = {
    "atom": (atom, "application/atom+xml; charset=utf-8"),
    "json": (json_feed, "application/feed+json; charset=utf-8"),
    "ics": (ics, "text/calendar; charset=utf-8"),
}


@cache
def _words() -> dict[str, Any]:
    return data_file("bot.web", "words", "feeds.toml")


def _feed(
    site: SiteContext, request: PageRequest, decrees: Iterable[Decree], title: str, home: str, path: str,
    unplaced: frozenset[int | None] = frozenset(), note: str = "", changes_at: datetime | None = None,
) -> Document:  # fmt: skip
    """Return these decrees in the form asked for. Those of `unplaced` say `note`; `path` is that of the feed without its ending."""
    written = _FORMS.get(request.parameters["form"])
    if written is None:
        return missing(site, request)
    settings, language = site.settings, request.language

    def entry(decree: Decree) -> Any:
        context = MessageContext(settings.public_url or None, publisher=publisher_of(decree, site.places))
        link = settings.address(f"/arretes/{decree.id}", language)
        place = place_for(site.places, decree.authority)
        return entry_of(decree, place, language, link, context, note=note if decree.id in unplaced else "")

    feed = Feed(
        id=f"{TAG}{path.strip('/').replace('/', ':')}" + ("" if language == "fr" else f":{language}"),
        title=title,
        subtitle=_words()[language]["subtitle"].format(site=settings.name),
        author=settings.name,
        home=settings.address(home, language),
        address=settings.address(path, language),
        language=language,
        rights=settings.licence_name,
        entries=tuple(entry(decree) for decree in decrees),
    )
    write, media_type = written
    # A page of somebody else may show it: there is nothing in it that depends on who asks.
    return Document(write(feed), media_type, changes_at=changes_at, headers={"Access-Control-Allow-Origin": "*"})


def _every(site: SiteContext, request: PageRequest) -> Document:
    found = site.browsing.batch(DecreeFilter(), MOST).decrees
    return _feed(site, request, found, _words()[request.language]["all"], "/", "/flux/arretes")


def _in_force(site: SiteContext, request: PageRequest) -> Document:
    running = in_force(site.decrees.current(request.at.date() - timedelta(days=1)), site.places, request.at)[:MOST]
    title = _words()[request.language]["in_force"]
    found = site.questions.whole(running)
    return _feed(site, request, found, title, "/envigueur", "/flux/envigueur", changes_at=next_change(running, site, request.at))


def _department(site: SiteContext, request: PageRequest) -> Document:
    department = gazetteer().department(request.parameters["code"])
    if department is None:
        return missing(site, request)
    there = frozenset({department.code})
    found = site.browsing.batch(DecreeFilter(deciding_in(there, site.places), there), MOST).decrees
    title = _words()[request.language]["department"].format(name=department.name, code=department.code)
    return _feed(site, request, found, title, f"/departements/{department.code}", f"/flux/departements/{department.code}")


def _commune(site: SiteContext, request: PageRequest) -> Document:
    """Return the decrees that name a commune, or the city that it is an arrondissement of, and those of the authorities that decide there
    which name none: who subscribes is sent what who follows it in a chat is."""
    commune = gazetteer().commune(request.parameters["code"])
    if commune is None:
        return missing(site, request)
    codes = frozenset(filter(None, (commune.code, whole_city(commune.code))))
    naming = site.browsing.batch(DecreeFilter(communes=codes), MOST).decrees
    unplaced = site.decrees.load(site.decrees.naming_none(deciding_in({commune.department}, site.places), MOST).ids)
    newest = sorted((*naming, *unplaced.values()), key=lambda decree: (shown_since(decree), decree.id or 0), reverse=True)[:MOST]
    words = _words()[request.language]
    title = words["commune"].format(name=commune.name, department=commune.department)
    note = words["may_concern"].format(name=commune.name)
    return _feed(site, request, newest, title, f"/communes/{commune.code}", f"/flux/communes/{commune.code}", frozenset(unplaced), note)


def _operator(site: SiteContext, request: PageRequest) -> Document:
    slug = request.parameters["slug"]
    found = site.browsing.batch(DecreeFilter(operator=slug), MOST).decrees
    # As the newest of them writes it: counting all that name it would take longer than the feed.
    name = next((name for decree in found for name in decree.facts.operators if operator_slug(name) == slug), None)
    if name is None:
        return missing(site, request)
    title = _words()[request.language]["operator"].format(name=inert(name))
    return _feed(site, request, found, title, f"/operateurs/{slug}", f"/flux/operateurs/{slug}")


def _listed(name: str, values: Callable[[SiteContext], Iterable[str]], site: SiteContext) -> Iterator[Parameters]:
    return ({name: value, "form": form} for value in values(site) for form in _FORMS)


def _departments(site: SiteContext) -> Sequence[str]:
    return sorted(code for code in site.places if gazetteer().department(code) is not None)


def _communes(site: SiteContext) -> Iterable[str]:
    return (commune.code for commune in site.decrees.communes_named(_departments(site)))


def _operators(site: SiteContext) -> Iterable[str]:
    return (operator.slug for operator in site.browsing.operators())


def _forms(_site: SiteContext) -> Iterator[Parameters]:
    return ({"form": form} for form in _FORMS)


FEEDS: tuple[Route, ...] = (
    Route("/flux/arretes.{form}", _every, _forms),
    Route("/flux/envigueur.{form}", _in_force, _forms),
    Route("/flux/departements/{code}.{form}", _department, partial(_listed, "code", _departments)),
    Route("/flux/communes/{code}.{form}", _commune, partial(_listed, "code", _communes)),
    Route("/flux/operateurs/{slug}.{form}", _operator, partial(_listed, "slug", _operators)),
)
