"""What `vigie read --explain` tells of a verdict. The texts are invented."""

from __future__ import annotations

import pytest

from bot.cli.read_output import evidence_lines, explain_lines, twice_lines
from bot.detection import judging
from bot.detection.judging import TwiceRead
from bot.detection.text.document import TextMatch
from bot.domain.acts import Evidence, Outcome
from bot.domain.text import TextOrigin
from bot.ingest.judging import judge_reading
from tests.bot.cli.test_read_lines import ROAD, VSA, act, judged, reading

TITLE = "Arrêté n° 2026-2 portant autorisation de l'emploi d'un traitement algorithmique des images issues d'un système de vidéoprotection"
PROCESSING = "algorithmic processing of images"


def test_every_verdict_is_explained_by_its_phrases() -> None:
    plain, vsa = act(1, ROAD), act(2, VSA, title="Arrêté n° 2026-2")
    powers = "ARRÊTE\nArticle 1er : Délégation est donnée pour les décisions sur le traitement algorithmique des images de vidéoprotection."
    told, silent = act(3, "signe sans suite"), act(4, powers, title="Arrêté portant délégation de signature")
    doubt, unread = act(5, "?"), act(6, "", title="AP signé", origin=TextOrigin.UNREADABLE)
    whole = reading(plain, vsa, told, silent, doubt, unread, unreadable=(6,))
    groups = (
        *judge_reading(reading(plain, vsa, silent)),
        judged(told, Outcome.NOT_CONCERNED, Evidence("verdict", 3, "une phrase qui le cite")),
        judged(doubt, Outcome.UNCERTAIN, Evidence("contradiction", 5, "une phrase contraire")),
        judged(unread, Outcome.UNCERTAIN, Evidence("unreadable", 6, "AP signé")),
    )
    lines = list(explain_lines(whole, groups))
    assert lines[:3] == [
        "How the pages were read:",
        f"  p. 1-5: text layer, 0.00 s, {sum(len(page.text) for page in whole.pages)} characters",
        "  p. 6: NOT READ, 0 characters",
    ]
    assert "    decree: authorisation" in lines
    about = {quote.about for quote in groups[1].verdict.evidence}
    assert {"number", "period", "software"} <= about
    assert all(any(line.startswith("    p. 2  ") and f"  {fact}: " in line for line in lines) for fact in about - {"verdict", "support"})
    assert "    p. 3  speaks of it: « une phrase qui le cite »" in lines
    assert lines.count("    not concerned: it speaks of it and decides nothing on it") == 2
    assert "    p. 4  title      speaks against it: delegation of signature « portant délégation »" in lines
    assert "    uncertain, a person must look: it may concern algorithmic video surveillance, and nothing in it settles that" in lines
    assert "    p. 5  contradicts the title: « une phrase contraire »" in lines
    assert lines[-1] == "  the others (1): not a word of algorithmic video surveillance"


@pytest.mark.parametrize(
    ("fact", "line"),
    [
        (
            TwiceRead("event", "foire", "foire", agreed=True, doubtful=False, poor=False, settled=False),
            "event, sure: « foire »; both readers agree",
        ),
        (
            TwiceRead("event", "foire, ont", "foire", agreed=False, doubtful=True, poor=False, settled=False),
            "event, to verify: « foire, ont »; the second reader has « foire »",
        ),
        (
            TwiceRead("office", "Le préfet", None, agreed=True, doubtful=False, poor=False, settled=False),
            "office, sure: « Le préfet »; the second reader has nothing",
        ),
        (
            TwiceRead("places", ("quai",), ("quai",), agreed=True, doubtful=True, poor=True, settled=False),
            "places, to verify: « quai »; the second reader has « quai »; its page was badly read",
        ),
        (
            TwiceRead("vendor", "Wintics", None, agreed=False, doubtful=False, poor=False, settled=False),
            "vendor, sure: « Wintics »; the second reader has nothing; it is of the list, and no other one of it is named",
        ),
        (
            TwiceRead("software", "Sentivue", None, agreed=False, doubtful=False, poor=False, settled=False),
            (
                "software, sure: « Sentivue »; the second reader has nothing; it is of the list, and no other one of it is named,"
                " or its maker stands beside it"
            ),
        ),
        (
            TwiceRead("event", "foire", "marché", agreed=False, doubtful=False, poor=False, settled=True),
            "event, sure: « foire »; the second reader has « marché »; a person said so",
        ),
    ],
)
def test_a_fact_that_is_read_twice_is_told_with_both_readings(fact: TwiceRead, line: str) -> None:
    assert list(twice_lines([fact])) == [line]


def test_what_the_second_reader_has_names_no_person(monkeypatch: pytest.MonkeyPatch) -> None:
    person = "M. Paul Durand"
    monkeypatch.setattr(
        judging, "tagged", lambda *_: {name: [TextMatch(person, 0, len(person))] for name in ("software", "vendor", "event")}
    )
    vsa = act(2, VSA, title=TITLE)
    told = [fact for item in judge_reading(reading(vsa)) for fact in judging.read_twice(item.act, item.verdict)]
    assert {"software", "vendor"} <= {fact.name for fact in told}
    assert "Durand" not in " ".join(twice_lines(told))


def test_a_decree_is_told_with_its_cues_their_places_and_pages() -> None:
    vsa = act(2, VSA, title=TITLE)
    lines = list(explain_lines(reading(vsa), judge_reading(reading(vsa))))
    start = lines.index("    decree: authorisation") + 1
    assert lines[start : start + 2] == [
        f"    p. 2  title      decides: {PROCESSING} « {TITLE} »",
        "    p. 2  title      verb: authorisation « portant autorisation de l'emploi d'un traitement »",
    ]
    cited = "loi n° 2023-380 du 19 mai 2023, notamment son article 10"
    assert f"    p. 2  visa       supports: loi n° 2023-380 du 19 mai 2023, article 10 « {cited} »" in lines
    assert "    p. 2  operative  supports: known product or maker « Cityvision »" in lines


@pytest.mark.parametrize(
    ("title", "text", "words"),
    [
        ("AP signé", "", "no page of it could be read, and its title does not say what it is about"),
        ("Arrêté n° 2026-11 portant autorisation de l'emploi da", " ", "its title is cut off before it says what for"),
        (TITLE, "ARRÊTE\nArticle 1er : La demande d'un traitement algorithmique des images est rejetée.", "its title authorises, and its"),
        (
            "Arrêté",
            "Considérant qu'un traitement algorithmique des images de vidéoprotection a servi ;",
            "only its visas or recitals speak of it",
        ),
    ],
)
def test_why_a_person_must_look_is_told_in_words(title: str, text: str, words: str) -> None:
    one = act(1, text, title=title, origin=TextOrigin.LAYER if text else TextOrigin.UNREADABLE)
    lines = list(explain_lines(reading(one), judge_reading(reading(one))))
    assert [line for line in lines if line.startswith(f"    uncertain, a person must look: {words}")]


def test_a_phrase_cannot_write_to_the_terminal() -> None:
    assert list(evidence_lines((Evidence("number", 1, "a\x1b[2Jb"),), decides=True)) == ["p. 1  number: « a[2Jb »"]
