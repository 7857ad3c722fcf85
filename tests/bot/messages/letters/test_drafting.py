"""Drafts of letters: what they say of a decree, and what no decree can make them say."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given

from bot.domain.acts import Change, Decree, Facts, Kind, Moment, Place
from bot.domain.law import legal_advice
from bot.messages.letters.drafting import LetterKind, NoSuchLetter, draft
from tests.bot.messages.samples import DROME, GUADELOUPE, POLICE, decrees, nows, places

GOLDEN = Path(__file__).parent / "golden"
DECREE = Decree(
    authority="PP",
    kind=Kind.AUTHORISATION,
    title="Arrêté n° 2024-01234 portant autorisation de l’emploi d’un traitement algorithmique des images d’un système de vidéoprotection",
    facts=Facts(
        number="2024-01234",
        signed=date(2024, 5, 24),
        starts=Moment(date(2024, 5, 26)),
        ends=Moment(date(2024, 6, 10)),
        event="Tournoi des Tilleuls",
        operators=("RATP",),
        places=("station Clairefontaine", "station Bois-Joli"),
        software="Regardix",
        vendor="Société Exemple",
        cameras=24,
        legal_basis=("loi n° 2023-380 du 19 mai 2023, article 10",),
    ),
    evidence=(),
    url="https://www.prefecturedepolice.example/recueil.pdf",
    page=3,
    published=date(2024, 6, 4),
    id=12,
)
IN_TIME, TOO_LATE = datetime(2024, 6, 5, 8, tzinfo=UTC), datetime(2024, 8, 6, 8, tzinfo=UTC)


def drafted(letter: LetterKind, decree: Decree = DECREE, place: Place = POLICE, now: datetime = IN_TIME) -> str:
    return draft(letter, decree, place, now, legal_advice(decree, place, now))


def body(text: str) -> str:
    """What is sent: all that stands below the first rule."""
    return text[re.search(r"^={10,}.*$", text, re.MULTILINE).end() :]  # type: ignore[union-attr]  # every template has one


@pytest.mark.parametrize("letter", LetterKind)
def test_the_drafts_are_those_that_a_person_has_read(letter: LetterKind) -> None:
    assert drafted(letter) == (GOLDEN / f"{letter.value}.txt").read_text(encoding="utf-8")


OFFICE = " – à l’attention de la préfète ou du préfet"


@pytest.mark.parametrize(
    ("place", "addressee"),
    [
        (DROME, "Préfecture de la Drôme" + OFFICE),
        (POLICE, "Préfet de police"),
        (GUADELOUPE, "Préfecture de la Guadeloupe" + OFFICE),
        (Place("2B", "Préfecture de l'Ain", "Ain"), "Préfecture de l'Ain" + OFFICE),
        (
            Place("R-BRE", "Préfecture de la région Bretagne", "Bretagne"),
            "Préfecture de la région Bretagne – à l’attention de la préfète ou du préfet",
        ),
        (Place("ZZ", "ZZ", ""), "[Autorité qui a signé l’arrêté]"),
        (Place("ZZ", "Préfecture", ""), "[Autorité qui a signé l’arrêté]"),
    ],
)
@pytest.mark.parametrize("letter", LetterKind)
def test_it_goes_to_the_authority_that_took_the_decree(letter: LetterKind, place: Place, addressee: str) -> None:
    assert f"\n{addressee}\n[" in drafted(letter, place=place)


@pytest.mark.parametrize("letter", LetterKind)
def test_what_the_decree_does_not_say_is_a_blank(letter: LetterKind) -> None:
    empty = replace(DECREE, title="\x00", facts=Facts(), url="not an address", published=None)
    text = drafted(letter, empty)
    assert "l’arrêté n° [numéro de l’arrêté] du [date de signature]" in text
    assert "[intitulé exact]" in text
    assert "du [date de publication] ([adresse du recueil])" in text
    assert "[nom du responsable du traitement]" in text
    assert "None" not in text
    if letter is LetterKind.GRACIEUX:
        for blank in (
            "[période, avec les heures]",
            "[lieux et périmètre]",
            "[nombre de caméras]",
            "[manifestation, si l’arrêté en vise une]",
        ):
            assert blank in text
        assert "Dernier jour pour agir : non calculé" in text
        assert "formé dans ce délai" not in text


def test_the_last_day_is_shown_and_once_passed_told_at_the_head() -> None:
    before, after = drafted(LetterKind.GRACIEUX), drafted(LetterKind.GRACIEUX, now=TOO_LATE)
    assert "Dernier jour pour agir, à vérifier : 5 août 2024" in before
    assert "formé dans ce délai" in body(before)
    assert "DÉPASSÉ" not in before
    head = after[: after.index("======")]
    assert "LE DÉLAI DE RECOURS PARAÎT DÉPASSÉ depuis le 5 août 2024" in head
    assert "formé dans ce délai" not in after
    assert "[Le délai de deux mois à compter de la publication paraît dépassé depuis le 5 août 2024" in body(after)
    assert "dépassé depuis le 5 août 2024" in drafted(LetterKind.CADA, now=TOO_LATE)


@pytest.mark.parametrize(
    ("now", "passed"), [(datetime(2024, 8, 5, 21, 59, tzinfo=UTC), False), (datetime(2024, 8, 5, 22, 1, tzinfo=UTC), True)]
)
def test_the_last_day_ends_at_midnight_in_its_place(now: datetime, passed: bool) -> None:
    assert ("DÉPASSÉ" in drafted(LetterKind.GRACIEUX, now=now)) is passed
    assert "DÉPASSÉ" not in drafted(LetterKind.GRACIEUX, place=GUADELOUPE, now=now)


@pytest.mark.parametrize("kind", Kind)
def test_only_what_allows_surveillance_is_contested(kind: Kind) -> None:
    decree = replace(DECREE, kind=kind)
    assert "PREMIÈRE LETTRE" in drafted(LetterKind.CADA, decree)
    if kind in {Kind.AUTHORISATION, Kind.RENEWAL, Kind.MODIFICATION}:
        assert "recours gracieux contre" in drafted(LetterKind.GRACIEUX, decree)
    else:
        with pytest.raises(NoSuchLetter, match=kind.value):
            drafted(LetterKind.GRACIEUX, decree)


def test_what_only_use_produces_is_not_asked_for_of_a_refusal() -> None:
    asked, refused = drafted(LetterKind.CADA), drafted(LetterKind.CADA, replace(DECREE, kind=Kind.REFUSAL))
    assert "le registre des suites" in asked
    assert "le registre des suites" not in refused
    for text, last in ((asked, 8), (refused, 5)):
        numbers = [int(number) for number in re.findall(r"^(\d+)\. ", text, re.MULTILINE)]
        assert numbers == list(range(1, last + 1))


def test_flags_become_grounds_to_verify() -> None:
    late = drafted(LetterKind.GRACIEUX)
    assert (
        "Publication tardive. Le traitement est autorisé à partir du 26 mai 2024, alors que le recueil est daté du 4 juin 2024, 9 jours"
        in late
    )
    assert "Défaut de base légale" not in late
    assert "Durée. " not in late
    outside = replace(DECREE, facts=replace(DECREE.facts, starts=Moment(date(2025, 6, 1)), ends=Moment(date(2025, 6, 2))))
    assert "Défaut de base légale. [" in (text := drafted(LetterKind.GRACIEUX, outside))
    assert "sur des images de vidéoprotection du 1er au 2 juin 2025 : à vérifier" in text
    long = replace(DECREE, facts=replace(DECREE.facts, ends=Moment(date(2024, 9, 1))))
    assert "Durée. L’arrêté autorise le traitement du 26 mai 2024 au 1er septembre 2024" in drafted(LetterKind.GRACIEUX, long)
    next_day = replace(DECREE, published=date(2024, 5, 27))
    assert "daté du 27 mai 2024, 1 jour après." in drafted(LetterKind.GRACIEUX, next_day)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (Kind.ABROGATION, "un arrêté ultérieur a mis fin à celui-ci"),
        (Kind.SUSPENSION, "un arrêté ultérieur a suspendu celui-ci"),
        (Kind.MODIFICATION, "un arrêté ultérieur a modifié celui-ci"),
    ],
)
@pytest.mark.parametrize("letter", LetterKind)
def test_later_decrees_are_told_at_the_head(letter: LetterKind, kind: Kind, said: str) -> None:
    assert said not in drafted(letter)
    changed = drafted(letter, replace(DECREE, changed_by=(Change(kind, since=date(2024, 6, 1)),)))
    assert said in changed[: changed.index("======")]


def test_an_end_that_was_ended_itself_is_told_at_the_head() -> None:
    still = replace(DECREE.facts, ends=Moment(date(2024, 9, 1)))
    end = Change(Kind.ABROGATION, since=date(2024, 6, 1), revoked_by=(Change(Kind.ABROGATION, since=date(2024, 6, 2)),))
    text = drafted(LetterKind.GRACIEUX, replace(DECREE, facts=still, changed_by=(end,)))
    assert "Vérifiez si celui-ci est de nouveau en vigueur" in text[: text.index("======")]


def test_the_court_is_that_of_the_seat_and_both_where_the_decree_names_another() -> None:
    assert "devant le tribunal administratif de Paris (code" in drafted(LetterKind.GRACIEUX)
    other = replace(DECREE, facts=replace(DECREE.facts, court="Tribunal administratif de Melun"))
    text = drafted(LetterKind.GRACIEUX, other)
    assert (
        "devant le tribunal administratif de Melun [que nomme l’arrêté, alors que le siège de l’autorité relève du tribunal administ"
        in text
    )
    assert "vérifiez lequel est compétent" in text[: text.index("======")]
    nowhere = drafted(LetterKind.GRACIEUX, replace(DECREE, authority="ZZ"))
    assert "devant le [tribunal administratif compétent]" in nowhere


def test_long_lists_are_cut_with_their_number() -> None:
    many = replace(DECREE, facts=replace(DECREE.facts, places=tuple(f"station {n}" for n in range(46))))
    assert "station 11, et 34 de plus dans l’arrêté" in drafted(LetterKind.GRACIEUX, many)


def test_a_decree_cannot_write_fields_or_blanks() -> None:
    sly = replace(DECREE, title="{sources} [Nom et signature]", facts=replace(DECREE.facts, operators=("{0.__class__}",)))
    text = drafted(LetterKind.CADA, sly)
    assert "« (sources) (Nom et signature) »" in text
    assert "(0.__class__)" in text


@pytest.mark.parametrize("letter", LetterKind)
def test_what_is_to_be_verified_stands_in_brackets_where_it_is_sent(letter: LetterKind) -> None:
    sent = re.sub(r"\[[^]]*]", "", body(drafted(letter)))
    assert "vérifier" not in sent
    assert "programme" not in sent


@given(decrees, places, nows)
def test_any_decree_gives_whole_letters(decree: Decree, place: Place, now: datetime) -> None:
    for letter in LetterKind:
        try:
            text = drafted(letter, decree, place, now)
        except NoSuchLetter:
            assert letter is LetterKind.GRACIEUX
            continue
        assert not set("{}") & set(text)
        assert all(character == "\n" or not unicodedata.category(character).startswith("C") for character in text)
        assert "\n\n\n" not in text
        # Blanks are never inside one another, and none is left open.
        depth = 0
        for character in text:
            depth += (character == "[") - (character == "]")
            assert depth in {0, 1}
        assert depth == 0
        assert len(text) < 30_000
