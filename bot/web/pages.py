"""Make the pages that people read: ask, make views of the answers, fill a template. Pure but for what is asked of the store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from bot.delivery.picture.album import alt_text
from bot.domain.acts import GRANTS, Decree, Kind, deciding_in
from bot.domain.law import Flag
from bot.domain.posts import FRANCE, Follow, FollowKind, operator_key, operator_slug
from bot.domain.topics import OPEN_END, first_topic, topics
from bot.gazetteer.gazetteer import gazetteer
from bot.messages.legal import rules
from bot.messages.letters.drafting import ODT, odt
from bot.messages.lines import MessageInput, capital, date_text, topics_told
from bot.messages.words import Language, topic_words, topics_named, with_article, words_in
from bot.queries.answers import DecreeList, ListKind, NothingFound, OneDecree, Question, TownAnswer
from bot.queries.dossier import ZIP, DossierInput
from bot.queries.phrases import laws, message_of, unwatched, withdrawal
from bot.web.decree_view import Piece, Value, decree_view
from bot.web.documents import Document, PageRequest, Parameters, Preview, Route, SiteContext
from bot.web.list_pages import LIST_PAGES
from bot.web.map import map_view, outline_svg
from bot.web.open_data import columns
from bot.web.pictures import PagePictures, ShownPage
from bot.web.place_views import Panel, by_nearness, commune_rows, department_panel, source_view, sources_view, town_view
from bot.web.previews import drawn
from bot.web.rendering import (
    about_topics,
    asked_decree,
    decree_ways,
    in_turn,
    missing,
    moved,
    next_change,
    number_of,
    page,
    running_of,
    today,
    ways,
    web_words,
)
from bot.web.views import bare, card, cards, in_print, instant_text, view_words

_ON_HOME = (4, 3, 5)
"""Decrees of the first page: in force, to come, found last."""
_PAGE = 50
"""Decrees of a department that are in force or to come."""
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
    found = {one.id: one for one in site.decrees.load([one for ids in lists for one in ids if one is not None])}
    shown = [cards((found[one] for one in ids if one in found), site.places, request.at, language) for ids in lists]
    words = web_words(language)["home"]
    figures = (words["today"].format(day=today(request)), f"{len(now)} {words['running']}", f"{len(soon)} {words['upcoming']}")
    return page(
        site,
        request,
        "home.html",
        changes_at=next_change((*now, *soon, *unsure), site, request.at),
        preview=Preview(about_topics(site.questions.topics, language)["title"], " · ".join(figures)),
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
    first = site.questions.ask(Question(ListKind.TOWN, code))
    answer = first if number == 1 else site.questions.ask(Question(ListKind.TOWN, code, number))
    if not isinstance(first, TownAnswer) or not isinstance(answer, TownAnswer):
        return missing(site, request)
    department = gazetteer().department(commune.department)
    view = town_view(answer, first, site.places, request.language, commune.department if department is None else department.name)
    return page(
        site,
        request,
        "town.html",
        changes_at=next_change((*first.decrees[: first.current], *answer.decrees, *answer.unplaced), site, request.at),
        preview=_preview(f"{commune.name} ({commune.department})", view.panel),
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
            department=commune.department,
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
    panel = department_panel(messages, total, health, site.places, code, language)
    return page(
        site,
        request,
        "department.html",
        changes_at=next_change((*whole, *listed), site, request.at),
        preview=_preview(f"{place.department} ({code})", panel),
        title=place.department,
        outline=outline_svg(code),
        crumbs=[Piece(words["nav"]["departments"], "/departements")],
        meta=[words["department"]["meta"].format(code=code), place.name],
        panel=panel,
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
            department=code,
        ),
    )


def _preview(title: str, panel: Panel) -> Preview:
    return Preview(title, panel.sentence.replace("**", ""), panel.label.text, panel.label.look)


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
        title=web_words(request.language)["operator"]["title"].format(to=with_article(name, "operators", request.language, after_to=True)),
        name=with_article(name, "operators", request.language),
        found=cards(found, site.places, request.at, request.language),
        total=known.decrees,
        page=number,
        pages=max(1, -(-known.decrees // _OPERATOR_PAGE)),
        follow=ways(site, request, f"/flux/operateurs/{slug}", name=name, follow=Follow(FollowKind.OPERATOR, operator_key(known.name))),
    )


# The page of a decree, with its picture as posts have it.

_UNTIL_DRAWN = timedelta(seconds=20)
"""How long the page of a decree is kept whose picture is not drawn: its size and what it highlights are known then."""


def decree(site: SiteContext, request: PageRequest) -> Document:
    """Return the page of one decree; 410 with a sentence for one that a person judged not to be one."""
    language, known = request.language, asked_decree(site, request)
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
    picture = None if copy is None else _picture(site, known, copy[0])
    changes_at = next_change((known,), site, request.at)
    if picture is not None and picture.file is None:
        changes_at = min(changes_at, request.at + _UNTIL_DRAWN)
    place = next(((piece.text, piece.address) for piece in (*view.communes, *view.departments) if piece.address is not None), None)
    brief = card(known, site.places, request.at, language)
    fetched = None if copy is None or copy[1] is None else instant_text(copy[1], message.place.time_zone, message.words)
    return page(
        site,
        request,
        "decree.html",
        changes_at=changes_at,
        preview=Preview(
            view.title.text if known.kind in GRANTS else view.title.record,
            " · ".join((capital(brief.spoken), *brief.meta)),
            view.label.text,
            view.label.look,
        ),
        title=view.title.text,
        decree=view,
        unwatched=unwatched(OneDecree(known, request.at, is_watched=known.topic in site.questions.watched), language),
        law=rules(),
        laws=laws([known.topic]),
        follow=decree_ways(site, request, known, place),
        picture=picture,
        alt="" if picture is None else _alt(message, picture),
        proof=site.pictures is not None and site.dossier is not None and not site.settings.files,
        copy=None if copy is None or fetched is None else {"sha256": copy[0], "time": fetched},
        made_at=instant_text(request.at, FRANCE.key, message.words),
    )


def proof(site: SiteContext, request: PageRequest) -> Document:
    """Return the dossier of a decree; 404 in a site of files, where it would be out of date, and 410 of one that was withdrawn."""
    known = asked_decree(site, request)
    if known is None or site.pictures is None or site.dossier is None or site.settings.files:
        return missing(site, request)
    if known.withdrawn_at is not None:
        return missing(site, request, status=410)
    page = site.settings.address(f"/arretes/{known.id}") if site.settings.public_url else ""
    given = site.dossier(known, page)
    return Document(b"", later=partial(in_turn, site, request, partial(_made, site.pictures, given)))


async def _made(pictures: PagePictures, given: DossierInput) -> Document:
    name = f"vigie-preuve-{given.decree.id}.zip"
    return Document(await pictures.dossier(given), ZIP, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def letter(site: SiteContext, request: PageRequest) -> Document:
    """Return a draft of a letter on a decree, for a word processor; 404 where there is none."""
    known = asked_decree(site, request)
    if known is None or known.withdrawn_at is not None:
        return missing(site, request)
    text = decree_view(message_of(known, site.places, request.at, "fr"), site.places).todo.letters.get(request.parameters["kind"])
    return missing(site, request) if text is None else Document(odt(text), ODT, changes_at=next_change((known,), site, request.at))


def _alt(message: MessageInput, shown: ShownPage) -> str:
    place, language = message.place, message.language
    return alt_text(message.decree, place, language, page=shown.page, highlighted=shown.highlighted, covered=shown.covered)


def _picture(site: SiteContext, decree: Decree, sha256: str) -> ShownPage | None:
    shown = None if site.pictures is None else site.pictures.look(decree, sha256)
    # A site of files has those that are drawn: nobody draws others later.
    return None if shown is not None and site.settings.files and shown.file is None else shown


def decree_picture(site: SiteContext, request: PageRequest) -> Document:
    """Return the picture of a decree, once it is drawn; 404 where there is none."""
    known = asked_decree(site, request)
    copy = None if known is None else site.decrees.copy_of(known)
    if known is not None and known.withdrawn_at is not None:
        return missing(site, request, status=410)
    if known is None or copy is None or site.pictures is None:
        return missing(site, request)
    shown = site.pictures.look(known, copy[0])
    if shown is not None and shown.file is None:
        return Document(b"", later=partial(in_turn, site, request, partial(_drawn, site, request, known, copy[0])))
    return _shown(site, request, shown)


async def _drawn(site: SiteContext, request: PageRequest, known: Decree, sha256: str) -> Document:
    return _shown(site, request, None if site.pictures is None else await site.pictures.drawn(known, sha256))


def _shown(site: SiteContext, request: PageRequest, shown: ShownPage | None) -> Document:
    return missing(site, request) if shown is None else Document(b"", "image/png", file=shown.file)


# Long texts.


@dataclass(frozen=True, slots=True)
class WindowView:
    """A period in which the law allows, as the page on the law shows it."""

    period: str
    source: str
    confidence: str
    checked: str
    longest: str


@dataclass(frozen=True, slots=True)
class TopicView:
    """A topic, as the page on what this is about shows it. `mark` ends the names of its parts, empty for the first."""

    mark: str
    heading: str
    texts: tuple[str, ...]
    events: str
    note: str
    purposes: tuple[Value, ...]
    kinds: tuple[Value, ...]
    law_caption: str
    law_gap: str
    windows: tuple[WindowView, ...]


def _topic_view(name: str, mark: str, language: Language) -> TopicView:
    words, text, own = words_in(language), web_words(language)["about"], topic_words(name, language)
    law = tuple(
        WindowView(
            (text["law_since"] if one.last == OPEN_END else text["law_between"]).format(
                first=date_text(one.first, words.dates), last=date_text(one.last, words.dates)
            ),
            one.source.partition(" (")[0],
            capital(text["confidence"][one.confidence]),
            text["law_checked"].format(date=date_text(one.checked, words.dates)),
            "" if one.months is None else text["law_month"] if one.months == 1 else text["law_months"].format(n=one.months),
        )
        for one in topics()[name].windows
    )
    return TopicView(
        mark,
        own.about.heading,
        tuple(own.about.texts),
        own.about.events,
        own.about.note,
        tuple(Value(capital(said), capital(own.purposes_explained[code])) for code, said in own.purposes.items()),
        tuple(Value(bare(own.kinds[one]), own.explained[one]) for one in Kind),
        text["law_caption"].format(called=own.called),
        text["law_gap"].format(called=own.called) if len(law) > 1 else "",
        law,
    )


def about(site: SiteContext, request: PageRequest) -> Document:
    """Return what this is about: the law with its dates, how it works, what it cannot see."""
    language, words, watched = request.language, words_in(request.language), site.questions.watched
    own, text = view_words(language), web_words(language)["about"]
    name = topics_told(watched, language, "name")
    flags = {
        Flag.OUTSIDE_WINDOW: words.flags.outside.format(name=name),
        Flag.LONGER_THAN_ALLOWED: words.flags.longer,
        Flag.PUBLISHED_AFTER_START: words.flags.late,
    }
    return page(
        site,
        request,
        "about.html",
        title=text["title"],
        topics=[_topic_view(one, f"-{one}" if number else "", language) for number, one in enumerate(watched)],
        flags=[Value(capital(flags[one]), own.flags[one.value].format(name=name)) for one in Flag],
        how=text["how_1"].format(called=topics_told(watched, language, "called")),
    )


def _text(template: str, section: str) -> Route:
    def make(site: SiteContext, request: PageRequest) -> Document:
        own = [paragraph.strip() for paragraph in site.settings.mentions.split("\n\n") if paragraph.strip()]
        return page(site, request, template, title=web_words(request.language)[section]["title"], own=own)

    return Route(f"/{'accessibilite' if section == 'accessibility' else section}", make)


# What a site of files has; pictures of pages where links to them may be shown elsewhere.


def _listed_decrees(site: SiteContext) -> Iterator[Parameters]:
    for some in site.browsing.slices(_SLICE):
        for one in some:
            yield {"id": str(one.id)}


def _previewed(route: Route) -> tuple[Route, Route]:
    def listed(site: SiteContext) -> Iterable[Parameters]:
        return ({},) if route.listed is None else route.listed(site)

    pattern = f"{route.pattern.rstrip('/')}/apercu.png"
    return route, Route(pattern, drawn(route.make), lambda site: listed(site) if site.settings.public_url else ())


_PAGED = frozenset({"page"})


def data(site: SiteContext, request: PageRequest) -> Document:
    """Return the page of open data: files, feeds, API, licence, and what every column of the files holds."""
    language, watched = request.language, site.questions.watched
    known, named = (topics_named(some, language) for some in ([first_topic()], watched))
    rows = [(column.name, column.type, column.said(language).replace(known, named)) for column in columns()]
    return page(site, request, "data.html", title=web_words(language)["data"]["title"], columns=rows)


PAGES: tuple[Route, ...] = (
    *_previewed(Route("/", home)),
    *LIST_PAGES,
    Route("/departements", departments),
    *_previewed(Route("/departements/{code}", department, lambda site: ({"code": code} for code in site.departments), _PAGED)),
    *_previewed(
        Route("/communes/{code}", town, lambda site: ({"code": one.code} for one in site.decrees.communes_named(site.departments)), _PAGED)
    ),
    *_previewed(Route("/arretes/{id}", decree, _listed_decrees)),
    Route("/arretes/{id}/page.png", decree_picture, twins=False),
    Route("/arretes/{id}/lettre-{kind}.odt", letter, twins=False),
    Route("/arretes/{id}/preuve.zip", proof, twins=False),
    Route("/operateurs/{slug}", operator, lambda site: ({"slug": one.slug} for one in site.browsing.operators()), _PAGED),
    Route("/sources", sources),
    Route("/apropos", about),
    Route("/donnees", data),
    _text("accessibility.html", "accessibility"),
    _text("mentions.html", "mentions"),
)
