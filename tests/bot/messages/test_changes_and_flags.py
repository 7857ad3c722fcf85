from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from bot.domain.acts import Change, Decree, Facts, Kind, Moment, Reference, Sighting
from bot.domain.law import Flag, LegalAdvice, Standing
from bot.messages.announcement import announce, announce_in_full, decree_line, plain_decree
from bot.messages.lines import MessageInput, PostPart
from bot.messages.words import Language
from tests.bot.messages.samples import DROME, NOW, PDF, advised, decree

MAY = date(2031, 5, 2)


def _said(of: Decree, part: PostPart, language: Language = "fr", legal_advice: LegalAdvice | None = None) -> list[str]:
    return [line.text for line in announce_in_full(MessageInput(of, DROME, NOW, language, legal_advice)).lines if line.part is part]


@pytest.mark.parametrize(
    ("references", "changes", "french", "english"),
    [
        (
            (Reference(Kind.ABROGATION, "2031-01", MAY),),
            (Change(Kind.ABROGATION, 12, "2031-01"),),
            ["Met fin à l’arrêté n° 2031-01 du 2 mai 2031 [12]"],
            ["Ends decree no. 2031-01 of 2 May 2031 [12]"],
        ),
        ((Reference(Kind.ABROGATION, "2031-01", retroactive=True),), (), ["Retire l’arrêté n° 2031-01"], ["Withdraws decree no. 2031-01"]),
        ((Reference(Kind.RENEWAL, "2031-01"),), (), ["Renouvelle l’arrêté n° 2031-01"], ["Renews decree no. 2031-01"]),
        ((Reference(Kind.MODIFICATION, None, MAY),), (), ["Modifie l’arrêté du 2 mai 2031"], ["Modifies the decree of 2 May 2031"]),
        ((Reference(Kind.SUSPENSION),), (), ["Suspend un autre arrêté"], ["Suspends another decree"]),
        # Named by its day only, and the store knows its number.
        (
            (Reference(Kind.MODIFICATION, None, MAY),),
            (Change(Kind.MODIFICATION, 12, "7"),),
            ["Modifie l’arrêté n° 7 du 2 mai 2031 [12]"],
            ["Modifies decree no. 7 of 2 May 2031 [12]"],
        ),
        # The same number spelt otherwise; another kind of change of it is another bond.
        (
            (Reference(Kind.MODIFICATION, "DUPA 2024-699"),),
            (Change(Kind.ABROGATION, 9, "DUPA-2024-699"), Change(Kind.MODIFICATION, 9, "DUPA-2024-699")),
            ["Modifie l’arrêté n° DUPA 2024-699 [9]", "Met fin à l’arrêté n° DUPA-2024-699 [9]"],
            ["Modifies decree no. DUPA 2024-699 [9]", "Ends decree no. DUPA-2024-699 [9]"],
        ),
    ],
)
def test_the_decrees_it_bears_on(
    references: tuple[Reference, ...], changes: tuple[Change, ...], french: list[str], english: list[str]
) -> None:
    bearing = decree(Kind.MODIFICATION, facts=Facts(references=references), changes=changes)
    assert _said(bearing, PostPart.LINKS) == french
    assert _said(bearing, PostPart.LINKS, "en") == english


def test_of_many_links_the_first_are_shown_and_how_many_more() -> None:
    many = decree(facts=Facts(references=tuple(Reference(Kind.ABROGATION, str(n)) for n in range(1, 9))))
    assert _said(many, PostPart.LINKS)[-1] == "Met fin à l’arrêté n° 5 (+3)"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (Change(Kind.ABROGATION, 15, "2", MAY), "Fin décidée par l’arrêté n° 2 [15], à compter du 2 mai 2031"),
        (Change(Kind.SUSPENSION, 15), "Suspendu par un autre arrêté [15]"),
        (
            Change(Kind.RENEWAL, 15, "2", MAY, Moment(MAY), Moment(date(2031, 5, 9))),
            "Renouvelé par l’arrêté n° 2 [15] (nouvelle période : du 2 au 9 mai 2031)",
        ),
        (Change(Kind.ABROGATION, 15, "2", MAY, retroactive=True), "Retiré par l’arrêté n° 2 [15], le 2 mai 2031"),
        (Change(Kind.MODIFICATION, 15, "2", MAY), "Modifié par l’arrêté n° 2 [15], à compter du 2 mai 2031"),
    ],
)
def test_what_later_decrees_do_to_it(change: Change, expected: str) -> None:
    assert _said(decree(changed_by=(change,)), PostPart.CHANGED) == [expected]


def _ended_by(ending: Change, kind: Kind = Kind.ABROGATION) -> Decree:
    return decree(changed_by=(Change(kind, 15, "2", MAY, revoked_by=(ending,)),))


