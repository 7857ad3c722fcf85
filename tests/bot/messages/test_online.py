"""What is said of when a decree went online: the bracket in the long form, and one line of a post where it matters."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.domain.acts import Decree, Facts, Kind, Moment, Place, Sighting
from bot.domain.law import Flag
from bot.domain.publication import FileVersion, Look, Online
from bot.messages.announcement import announce, announce_in_full, mastodon_status, plain_decree
from bot.messages.lines import MessageInput, PostPart
from bot.messages.words import Language, StatusLimits, with_plain_spaces
from bot.web.decree_view import decree_view
from bot.web.views import flags_of
from tests.bot.messages.samples import DROME, FULL, GUADELOUPE, NOW, PDF, advised, decree

LATE = advised(flags=(Flag.PUBLISHED_AFTER_START,), late=9)
LIST = "https://www.drome.example/raa"


def look(text: str, server: timedelta | None = None) -> Look:
    """A look at this instant by the clock of Paris (`20T10:50` of April 2031)."""
    asked = datetime.fromisoformat(f"2031-04-{text}").replace(tzinfo=ZoneInfo("Europe/Paris")).astimezone(UTC)
    return Look(LIST, asked, asked + timedelta(seconds=1), 200, None if server is None else asked + server)


def seen(before: str | None, first: str, **more: Any) -> Online:
    return Online(look(first), None if before is None else look(before), **more)


def published(online: Online | None, *others: Online | None, **changes: Any) -> Decree:
    """The decree of 20 April, 14 h, to 21 April, 6 h, seen in one recueil and others."""
    urls = (PDF, *(f"{PDF}?{number}" for number, _ in enumerate(others)))
    places = (Sighting("26", url, 7, NOW, online=one) for url, one in zip(urls, (online, *others), strict=True))
    return decree(sightings=tuple(places), **{"published": None, **changes})


def said(of: Decree, language: Language = "fr", place: Place = DROME) -> list[str]:
    card = announce_in_full(MessageInput(of, place, NOW, language))
    return [with_plain_spaces(line.text) for line in card.lines_of(PostPart.ONLINE)]


@pytest.mark.parametrize(
    ("online", "french", "english"),
    [
        (
            seen("20T10:50", "20T11:05"),
            ["Mis en ligne entre le 20 avril 2031 à 10 h 50 et 11 h 06"],
            ["Went online between 20 April 2031, 10:50 and 11:06"],
        ),
        (
            seen("19T23:50", "20T00:05"),
            ["Mis en ligne entre le 19 avril 2031 à 23 h 50 et le 20 avril 2031 à 0 h 06"],
            ["Went online between 19 April 2031, 23:50 and 20 April 2031, 00:06"],
        ),
        (
            seen("18T10:50", "20T11:05"),
            [
                (
                    "Mis en ligne entre le 18 avril 2031 à 10 h 50 et le 20 avril 2031 à 11 h 06 ; aucune lecture de la "
                    "liste n’a réussi entre-temps (site injoignable ou rarement lu)"
                ),
            ],
            [
                (
                    "Went online between 18 April 2031, 10:50 and 20 April 2031, 11:06; the listing could not be read in "
                    "between (site out of reach, or seldom read)"
                ),
            ],
        ),
        (
            seen(None, "20T11:05"),
            [
                (
                    "Relevé le 20 avril 2031 à 11 h 06 ; pas vu auparavant : premier relevé de cette liste, ou liste qui "
                    "n’avait pas pu être lue en entier"
                ),
            ],
            ["Found 20 April 2031, 11:06; not seen before: first look at this listing, or a listing that could not be read whole"],
        ),
        (
            seen("20T12:50", "20T11:05"),
            ["Relevé le 20 avril 2031 à 11 h 06 ; pas vu auparavant : l’horloge de Vigie a été reculée entre-temps"],
            ["Found 20 April 2031, 11:06; not seen before: the clock of Vigie was set back in between"],
        ),
        (
            Online(look("20T11:05", timedelta(minutes=20)), look("20T10:50")),
            [
                "Mis en ligne entre le 20 avril 2031 à 10 h 50 et 11 h 26",
                (
                    "La réponse du site était datée du 20 avril 2031 à 11 h 25, l’horloge de Vigie indiquait le 20 avril "
                    "2031 à 11 h 05 : l’intervalle en tient compte"
                ),
            ],
            [
                "Went online between 20 April 2031, 10:50 and 11:26",
                (
                    "The answer of the site was dated 20 April 2031, 11:25, the clock of Vigie said 20 April 2031, "
                    "11:05: the bracket allows for it"
                ),
            ],
        ),
        (
            Online(look("20T11:05", timedelta(days=-9)), look("20T10:50")),
            [
                "Mis en ligne entre le 20 avril 2031 à 10 h 50 et 11 h 06",
                (
                    "La réponse du site était datée du 11 avril 2031 à 11 h 05, l’horloge de Vigie indiquait le 20 avril "
                    "2031 à 11 h 05 : un tel écart n’est pas pris en compte"
                ),
            ],
            [
                "Went online between 20 April 2031, 10:50 and 11:06",
                (
                    "The answer of the site was dated 11 April 2031, 11:05, the clock of Vigie said 20 April 2031, "
                    "11:05: such a difference is not used"
                ),
            ],
        ),
        (
            seen("20T10:50", "20T11:05", replaced=(FileVersion("a" * 64, look("20T11:06").answered_at),)),
            [
                "Mis en ligne entre le 20 avril 2031 à 10 h 50 et 11 h 06",
                "Le fichier a été remplacé depuis (première version lue le 20 avril 2031 à 11 h 06)",
            ],
            [
                "Went online between 20 April 2031, 10:50 and 11:06",
                "The file was replaced since (first version read 20 April 2031, 11:06)",
            ],
        ),
        (None, [], []),
    ],
    ids=["narrow", "two days", "down", "first poll", "set back", "clock fast", "clock far off", "replaced", "not known"],
)
def test_the_bracket_is_told_as_what_it_is(online: Online | None, french: list[str], english: list[str]) -> None:
    found = published(online)
    assert (said(found, "fr"), said(found, "en")) == (french, english)
    assert all(text in with_plain_spaces(plain_decree(MessageInput(found, DROME, NOW))) for text in french)


def test_times_are_those_of_the_place_of_the_authority() -> None:
    assert "04:50 and 05:06" in said(published(seen("20T10:50", "20T11:05")), "en", GUADELOUPE)[0]


def test_a_printed_day_before_the_first_possible_publication_is_told_with_care() -> None:
    found = published(seen("20T10:50", "20T11:05"), published=date(2031, 4, 18))
    (text,) = said(found)[1:]
    assert text.startswith("Le recueil porte la date du 18")
    assert text.endswith("Il a pu paraître ailleurs : à vérifier")
    # The day may be that of another publication.
    elsewhere = replace(found, sightings=(*found.sightings, Sighting("07", f"{PDF}?7", 1, NOW)))
    assert len(said(elsewhere)) == 1
    assert len(said(published(seen("20T10:50", "20T11:05"), published=date(2031, 4, 20)))) == 1


TIMELY = [
    (seen("21T14:50", "21T15:05"), "après la fin", "after the end"),
    (seen("20T16:50", "20T17:05"), "au plus tôt 2 h après le début", "2 h after the beginning at the earliest"),
    (seen("20T14:00", "20T14:05"), "après le début", "after the beginning"),
    (seen("20T10:40", "20T10:55"), "3 h avant le début", "3 h before the beginning"),
    (seen("20T10:55", "20T11:10"), "moins de 4 h avant le début", "less than 4 h before the beginning"),
    (seen("20T13:25", "20T13:40"), "moins de 35 min avant le début", "less than 35 min before the beginning"),
    (seen("19T10:40", "19T10:55"), "la veille du début", "on the eve of the beginning"),
]


@pytest.mark.parametrize(("online", "french", "english"), TIMELY, ids=[english for *_, english in TIMELY])
def test_a_post_says_how_late_it_went_online(online: Online, french: str, english: str) -> None:
    for language, sentence in (("fr", f"🔎 Mis en ligne {french}"), ("en", f"🔎 Went online {english}")):
        post = announce(MessageInput(published(online), DROME, NOW, language))  # type: ignore[arg-type]
        assert [with_plain_spaces(line.text) for line in post.lines_of(PostPart.TIMELINESS)] == [sentence]
    # Printed after the beginning as well, it is said once: by looks where they are sure of it.
    late = replace(MessageInput(published(online), DROME, NOW), legal_advice=LATE)
    printed = () if "après" in french else ("Publié 9 jours après le début",)
    assert tuple(map(with_plain_spaces, flags_of(late))) == (*printed, f"Mis en ligne {french}")
    assert tuple(value.text for value in decree_view(late, {}).flags) == flags_of(late)
    assert len(announce(late).lines_of(PostPart.FLAGS)) == len(printed)


def test_a_beginning_without_hour_has_its_day() -> None:
    facts = Facts(starts=Moment(date(2031, 4, 20)))
    for online, text in ((seen("20T10:40", "20T10:55"), "le jour même du début"), (seen("21T00:00", "21T10:00"), "après le début")):
        (line,) = announce(MessageInput(published(online, facts=facts), DROME, NOW)).lines_of(PostPart.TIMELINESS)
        assert line.text == f"🔎 Mis en ligne {text}"


@pytest.mark.parametrize(
    "found",
    [
        published(None),
        published(seen(None, "20T11:05")),
        published(seen("20T13:55", "20T14:10")),
        published(seen("12T10:40", "12T10:55")),
        published(seen("20T10:40", "20T10:55"), facts=replace(FULL, doubtful=("starts",))),
        published(seen("20T10:40", "20T10:55"), facts=replace(FULL, starts=None)),
        published(seen("20T10:40", "20T10:55"), facts=replace(FULL, starts=Moment(date.min), ends=Moment(date.max))),
        published(seen("20T10:40", "20T10:55"), kind=Kind.ABROGATION),
        published(seen("20T10:40", "20T10:55"), None),
        published(seen("20T10:40", "20T10:55"), seen("12T10:40", "21T10:55")),
    ],
    ids=[
        "not known", "first poll", "about the beginning", "days before", "doubtful", "no beginning", "misread", "no grant",
        "published elsewhere too", "perhaps elsewhere before",
    ],
)  # fmt: skip
def test_a_post_says_nothing_that_is_not_sure(found: Decree) -> None:
    assert not announce(MessageInput(found, DROME, NOW)).lines_of(PostPart.TIMELINESS)


def test_a_later_publication_elsewhere_changes_nothing() -> None:
    found = published(seen("20T10:40", "20T10:55"), seen("22T10:40", "22T10:55"))
    assert announce(MessageInput(found, DROME, NOW)).lines_of(PostPart.TIMELINESS)


def test_a_post_without_room_leaves_it_out_before_what_tells_the_decree() -> None:
    message = MessageInput(published(seen("20T10:40", "20T10:55")), DROME, NOW)
    assert "3 h avant le début" in with_plain_spaces(mastodon_status(message))
    small = mastodon_status(message, limits=StatusLimits(characters=300))
    assert "avant le début" not in small
    assert "Foire du Dauphiné" in small
