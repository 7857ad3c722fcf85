"""Decisions in numbered points, without the word "article"."""

from __future__ import annotations

from datetime import date, time

import pytest

from bot.detection.judging import judge
from bot.domain.acts import Kind, Moment, Outcome
from tests.bot.detection.samples import act

TITLE = "AP n° 2026-9 autorisation de traitement algorithmique des images de vidéoprotection"


@pytest.mark.parametrize("opening", ["Décide :", "ARRÊTE", "DECIDENT", "Arrête ce qui suit :"])
@pytest.mark.parametrize("mark", ["{}°", "{}.", "{})", "{}°)", "{} –", "§ {}.", "- {} °", "{:roman}.", "{:roman}/"])
def test_each_point_is_an_article(opening: str, mark: str) -> None:
    points = [
        "La commune de Dax est autorisée à mettre en œuvre un traitement algorithmique sur les images de vidéoprotection.",
        "L'autorisation vaut du 5 octobre 2026 au 12 octobre 2026.",
        "Le traitement signale les départs de feux.",
        "Un recours peut être formé devant le tribunal administratif de Pau.",
    ]
    ranks = ["I", "II", "III", "IV"] if "roman" in mark else ["1", "2", "3", "4"]
    listed = "\n".join(f"{mark.replace(':roman', '').format(rank)} {point}" for rank, point in zip(ranks, points, strict=True))
    text = f"Vu la loi n° 2023-380 du 19 mai 2023, article 10 ;\nConsidérant l'affluence ;\n{opening}\n{listed}\nDax, le 28 septembre 2026"
    verdict = judge(act(text, TITLE))
    facts = verdict.facts
    assert (verdict.outcome, verdict.kind) == (Outcome.DECREE, Kind.AUTHORISATION)
    assert (facts.operators, facts.court, facts.signed) == (("Commune de Dax",), "Tribunal administratif de Pau", date(2026, 9, 28))
    assert facts.starts is not None
    assert facts.ends is not None
    assert (facts.starts.isoformat(), facts.ends.isoformat()) == ("2026-10-05", "2026-10-12")
    assert facts.purposes == ("fire",)


PARAGRAPHS = (
    "La commune de Dax est autorisée à soumettre à un traitement algorithmique les images de neuf caméras de vidéoprotection.",
    "Elle l'est du 5 octobre 2026 à 9 h au 12 octobre 2026 à 23 h.",
    "Sont signalés :\n- les départs de feux ;\n- les mouvements de foule.",
    "Un recours peut être formé devant le tribunal administratif de Pau.",
)


@pytest.mark.parametrize("names", [("", "", "", ""), ("Objet. – ", "Durée. – ", "Signalements. – ", "Recours. – ")])
@pytest.mark.parametrize("gap", ["\n\n", "\n"])
@pytest.mark.parametrize("opening", ["ARRÊTE", "A R R Ê T E :", "Décide ce qui suit :"])
def test_what_is_ordered_needs_no_marks(names: tuple[str, ...], gap: str, opening: str) -> None:
    ordered = gap.join(name + paragraph for name, paragraph in zip(names, PARAGRAPHS, strict=True))
    text = (
        "Vu la loi n° 2023-380 du 19 mai 2023, article 10 ;\nVu l'arrêté du 2 mars 2025 autorisant 90 caméras ;\n"
        f"Considérant l'affluence ;\n\n{opening}\n\n{ordered}\n\nDax, le 28 septembre 2026\n\nPour la préfète et par délégation,\n"
        "la directrice de cabinet,\n\nsigné\n\nInès Latour\n\nLe présent arrêté est affiché en mairie."
    )
    facts = judge(act(text, TITLE)).facts
    assert (facts.starts, facts.ends) == (Moment(date(2026, 10, 5), time(9)), Moment(date(2026, 10, 12), time(23)))
    assert (facts.cameras, facts.purposes, facts.court) == (9, ("crowd_movement", "fire"), "Tribunal administratif de Pau")
    assert (facts.signed, facts.office) == (date(2026, 9, 28), "La directrice de cabinet")