@pytest.mark.parametrize(
    ("retroactive", "french", "english"),
    [
        (
            True,
            "l’arrêté n° 2 [15] est lui-même retiré par l’arrêté n° 3 [16] (en principe, cela rétablit {first} : à vérifier)",
            "decree no. 2 [15] is itself withdrawn by decree no. 3 [16] (in principle this brings {first} back: to be verified)",
        ),
        (
            False,
            "l’arrêté n° 2 [15] est lui-même abrogé par l’arrêté n° 3 [16] (en principe, cela ne rétablit pas {first} : à vérifier)",
            "decree no. 2 [15] is itself revoked by decree no. 3 [16] (in principle this does not bring {first} back: to be verified)",
        ),
        (
            None,
            "l’arrêté n° 3 [16] met fin à son tour à l’arrêté n° 2 [15] (l’effet sur {first} est à vérifier)",
            "decree no. 2 [15] is itself ended by decree no. 3 [16] (what this does to {first} is to be verified)",
        ),
    ],
)
def test_an_end_that_was_ended_itself_is_told_with_what_that_does(retroactive: bool | None, french: str, english: str) -> None:
    ended = _ended_by(Change(Kind.ABROGATION, 16, "3", retroactive=retroactive))
    assert _said(ended, PostPart.CHANGED) == [
        f"Fin décidée par l’arrêté n° 2 [15], à compter du 2 mai 2031 ; {french.format(first='l’arrêté présenté ici')}"
    ]
    told = english.format(first="the decree shown here")
    assert _said(ended, PostPart.CHANGED, "en") == [f"Ended by decree no. 2 [15], from 2 May 2031; {told}"]


def test_what_later_decrees_do_stands_beside_what_this_one_does() -> None:
    both = _ended_by(Change(Kind.ABROGATION, 16, "3"))
    text = plain_decree(MessageInput(replace(both, facts=Facts(number="1", references=(Reference(Kind.RENEWAL, "0"),))), DROME, NOW))
    assert "Renouvelle l’arrêté n° 0\nFin décidée par l’arrêté n° 2 [15]" in text


def test_a_suspension_that_was_ended_says_so_and_when() -> None:
    ended = _ended_by(Change(Kind.ABROGATION, 16, "3", date(2031, 5, 4), retroactive=False), Kind.SUSPENSION)
    suspended = "Suspendu par l’arrêté n° 2 [15], à compter du 2 mai 2031"
    no_more = "l’arrêté n° 2 [15] est lui-même abrogé par l’arrêté n° 3 [16], à compter du 4 mai 2031"
    assert _said(ended, PostPart.CHANGED) == [f"{suspended} ; {no_more}"]


def test_what_ends_the_end_of_an_end_is_told_and_leaves_the_effect_open() -> None:
    last = Change(Kind.ABROGATION, 17, "4", retroactive=True)
    [text] = _said(_ended_by(Change(Kind.ABROGATION, 16, "3", revoked_by=(last,), retroactive=True)), PostPart.CHANGED)
    assert "retiré par l’arrêté n° 3 [16] (l’effet sur l’arrêté présenté ici est à vérifier)" in text
    assert "l’arrêté n° 3 [16] est lui-même retiré par l’arrêté n° 4 [17]" in text


def test_one_that_may_stand_again_is_never_said_to_be_in_force() -> None:
    ended, told = _ended_by(Change(Kind.ABROGATION, 16, "3")), advised(Standing.IN_DOUBT)
    doubt = "vérifier : fin décidée par l’arrêté n° 2 [15], auquel l’arrêté n° 3 [16] a mis fin ensuite"
    assert announce_in_full(MessageInput(ended, DROME, NOW, "fr", told)).timing == f"À {doubt}"
    assert f" · à {doubt} · " in decree_line(MessageInput(ended, DROME, NOW, "fr", told))
    assert "to be verified: ended by decree no. 2 [15], which decree no. 3 [16] ended afterwards" in decree_line(
        MessageInput(ended, DROME, NOW, "en", told)
    )
    [recourse] = (line.text for line in announce(MessageInput(ended, DROME, NOW, "fr", told)).lines if line.part is PostPart.RECOURSE)
    assert "Il n’est pas certain que cet arrêté soit encore en vigueur" in recourse


