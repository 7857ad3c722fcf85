from __future__ import annotations

import re
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.acts import Decree, Facts, Place
from bot.domain.law import Flag, LegalAdvice
from bot.messages.announcement import TooSmall, announce, mastodon_status
from bot.messages.lines import MessageInput, PostPart
from bot.messages.words import Language, StatusLimits, link_to, mastodon_length
from tests.bot.messages.samples import DROME, FULL, NOW, PDF, advices, advised, decree, decrees, languages, nows, places

LINK = f"{PDF}#page=7"


def test_a_status_says_the_same_within_500_characters() -> None:
    status = mastodon_status(MessageInput(decree(), DROME, NOW))
    for expected in (
        "Autorisation",
        "Drôme (26)",
        "Pas encore commencé le 20 avril 2031 à 0 h",
        "SNCF",
        "du 20 avril 2031 à 14 h",
        "2031-00493",
        LINK,
        "#VSA #Drôme #dept26",
    ):
        assert expected in status
    assert mastodon_length(status) <= 500


def test_a_link_counts_23_whatever_its_length() -> None:
    assert mastodon_length(f"a {LINK} b") == 2 + 23 + 2
    assert mastodon_length("https://a.fr") == 23
    assert mastodon_length(f"a {LINK}", StatusLimits(500, None)) == 2 + len(LINK)


def test_the_title_gives_way_first_and_the_link_never() -> None:
    long = decree(
        title="Arrêté portant autorisation " + "très " * 200 + "longue",
        facts=Facts(number="2031-00493", places=("gare de Valence-Ville", "gare routière")),
    )
    status = mastodon_status(MessageInput(long, DROME, NOW))
    assert LINK in status
    assert "Lieux : gare de Valence-Ville, gare routière" in status
    assert "très…" in status


def test_places_are_cut_between_items() -> None:
    many = decree(title="", facts=Facts(places=tuple(f"station numéro {n} de la ligne" for n in range(12))))
    status = mastodon_status(MessageInput(many, DROME, NOW))
    (line,) = re.findall(r"^Lieux : (.*)$", status, re.MULTILINE)
    shown, _, more = line.rpartition(" (+")
    assert all(item.endswith("de la ligne") for item in shown.split(", "))
    assert int(more.rstrip(")")) == 12 - len(shown.split(", "))


def test_a_small_server_gets_the_essential() -> None:
    status = mastodon_status(MessageInput(decree(), DROME, NOW), limits=StatusLimits(120, 23))
    assert mastodon_length(status) <= 120
    assert status.startswith("📢 Autorisation")
    assert LINK in status


def test_a_server_without_room_for_a_link_is_told() -> None:
    with pytest.raises(TooSmall, match="20"):
        mastodon_status(MessageInput(decree(), DROME, NOW), limits=StatusLimits(20, 23))


def test_the_law_is_told_briefly_where_room_is_scarce_and_outlives_the_rest() -> None:
    flagged = advised(flags=(Flag.PUBLISHED_AFTER_START,), late=9)
    status = mastodon_status(MessageInput(decree(title="Titre " * 100, facts=FULL), DROME, NOW, "fr", flagged))
    recourse = "Recours jusqu’au 19 juin 2031 · tribunal administratif de Grenoble · juge de l’urgence (référé) possible jusqu’à la fin"
    assert f"\n\n{recourse} (à vérifier)\n\n" in status
    assert "\n🔎 publié après le début\n" in status
    assert "Titre" not in status
    assert "Lieux : gare de Valence-Ville, gare routière" in status


def test_where_links_count_in_full_what_a_reader_needs_stays() -> None:
    """What says a thing again goes first: hashtags but those that people follow, how long until it begins, the words of the link."""
    url = f"https://www.drome.gouv.fr/contenu/telechargement/25117/197054/file/{'recueil-' * 8}26-2031-088.pdf"
    status = mastodon_status(MessageInput(decree(facts=FULL, url=url), DROME, NOW, "fr", advised()), limits=StatusLimits(500, None))
    assert len(status) <= 500
    assert status.startswith("📢 Autorisation de vidéosurveillance algorithmique\nDrôme (26)")
    assert "\nQuand : du 20 avril 2031 à 14 h au 21 avril 2031 à 6 h\n" in status
    assert "\nÉvénement : Foire du Dauphiné\n" in status
    assert "\nAutorisation donnée à : SNCF\n" in status
    assert status.endswith("#page=7\n#VSA #dept26")
    assert "Commence dans" not in status


_LIMITS = st.builds(StatusLimits, st.sampled_from([300, 500, 1000, 11_000]), st.sampled_from([23, 32]))


@given(decrees, places, nows, languages, st.none() | advices, _LIMITS)
def test_any_decree_fits_and_keeps_its_link(
    decree: Decree, place: Place, now: datetime, language: Language, legal_advice: LegalAdvice | None, limits: StatusLimits
) -> None:
    status = mastodon_status(MessageInput(decree, place, now, language, legal_advice), limits=limits)
    assert 0 < mastodon_length(status, limits) <= limits.characters
    link = link_to(decree.url, decree.page)
    assert re.findall(r"https?://\S+", status) == ([] if link is None else [link])
    assert "@" not in status


def test_purposes_and_software_outlive_the_title() -> None:
    status = mastodon_status(MessageInput(decree(title="Titre " * 100, facts=FULL), DROME, NOW))
    assert "Le logiciel signale : " in status
    assert "Logiciel : Regardix" in status


@given(decrees, nows, languages, advices, st.integers(200, 900))
def test_what_is_said_of_the_law_is_whole_or_brief_or_absent(
    decree: Decree, now: datetime, language: Language, legal_advice: LegalAdvice, room: int
) -> None:
    status = mastodon_status(MessageInput(decree, DROME, now, language, legal_advice), limits=StatusLimits(room))
    legal = {PostPart.RECOURSE, PostPart.FLAGS}
    whole = [line for line in announce(MessageInput(decree, DROME, now, language, legal_advice)).lines if line.part in legal]
    rows = status.split("\n")
    forms = {text for line in whole for text in (line.text, line.brief)}
    assert all(row in forms for row in rows if row.startswith(("⚖️", "⚠️")))


def test_what_a_link_counts_for_is_counted_and_not_written_out() -> None:
    # Written out, that would fill the memory of any machine: an instance may say what it likes.
    assert mastodon_length("a https://b.example c", StatusLimits(500, 10**15)) == 10**15 + 4
