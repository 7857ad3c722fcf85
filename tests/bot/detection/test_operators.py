"""Who may use the algorithm, whatever lists them: one word for several, lists, brackets, tables, forms and annexes."""

from __future__ import annotations

from itertools import permutations
from time import process_time

import pytest

from bot.detection.judging import judge
from tests.bot.detection.samples import act

TITLE = "Arrêté n° 2026-1 portant autorisation de l'emploi d'un traitement algorithmique des images issues d'un système de vidéoprotection"
USE = "mettre en œuvre un traitement algorithmique des images de vidéoprotection"
END = "Article 9 : Le directeur de la police nationale et le commandant de la gendarmerie sont chargés de l'exécution du présent arrêté."
OTHERS = {"la préfecture de police": "Préfecture de police", "la SNCF": "SNCF", "la ville de Lens": "Commune de Lens", "le SDIS": "SDIS"}


def operators(articles: str) -> list[str]:
    return sorted(judge(act(f"Vu le code de la sécurité intérieure ;\nARRÊTE\nArticle 1er : {articles}", TITLE)).facts.operators)


def towns(kind: str) -> list[str]:
    return sorted(f"{kind} {town}" for town in ("de Lens", "du Havre", "des Sables-d'Olonne", "d'Uzès"))


@pytest.mark.parametrize(
    "form",
    [
        "Les {} de Lens, du Havre, des Sables-d'Olonne et d'Uzès sont autorisés à {}.",
        "Les {} de Lens, Le Havre, Les Sables-d'Olonne et Uzès sont autorisés à {}.",
        "Les {} de Lens, du Havre, des Sables-d'Olonne ainsi que d'Uzès sont autorisés à {}.",
        "Les {} suivants sont autorisés à {} :\n1° de Lens ;\n2° du Havre ;\n3° des Sables-d'Olonne ;\n4° d'Uzès.",
        "Les {} suivants sont autorisés à {} :\nLens\nLe Havre\nLes Sables-d'Olonne\nUzès\nArticle 2 : Divers.",
        "Les {} suivants sont autorisés à {} : a) Lens, b) Le Havre, c) Les Sables-d'Olonne, d) Uzès.",
    ],
)
@pytest.mark.parametrize("word", ["polices municipales", "maires des communes"])
def test_one_word_for_several_communes(form: str, word: str) -> None:
    assert operators(form.format(word, USE)) == towns("Police municipale" if "police" in word else "Commune")


@pytest.mark.parametrize("mark", ["\n- {} ;", "\n• {}", "\n1° {} ;", "\n{}", " (i) {} ;", " {} ;", "\n→ {},"])
def test_operators_of_a_list(mark: str) -> None:
    assert operators(f"Sont autorisés à {USE} :{''.join(map(mark.format, OTHERS))}\nArticle 2 : Divers.") == sorted(OTHERS.values())


@pytest.mark.parametrize(
    "table",
    [
        "Responsable du traitement\t     Caméras\n{0}\t     3\n{1}\t     4\n{2}\t     5\n{3}\t     6",
        "Site\tResponsable\tType\nplace Foch\t{0}\tFixe\nquai Nord\t{1}\tFixe\nParc A\t{2}\tFixe\nParc B\t{3}\tFixe",
    ],
)
@pytest.mark.parametrize("kind", ["Police municipale", "Commune"])
def test_operators_of_tables_forms_and_annexes(table: str, kind: str) -> None:
    named = table.format(*towns(kind))
    assert operators(f"L'emploi d'un traitement algorithmique des images est autorisé.\n\n{named}\nArticle 2 : Divers.") == towns(kind)
    annexed = f"Les services nommés en annexe sont autorisés à {USE}.\n{END}\nANNEXE – Services autorisés\n\n{named}"
    assert operators(annexed) == towns(kind)


@pytest.mark.parametrize(
    ("subject", "found"),
    [
        ("La police municipale de Lens et celle du Havre", ["Police municipale de Lens", "Police municipale du Havre"]),
        (
            "Les services de police municipale de Lens, du Havre et d'Uzès",
            [f"Police municipale {x}" for x in ("d'Uzès", "de Lens", "du Havre")],
        ),
        # What only stands beside a name is none.
        ("La commune de Lens et Territoire Numérique", ["Commune de Lens"]),
        ("Les communes de Lens et du Havre, Seine-Maritime,", ["Commune de Lens", "Commune du Havre"]),
        ("Les communes veillent à :\n- Informer le public ;\n- Former les agents.\nLa SNCF", ["SNCF"]),
        ("L'Eurométropole de Strasbourg", ["Eurométropole de Strasbourg"]),
    ],
)
def test_what_a_name_is_joined_to(subject: str, found: list[str]) -> None:
    assert operators(f"{subject} est autorisée à {USE}.") == found


