"""The pages that people read, over decrees of every state."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from io import BytesIO
from pathlib import Path
from struct import unpack
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from xml.etree import ElementTree
from zipfile import ZIP_STORED, ZipFile

import pytest

from bot.app.inventory import places_of
from bot.domain.acts import Decree, Facts
from bot.domain.topics import first_topic, topics
from bot.messages.legal import rules
from bot.messages.lines import followed_tags, hashtags
from bot.messages.words import LANGUAGES
from bot.queries.phrases import laws, message_of
from bot.queries.pictures import Sheet
from bot.queries.questions import Questions
from bot.queries.vocabulary import vocabulary
from bot.web.decree_view import decree_view
from bot.web.documents import Document, Preview, SiteContext, SiteSettings
from bot.web.previews import WIDTH, _lines, _png, _width
from bot.web.rendering import style, web_words
from bot.web.views import view_words
from sources.catalogue.authority import load_authorities
from sources.model import CatalogueError
from tests.bot.queries.conftest import NOW, PLACES, MemoryDecrees, decree
from tests.bot.web import samples
from tests.bot.web.conftest import MemoryBrowsing, get, memory_site

SETTINGS = SiteSettings(
    public_url="https://vigie.example",
    telegram="vigie_bot",
    mastodon="https://mastodon.example/@vigie",
    lists={"26": "https://listes.example/vsa-26"},
    licence="etalab-2.0",
    contact="contact@vigie.example",
    mentions="Association Exemple.\n\n1 rue de l’Exemple.",
)

KINDS_OF_PAGE = {
    "/": 200,
    "/envigueur": 200,
    "/envigueur?jour=2026-09-05": 200,
    "/arretes?departement=26": 200,
    "/departements": 200,
    "/departements/26": 200,
    "/departements/38": 200,
    "/communes/26362": 200,
    "/communes/26281": 200,
    "/communes/38185": 200,
    "/communes/2A004": 200,
    "/arretes/1104": 200,
    "/arretes/1001": 200,
    "/arretes/1002": 200,
    "/arretes/1005": 200,
    "/arretes/1008": 200,
    "/arretes/400": 200,
    "/arretes/1009": 200,
    "/arretes/1011": 200,
    "/arretes/1010": 410,
    "/operateurs/sncf": 200,
    "/recherche": 200,
    "/recherche?q=romans": 200,
    "/recherche?q=autorisation": 200,
    "/recherche?q=26200": 200,
    "/sources": 200,
    "/chiffres": 200,
    "/apropos": 200,
    "/donnees": 200,
    "/accessibilite": 200,
    "/mentions": 200,
    "/arretes/9": 404,
    "/communes/99999": 404,
    "/departements/R-IDF": 404,
    "/departements/PP": 404,
    "/operateurs/inconnu": 404,
}


def sample_site(settings: SiteSettings = SETTINGS, *watched: str, more: Sequence[Decree] = ()) -> SiteContext:
    """A site over the decrees of every state."""
    decrees = MemoryDecrees([*more, *samples.ALL])
    about = watched or (first_topic(),)
    questions = Questions(decrees, PLACES, lambda: NOW, overview=samples.sample_overview, page_size=20, watched=about)
    return SiteContext(questions, decrees, MemoryBrowsing(decrees), samples.sample_overview, PLACES, lambda: 1, settings)


def _listed(address: str) -> set[int]:
    return set(map(int, re.findall(r'<h3><a href="/arretes/(\d+)">', get(sample_site(), address).body.decode())))


def _text(page: Document) -> str:
    """What the page says, without tags."""
    body = re.sub(r"<(style|svg|head)\b.*?</\1>", " ", page.body.decode(), flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


@pytest.mark.parametrize(("address", "status"), KINDS_OF_PAGE.items())
def test_every_page_is_made_in_both_languages_and_names_its_twin(address: str, status: int) -> None:
    for language, prefix, other in (("fr", "", "/en"), ("en", "/en", "")):
        page = get(sample_site(), prefix + address)
        body = page.body.decode()
        assert page.status == status
        assert f'<html lang="{language}">' in body
        assert body.count("<h1") == 1
        assert "<script" not in body
        assert not re.search(r'\sstyle="', body)
        if status == 200:
            path = other + address.partition("?")[0]
            assert f'href="{path}' in body


@pytest.mark.parametrize(
    ("address", "look", "sentence"),
    [
        ("/communes/26362", "now", "Valence : 2 autorisations sont en cours"),
        ("/communes/26198", "soon", "Montélimar : une autorisation est à venir"),
        ("/communes/26281", "doubt", "ne nomme Romans-sur-Isère"),
        ("/communes/38185", "broken", "Vigie ne peut pas lire le site de la préfecture de l’Isère depuis le 3 août 2026"),
        ("/communes/2A004", "off", "Vigie ne lit pas les recueils de ce département"),
        ("/communes/73065", "off", "Vigie n’a pas encore lu les recueils de la préfecture de la Savoie"),
        ("/communes/21231", "none", "Aucun arrêté relevé par Vigie ne nomme Dijon"),
        ("/departements/26", "now", "4 autorisations sont en cours dans ce département"),
        ("/departements/38", "broken", "Vigie ne peut pas dire s’il y a un arrêté"),
        ("/departements/974", "off", "Vigie ne lit pas les recueils de ce département"),
    ],
)
def test_a_place_is_answered_in_one_sentence_before_its_lists(address: str, look: str, sentence: str) -> None:
    page = get(sample_site(), address)
    body = page.body.decode()
    panel = body[body.index('<div class="panel ') : body.index("</div>", body.index('<div class="panel '))]
    assert panel.startswith(f'<div class="panel {look}">')
    assert sentence in " ".join(re.sub(r"<[^>]+>", "", panel).split())


@pytest.mark.parametrize("address", ["/", "/communes/26362", "/departements/26", "/arretes/1104"])
def test_a_page_says_to_networks_what_it_is_about(address: str) -> None:
    body = get(sample_site(), address).body.decode()
    said = dict(re.findall(r'<meta (?:property|name)="(?:og|twitter):([\w:]+)" content="([^"]+)">', body))
    title = re.findall(r"<title>(.+?)</title>", body)[0]
    (described,) = re.findall(r'<meta name="description" content="([^"]+)">', body)
    assert (said["title"], said["description"], said["url"]) == (title, described, f"https://vigie.example{address}")
    assert (said["image"], said["card"]) == (f"https://vigie.example{address.rstrip('/')}/apercu.png", "summary_large_image")
    assert "og:" not in get(sample_site(SiteSettings()), address).body.decode(), "without an address of its own"


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("/", r"La vidéosurveillance .+ · 4 en cours · 1 à venir"),
        ("/en/communes/26362", r"In force · Valence \(26\) · Valence: 2 authorisations are in force\."),
        ("/communes/38185", r"Illisible en ce moment · Grenoble \(38\) · Vigie ne peut pas lire le site de la préfecture de l’Isère"),
        ("/departements/26", r"En cours · Drôme \(26\) · 4 autorisations sont en cours"),
        ("/arretes/1104", r"En cours · Valence : festival des Lumières · Du 19 août 2026 à 14 h au 23 août 2026 à 2 h · Drôme \(26\) · "),
        ("/arretes/1008", r"Refus · Romans-sur-Isère : carnaval · Dates inconnues"),
    ],
)
def test_the_picture_of_a_page_holds_what_the_page_says(address: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    body = get(sample_site(), address).body.decode()
    (described,) = re.findall(r'<meta property="og:image:alt" content="([^"]+)">', body)
    assert re.match(told, " ".join(unescape(described).split())), described
    written: list[str] = []
    monkeypatch.setattr(Sheet, "write", lambda _sheet, _at, words, *_, **__: written.append(words))
    drawn = get(sample_site(SiteSettings(name=address, public_url="https://vigie.example")), f"{address.rstrip('/')}/apercu.png")
    assert (drawn.media_type, drawn.body[:8], unpack(">II", drawn.body[16:24])) == ("image/png", b"\x89PNG\r\n\x1a\n", (1200, 630))
    assert " ".join(written[1:-1]).replace("·", "").split() == unescape(described).replace("·", "").split()
    assert written[-1].startswith("vigie.example · ")


@pytest.mark.parametrize(("address", "status"), [("/arretes/9999", 404), ("/arretes/1010", 410), ("/communes/99999", 404)])
def test_there_is_no_picture_of_what_is_no_page(address: str, status: int) -> None:
    assert get(sample_site(), address).status == status
    assert get(sample_site(), f"{address}/apercu.png").status == status


def test_a_picture_has_room_for_any_words() -> None:
    for title in ("W" * 900, "arrêté de la commune " * 99, "\u202e<b>→"):
        shown = Preview(title, title, "Illisible en ce moment", "broken")
        assert unpack(">II", _png(shown, "Vigie", "")[16:24]) == (WIDTH, 630)
        assert all(_width(line, 60) < WIDTH - 60 for line in _lines(title, 60, 3))


def test_an_error_in_a_decree_can_be_reported() -> None:
    assert 'href="mailto:contact@vigie.example?subject=Erreur%20dans%20l' in get(sample_site(), "/arretes/1104").body.decode()
    assert "Signaler une erreur" not in get(sample_site(SiteSettings()), "/arretes/1104").body.decode()


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("departement=38", {400}),
        ("nature=refusal", {1008}),
        ("nature=refusal&departement=38", set()),
        ("depuis=2026-08-19&departement=26", set()),
        ("departement=nulle-part&nature=x&depuis=hier", {one.id for one in samples.ALL if one.withdrawn_at is None}),
    ],
)
def test_all_decrees_are_listed_by_department_kind_and_day(query: str, numbers: set[int]) -> None:
    assert _listed(f"/arretes?{query}") == numbers


@pytest.mark.parametrize(
    ("day", "there", "not_there"),
    [
        ("2026-09-05", {1090, 1120}, {1104, 900}),
        ("2026-06-06", {900}, {1104, 1120}),
        # It ends at 2 h of that day; on the next it is over.
        ("2026-08-23", {1104}, {1120}),
        ("2026-08-24", {1090}, {1104}),
        # Its own period ended on 19 August, that of the decree that modifies it on the 26th.
        ("2026-08-24", {1005}, set()),
        ("2026-08-27", set(), {1005}),
    ],
)
def test_what_is_in_force_on_a_day_is_listed_and_on_the_map(day: str, there: set[int], not_there: set[int]) -> None:
    body = get(sample_site(), f"/envigueur?jour={day}").body.decode()
    sure, _, _ = body.partition('<section id="a-verifier">')
    found = set(map(int, re.findall(r'<h3><a href="/arretes/(\d+)">', sure)))
    assert there <= found
    assert not not_there & found
    count = len({one.id for one in samples.ALL if one.id in found and one.authority == "26"})
    assert re.search(rf"Drôme \(26\), arrêtés depuis un an\s: \d+, autorisations en cours\s: {count}<", body)


@pytest.mark.parametrize(
    ("address", "list_of_recueils"),
    [
        ("/communes/38185", "https://www.isere.gouv.fr/Publications/RAA"),
        ("/departements/38", "https://www.isere.gouv.fr/Publications/RAA"),
        ("/communes/2A004", "https://www.corse-du-sud.gouv.fr/RAA"),
        ("/departements/2A", "https://www.corse-du-sud.gouv.fr/RAA"),
    ],
)
def test_what_is_not_read_links_the_recueils_of_the_authority_itself(address: str, list_of_recueils: str) -> None:
    for listed in (get(sample_site(), address), get(sample_site(), "/sources")):
        assert f'<a href="{list_of_recueils}" rel="noopener noreferrer">' in listed.body.decode()
    assert "vous pouvez consulter ces recueils vous-même" in _text(get(sample_site(), address))
    catalogued = places_of(load_authorities())
    assert all(place.recueils.startswith("https://") for place in catalogued.values() if not place.code.startswith("R-"))


def test_decrees_that_name_no_town_are_said_to_be_of_the_authority_where_all_are_of_one() -> None:
    said = _text(get(memory_site(MemoryDecrees([decree(1), decree(2)])), "/communes/26198")).replace("\u00a0", " ")
    assert "2 arrêtés de la préfecture de la Drôme ne nomment aucune commune" in said


def test_a_department_lists_each_decree_once_what_is_over_ended_or_refused_after_what_counts_today() -> None:
    current, _, others = get(sample_site(), "/departements/26").body.decode().partition('<section id="autres">')
    for one in (samples.OVER, samples.ENDED, samples.REFUSED):
        assert f'"/arretes/{one.id}"' in others
        assert f'"/arretes/{one.id}"' not in current
    assert "Terminé" in others
    listed = re.findall(r'<h3><a href="/arretes/(\d+)">', current + others)
    assert len(listed) == len(set(listed))
    assert set(listed) >= {str(one.id) for one in samples.ALL if one.authority == "26" and one.withdrawn_at is None}


def test_a_town_that_no_decree_names_is_no_bare_no_and_leads_to_the_words() -> None:
    text, body = (render(get(sample_site(), "/communes/26281")) for render in (_text, lambda page: page.body.decode()))
    assert "ne nomment aucune commune : ils peuvent concerner Romans-sur-Isère" in text
    assert "Dernière lecture : 20 août 2026 à 13 h 48" in text
    assert 'href="/recherche?q=Romans-sur-Is%C3%A8re"' in body


def test_a_place_offers_feeds_a_calendar_and_the_chat() -> None:
    body = get(sample_site(), "/en/communes/26362").body.decode()
    assert '<link rel="alternate" type="application/atom+xml" href="/en/flux/communes/26362.atom"' in body
    assert 'href="/en/flux/communes/26362.ics"' in body
    assert 'href="https://t.me/vigie_bot?start=c26362"' in body
    assert 'href="https://mastodon.example/tags/dept26"' in body
    assert "tagged" not in body
    assert 'href="https://listes.example/vsa-26"' in body
    assert "listes.example" not in get(sample_site(), "/departements/38").body.decode()
    bare = get(sample_site(SiteSettings()), "/communes/26362").body.decode()
    assert "t.me" not in bare
    assert "mastodon" not in bare
    tag = followed_tags(hashtags(PLACES["PP"], first_topic()))[1].removeprefix("#")
    for address in ("/departements/93", "/communes/75056"):
        assert f'href="https://mastodon.example/@vigie/tagged/{tag}"' in get(sample_site(), address).body.decode(), "what posts of PP bear"


def test_a_decree_and_its_event_can_be_followed_where_the_bot_listens() -> None:
    page = get(sample_site(), "/arretes/1104")
    ways = re.findall(r'<a class="go" href="([^"]+)"[^>]*>([^<]+)</a>', page.body.decode().partition("<h2>Suivre cet arrêté</h2>")[2])
    assert [(address, " ".join(name.split())) for address, name in ways[:4]] == [
        ("https://t.me/vigie_bot?start=a1104", "Telegram"),
        ("https://t.me/vigie_bot?start=e1104", "Telegram : festival des Lumières de Valence"),
        ("/flux/communes/26362.ics", "Calendrier (.ics) : Valence"),
        ("/flux/communes/26362.atom", "Flux Atom : Valence"),
    ]
    assert "start=e" not in get(sample_site(), "/arretes/1002").body.decode(), "it has no event"
    bare = get(sample_site(SiteSettings()), "/en/arretes/1104").body.decode()
    assert "<h2>Follow this decree</h2>" in bare
    assert "t.me" not in bare


def test_a_decree_has_its_copy_with_hash_and_time_and_the_page_of_the_pdf() -> None:
    text, body = _text(get(sample_site(), "/arretes/1104")), get(sample_site(), "/arretes/1104").body.decode()
    assert "Copie lue le 18 août 2026 à 17 h 42" in text
    assert "3f9a" * 16 in text
    assert 'href="https://www.drome.gouv.fr/contenu/telechargement/recueil-1104.pdf#page=7"' in body
    assert text.count("Projets rédigés par un programme") == 2


def test_a_decree_tells_between_which_looks_it_went_online() -> None:
    shown = _text(get(sample_site(), f"/arretes/{samples.FULL.id}"))
    for text in (
        "Mis en ligne la veille du début",
        "Mis en ligne entre mar. 18 août, 17 h 25 et 17 h 40",
        "Mis en ligne entre le 18 août 2026 à 17 h 25 et 17 h 40.",
    ):
        assert text in shown
    assert "Mis en ligne la veille du début" in _text(get(sample_site(), "/arretes"))
    assert "Mis en ligne" not in _text(get(sample_site(), f"/arretes/{samples.TRAINS.id}"))


def test_shares_of_what_went_online_late_have_their_number_and_few_decrees_none() -> None:
    many = [replace(samples.FULL, id=number) for number in range(1, 11)]
    other = replace(samples.FULL, id=11, authority="38")
    page = get(memory_site(MemoryDecrees([*many, other])), "/chiffres")
    shown = _text(page)
    assert "août 2026 sur 11 · 0 % après le début, 0 % le jour même, 100 % la veille, 0 % plus tôt" in shown
    shown = shown.replace("&#160;", " ")
    assert "Toutes sur 11 0 % 0 % 100 % Drôme (26) sur 10 0 % 0 % 100 % Isère (38) sur 1 trop peu" in shown
    assert '<rect class="m2" x="0" width="100" height="4"/>' in page.body.decode()
    assert "Aucune autorisation dont la mise en ligne soit connue" in _text(get(memory_site(MemoryDecrees([])), "/chiffres"))


def test_a_former_code_and_other_spellings_of_an_address_lead_to_the_one_of_today() -> None:
    for address, to in (
        ("/departements/2a", "/departements/2A"),
        ("/departements/1", "/departements/01"),
        ("/communes/1053", "/communes/01053"),
        ("/operateurs/SNCF", "/operateurs/sncf"),
    ):
        page = get(sample_site(), address)
        assert (page.status, page.headers.get("Location")) == (301, to)


def test_a_search_takes_a_question_in_a_sentence_for_the_place_that_it_asks_about() -> None:
    page = get(sample_site(), "/recherche?q=Est-ce+utilis%C3%A9+%C3%A0+Romans-sur-Is%C3%A8re+%3F").body.decode()
    assert 'href="/communes/26281"' in page
    assert "Est-ce utilisé à Romans-sur-Isère ?" in page, "what was asked stays in the field"


def test_a_search_without_letters_says_what_can_be_searched() -> None:
    for asked, said in (("%F0%9F%98%80", True), ("%3F", True), ("", False)):
        assert ("Cherchez avec des lettres ou des chiffres" in _text(get(sample_site(), f"/recherche?q={asked}"))) is said


def test_a_withdrawn_decree_is_gone_with_a_sentence_and_stands_in_no_list() -> None:
    page = get(sample_site(), "/arretes/1010")
    assert "Écarté le 19 août 2026" in _text(page)
    assert 'href="/communes/26362"' in page.body.decode()
    for address in ("/", "/envigueur", "/communes/26362", "/departements/26", "/recherche?q=autorisation"):
        assert "/arretes/1010" not in get(sample_site(), address).body.decode()


@pytest.mark.parametrize("address", ["/arretes/1011", "/departements/01", "/", "/recherche?q=alert"])
def test_what_a_decree_says_can_do_nothing(address: str) -> None:
    body = get(sample_site(), address).body.decode()
    assert "<img src=x" not in body
    assert "javascript:" not in body
    assert "49" not in body.partition("{{7*7}}")[0][-20:]
    assert "\u202e" not in body
    assert "DUPONT" not in body


@pytest.mark.parametrize("asked", ['"><script>alert(1)</script>', "{{7*7}}", "%", "x" * 201, "\u202e\x00", "' or 1=1 --", "<b>gare</b>"])
def test_a_question_is_shown_as_text(asked: str) -> None:
    site = sample_site()
    page = get(site, "/recherche?q=" + "".join(f"%{byte:02X}" for byte in asked.encode()))
    body = page.body.decode()
    assert page.status == 200
    assert "<script" not in body
    assert "<b>gare" not in body


def test_a_search_shows_places_first_and_the_words_in_their_phrase() -> None:
    body = get(sample_site(), "/recherche?q=romans").body.decode()
    assert [body.index(place) for place in ("Romans-sur-Isère", "Deux-Sèvres", "Ain (01)")] == sorted(
        body.index(place) for place in ("Romans-sur-Isère", "Deux-Sèvres", "Ain (01)")
    )
    assert "<mark>autorisation</mark>" in get(sample_site(), "/recherche?q=autorisations").body.decode()
    assert 'href="/arretes/1104"' in get(sample_site(), "/recherche?q=2026-1104").body.decode()


def test_a_search_by_a_postcode_speaks_of_it_and_not_of_a_name() -> None:
    search = web_words("fr")["search"]
    body = get(sample_site(), "/recherche?q=26200").body.decode()
    assert search["communes_postcode"] in body
    assert search["communes_which"] not in body
    assert search["communes_which"] in get(sample_site(), "/recherche?q=romans").body.decode()


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_the_page_of_an_arrondissement_leads_to_its_city_by_name(prefix: str) -> None:
    body = get(sample_site(), f"{prefix}/communes/75112").body.decode()
    assert f'<a href="{prefix}/communes/75056">Paris</a>' in body


def test_a_search_says_that_the_records_are_read_again() -> None:
    decrees = MemoryDecrees([decree(1)])
    site, said = memory_site(decrees), vocabulary("fr").ask.unfinished
    assert said not in get(site, "/recherche?q=zorglub").body.decode()
    decrees.renewing = True
    assert said in get(site, "/recherche?q=zorglub").body.decode()


def test_a_general_question_gets_the_card_with_links_on_and_no_commands_of_chats() -> None:
    for asked in ("comment+contester", "aide"):
        body = get(sample_site(), f"/recherche?q={asked}").body.decode()
        links = re.findall(r'<a class="go" href="([^"]+)"', body)
        assert links == ["/envigueur?jour=2026-08-20", "/envigueur", "/arretes", *laws([first_topic()])]
        assert "/recents" not in body


def test_decrees_of_one_number_are_not_said_to_have_words_in_their_titles() -> None:
    alike = [replace(decree(number), facts=Facts(number="2026-7")) for number in (1, 2)]
    body = get(memory_site(MemoryDecrees(alike)), "/recherche?q=2026-7").body.decode()
    assert '<span class="note">2</span>' in body
    assert "dans leur titre" not in body


@pytest.mark.parametrize(
    ("town", "label"),
    [
        ("dijon", "not_named"),
        ("crolles", "unread"),
        ("chambéry", "never_read"),
        ("ajaccio", "not_covered"),
        ("montélier", "may_concern"),
    ],
)
def test_a_search_never_says_that_nothing_was_found_where_nothing_is_read(town: str, label: str) -> None:
    places = get(sample_site(), f"/recherche?q={town}").body.decode().partition("<h2>Lieux</h2>")[2]
    shown = re.search(r'<span class="label \w+">([^<]+)</span>', places)
    assert shown is not None
    assert shown[1] == getattr(view_words("fr").status, label)


def test_a_page_is_made_anew_when_a_decree_begins_or_ends_and_at_midnight() -> None:
    # Paris is two hours ahead: midnight there, and the end at 2 h of the last day.
    assert get(sample_site(), "/arretes/1104").changes_at == datetime(2026, 8, 20, 22, tzinfo=UTC)
    late = datetime(2026, 8, 22, 23, tzinfo=UTC)
    assert get(sample_site(), "/arretes/1104", late).changes_at == datetime(2026, 8, 23, 0, tzinfo=UTC)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_confidence_of_each_window_has_words(language: Any) -> None:
    assert {one.confidence for topic in topics().values() for one in topic.windows} <= set(web_words(language)["about"]["confidence"])


def test_no_page_speaks_of_what_passes_while_it_is_kept() -> None:
    for address in ("/", "/envigueur", "/communes/26362", "/arretes/1104", "/sources"):
        text = _text(get(sample_site(), address))
        assert not re.search(r"il y a \d|dans \d+ (?:h|jours?)\b|demain|hier", text)


def test_a_number_is_on_one_line_and_nothing_but_text_is_changed() -> None:
    body = get(sample_site(), "/arretes/1104").body.decode()
    assert '<span class="nb">2026-1104</span>' in body
    inside_tags = re.findall(r"<[^>]*nb[^>]*>", body)
    assert set(inside_tags) == {'<span class="nb">'}
    title = re.search(r"<title>(.*?)</title>", body)
    assert title is not None
    assert "<" not in title[1]
    assert 'href="https://www.drome.gouv.fr/contenu/telechargement/recueil-1104.pdf#page=7"' in body


def test_the_style_sheet_stays_small_and_asks_for_nothing() -> None:
    sheet = style()
    assert len(sheet) < 14_200
    assert b"url(" not in sheet
    assert b"@import" not in sheet


def test_the_first_page_says_of_how_many_more_decrees_it_is_not_certain() -> None:
    page = get(sample_site(), "/")
    assert "Pour 3 de plus, ce n’est pas certain" in _text(page)
    assert 'href="/envigueur#a-verifier"' in page.body.decode()


@pytest.mark.parametrize("number", [1104, samples.ALL[-1].id or 0])
def test_a_letter_opens_in_a_word_processor(number: int) -> None:
    site = sample_site()
    known = next(one for one in samples.ALL if one.id == number)
    letters = decree_view(message_of(known, PLACES, NOW, "fr"), PLACES).todo.letters
    assert letters
    for kind, text in letters.items():
        made = get(site, f"/arretes/{number}/lettre-{kind}.odt")
        assert made.media_type == "application/vnd.oasis.opendocument.text"
        with ZipFile(BytesIO(made.body)) as archive:
            first = archive.infolist()[0]
            assert (first.filename, first.compress_type, archive.read(first).decode()) == ("mimetype", ZIP_STORED, made.media_type)
            assert set(archive.namelist()) == {"mimetype", "META-INF/manifest.xml", "content.xml"}
            parts = [archive.read(name) for name in ("META-INF/manifest.xml", "content.xml")]
        _, content = (ElementTree.fromstring(part) for part in parts)  # noqa: S314 our own
        lines = ["".join(one.itertext()) for one in content.iter() if one.tag.endswith("}p")]
        assert lines == text.rstrip("\n").split("\n")
    page = get(site, f"/arretes/{number}").body.decode()
    links = {f"/arretes/{number}/lettre-cada.odt", *rules().links.values(), *rules().addresses.values()}
    assert {link for link in links if link in page} == links
    assert rules().addresses.keys() <= rules().articles.keys()
    assert get(site, f"/arretes/{number}/lettre-autre.odt").status == 404


def test_a_request_for_documents_is_filled_in_where_madada_knows_the_authority(tmp_path: Path) -> None:
    site = sample_site()
    assert "madada.fr" not in get(site, "/arretes/1104").body.decode()
    entry = """code = "26"\nname = "Préfecture de la Drôme"\ndepartment = "Drôme"\nnot_covered = "x"\nmadada = "%s"\n"""
    (tmp_path / "26-drome.toml").write_text(entry % "prefecture_26", "utf-8")
    known = replace(site, places=places_of(load_authorities(tmp_path)))
    (address,) = re.findall(r'href="(https://madada\.fr/[^"]+)"', get(known, "/arretes/1104").body.decode())
    parts = urlsplit(unescape(address))
    asked = dict(parse_qsl(parts.query))
    assert parts.path == "/new/prefecture_26"
    assert asked["title"] == "Documents relatifs à l’arrêté n° 2026-1104 du 17 août 2026 (vidéosurveillance algorithmique)"
    assert asked["body"].startswith("Madame, Monsieur,\n\nEn application")
    assert "\n1. " in asked["body"]
    assert len(address) < 6_000, "servers take some 8,000 characters"
    (tmp_path / "26-drome.toml").write_text(entry % "../x?y", "utf-8")
    with pytest.raises(CatalogueError, match="madada"):
        load_authorities(tmp_path)


# What is shown where several topics are watched, and where one is.

FILMED = replace(samples.FULL, id=2001, topic="drones", title="Arrêté portant autorisation de captation d’images", identities=())


def _of_topics(*watched: str, more: tuple[Decree, ...] = ()) -> SiteContext:
    filmed = replace(FILMED, facts=replace(FILMED.facts, number="2026-2001", purposes=("gatherings",), software=None, vendor=None))
    return sample_site(SETTINGS, *watched, more=[filmed, *more])


@pytest.mark.parametrize(
    ("address", "title"),
    [
        ("/", "La préfecture fait‑elle filmer par drone près de chez vous ?"),
        ("/envigueur", ""),
        ("/arretes", ""),
        ("/departements/26", ""),
        ("/communes/26362", ""),
        ("/recherche?q=autorisation", ""),
        ("/recherche?q=drones+autorisation", ""),
        ("/operateurs/police-municipale-de-valence", ""),
    ],
)
def test_a_page_is_narrowed_to_the_topic_that_is_chosen_and_names_the_topic_of_each_decree(address: str, title: str) -> None:
    site = _of_topics("vsa", "drones")
    every = get(site, address).body.decode()
    mark = "&" if "?" in address else "?"
    if "drones" not in address:
        assert f'href="{address}{mark}topic=drones"' in every.replace("&amp;", "&")
        assert "/arretes/2001" in every
        assert "/arretes/1104" in every
    chosen = get(site, address if "drones" in address else f"{address}{mark}topic=drones").body.decode()
    assert "/arretes/2001" in chosen
    assert "/arretes/1104" not in chosen
    assert "topic=" not in "".join(re.findall(r'href="(/arretes/[^"]*)"', chosen)), "a decree has one address"
    assert 'href="/envigueur?topic=drones"' in chosen
    assert title in chosen
    for line in re.findall(r'<h3><a href="/arretes/2001">.*?</h3>\s*<p class="meta">(.*?)</p>', every, re.DOTALL):
        assert line.startswith("Drones · ")
    for line in re.findall(r'<h3><a href="/arretes/1104">.*?</h3>\s*<p class="meta">(.*?)</p>', every, re.DOTALL):
        assert line.startswith("VSA · ")


@pytest.mark.parametrize(
    ("address", "heading", "on"),
    [
        ("/chiffres", "Quand les autorisations sont mises en ligne", "sur la captation d’images par drone"),
        ("/en/chiffres", "When authorisations go online", "on the capture of images by drone"),
    ],
)
def test_figures_name_the_topic_that_is_chosen(address: str, heading: str, on: str) -> None:
    every, chosen = (get(_of_topics("vsa", "drones"), f"{address}{query}").body.decode() for query in ("", "?topic=drones"))
    assert (f"<h1>{heading}</h1>" in every, f"<h1>Drones · {heading}</h1>" in chosen) == (True, True)
    assert [page.replace("\u00a0", " ").count(f" {on} ") for page in (every, chosen)] == [0, 3], "both descriptions and the lead"


@pytest.mark.parametrize("form", ["atom", "json", "ics"])
@pytest.mark.parametrize("feed", ["arretes", "envigueur", "departements/26", "communes/26362", "operateurs/police-municipale-de-valence"])
def test_a_feed_is_of_the_topic_that_is_chosen_and_says_so(feed: str, form: str) -> None:
    site, address = _of_topics("vsa", "drones"), f"/flux/{feed}.{form}"
    every, chosen = (get(site, one).body.decode().replace("\r\n ", "") for one in (address, f"{address}?topic=drones"))
    assert "arretes/2001" in every
    assert "arretes/1104" in every
    assert "arretes/2001" in chosen
    assert "arretes/1104" not in chosen
    assert ("par drone" in chosen, "algorithmique" in chosen) == (True, False)
    if form != "ics":
        assert f"{address}?topic=drones" in chosen, "its own address"
        assert get(site, f"{address}?topic=vsa").body != get(site, address).body


@pytest.mark.parametrize("address", [*KINDS_OF_PAGE, "/flux/arretes.atom", "/flux/communes/26362.json", "/flux/envigueur.ics"])
def test_where_one_topic_is_watched_nobody_sees_the_word(address: str) -> None:
    for prefix in ("", "/en") if "flux" not in address else ("",):
        body = get(sample_site(), prefix + address).body.decode()
        words = {"sujet", "sujets", "topic", "topics"} if address != "/donnees" else set()  # a key of the data, as ever
        assert not words & set(re.findall(r"[a-z]+", re.sub(r'"/api[^"]*"', "", body).lower()))
        assert not re.search(r"drones|p[ée]rim[eè]tre de protection", body, re.IGNORECASE)


def test_a_decree_of_a_topic_that_is_not_watched_any_more_says_so_on_its_page() -> None:
    said = "La captation d’images par drone : ce sujet n’est plus surveillé par Vigie."
    for watched, is_said in ((("vsa",), True), (("vsa", "drones"), False)):
        body = _text(get(_of_topics(*watched), "/arretes/2001"))
        assert (said in body) == is_said
        assert "n’est plus surveillé" not in _text(get(_of_topics(*watched), "/arretes/1104"))


def test_the_page_of_a_decree_cites_the_law_of_its_topic_and_misses_no_fact_that_the_topic_never_has() -> None:
    facts = replace(FILMED.facts, purposes=("bags",), cameras=None, camera_types=(), software=None, vendor=None)
    gate = replace(FILMED, id=2002, topic="perimeters", title="Périmètre de protection", facts=facts)
    site = _of_topics("vsa", "drones", "perimeters", more=(gate,))
    assert all("n° 2023-380" not in get(site, f"/arretes/{one}").body.decode() for one in (2001, 2002))
    assert "n° 2023-828 (Légifrance)" in _text(get(site, "/arretes/1104"))
    page, listed = _text(get(site, "/arretes/2002")), _text(get(site, "/arretes?topic=perimeters"))
    assert not re.search(r"Logiciel|Caméras", page)
    assert "Texte de loi (Légifrance)" in page
    assert "caméras" not in listed


def test_the_page_on_what_this_is_about_tells_of_each_topic_that_is_watched() -> None:
    page = get(_of_topics("vsa", "drones", "perimeters"), "/apropos")
    body = _text(page)
    for told in ("Huit événements", "Six finalités", "Palpations", "la VSA, les drones qui filment et les périmètres de protection"):
        assert told in body
    assert len(re.findall(r' id="(\w[\w-]*)"', page.body.decode())) == len(set(re.findall(r' id="(\w[\w-]*)"', page.body.decode())))