def test_one_paragraph_does_not_authorise_what_another_only_speaks_of() -> None:
    text = (
        "Vu le code de la sécurité intérieure ;\nARRÊTE\nLe maire de Dax est autorisé à porter à 34 le nombre de caméras du dossier 12.\n"
        "Une convention dira si un traitement algorithmique des images de vidéoprotection est souhaitable."
    )
    assert judge(act(text, "Arrêté n° 2026-12 relatif au système de Dax")).outcome is not Outcome.DECREE


@pytest.mark.parametrize(
    ("visas", "grounds"),
    [
        ("VISAS", "MOTIFS"),
        ("I. – Textes et pièces", "II. – Motifs"),
    ],
)
def test_what_stands_under_a_heading_of_visas_or_grounds_is_no_fact(visas: str, grounds: str) -> None:
    text = (
        f"ARRÊTÉ n° 2026-9\n{visas}\nLoi n° 2023-380 du 19 mai 2023, article 10.\nAvis du 10 septembre 2026, sur 90 caméras.\n"
        f"{grounds}\nLes contrôles du 12 septembre 2026 sont concluants.\nDÉCISION\nArticle 1. La commune de Dax est autorisée à mettre en "
        "œuvre un traitement algorithmique des images de 7 caméras de vidéoprotection du 5 octobre 2026 au 12 octobre 2026."
    )
    facts = judge(act(text, TITLE)).facts
    assert (str(facts.starts and facts.starts.day), facts.cameras) == ("2026-10-05", 7)


def test_points_within_articles_are_no_articles() -> None:
    text = (
        "Vu le code de la sécurité intérieure ;\nARRÊTE\nArticle 1er : Sont autorisés à mettre en œuvre un traitement algorithmique "
        "des images de vidéoprotection :\n1° la commune de Dax ;\n2° la SNCF.\nArticle 2 : Un recours peut être formé."
    )
    assert judge(act(text, TITLE)).facts.operators == ("Commune de Dax", "SNCF")


@pytest.mark.parametrize("mark", ["{}.", "§ {}.", "{}°", "{}) –", ""])
@pytest.mark.parametrize(
    "opening",
    ["En conséquence, la préfète des Landes arrête :", "Pour ces motifs, LE PRÉFET DÉCIDE ce qui suit :", "Par ces motifs, arrête :"],
)
def test_a_sentence_that_ends_with_the_order_opens_the_points(opening: str, mark: str) -> None:
    marks = [mark.format(rank) for rank in (("1", "2", "3", "4") if "°" in mark or "§" in mark else ("a", "b", "c", "d"))]
    ordered = "\n\n".join(f"{rank} {paragraph}".strip() for rank, paragraph in zip(marks, PARAGRAPHS, strict=True))
    text = (
        "Préfecture des Landes\nSelon la loi n° 2023-380 du 19 mai 2023, article 10, et la demande complétée le 8 septembre 2026.\n\n"
        f"La fête attire 90 000 personnes. {opening}\n\n{ordered}\n\nDax, le 28 septembre 2026\n\nLe préfet des Landes\n\nInès Latour"
    )
    facts = judge(act(text, TITLE)).facts
    assert (facts.starts, facts.ends) == (Moment(date(2026, 10, 5), time(9)), Moment(date(2026, 10, 12), time(23)))
    assert (facts.cameras, facts.purposes, facts.court) == (9, ("crowd_movement", "fire"), "Tribunal administratif de Pau")


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("j'autorise la commune de Dax à recourir à ce logiciel", Kind.AUTHORISATION),
        ("je vous autorise à l'employer", Kind.AUTHORISATION),
        ("je refuse cette demande", Kind.REFUSAL),
        ("ainsi j'autorise ce traitement", Kind.AUTHORISATION),
        ("j'autorise la commune de Dax à fermer une rue", None),
    ],
)
def test_a_letter_decides_by_its_verb(said: str, kind: Kind | None) -> None:
    text = (
        "Préfet des Landes\nMont-de-Marsan, le 3 mai 2026\nLe préfet\nà\nMonsieur le maire\n\nObjet : votre demande d'emploi d'un "
        "traitement algorithmique d'images\nRéf. : loi n° 2023-380 du 19 mai 2023, article 10\n\nVous avez déposé un dossier le "
        f"8 avril 2026.\n\nAprès examen,\n{said}, du 5 mai 2026 au 9 mai 2026.\n\nJe vous prie d'agréer mes vœux."
    )
    verdict = judge(act(text, "Lettre du 3 mai 2026"))
    assert (verdict.kind, verdict.outcome is Outcome.DECREE) == (kind, kind is not None)
    assert kind is not Kind.AUTHORISATION or str(verdict.facts.ends and verdict.facts.ends.day) == "2026-05-09"