@pytest.mark.parametrize(
    "below",
    [
        "Ampliation : mairie de Lens ; compagnie de gendarmerie de Lens.",
        "DESTINATAIRES\nM. le directeur de la RATP",
        "Copies :\n- gendarmerie nationale\n- SDIS",
    ],
)
def test_who_gets_a_copy_below_the_last_article_is_no_operator(below: str) -> None:
    assert operators(f"La police municipale de Lens est autorisée à {USE}.\n\n{below}") == ["Police municipale de Lens"]


@pytest.mark.parametrize(
    "owner", ["la métropole du Grand Lac", "l'Eurométropole de Metz", "la communauté urbaine de Dunkerque", "la commune de Lens"]
)
def test_whose_cameras_they_are_says_not_who_uses_the_algorithm(owner: str) -> None:
    assert operators(f"La gendarmerie nationale est autorisée à {USE} de {owner}.") == ["Gendarmerie nationale"]


@pytest.mark.parametrize(
    "lead",
    [
        "Peuvent accéder aux images du traitement algorithmique :",
        "Les signalements du traitement algorithmique sont transmis :",
        "Sont informés de l'emploi du traitement algorithmique :",
    ],
)
def test_a_list_of_those_who_get_images_names_no_operator(lead: str) -> None:
    rest = f"Article 2 : {lead}\n- à la police nationale ;\n- à la gendarmerie.\nArticle 3 : Divers."
    assert operators(f"La commune de Lens est autorisée à {USE}.\n{rest}") == ["Commune de Lens"]


@pytest.mark.parametrize(
    "told",
    [
        "Les signalements du traitement algorithmique sont reçus par la police nationale.",
        "Les alertes du traitement algorithmique parviennent au poste, qui les adresse à la gendarmerie nationale.",
        "Les signalements algorithmiques sont vus au centre ; celui-ci les transmet au port (M. Paul MODÈLE) ou à la police nationale.",
        "Le traitement algorithmique adresse ses signalements à la police municipale d'Uzès et à la gendarmerie.",
    ],
)
def test_who_only_gets_what_is_signalled_is_no_operator(told: str) -> None:
    assert operators(f"La commune de Lens est autorisée à {USE}.\nArticle 2 : {told}\nArticle 3 : Divers.") == ["Commune de Lens"]


@pytest.mark.parametrize("said", ["décrit dans les pièces adressées par le maire", "sur les images reçues par le réseau"])
def test_who_uses_what_was_sent_is_an_operator(said: str) -> None:
    use = f"Le traitement algorithmique, {said}, est mis en œuvre par la commune de Lens et par la gendarmerie nationale."
    assert operators(use) == ["Commune de Lens", "Gendarmerie nationale"]


@pytest.mark.parametrize(
    ("article", "expected"),
    [
        ("Les maires (Sylvain Robert, Laurent DUPORGE) sont autorisés à {}.", []),
        ("Les maires suivants sont autorisés à {} : M. Sylvain Robert, Mme Durand.", []),
        ("Les maires de Lens, Sylvain Robert, et d'Uzès, Laurent Duporge, sont autorisés à {}.", ["Commune d'Uzès", "Commune de Lens"]),
        ("Les communes de Lens et M. Durand sont autorisées à {}.", ["Commune de Lens"]),
        ("Les villes ci-après sont autorisées à {} :\n- Lens (Jean Roy) ;\n- Uzès, Marie Martin.", ["Commune d'Uzès", "Commune de Lens"]),
        ("Les villes (Mont de Marsan, Saint Denis, Le Havre) sont autorisées à {}.",
         ["Commune de Mont de Marsan", "Commune de Saint Denis", "Commune du Havre"]),
    ],
)  # fmt: skip
def test_no_person_among_the_communes(article: str, expected: list[str]) -> None:
    assert operators(article.format(USE)) == expected


LETTERS = list(permutations("ABCDEFGH", 6))


@pytest.mark.parametrize(
    "text",
    [
        "La SNCF est autorisée à {}. Destinataires :"
        + "".join(f"\n- la commune de {''.join(letters).title()} ;" for letters in LETTERS[:1300]),
        "La SNCF est autorisée à {}, " + "les communes suivantes " * 1700,
        "La SNCF est autorisée à {}, la ville de" + " " * 40_000 + "Lens",
    ],
    ids=["those who are told", "words that open no list", "blanks"],
)
def test_many_communes_take_no_time(text: str) -> None:
    before = process_time()
    operators(text.format(USE))
    assert process_time() - before < 8, "each alone looked through the whole act: more than 100 s"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ARRÊTE\nArticle 1er : Demandeur : ☐ Police nationale\t  ☐ Gendarmerie\t  ☒ SDIS. Il est autorisé à {}.", ["SDIS"]),
        ("ARRÊTE\nArticle 1er : L'arrêté du 2 mai 2026 est modifié.\nArticle 2 : Divers.", ["Préfecture de police"]),
    ],
)
def test_boxes_copies_and_whom_a_decree_authorised(text: str, expected: list[str]) -> None:
    law = "Vu la loi n° 2023-380 du 19 mai 2023, article 10 ;\n"
    above = (
        f"{law}Vu l'arrêté n° 2026-1 du 2 mai 2026 autorisant la préfecture de police à employer un traitement algorithmique d'images ;\n"
    )
    title = "Arrêté n° 2 modifiant l'arrêté n° 2026-1 autorisant un traitement algorithmique d'images" if "modifié" in text else TITLE
    assert sorted(judge(act(above + text.format(USE), title)).facts.operators) == expected


