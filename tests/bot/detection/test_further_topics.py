"""The labelled acts of drones and perimeters: those in unseen forms by day, all at night; and real ones where they are at hand."""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.detection.corpus import load_corpus
from benchmarks.detection.evaluating import Mark, evaluate, trials
from bot.detection.judging import judge, judge_topics
from bot.domain.acts import Act, Outcome
from bot.domain.text import PageText
from bot.domain.topics import topics
from tests.bot.detection.samples import act
from tests.examples import PROFILE

TOPICS = Path(__file__).parents[2] / "topics"
REAL = Path(__file__).resolve().parents[4] / "shared" / "data" / "real_var"
AT_NIGHT = pytest.mark.skipif(PROFILE == "steady", reason="at night")


@pytest.mark.parametrize(
    ("folder", "announced", "right"),
    [
        ("drones/unseen", 69, 723),
        ("perimeters/unseen", 62, 587),
        pytest.param("drones/corpus", 72, 783, marks=AT_NIGHT),
        pytest.param("perimeters/corpus", 95, 963, marks=AT_NIGHT),
    ],
)
def test_labelled_acts(folder: str, announced: int, right: int) -> None:
    """No act that is near is announced, no decree is dropped; some are announced that an honest reader could not decide."""
    acts = load_corpus(TOPICS / folder)
    found = evaluate(tuple(trials(acts, ())))
    near = {one.at for one in acts if one.outcome is Outcome.NOT_CONCERNED}
    assert [one for one in found.mistakes if one.about == "outcome" and one.at in near and one.found != "uncertain"] == []
    assert found.clean.dropped == 0
    assert found.clean.found >= announced
    assert sum(marks[Mark.RIGHT] for marks in found.clean.facts.values()) >= right


@pytest.mark.skipif(not REAL.is_dir(), reason="the labelled real acts are not beside this checkout")
def test_real_acts_are_decrees_on_their_topic_and_on_no_other() -> None:
    said = Counter[tuple[str, str]]()
    for file in sorted((REAL / "labels").glob("*.toml")):
        for label in tomllib.loads(file.read_text("utf-8"))["act"]:
            texts = (REAL / label["file"]).read_text("utf-8").split("\f\n")
            given = Act(label.get("id"), label["title"], None, 1, len(texts), tuple(PageText(*page) for page in enumerate(texts, 1)))
            verdicts = [verdict for verdict in judge_topics(given, tuple(topics())) if verdict.outcome is not Outcome.NOT_CONCERNED]
            said.update((label["subject"], f"{verdict.topic} {verdict.outcome}") for verdict in verdicts)
    assert said == {("drones", "drones decree"): 12, ("perimeter", "perimeters decree"): 5}


def test_one_act_is_a_decree_on_each_of_two_topics() -> None:
    text = (
        "Vu le code de la sécurité intérieure, notamment ses articles L. 226-1 et L. 242-1 à L. 242-8 ;\nARRÊTE\n"
        "Article 1er : Un périmètre de protection est instauré autour du stade Bollaert à Lens le 4 mai 2026 de 14 h à 23 h.\n"
        "Article 2 : Les palpations de sécurité y sont réalisées par la police nationale. Il n'est pas procédé à la visite des véhicules.\n"
        "Article 3 : La police nationale est autorisée à procéder à la captation et à la transmission d'images au moyen "
        "d'une caméra installée sur un aéronef le 4 mai 2026 de 14 h à 23 h."
    )
    given = act(text, "Arrêté n° 2026-12 instaurant un périmètre de protection et autorisant la captation d'images par drone à Lens")
    verdicts = judge_topics(given, tuple(topics()))
    assert [(verdict.topic, verdict.outcome) for verdict in verdicts] == [("drones", Outcome.DECREE), ("perimeters", Outcome.DECREE)]
    assert [(verdict.facts.purposes, verdict.facts.cameras) for verdict in verdicts] == [((), 1), (("pat_downs",), None)]


def test_a_decree_on_one_topic_is_none_on_another() -> None:
    title = "Arrêté autorisant la captation et la transmission d'images au moyen de caméras installées sur des aéronefs"
    text = (
        "Vu le code de la sécurité intérieure, notamment son article L. 242-5 ;\nARRÊTE\nArticle 1er : La police nationale est autorisée."
    )
    assert [judge(act(text, title), topic).outcome is Outcome.DECREE for topic in topics()] == [False, True, False]


@pytest.mark.parametrize(
    ("informed", "outcome"), [("", Outcome.UNCERTAIN), (" La police nationale y est autorisée aussi.", Outcome.DECREE)]
)
def test_who_is_only_informed_makes_no_decree_of_flights_without_the_law(informed: str, outcome: Outcome) -> None:
    text = (
        "Vu le code des transports ;\nARRÊTE\nArticle 1er : La société Alpina est autorisée à procéder à des prises de vues au moyen "
        f"d'aéronefs équipés d'une caméra.{informed}\nArticle 2 : Elle informe la gendarmerie nationale de chaque vol."
    )
    title = "Arrêté autorisant la société Alpina à effectuer des prises de vues au moyen d'aéronefs équipés d'une caméra"
    assert judge(act(text, title), "drones").outcome is outcome


def test_a_perimeter_that_a_recital_finds_needless_is_no_question() -> None:
    text = (
        "Vu le code de la santé publique ;\nConsidérant qu'il n'est pas nécessaire d'instituer un périmètre de protection au sens "
        "de l'article L. 226-1 du code de la sécurité intérieure ;\nARRÊTE\nArticle 1er : La vente d'alcool est interdite place Foch."
    )
    assert judge(act(text, "Arrêté portant interdiction de la vente d'alcool"), "perimeters").outcome is Outcome.NOT_CONCERNED


@pytest.mark.parametrize(
    ("topic", "article", "purposes"),
    [
        ("drones", "afin de prévenir les vols dans ce lieu particulièrement exposé", ("exposed_places",)),
        ("drones", "pour la protection d'une installation exposée à des risques d'intrusion", ("exposed_places",)),
        ("drones", "en vue de réguler les flux de transport", ("traffic_flows",)),
        (
            "perimeters",
            "Pour l'accès et la circulation dans le périmètre, les personnes ont l'obligation de s'arrêter",
            ("access_control",),
        ),
        ("perimeters", "Nul n'y accède ni n'y circule sans badge ; les coffres ne sont pas ouverts", ("access_control",)),
        ("perimeters", "Une personne ne peut y accéder que si elle accepte une palpation", ("access_control", "pat_downs")),
        ("perimeters", "L'accès des piétons est régulé par des barrières", ("access_control",)),
    ],
)
def test_purposes_in_other_words(topic: str, article: str, purposes: tuple[str, ...]) -> None:
    measure = {
        "drones": f"La police nationale est autorisée à capter des images au moyen de caméras installées sur des aéronefs, {article}",
        "perimeters": f"Un périmètre de protection est instauré à Lens, pour prévenir un acte de terrorisme.\nArticle 2 : {article}",
    }
    text = f"Vu le code de la sécurité intérieure, articles L. 226-1 et L. 242-5 ;\nARRÊTE\nArticle 1er : {measure[topic]}."
    titles = {
        "drones": "Arrêté autorisant la captation d'images par aéronefs",
        "perimeters": "Arrêté instaurant un périmètre de protection",
    }
    assert judge(act(text, titles[topic]), topic).facts.purposes == purposes