def test_a_table_is_of_the_paragraph_that_tells_of_it_and_indented_paragraphs_are_articles() -> None:
    text = (
        "Préfecture des Landes\nVu la loi n° 2023-380 du 19 mai 2023, article 10 ;\nARRÊTE\n\n    La commune de Dax est "
        "autorisée à soumettre "
        "à un traitement algorithmique les images de vidéoprotection.\n\n    Sont reliées les caméras du tableau.\n\n   "
        " Lieu\t         Nombre\n"
        "\t   Halles\t       4\n    Arènes\t       5\n    Total\t        9\n\n    Le public est informé.\n\nDax, le 28 septembre 2026"
    )
    facts = judge(act(text, TITLE)).facts
    assert (facts.cameras, facts.camera_types, facts.operators) == (9, ("videoprotection",), ("Commune de Dax",))


VISAS = "Vu la loi n° 2023-380 du 19 mai 2023, article 10 ;\nVu l'arrêté du 2 mars 2025 autorisant 90 caméras ;\n"


@pytest.mark.parametrize(
    ("above", "marks"),
    [
        (
            f"Arrêté n° 2026-9\n2. Débat\nLe colonel de gendarmerie expose le risque.\n{VISAS}Le préfet des Landes décide :\n",
            ("3.1. – ", "3.2. – ", "3.3. – ", "3.4. – "),
        ),
        (
            (
                "I. – TEXTES\nLoi n° 2023-380 du 19 mai 2023, article 10.\nArrêté n° 2026-4 du 2 mars 2026 autorisant 90 caméras.\n\n"
                "II. – FAITS\nLe 9 mai, l'affichage manquait place Carnot.\n\nIII. – DROIT\nLe risque est avéré.\n\nIV. – DÉCISION\n"
            ),
            ("", "", "", ""),
        ),
        (f"{VISAS}Considérant l'affluence ;\n", ("CHAPITRE A – OBJET\nA1. ", "B1. ", "CHAPITRE C – CE QUI EST CHERCHÉ\nC1. ", "D1. ")),
    ],
)
def test_other_forms_of_a_decision_have_articles(above: str, marks: tuple[str, ...]) -> None:
    text = above + "\n".join(mark + paragraph for mark, paragraph in zip(marks, PARAGRAPHS, strict=True))
    verdict = judge(act(f"{text}\n\nDax, le 28 septembre 2026\nLa préfète,\nVu et approuvé\nsigné", TITLE))
    facts = verdict.facts
    assert (verdict.kind, facts.operators, facts.places) == (Kind.AUTHORISATION, ("Commune de Dax",), ())
    assert (facts.starts, facts.ends) == (Moment(date(2026, 10, 5), time(9)), Moment(date(2026, 10, 12), time(23)))
    assert (facts.cameras, facts.purposes, facts.court) == (9, ("crowd_movement", "fire"), "Tribunal administratif de Pau")


def test_boxes_of_a_form_are_articles() -> None:
    text = (
        "CADRE 1 – DEMANDEUR\n☐ Gendarmerie nationale\t  ☒ Service d'incendie et de secours\t  ☐ SNCF\nCADRE 2 – MANIFESTATION\n"
        "Nom : Régates de l'Adour\nOrganisateur : le club\nCADRE 3 – LIEUX\n1. quai de l'Adour\n2. place Foch\nPlan joint.\n"
        "CADRE 4 – LOGICIEL\nNom : Vigirive (v. 2)\t     Éditeur : Landes Images SAS\nCADRE 5 – SIGNALEMENTS\n☒ Départ de feu\t  ☐ Arme\n"
        f"{VISAS}DÉCIDE :\nArt. 1er. – Il est fait droit à la demande dans ces limites.\nArt. 2. – Recours : tribunal de Pau."
    )
    facts = judge(act(text, TITLE)).facts
    assert (facts.operators, facts.purposes, facts.event) == (("SDIS",), ("fire",), "Régates de l'Adour")
    assert (facts.places, facts.software, facts.vendor) == (("quai de l'Adour", "place Foch"), "Vigirive", "Landes Images")