def test_several_to_whom_it_was_granted_before() -> None:
    renewed = (
        "Arrêté n° 2 renouvelant l'autorisation accordée à la SNCF et à la préfecture de police d'employer un traitement algorithmique"
    )
    text = "Vu la loi n° 2023-380, article 10 ;\nARRÊTE\nArticle 1er : L'autorisation est renouvelée."
    assert sorted(judge(act(text, f"{renewed} d'images")).facts.operators) == ["Préfecture de police", "SNCF"]


def test_who_was_there_is_no_operator() -> None:
    title = "Relevé valant arrêté n° 2026-7 autorisant un traitement algorithmique d'images de vidéoprotection"
    present = "Étaient présents : le colonel de gendarmerie, le directeur de la police nationale."
    text = f"{title}\n{present}\nLe préfet décide :\n2.1. – La SNCF peut {USE}."
    assert judge(act(text, title)).facts.operators == ("SNCF",)


def test_in_capitals_an_article_is_no_town() -> None:
    title = "ARRÊTÉ RELATIF À L'EMPLOI, PAR LA POLICE MUNICIPALE DE VIRE, D'UN TRAITEMENT ALGORITHMIQUE D'IMAGES"
    text = f"Vu le code ;\nARRÊTE\nArticle 1er : La police municipale de Vire peut {USE}."
    assert judge(act(text, title)).facts.operators == ("Police municipale de Vire",)


@pytest.mark.parametrize(
    ("where", "communes"),
    [
        ("sur la commune de Lens", ["Lens"]),
        ("sur le territoire de la commune du Havre", ["Le Havre"]),
        ("dans la ville de Lens", ["Lens"]),
        ("dans le centre-ville de Lens", []),
        ("sur l'ensemble du territoire des communes de Lens et d'Uzès", ["Lens", "Uzès"]),
        ("sur les périmètres des communes de Lens, la Seyne-sur-Mer, Uzès et Le Havre", ["Lens", "La Seyne-sur-Mer", "Uzès", "Le Havre"]),
        ("sur les communes de Lens - Le Havre - Uzès", ["Lens", "Le Havre", "Uzès"]),
        ("sur la commune de Lens et la commune d'Uzès", ["Lens", "Uzès"]),
        ("à Lens (62) et à Uzès", ["Lens", "Uzès"]),
        ("à Lens, Uzès et Le Havre", ["Lens", "Uzès", "Le Havre"]),
        ("à Uzès (Gard) et au Havre (Seine-Maritime)", ["Uzès", "Le Havre"]),
        ("à I'occasion du Carrousel", []),
        ("dans la gare de Lens", []),
    ],
)
def test_the_commune_where_one_films_is_no_operator(where: str, communes: list[str]) -> None:
    text = f"Article 1er : La police nationale est autorisée à {USE} {where}."
    facts = judge(act(f"ARRÊTE\n{text}\nArticle 2 : Divers.", TITLE)).facts
    assert (facts.operators, list(facts.communes)) == (("Police nationale",), communes)


@pytest.mark.parametrize(
    ("article", "operators"),
    [
        ("La commune de Lens et la société Trams du Nord sont autorisées à {}.", ["Commune de Lens", "Société Trams du Nord"]),
        ("Les Forces armées en Guyane sont autorisées à {}.", ["Forces armées en Guyane"]),
        (
            "Est autorisé, au profit des forces de sécurité intérieure, l'emploi d'un traitement algorithmique.",
            ["Forces de sécurité intérieure"],
        ),
        ("La police nationale est autorisée à {} dans 46 stations de la RATP.", ["Police nationale"]),
    ],
)
def test_a_body_that_no_list_has_is_told_with_doubt_and_an_owner_of_places_not_at_all(article: str, operators: list[str]) -> None:
    facts = judge(act(f"ARRÊTE\nArticle 1er : {article.format(USE)}\nArticle 2 : Divers.", TITLE)).facts
    assert list(facts.operators) == operators
    assert ("operators" in facts.doubtful) is (operators != ["Police nationale"])
