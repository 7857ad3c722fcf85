"""Make the pages of many decrees: all of them, with filters, those in force now, to come or on a given day, and when they went online."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

from bot.domain.acts import Kind, deciding_in
from bot.gazetteer.gazetteer import gazetteer
from bot.messages.lines import capital, date_text
from bot.messages.words import words_in
from bot.queries.figures import LEAST_FOR_A_SHARE, OnlineCounts, authority_name
from bot.queries.running import running_on
from bot.queries.vocabulary import vocabulary
from bot.storage.browsing import DecreeFilter
from bot.web.documents import Document, PageRequest, Route, SiteContext
from bot.web.map import map_view
from bot.web.rendering import missing, next_change, number_of, page, running_of, today, ways, web_words
from bot.web.views import cards

_PAGE = 50
"""Decrees on a page of all that are in force."""
_FEW = 20
"""Decrees on a page of all that are stored."""
_FIRST, _LAST = date(2000, 1, 1), date(2100, 1, 1)


def decrees(site: SiteContext, request: PageRequest) -> Document:
    """Return all decrees, newest first, that meet the filters of the query; what is no value of a filter is left out."""
    language, words, number = request.language, web_words(request.language)["decrees"], number_of(request)
    code = request.query.get("departement", "").upper().zfill(2)
    department = gazetteer().department(code)
    kind = next((one for one in Kind if one.value == request.query.get("nature")), None)
    since, until = (_day(request.query.get(name, "")) for name in ("depuis", "jusque"))
    wanted = DecreeFilter(
        authorities=None if department is None else deciding_in({code}, site.places),
        departments=None if department is None else frozenset({code}),
        kinds=None if kind is None else frozenset({kind}),
        since=since,
        until=until,
    )
    total = site.browsing.count(wanted)
    pages = max(1, -(-total // _FEW))
    number = min(number, pages)
    ids = site.browsing.ids(_FEW, (number - 1) * _FEW, wanted)
    found = site.decrees.load(ids)
    coded = sorted(one for one in site.places if gazetteer().department(one) is not None)
    return page(
        site,
        request,
        "decrees.html",
        changes_at=next_change(found, site, request.at),
        title=words["title"],
        found=cards(found, site.places, request.at, language),
        total=total,
        page=number,
        pages=pages,
        departments=[(one, f"{site.places[one].department} ({one})") for one in coded],
        kinds=[(one.value, capital(words_in(language).short_kinds[one])) for one in Kind],
        chosen={
            "departement": "" if department is None else code,
            "nature": "" if kind is None else kind.value,
            "depuis": "" if since is None else since.isoformat(),
            "jusque": "" if until is None else until.isoformat(),
        },
        follow=ways(site, request, "/flux/arretes"),
    )


def running(site: SiteContext, request: PageRequest) -> Document:
    """Return all authorisations that are in force or to come, page by page; of a day that is asked for (`jour`), those in force then, with
    the map of that day."""
    language, words, number = request.language, web_words(request.language)["running"], number_of(request)
    day = _day(request.query.get("jour", ""))
    answer = running_of(site) if day is None else running_on(site.decrees.current(day - timedelta(days=1)), site.places, day, day)
    if answer is None:
        return missing(site, request)
    pages = max(1, -(-len(answer.all) // _PAGE))
    number = min(number, pages)
    shown = {decree.id: decree for decree in site.questions.whole(answer.all[(number - 1) * _PAGE : number * _PAGE])}
    groups = []
    for anchor, key, found in (("en-cours", "now", answer.now), ("a-venir", "soon", answer.soon), ("a-verifier", "doubt", answer.unsure)):
        here = [shown[one.id] for one in found if one.id in shown]
        # What is empty is said once, and what is uncertain only where there is any.
        if here or (not found and number == 1 and key != "doubt" and (day is None or key == "now")):
            groups.append((anchor, words[key], cards(here, site.places, request.at, language), len(found)))
    if day is None:
        title, lead = words["title"], words["lead"].format(running=len(answer.now), upcoming=len(answer.soon), day=today(request))
    else:
        said = date_text(day, words_in(language).dates)
        title, lead = words["title_day"].format(day=said), words["lead_day"].format(n=len(answer.now))
    if answer.unsure:
        lead = f"{lead} {words['lead_doubt'].format(n=len(answer.unsure))}"
    figures = None if day is None else replace(site.questions.figures(answer), day=day)
    return page(
        site,
        request,
        "running.html",
        changes_at=next_change(answer.all if day is None else (), site, request.at),
        title=title,
        lead=lead,
        groups=groups,
        page=number,
        pages=pages,
        day="" if day is None else day.isoformat(),
        map=None if figures is None else map_view(figures, language, site.settings.href),
        follow=ways(site, request, "/flux/envigueur"),
    )


def figures(site: SiteContext, request: PageRequest) -> Document:
    """Return when authorisations went online beside their beginning: by month as bars, by authority as a table."""
    language, words, found = request.language, web_words(request.language)["figures"], site.questions.online()
    months = vocabulary(language).figures.months
    bars = [(f"{months[month.month - 1]} {month.year}", counts, tuple(_bars(counts))) for month, counts in found.months if counts.total]
    rows = [(authority_name(code, site.places), counts) for code, counts in found.authorities]
    return page(
        site,
        request,
        "figures.html",
        changes_at=next_change((), site, request.at),
        title=words["title"],
        all=found.all,
        bars=bars,
        rows=[(words["all"], found.all), *rows] if rows else (),
        least=LEAST_FOR_A_SHARE,
    )


def _bars(counts: OnlineCounts) -> Iterator[tuple[str, int, int]]:
    """Yield of each share its class, where it begins, and its width, in per cent: the latest are the darkest."""
    left = 0
    for look, share in zip(("m5", "m4", "m2", "m0"), counts.shares, strict=False):
        yield look, left, share
        left += share


def _day(text: str) -> date | None:
    """Return a day as forms send it (`2026-12-05`); None where it is none, or far away."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if _FIRST <= day < _LAST else None


LIST_PAGES: tuple[Route, ...] = (
    Route("/arretes", decrees, query=frozenset({"departement", "nature", "depuis", "jusque", "page"})),
    Route("/chiffres", figures),
    Route("/envigueur", running, query=frozenset({"jour", "page"})),
)
