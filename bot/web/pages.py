"""Make the pages that people read: ask, make views of the answers, fill a template. Pure but for what is asked of the store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.domain.acts import Kind, Purpose, deciding_in
from bot.domain.law import Flag, windows
from bot.domain.routing import Follow, FollowKind, operator_key, operator_slug
from bot.gazetteer.gazetteer import gazetteer
from bot.messages import words_in
from bot.messages.lines import capital, date_text
from bot.queries.answers import DecreeList, NothingFound, Question, Topic, TownAnswer
from bot.queries.phrases import message_of
from bot.web.decree_page import decree, decree_picture
from bot.web.decree_view import Piece, Value
from bot.web.documents import Document, PageRequest, Parameters, Route, SiteContext
from bot.web.map import map_view, outline_svg
from bot.web.open_data import columns
from bot.web.page_parts import moved, next_change, number_of, running_of, today, ways
from bot.web.place_views import by_nearness, commune_rows, department_panel, source_view, sources_view, town_view
from bot.web.rendering import missing, page, web_words
from bot.web.search_page import search
from bot.web.views import bare, cards, in_print, view_words

_ON_HOME = (4, 3, 5)
"""Decrees of the first page: in force, to come, found last."""
_PAGE = 50
"""Decrees on a page of all that are in force."""
_OPERATOR_PAGE = 20
_SLICE = 500
"""Decrees read at once where all of them are wanted."""


def home(site: SiteContext, request: PageRequest) -> Document:
    """Return the first page: what is in force, what comes, what was found last."""
    language = request.language
    running = running_of(site)
    now, soon, unsure = ((), (), ()) if running is None else (running.now, running.soon, running.unsure)
    overview = site.overview()
    few, fewer, last = _ON_HOME
    lists = ([one.id for one in now[:few]], [one.id for one in soon[:fewer]], site.browsing.ids(last, 0))
    found = {one.id: one for one in site.decrees.load({one for ids in lists for one in ids if one is not None}).values()}
    shown = [cards((found[one] for one in ids if one in found), site.places, request.at, language) for ids in lists]
    return page(
        site,
        request,
        "home.html",
        changes_at=next_change((*now, *soon, *unsure), site, request.at),
        today=today(request),
        running=shown[0],
        running_total=len(now),
        upcoming=shown[1],
        upcoming_total=len(soon),
        unsure=web_words(language)["running"]["lead_doubt"].format(n=len(unsure)) if unsure else "",
        recent=shown[2],
        sources=sources_view(overview, site.places, language),
        map=map_view(site.questions.figures(running, overview), language, site.settings.href),
        follow=ways(site, request, "/flux/arretes"),
    )


def town(site: SiteContext, request: PageRequest) -> Document:
    """Return the page of a commune; of a former code, the address of the commune of today."""
    code, number = request.parameters["code"], number_of(request)
    commune = gazetteer().commune(code.zfill(5))
    if commune is None:
        return missing(site, request)
    if commune.code != code:
        return moved(site, request, f"/communes/{commune.code}")
    first = site.questions.ask(Question(Topic.TOWN, code))
    answer = first if number == 1 else site.questions.ask(Question(Topic.TOWN, code, number))
    if not isinstance(first, TownAnswer) or not isinstance(answer, TownAnswer):
        return missing(site, request)
    department = gazetteer().department(commune.department)
    view = town_view(answer, first, site.places, request.language, commune.department if department is None else department.name)
    return page(
        site,
        request,
        "town.html",
        changes_at=next_change((*first.decrees[: first.current], *answer.decrees, *answer.unplaced), site, request.at),
        title=commune.name,
        outline=outline_svg(commune.department),
        town=view,
        page=answer.question.page,
        follow=ways(
            site,
            request,
            f"/flux/communes/{commune.code}",
            name=commune.name,
            follow=Follow(FollowKind.COMMUNE, commune.code),
            tag=f"dept{commune.department}",
        ),
    )


def department(site: SiteContext, request: PageRequest) -> Document:
    """Return the page of a department."""
    language, code = request.language, request.parameters["code"]
    printed = code.upper().zfill(2)
    place = site.places.get(printed)
    if place is None or place.territory:
        return missing(site, request)
    if code != printed:
        return moved(site, request, f"/departements/{printed}")
    running = running_of(site, code)
    if running is None:
        return missing(site, request)
    whole = site.questions.whole(running.all)
    current = whole[:_PAGE]
    answer = site.questions.department(code, number_of(request), [one.id for one in current if one.id is not None])
    if not isinstance(answer, DecreeList | NothingFound):
        return missing(site, request)
    others = answer if isinstance(answer, DecreeList) else None
    listed = () if others is None else others.decrees
    total = len(current) + (0 if others is None else others.total)
    messages = [message_of(decree, site.places, request.at, language) for decree in whole]
    counts = site.decrees.communes_named({code})
    health = by_nearness(answer.health, code)
    words = web_words(language)
    return page(
        site,
        request,
        "department.html",
        changes_at=next_change((*whole, *listed), site, request.at),
        title=place.department,
        outline=outline_svg(code),
        crumbs=[Piece(words["nav"]["departments"], "/departements")],
        meta=[words["department"]["meta"].format(code=code), place.name],
        panel=department_panel(messages, total, health, site.places, code, language),
        current=cards(current, site.places, request.at, language),
        communes=commune_rows({one.code: one.decrees for one in counts}, messages, {one.code: one.last for one in counts}, language),
        unplaced=site.decrees.naming_none(deciding_in({code}, site.places), 0).total,
        others=cards(listed, site.places, request.at, language),
        others_total=total - len(current),
        page=1 if others is None else others.question.page,
        pages=1 if others is None else others.pages,
        sources=[source_view(one, site.places, request.at, language) for one in health],
        follow=ways(
            site,
            request,
            f"/flux/departements/{code}",
            name=place.department,
            follow=Follow(FollowKind.DEPARTMENT, code),
            tag=f"dept{code}",
        ),
    )


def departments(site: SiteContext, request: PageRequest) -> Document:
    """Return the list of departments: how each is read."""
    overview = site.overview()
    state = {one.code: one for one in overview.authorities}
    figures = site.questions.figures(overview=overview)
    rows = [
        (source_view(state[one.code], site.places, request.at, request.language), one.year, one.in_force)
        for one in figures.departments
        if one.code in state and one.code in site.places
    ]
    title = web_words(request.language)["departments"]["title"]
    return page(site, request, "departments.html", changes_at=next_change((), site, request.at), title=title, rows=rows)


def running(site: SiteContext, request: PageRequest) -> Document:
    """Return all authorisations that are in force or to come, page by page."""
    language, words, number = request.language, web_words(request.language)["running"], number_of(request)
    answer = running_of(site)
    if answer is None:
        return missing(site, request)
    pages = max(1, -(-len(answer.all) // _PAGE))
    number = min(number, pages)
    shown = {decree.id: decree for decree in site.questions.whole(answer.all[(number - 1) * _PAGE : number * _PAGE])}
    groups = []
    for anchor, key, found in (("en-cours", "now", answer.now), ("a-venir", "soon", answer.soon), ("a-verifier", "doubt", answer.unsure)):
        here = [shown[one.id] for one in found if one.id in shown]
        # What is empty is said once, and what is uncertain only where there is any.
        if here or (not found and number == 1 and key != "doubt"):
            groups.append((anchor, words[key], cards(here, site.places, request.at, language), len(found)))
    lead = words["lead"].format(running=len(answer.now), upcoming=len(answer.soon), day=today(request))
    if answer.unsure:
        lead = f"{lead} {words['lead_doubt'].format(n=len(answer.unsure))}"
    return page(
        site,
        request,
        "running.html",
        changes_at=next_change(answer.all, site, request.at),
        title=words["title"],
        lead=lead,
        groups=groups,
        page=number,
        pages=pages,
        follow=ways(site, request, "/flux/envigueur"),
    )


def sources(site: SiteContext, request: PageRequest) -> Document:
    """Return how every authority is read."""
    words, view = web_words(request.language)["sources"], sources_view(site.overview(), site.places, request.language)
    lead = [words["lead"].format(read=len(view.read), watched=view.watched)]
    if view.broken:
        lead.append(words["lead_broken_one"] if len(view.broken) == 1 else words["lead_broken"].format(broken=len(view.broken)))
    if view.off:
        lead.append(words["lead_off"].format(off=len(view.off)))
    changes = next_change((), site, request.at)
    return page(site, request, "sources.html", changes_at=changes, title=words["title"], lead=" ".join(lead), sources=view)


def operator(site: SiteContext, request: PageRequest) -> Document:
    """Return the decrees that name an operator, by its name in addresses (`police-municipale-de-valence`)."""
    slug, number = operator_slug(request.parameters["slug"]), number_of(request)
    known = site.browsing.operator(slug)
    if known is None:
        return missing(site, request)
    name, found = in_print(known.name), site.decrees.of_operator(slug, _OPERATOR_PAGE, (number - 1) * _OPERATOR_PAGE, known.decrees)
    if request.parameters["slug"] != slug:
        return moved(site, request, f"/operateurs/{slug}")
    return page(
        site,
        request,
        "operator.html",
        changes_at=next_change(found, site, request.at),
        title=web_words(request.language)["operator"]["title"].format(name=name),
        name=name,
        found=cards(found, site.places, request.at, request.language),
        total=known.decrees,
        page=number,
        pages=max(1, -(-known.decrees // _OPERATOR_PAGE)),
        follow=ways(site, request, f"/flux/operateurs/{slug}", name=name, follow=Follow(FollowKind.OPERATOR, operator_key(known.name))),
    )


# Long texts.


@dataclass(frozen=True, slots=True)
class WindowView:
    """A period in which the law allows, as the page on the law shows it."""

    period: str
    source: str
    confidence: str
    checked: str
    longest: str


def about(site: SiteContext, request: PageRequest) -> Document:
    """Return what this is about: the law with its dates, how it works, what it cannot see."""
    language, words = request.language, words_in(request.language)
    own, text = view_words(language), web_words(language)["about"]
    law = [
        WindowView(
            text["law_between"].format(first=date_text(one.first, words.dates), last=date_text(one.last, words.dates)),
            one.source.partition(" (")[0],
            capital(text["confidence"][one.confidence]),
            text["law_checked"].format(date=date_text(one.checked, words.dates)),
            "" if one.months is None else text["law_month"] if one.months == 1 else text["law_months"].format(n=one.months),
        )
        for one in windows()
    ]
    flags = {
        Flag.OUTSIDE_WINDOW: words.flags.outside,
        Flag.LONGER_THAN_ALLOWED: words.flags.longer,
        Flag.PUBLISHED_AFTER_START: words.flags.late,
    }
    return page(
        site,
        request,
        "about.html",
        title=text["title"],
        windows=law,
        purposes=[Value(capital(words.purposes[one]), capital(own.purposes[one])) for one in Purpose],
        kinds=[Value(bare(words.kinds[one]), own.kinds[one]) for one in Kind],
        flags=[Value(capital(flags[one]), own.flags[one.value]) for one in Flag],
    )


def _text(template: str, section: str) -> Route:
    def make(site: SiteContext, request: PageRequest) -> Document:
        own = [paragraph.strip() for paragraph in site.settings.mentions.split("\n\n") if paragraph.strip()]
        return page(site, request, template, title=web_words(request.language)[section]["title"], own=own)

    return Route(f"/{'accessibilite' if section == 'accessibility' else section}", make)


# What a site of files has.


def _listed_decrees(site: SiteContext) -> Iterator[Parameters]:
    for some in site.browsing.slices(_SLICE):
        for one in some:
            yield {"id": str(one.id)}


def _listed_communes(site: SiteContext) -> Iterator[Parameters]:
    codes = {code for code, place in site.places.items() if not place.territory}
    for one in site.decrees.communes_named(codes):
        yield {"code": one.code}


def _listed_departments(site: SiteContext) -> Iterator[Parameters]:
    for code, place in sorted(site.places.items()):
        if not place.territory:
            yield {"code": code}


def _listed_operators(site: SiteContext) -> Iterator[Parameters]:
    for one in site.browsing.operators():
        yield {"slug": one.slug}


_PAGED = frozenset({"page"})


def data(site: SiteContext, request: PageRequest) -> Document:
    """Return the page of open data: files, feeds, API, licence, and what every column of the files holds."""
    rows = [(column.name, column.type, column.said(request.language)) for column in columns()]
    return page(site, request, "data.html", title=web_words(request.language)["data"]["title"], columns=rows)


PAGES: tuple[Route, ...] = (
    Route("/", home),
    Route("/envigueur", running, query=_PAGED),
    Route("/departements", departments),
    Route("/departements/{code}", department, _listed_departments, _PAGED),
    Route("/communes/{code}", town, _listed_communes, _PAGED),
    Route("/arretes/{id}", decree, _listed_decrees),
    Route("/arretes/{id}/page.png", decree_picture, twins=False),
    Route("/operateurs/{slug}", operator, _listed_operators, _PAGED),
    Route("/recherche", search, query=frozenset({"q", "page"}), dynamic=True),
    Route("/sources", sources),
    Route("/apropos", about),
    Route("/donnees", data),
    _text("accessibility.html", "accessibility"),
    _text("mentions.html", "mentions"),
)
