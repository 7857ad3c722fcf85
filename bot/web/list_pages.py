"""Make the pages of many decrees: all, with filters; those in force on a day; those that a question finds; and when they went
online."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache

from bot.domain.acts import Decree, Kind, deciding_in
from bot.domain.health import Overview
from bot.domain.posts import FRANCE
from bot.gazetteer.gazetteer import Commune, Department, Region, gazetteer
from bot.messages.announcement import SEPARATOR
from bot.messages.lines import capital, date_text, thousands
from bot.messages.words import topic_words, words_in
from bot.queries.answers import (
    Answer,
    DecreeList,
    HelpRequest,
    ListKind,
    NothingFound,
    OneDecree,
    PlaceChoice,
    PlaceChoices,
    Question,
    SubjectCard,
)
from bot.queries.figures import LEAST_FOR_A_SHARE, OnlineCounts, authority_name
from bot.queries.phrases import choice_text, laws, message_of, plain_answer, title
from bot.queries.plain_words import choices_of, civil
from bot.queries.questions import LONGEST_WORDS
from bot.queries.running import running_on
from bot.queries.vocabulary import vocabulary
from bot.storage.browsing import DecreeFilter
from bot.web.documents import Document, PageRequest, Route, SiteContext
from bot.web.map import map_view
from bot.web.place_views import found_words, unread_label
from bot.web.rendering import Way, missing, next_change, number_of, page, running_of, today, ways, web_words
from bot.web.views import StateLabel, card, cards, standing_label, view_words

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
        departments=[(one, f"{site.places[one].department} ({one})") for one in site.departments],
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
    months, title, lead = vocabulary(language).figures.months, words["title"], words["lead"]
    if topic := site.settings.topic:
        named = topic_words(topic, language)
        title, lead = SEPARATOR.join((capital(named.short), title)), words["lead_of_topic"].format(on=named.on)
    bars = [(f"{months[month.month - 1]} {month.year}", counts, tuple(_bars(counts))) for month, counts in found.months if counts.total]
    rows = [(authority_name(code, site.places), counts) for code, counts in found.authorities]
    return page(
        site,
        request,
        "figures.html",
        changes_at=next_change((), site, request.at),
        title=title,
        lead=lead,
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


# What a question finds.


@dataclass(frozen=True, slots=True)
class Choice:
    """A place that may be meant."""

    name: str
    address: str
    meta: tuple[str, ...]
    label: StateLabel | None
    note: str


def search(site: SiteContext, request: PageRequest) -> Document:
    """Return what a question finds: the places that it may mean, then the decrees that hold its words, each with the phrase."""
    words = web_words(request.language)["search"]
    typed = " ".join(request.query.get("q", "").split())
    narrowed, rest = site.questions.about(typed)
    if narrowed is not site.questions:
        of_topic = replace(request, query={**request.query, "q": rest})
        return (search if rest else decrees)(site.of(narrowed.topic), of_topic)
    asked = civil(typed)
    if asked != typed:  # neither do links repeat insults
        request = replace(request, query={**request.query, "q": asked})
    if not any(sign.isalnum() for sign in asked) or len(asked) > LONGEST_WORDS:
        fault = words["too_long"] if len(asked) > LONGEST_WORDS else words["no_words"] if asked else ""
        fault = fault or (vocabulary(request.language).faults.no_question if typed else "")
        return page(site, request, "search.html", title=words["title"], asked="", fault=fault, choices=(), guessed=False, searched=False)
    meant = choices_of(site.questions.understood(typed), asked, site.places)
    # A place alone is what is asked about, and is also searched by its name.
    wanted = meant.choices[0].place.name if meant is not None and meant.sure and len(meant.choices) == 1 else asked
    answer = site.questions.plain(typed, number_of(request)) if meant is None else None
    if answer is None or isinstance(answer, PlaceChoices):
        meant = meant or answer
        answer = site.questions.search(wanted, number_of(request), corrects=meant is None or not meant.sure)
    if isinstance(answer, OneDecree):
        answer = DecreeList(Question(ListKind.NUMBER, wanted), (answer.decree,), 1, 1, request.at)
    if not isinstance(answer, DecreeList) and not (isinstance(answer, NothingFound) and answer.question.list_kind is ListKind.SEARCH):
        return _text_page(site, request, asked, answer)
    list_kind, listed = answer.question.list_kind, answer if isinstance(answer, DecreeList) else None
    counted = {ListKind.SEARCH: words["decrees_total"], ListKind.NUMBER: "{n}"}  # the title of other lists has their number
    shown = () if listed is None else tuple(one for one in listed.decrees if one.withdrawn_at is None)
    instead = None if listed is None else listed.searched
    wanted = answer.question.words if list_kind is ListKind.SEARCH else wanted
    return page(
        site,
        request,
        "search.html",
        changes_at=next_change(shown, site, request.at),
        title=words["title_words"].format(words=asked),
        asked=asked,
        fault="",
        choices=() if meant is None else tuple(_choices(meant, site, request)),
        # What may have been meant comes after what was found.
        guessed=meant is not None and not meant.sure and bool(shown),
        choices_note=_choices_note(meant, words),
        choices_more=""
        if meant is None or meant.total <= len(meant.choices)
        else words["communes_more"].format(n=meant.total - len(meant.choices)),
        searched=bool(shown) or meant is None or not meant.sure,
        heading=words["numbered"]
        if list_kind is ListKind.NUMBER
        else title(listed, request.language)
        if listed is not None and list_kind is not ListKind.SEARCH
        else words["decrees"],
        instead=None if instead is None else words["instead"].format(asked=wanted, searched=instead),
        found=tuple(_found(shown, instead or wanted, site, request)),
        unfinished=vocabulary(request.language).ask.unfinished if isinstance(answer, NothingFound) and answer.unfinished else "",
        count="" if listed is None or listed.total == 1 or list_kind not in counted else counted[list_kind].format(n=listed.total),
        page=1 if listed is None else listed.question.page,
        pages=1 if listed is None else listed.pages,
    )


def _text_page(site: SiteContext, request: PageRequest, asked: str, answer: Answer) -> Document:
    """Return the page of a question whose answer is no list: a text, with links on where a general one leads."""
    named = web_words(request.language)["search"]["title_words"].format(words=asked)
    is_general, card = isinstance(answer, SubjectCard | HelpRequest), vocabulary(request.language).subject
    text = plain_answer(answer, site.places, request.language, "telegram" if is_general else "mastodon")
    day = {"jour": request.at.astimezone(FRANCE).date()}
    own = {"today": ("/envigueur", day), "in_force": ("/envigueur", {}), "recent": ("/arretes", {})}
    further = [Way(card.next[name], site.settings.href(path, request.language, query), "") for name, (path, query) in own.items()]
    further += [Way(card.law, law, "", outside=True) for law in laws(site.questions.topics)]
    return page(
        site,
        request,
        "search.html",
        title=named,
        asked=asked,
        fault=text,
        further=further if is_general else (),
        choices=(),
        guessed=False,
        searched=False,
    )


def _choices_note(meant: PlaceChoices | None, words: Mapping[str, str]) -> str:
    if meant is None:
        return ""
    if meant.in_sentence or not meant.sure:
        return words["communes_named" if meant.in_sentence else "communes_near"]
    if len(meant.choices) == 1:
        return ""
    return words["communes_postcode"] if meant.asked.isdecimal() else words["communes_which"]


def _found(decrees: Iterable[Decree], asked: str, site: SiteContext, request: PageRequest) -> Iterator[object]:
    found = tuple(decrees)
    texts = site.decrees.texts([one.id for one in found if one.id is not None])
    for one in found:
        phrase = found_words(one.title, asked, one) or found_words(texts.get(one.id or 0, ""), asked, one)
        yield card(one, site.places, request.at, request.language, phrase)


def _choices(meant: PlaceChoices, site: SiteContext, request: PageRequest) -> Iterator[Choice]:
    """Yield the places, each commune with what is recorded of it."""
    words, overview = web_words(request.language)["search"], cache(site.overview)
    for choice in meant.choices:
        place = choice.place
        match place:
            case Commune():
                label, note = _recorded(place, overview, site, request)
                yield Choice(place.name, f"/communes/{place.code}", tuple(_commune_meta(place, choice, site, request)), label, note)
            case Department():
                yield Choice(place.name, f"/departements/{place.code}", (f"{words['department']} {place.code}",), None, "")
            case Region():
                for code in place.departments:
                    one = gazetteer().department(code)
                    if one is not None:
                        yield Choice(one.name, f"/departements/{code}", (f"{words['region']} {place.name}",), None, "")


def _recorded(commune: Commune, overview: Callable[[], Overview], site: SiteContext, request: PageRequest) -> tuple[StateLabel | None, str]:
    """Return the standing of the first decree that names a commune and counts today, and how many do; else that authorities there are not
    read, else whether a decree may concern it."""
    statuses, counts = view_words(request.language).status, vocabulary(request.language)
    total = site.decrees.naming((commune.code,), 0, 0).total
    if total:
        current = site.questions.whole(site.questions.running_in(commune)[:1])
        label = next((standing_label(message_of(one, site.places, request.at, request.language)) for one in current), None)
        return label, counts.count_one if total == 1 else counts.count_many.format(n=total)
    authorities = deciding_in({commune.department}, site.places)
    unread = unread_label([one for one in overview().authorities if one.code in authorities], request.language)
    if unread is not None:
        return unread, ""
    may_concern = site.decrees.naming_none(authorities, 0).total
    return (StateLabel(statuses.may_concern, "doubt") if may_concern else StateLabel(statuses.not_named, "past")), ""


def _commune_meta(place: Commune, choice: PlaceChoice, site: SiteContext, request: PageRequest) -> Iterator[str]:
    department_ = gazetteer().department(place.department)
    yield place.department if department_ is None else f"{department_.name} ({place.department})"
    if place.postcodes:
        yield ", ".join(place.postcodes[:3])
    if place.population is not None:
        yield view_words(request.language).place.people.format(n=thousands(place.population, request.language))
    if choice.matched is not None:
        yield choice_text(choice, request.language)


LIST_PAGES: tuple[Route, ...] = (
    Route("/arretes", decrees, query=frozenset({"departement", "nature", "depuis", "jusque", "page"})),
    Route("/chiffres", figures),
    Route("/envigueur", running, query=frozenset({"jour", "page"})),
    Route("/recherche", search, query=frozenset({"q", "page"}), dynamic=True),
)