@pytest.mark.parametrize(
    ("flag", "changes", "french", "english"),
    [
        (Flag.PUBLISHED_AFTER_START, {"late": 9}, "🔎 Publié 9 jours après le début", "🔎 Published 9 days after it began"),
        (Flag.PUBLISHED_AFTER_START, {"late": 1}, "🔎 Publié 1 jour après le début", "🔎 Published 1 day after it began"),
        (Flag.PUBLISHED_AFTER_START, {}, "🔎 Publié après le début", "🔎 Published after it began"),
        (
            Flag.OUTSIDE_WINDOW,
            {},
            "🔎 Vigie ne connaît aucun texte qui autorisait la vidéosurveillance algorithmique à cette date (à vérifier)",
            "🔎 Vigie knows of no law that allowed algorithmic video surveillance on that date (to be verified)",
        ),
        (
            Flag.OUTSIDE_WINDOW,
            {"outside": ((MAY, MAY), (date(2031, 5, 9), date(2031, 5, 9)))},
            "🔎 Vigie ne connaît aucun texte qui autorisait la vidéosurveillance algorithmique le 2 mai 2031 et le 9 mai 2031 (à vérifier)",
            "🔎 Vigie knows of no law that allowed algorithmic video surveillance on 2 May 2031 and on 9 May 2031 (to be verified)",
        ),
        (
            Flag.LONGER_THAN_ALLOWED,
            {"months": 1},
            "🔎 Durée supérieure au maximum d’un mois que fixait alors la loi (à vérifier)",
            "🔎 Lasts longer than the one month the law then allowed (to be verified)",
        ),
        (
            Flag.LONGER_THAN_ALLOWED,
            {"months": 3},
            "🔎 Durée supérieure au maximum de 3 mois que fixait alors la loi (à vérifier)",
            "🔎 Lasts longer than the 3 months the law then allowed (to be verified)",
        ),
    ],
)
def test_flags_in_words(flag: Flag, changes: dict[str, Any], french: str, english: str) -> None:
    flagged = advised(flags=(flag,), **changes)
    assert _said(decree(), PostPart.FLAGS, "fr", flagged) == [french]
    assert _said(decree(), PostPart.FLAGS, "en", flagged) == [english]


@pytest.mark.parametrize(
    ("standing", "expected"),
    [
        (Standing.UPCOMING, "Commence dans 14 h"),
        (Standing.ENDED, "Plus en vigueur depuis le 1er avril 2031"),
        (Standing.SUSPENDED, "Suspension en cours"),
    ],
)
def test_a_decree_is_not_said_to_start_once_it_is_ended(standing: Standing, expected: str) -> None:
    changed = decree(changed_by=(Change(Kind.ABROGATION, 15, "2", date(2031, 4, 1)),))
    assert announce_in_full(MessageInput(changed, DROME, NOW, "fr", advised(standing))).timing == expected
    # A post says it once: in the notice of what ended it.
    told = announce(MessageInput(changed, DROME, NOW, "fr", advised(standing)))
    assert told.timing == ("Pas encore commencé le 20 avril 2031 à 0 h" if standing is Standing.UPCOMING else None)
    assert told.lines[0].text == "⏹️ Fin décidée par l’arrêté n° 2 [15], à compter du 1er avril 2031"


@pytest.mark.parametrize(
    ("count", "types", "french", "english"),
    [
        (118, (), "118", "118"),
        (118, ("videoprotection",), "118 caméras de vidéoprotection", "118 cameras (video protection)"),
        (1, ("videoprotection",), "1 caméra de vidéoprotection", "1 camera (video protection)"),
        (None, ("videoprotection",), "de vidéoprotection", "video protection"),
        (
            2,
            ("drone", "videoprotection"),
            "2 caméras de vidéoprotection et sur drones",
            "2 cameras (video protection and on drones)",
        ),
        (118, ("fixed",), "118 caméras fixes", "118 cameras (fixed)"),
        (1, ("fixed",), "1 caméra fixe", "1 camera (fixed)"),
        (1, ("drone",), "1 caméra sur un drone", "1 camera (on a drone)"),
        (1, ("drone", "fixed"), "1 caméra fixes et sur drones", "1 camera (fixed and on drones)"),
        (2, ("drone",), "2 caméras sur drones", "2 cameras (on drones)"),
        (None, ("drone", "fixed"), "fixes et sur drones", "fixed and on drones"),
    ],
)
def test_cameras(count: int | None, types: tuple[str, ...], french: str, english: str) -> None:
    of = decree(facts=Facts(cameras=count, camera_types=types))
    assert _said(of, PostPart.CAMERAS) == [french]
    assert _said(of, PostPart.CAMERAS, "en") == [english]


def test_where_else_it_was_published_is_told_once_each() -> None:
    assert _said(decree(sightings=(Sighting("26", PDF, 7, NOW),)), PostPart.SIGHTINGS) == []
    others = tuple(Sighting("92", f"https://a.example/{n}.pdf", 1, NOW) for n in (1, 1, 2, 3, 4, 5, 6, 7))
    said = _said(decree(sightings=others), PostPart.SIGHTINGS)
    assert said == ["Aussi publié (92), page 1 (PDF)"] * 4 + ["Aussi publié (92), page 1 (PDF) (+2)"]


def test_without_legal_advice_nothing_of_the_law_is_said() -> None:
    parts = {line.part for line in announce_in_full(MessageInput(decree(), DROME, NOW)).lines}
    assert not parts & {PostPart.FLAGS, PostPart.RECOURSE, PostPart.ADVICE}
