"""Software and makers, known and unknown, and the cameras that feed them."""

from __future__ import annotations

from collections.abc import Iterator
from time import process_time

import pytest

from bot.detection.facts import equipment
from bot.detection.judging import judge
from bot.detection.text.document import ActText
from bot.detection.text.rows import Line, lines_of
from bot.domain.acts import Facts
from tests.bot.detection.samples import act

TITLE = "Arrêté n° 2026-1 portant autorisation de l'emploi d'un traitement algorithmique des images"

# The title of the implementing decree, which names both types whatever is authorised.
DECREE = (
    "relatif aux modalités de mise en œuvre de traitements algorithmiques sur les images collectées au moyen de systèmes de "
    "vidéoprotection et de caméras installées sur des aéronefs"
)


def facts(article: str, *, title: str = f"{TITLE} issues d'un système de vidéoprotection") -> Facts:
    return judge(act(f"Vu le code de la sécurité intérieure ;\nARRÊTE\nArticle 1er : {article}", title)).facts


@pytest.mark.parametrize(
    ("text", "software", "vendor"),
    [
        ("le traitement algorithmique au moyen du logiciel Argos de la société Optiplus", "Argos", "Optiplus"),
        ("le traitement algorithmique au moyen de la solution Regard Sûr éditée par Optiplus", "Regard Sûr", "Optiplus"),
        ("le traitement algorithmique ; l'outil est le logiciel Argos Plus, que développe la société Optiplus", "Argos Plus", "Optiplus"),
        ("le traitement algorithmique du logiciel Argos, que la société Optiplus a conçu", "Argos", "Optiplus"),
        ("le traitement algorithmique du logiciel Argos, qu'édite l'entreprise Optiplus", "Argos", "Optiplus"),
        ("le traitement algorithmique du logiciel Argos, dont la société Optiplus est l'éditrice", "Argos", "Optiplus"),
        ("le traitement algorithmique du logiciel Argos, lequel a été créé par la société Optiplus", "Argos", "Optiplus"),
        ("le traitement algorithmique du logiciel Argos, que la société Optiplus héberge", "Argos", None),
        ("le traitement algorithmique des images de caméras que la société Optiplus a fournies", None, None),
        ("le traitement algorithmique du logiciel appliqué aux caméras que la société Optiplus a réalisé", None, None),
        ("le traitement algorithmique au moyen du logiciel Argos", None, None),
        ("le traitement algorithmique du logiciel conçu par Jean Modèle", None, None),
        ("le traitement algorithmique développé par M. Modèle", None, None),
        ("le traitement algorithmique sur les images fournies par la RATP", None, None),
        ("le traitement algorithmique ; les caméras sont fournies par la société Objectif", None, None),
        ("le traitement algorithmique dénommé « Cityvision » et développé par la société Wintics", "Cityvision", "Wintics"),
        ("le traitement algorithmique Cityvision", "Cityvision", None),
        ("le traitement algorithmique sur la ligne XXII", None, None),
        ("le traitement algorithmique du logiciel Argos conçu par la société Optiplus du 04 mai 2026 au 06 mai 2026", "Argos", "Optiplus"),
    ],
)
def test_software_and_vendor(text: str, software: str | None, vendor: str | None) -> None:
    read = facts(f"La SNCF est autorisée à mettre en œuvre {text}.")
    assert (read.software, read.vendor) == (software, vendor)


@pytest.mark.parametrize(
    ("text", "cameras"),
    [
        ("17 caméras dont 3 nomades", 17),
        ("dix-sept caméras. Lorsqu'une caméra est déplacée, le préfet en est informé", 17),
        ("12 caméras en gare et 8 caméras sur le parvis", None),
        ("20 caméras au lieu de 12 caméras", 20),
        ("mille deux cents caméras", 1200),
        ("un nombre de caméras porté de 12 à 20", 20),
        ("un nombre de caméras, fixé à vingt-quatre par l'article 3 de l'arrêté n° 2026-9, porté à trente-huit", 38),
        ("la ville. Le nombre de caméras ne saurait dépasser vingt-cinq", 25),
        ("la ville :\nLieu   Arr.   Caméras\nplace Pie   2e   12\nquai Nord   3e   4\n   ---\nEnsemble   16\nFin", 16),
        ("la ville :\nService   Agents\nPolice   12\nTotal   12\nLes caméras sont fixes", None),
        ("la ville. Les caméras sont vues par ces agents :\nPolice   12\nGare   4\nTotal   16\nFin", None),
        ("dix-sept caméras", 17),
        ("quatre-vingt-dix-sept caméras", 97),
        ("60 caméras en gare et 57 caméras sur le parvis", None),
        ("des caméras", None),
        ("vingt-quatre des caméras de la ville", 24),
        ("caméras : 15 au total, dont 3 mobiles", 15),
        ("la gare.\nAnnexe\nNombre total de caméras 187\nConservation 48 heures", 187),
        ("la gare.\nAnnexe\nCaméras reliées au logiciel 38, fixes\nEffacement 24 heures", 38),
        ("la gare.\nCaméras fixes 14\nCaméras mobiles 3\nCaméras de route 12", None),
        # Lines in the midst of a sentence, some of the cameras, and what only begins like a number.
        ("la ville.\nLes images des\ncaméras mentionnées à l'article 2\ndu présent arrêté", None),
        ("la ville.\nLes images des\ncaméras de l'avenue du 8\nmai 1945 et celles des\ncaméras conservées pendant une\ndurée de", None),
        ("la ville. En cas de panne de l'une des caméras, il est suspendu", None),
        ("la ville. Deux des caméras ont des haut-parleurs", None),
        ("la ville. Le bilan dit le nombre de caméras, un résumé des alertes et leur suite", None),
        ("mille mille mille mille caméras", None),
        ("caméras.\nLieu Responsable Nombre de\ncaméras\nPlace Bellecour Ville 14\nGare SNCF 18\nTOTAL 32", 32),
    ],
)
def test_cameras(text: str, cameras: int | None) -> None:
    assert facts(f"La SNCF est autorisée à mettre en œuvre un traitement algorithmique sur les images de {text}.").cameras == cameras


@pytest.mark.parametrize(
    ("title", "article", "types"),
    [
        ("", "La SNCF peut employer un traitement algorithmique.", []),
        # "Fixes" is told of cameras that the act calls so, and where it calls none of them otherwise.
        ("issues d'un système de vidéoprotection", "Douze caméras fixes sont reliées au traitement algorithmique.", ["fixed"]),
        (
            "issues d'un système de vidéoprotection",
            "Le traitement algorithmique porte sur douze caméras fixes et trois caméras nomades.",
            ["videoprotection"],
        ),
        ("issues d'un système de vidéoprotection", "Aucune caméra fixe n'existe sur ces sentiers.", ["videoprotection"]),
        (
            "issues d'un système de vidéoprotection",
            "Un traitement algorithmique lit douze caméras fixes. Le public est informé par l'application mobile de la ville.",
            ["fixed"],
        ),
        (
            "issues d'un système de vidéoprotection",
            f"Le traitement algorithmique est employé dans les conditions du décret n° 2023-828 {DECREE}.",
            ["videoprotection"],
        ),
        (
            "issues d'un système de vidéoprotection",
            "Un traitement algorithmique est autorisé, à l'exclusion des images captées par des aéronefs.",
            ["videoprotection"],
        ),
    ],
)
def test_camera_types(title: str, article: str, types: list[str]) -> None:
    assert [kind.value for kind in facts(article, title=f"{TITLE} {title}").camera_types] == types


def test_a_box_that_is_not_ticked_is_of_no_camera() -> None:
    boxes = "La SNCF est autorisée.\n☐ Système de vidéoprotection   ☐ Caméras mobiles\n☒ Caméras installées sur des aéronefs"
    assert facts(boxes, title=TITLE).camera_types == ("drone",)
    assert facts(boxes.replace("☐", "☒"), title=TITLE).camera_types == ("videoprotection", "drone")


def test_the_articles_come_before_what_a_recital_tells_of_another_software() -> None:
    recital = "Considérant que le logiciel « Perception » de la société Videtics est cité par erreur ;"
    article = "Article 1er : Le traitement algorithmique est opéré par le logiciel « Argos », édité par la société Optiplus."
    read = judge(act(f"Vu le code de la sécurité intérieure ;\n{recital}\nARRÊTE\n{article}", f"{TITLE} de vidéoprotection")).facts
    assert (read.software, read.vendor) == ("Argos", "Optiplus")
    other = "Article 1er : La SNCF est autorisée à mettre en œuvre le traitement algorithmique."
    told = judge(act(f"Vu le code de la sécurité intérieure ;\n{recital}\nARRÊTE\n{other}", f"{TITLE} de vidéoprotection")).facts
    assert (told.software, told.vendor) == ("Perception", "Videtics")


@pytest.mark.parametrize(
    ("visa", "types"),
    [
        ("Vu la décision du 3 mai 2026 qui porte sur les images issues de la vidéoprotection de la gare ;", ["videoprotection"]),
        # An ordinary authorisation of a system, and the title of the implementing decree, tell nothing.
        ("Vu l'arrêté du 3 mai 2026 autorisant un système de vidéoprotection ;", []),
        (f"Vu le décret n° 2023-828 du 28 août 2023 {DECREE} ;", []),
    ],
)
def test_camera_types_of_a_visa_count_where_nothing_else_tells(visa: str, types: list[str]) -> None:
    article = "Article 1er : L'autorisation d'employer le traitement algorithmique, donnée à la SNCF, est suspendue."
    recital = "Considérant que le public n'a pas été informé par voie d'affiches, comme la loi le veut, de ce qui est mis en œuvre ;"
    read = judge(
        act(
            f"{visa}\n{recital}\nARRÊTE\n{article}",
            "Arrêté n° 2026-9 portant suspension de l'emploi d'un traitement algorithmique d'images",
        )
    )
    assert [kind.value for kind in read.facts.camera_types] == types


@pytest.mark.parametrize(
    ("text", "purposes"),
    [
        ("l'ensemble des événements prédéterminés mentionnés à l'article 3 du décret n° 2023-828", 8),
        ("des événements prédéterminés mentionnés à l'article 3 du décret n° 2023-828", 0),
        ("les mouvements de foule ; à l'exclusion de la présence d'objets abandonnés", 1),
        ("les mouvements de foule ;\n- la densité trop importante de personnes", 2),
    ],
)
def test_all_purposes_only_where_said(text: str, purposes: int) -> None:
    assert len(facts(f"La SNCF est autorisée à mettre en œuvre un traitement algorithmique pour signaler : {text}.").purposes) == purposes


def test_a_software_that_is_said_to_be_the_one_used() -> None:
    read = facts("La commune est autorisée. Le logiciel utilisé est Perception, édité par Videtics.")
    assert (read.software, read.vendor) == ("Perception", "Videtics")
    assert facts("La commune est autorisée. Le logiciel utilisé est conforme.").software is None


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("12 caméras fixes place Bellecour, 9 place des Terreaux et 4 rue de la République", None),
        ("25 caméras au total : 12 caméras place Bellecour, 9 place des Terreaux et 4 rue de la République", 25),
        ("12 caméras situées 3 place Bellecour, 9 place des Terreaux et 4 rue de la République", 12),
    ],
)
def test_the_first_of_several_parts_is_no_count(text: str, count: int | None) -> None:
    assert facts(f"La commune est autorisée à employer les images de {text}.").cameras == count


@pytest.mark.parametrize(
    ("article", "software", "vendor"),
    [
        ("Le logiciel Vigidrap, édité par Halbrane Systèmes, est installé.", "Vigidrap", "Halbrane Systèmes"),
        ("Le logiciel Vigidrap, conçu par Halbrane Numérique, est installé.", "Vigidrap", "Halbrane Numérique"),
        ("Le logiciel Vigidrap, conçu par Jeanne Halbrane, est installé.", "Vigidrap", None),
        ("Le logiciel mis en œuvre est « Belvédère », conçu par la start-up grenobloise Optiplus.", "Belvédère", "Optiplus"),
        ("Le logiciel retenu, « Belvédère », est édité par Optiplus.", "Belvédère", "Optiplus"),
        ("Le traitement, commercialisé sous le nom de Belvédère, est l'œuvre de la société Optiplus.", "Belvédère", "Optiplus"),
        ("La solution Belvédère de l'éditeur Optiplus est utilisée.", "Belvédère", "Optiplus"),
        ("Solution utilisée : « Belvédère 2 » de la société française Optiplus Vision SA.", "Belvédère 2", "Optiplus Vision"),
        ("Le dispositif logiciel baptisé Belvédère a été fourni par la société par actions simplifiée Optiplus.", "Belvédère", "Optiplus"),
        ("Le traitement s'appuie sur la technologie « Belvédère » de la société Optiplus.", "Belvédère", "Optiplus"),
        ("Le traitement repose sur le logiciel Belvédère développé par l'entreprise Optiplus.", "Belvédère", "Optiplus"),
        ("Le module d'analyse, dont le nom commercial est « Belvédère », est distribué par le groupe Optiplus.", "Belvédère", "Optiplus"),
        ("Le traitement employé est la solution « Belvédère » éditée par la PME lyonnaise Optiplus.", "Belvédère", "Optiplus"),
        ("La société Optiplus est l'éditrice du logiciel « Belvédère ».", "Belvédère", "Optiplus"),
        ("Le fournisseur du traitement est la société Optiplus.", None, "Optiplus"),
        (
            "Le traitement « Belvédère », acquis auprès de l'UGAP, est édité par Optiplus Technologies.",
            "Belvédère",
            "Optiplus Technologies",
        ),
        ("Le logiciel utilisé par la commune est le logiciel Belvédère, version 3, de la société Optiplus.", "Belvédère", "Optiplus"),
        ("Le traitement est réalisé à l'aide du logiciel BELVEDERE de marque Optiplus.", "BELVEDERE", "Optiplus"),
        ("Le traitement est opéré au moyen du logiciel Belvédère, propriété de la société Optiplus.", "Belvédère", "Optiplus"),
        ("Les traitements sont livrés par la société Optiplus sous la dénomination « Belvédère ».", "Belvédère", "Optiplus"),
        ("Le concert est donné par la société Grand Angle sous le nom de « Belvédère ».", None, None),
        ("Les images sont vues par les agents de la société dénommée « Belvédère ».", None, None),
        ("Le public est informé par l'application « Ma Ville ».", None, None),
        ("Le festival dénommé « Belvédère » bénéficie du traitement.", None, None),
        ("Prestataire : société Belvia (logiciel Flux-Clair).", "Flux-Clair", "Belvia"),
        ("Logiciel : Regardis (Oriel Vision SAS).", "Regardis", "Oriel Vision"),
        ("Traitement :\nLogiciel : Sentier Clair. Éditeur : Opaline Vision SARL.", "Sentier Clair", "Opaline Vision"),
        ("Matériels et logiciel\n5.1 Vingt-deux (22) caméras sont concernées.", None, None),
        ("LES IMAGES DU TRAITEMENT SONT CELLES D'UN SYSTÈME DE VIDÉOPROTECTION (DOSSIER N° 2025/0044).", None, None),
        ("Le responsable du traitement est la société Autoroutes du Littoral.", None, None),
        ("Le traitement est employé par la société de sécurité Vigilor.", None, None),
        ("Le traitement algorithmique est conçu par Jean Modèle.", None, None),
        ("Les images du traitement sont celles de la société exploitante Ports Bleus.", None, None),
        ("Le traitement est conforme à l'attestation délivrée à la société Optiplus.", None, None),
        ("Le logiciel est hébergé par la société Nuage Clair.", None, None),
        ("Le logiciel est édité par la société Optiplus\n\nGrand Angle", None, "Optiplus"),
        (
            "Le logiciel employé, Belvédère Grands espaces, est édité par la société Ateliers d'Optique.",
            "Belvédère Grands espaces",
            "Ateliers d'Optique",
        ),
        ("Le logiciel est celui que décrit l'attestation n° 12, à savoir « Belvédère », de la société Optiplus.", "Belvédère", "Optiplus"),
        ("Les images sont vues au poste « Belvédère » de la société Optiplus.", None, None),
        ("Le logiciel employé, conforme au décret, est installé par la commune.", None, None),
        ("Le logiciel Belvé-\ndère, conçu par la société Optiplus, est employé.", "Belvédère", "Optiplus"),
        (
            "Le logiciel est « Belvédère » de la société Optiplus. L'offre de la société Wintics n'a pas été retenue.",
            "Belvédère",
            "Optiplus",
        ),
        ("Le logiciel est « Belvédère » de la société Optiplus, préféré à celui de Videtics.", "Belvédère", "Optiplus"),
        ("Le logiciel est « Belvédère » de la société Optiplus. N'a pas été retenue l'offre de Wintics.", "Belvédère", "Optiplus"),
        ("L'offre de Wintics, société concurrente, portait sur un logiciel.", None, None),
        ("Le logiciel Cityvision de Wintics est retenu ; les offres concurrentes ont été écartées.", "Cityvision", "Wintics"),
        ("Le logiciel Cityvision de Wintics, dont la version 2 n'est plus utilisée, est employé.", "Cityvision", "Wintics"),
        ("Société Wintics- logiciel Cityvision.", "Cityvision", "Wintics"),
    ],
)
def test_software_and_maker_in_other_words(article: str, software: str | None, vendor: str | None) -> None:
    read = facts(f"La SNCF est autorisée à mettre en œuvre un traitement algorithmique.\nArticle 2 : {article}")
    assert (read.software, read.vendor) == (software, vendor)


@pytest.mark.parametrize(
    ("text", "software", "vendor"),
    [
        ("algorithmique, qui est limité dans le temps", None, None),
        ("algorithmique du logiciel Argos Plus de la société Optiplus", "ARGOS PLUS", "OPTIPLUS"),
        ("algorithmique du logiciel dénommé Argos et développé par la société Optiplus", "ARGOS", "OPTIPLUS"),
        ("algorithmique du logiciel dénommé « Argos »", "ARGOS", None),
    ],
)
def test_in_capitals_a_capital_tells_no_name(text: str, software: str | None, vendor: str | None) -> None:
    article = f"Article 1er : La SNCF est autorisée à mettre en œuvre un traitement {text}."
    read = judge(act(f"Vu le code ;\nARRÊTE\n{article}\nArticle 2 : Exécution.".upper(), f"{TITLE} de vidéoprotection")).facts
    assert (read.software, read.vendor) == (software, vendor)


@pytest.mark.parametrize(
    ("text", "cameras"),
    [
        ("Le nombre de caméras est porté à cin-\nquante-deux.", 52),
        ("Le nombre de caméras reliées s'établit ainsi à 61.", 61),
        ("Trois drones sont employés, à raison d'une caméra par appareil.", 3),
        ("Sont employés deux aéronefs équipés chacun d'une caméra.", 2),
        # A last line counts where the rows add up to it: by a column, by the last figures, by all.
        ("Les caméras :\n\nSecteur Quais Halls Ensemble\nGare nord 12 9 21\nGare sud 20 16 36\nEnsemble 32 25 57", 57),
        (
            "Annexe\nStations    Lignes    Caméras\nNation    1 – 2    25\nBercy    14    13\n                   38",
            38,
        ),
        ("Annexe\nEmprise Lignes Nombre de caméras\nNation M1 46\nBastille M1 18\nTOTAL 90", None),
        ("Liste des caméras et des agents :\nhalle 4 2\nquai 5 3\nTotal 9 5", None),
        ("Le dispositif compte deux caméras.\nPage\n7", 2),
        ("Deux drones suppléent les 45 caméras fixes, à raison d'une caméra par drone.", 45),
        # What follows is no number of cameras.
        ("Répartition :\n\n            Hall 1    Hall 2    Hall 3\n   caméras     12        7        9", None),
        ("Le nombre de caméras varie lorsque l'affluence atteint 500 personnes.", None),
        ("Le nombre de caméras employées atteint 80 % du parc.", None),
        ("Le nombre de caméras peut changer avec un préavis qui est de 15 jours.", None),
        ("Le nombre de caméras est affiché à l'accueil, qui reste de 8 h à 20 h ouvert.", None),
        ("Le nombre de caméras est de 12 à 15 selon les jours.", None),
        ("Les caméras sont réparties ainsi : 40 en ville et 20 au port, soit au total 60.", 60),
        ("Le parc compte 600 caméras, dont 60 seulement sont reliées au traitement.", 60),
        ("Sont reliées au traitement 60 des 600 caméras de la ville.", 60),
        ("La totalité des 60 caméras est concernée.", 60),
        # Parts are never added up.
        ("Trois caméras aéroportées et douze caméras fixes au plus sont employées.", None),
        ("Le dispositif compte 60 caméras fixes et 4 nomades.", None),
        ("Caméras\nlieu          nombre\nplace Foch     4\nquai Bas       5\n    caméras, total   9\nFait à Nice", 9),
        ("Emplacement des caméras\nSite   Caméras   Caméras reliées au traitement\n1      15   8\n2      22   6\nEns.   37   14", 14),
        (
            "Caméras\nRéf.  Lieu  Nb   Réf.  Lieu  Nb\nA1  place Foch   4   A3   rue Haute   2\nA2   quai Bas   5   –   Total   17",
            None,
        ),
    ],
)
def test_numbers_cut_at_a_line_end_and_last_lines_of_tables(text: str, cameras: int | None) -> None:
    assert facts(f"La SNCF est autorisée à employer un traitement algorithmique.\nArticle 2 : {text}").cameras == cameras


@pytest.mark.parametrize(
    ("former", "later", "cameras"),
    [("41", "58", 58), ("quarante et un", "cinquante-huit", 58), ("12", "14", None), ("41", "58 » heures et « 2", None)],
)
def test_a_number_put_in_the_place_of_that_of_the_recitals_counts_the_cameras(former: str, later: str, cameras: int | None) -> None:
    text = (
        "Vu l'arrêté n° 2026-12 du 2 mai 2026 autorisant un traitement algorithmique ;\nConsidérant que 41 caméras ne suffisent pas ;\n"
        "ARRÊTE\nArticle 1er : L'arrêté n° 2026-12 du 2 mai 2026 est modifié.\n"
        f"Article 2 : À l'article 2, le nombre : « {former} » est remplacé par le nombre : « {later} »."
    )
    title = "Arrêté n° 2026-44 modifiant l'arrêté n° 2026-12 autorisant un traitement algorithmique d'images de vidéoprotection"
    assert judge(act(text, title)).facts.cameras == cameras


@pytest.mark.parametrize(
    ("preamble", "cameras"),
    [
        ("Vu l'arrêté du 2 mai 2025 par lequel la commune de Dax a été autorisée à installer 12 caméras ;", None),
        ("Vu l'arrêté n° 2025-12 relatif au nombre de caméras, au nombre de 12 caméras ;", None),
        ("Considérant que, par arrêté du 2 mai 2025, la commune a été autorisée à en exploiter, au nombre de 12 caméras ;", None),
        ("Vu la demande de la commune de Dax, au nombre de 12 caméras ;", 12),
    ],
)
def test_the_cameras_of_another_decree_are_not_counted(preamble: str, cameras: int | None) -> None:
    text = f"{preamble}\nARRÊTE\nArticle 1 : La commune de Dax est autorisée à employer un traitement algorithmique des images."
    assert judge(act(f"Vu la loi n° 2023-380 du 19 mai 2023, article 10 ;\n{text}", TITLE)).facts.cameras == cameras


def test_cameras_aboard_drones_do_not_move_those_said_to_be_fixed() -> None:
    read = facts("La SNCF traite par algorithme les images de 24 caméras fixes et de deux embarquées sur aéronefs.", title=TITLE)
    assert read.camera_types == ("fixed", "drone")


def test_a_column_of_thousands_of_figures_is_read_in_time_that_grows_with_its_length(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = 0

    def counted(document: ActText, start: int, end: int) -> Iterator[Line]:
        nonlocal looked_at
        for line in lines_of(document, start, end):
            looked_at += 1
            yield line

    monkeypatch.setattr(equipment, "lines_of", counted)
    assert facts("Un traitement algorithmique est autorisé.\nArticle 2 : Les caméras :\n" + "12\n" * 3000).cameras is None
    assert 0 < looked_at < 20_000


@pytest.mark.parametrize(
    ("said", "cameras"),
    [
        ("Le traitement porte sur 14 (quatorze) caméras.", 14),
        ("Le traitement porte sur 31 (trente et une) caméras de vidéoprotection.", 31),
        ("Le traitement porte sur 3 caméras intérieures et 1 caméra extérieure.", 4),
        ("Le traitement porte sur 1 caméra intérieure et 37 caméras extérieures.", 38),
        ("Le traitement porte sur une caméra extérieure, douze caméras intérieures.", 13),
        ("Le traitement porte sur 1 caméra extérieure, 37 intérieures.", None),
        ("Le traitement porte sur 12 caméras fixes, 3 caméras nomades et 1 caméra filmant la voie publique.", 16),
        ("Le traitement porte sur 20 caméras, dont 16 caméras fixes et 2 caméras mobiles.", 20),
        ("Le traitement porte sur 20 caméras (16 intérieures et 4 extérieures).", 20),
        ("Le traitement est celui du tableau :\n3    Nombre de caméras      8\n4    Début      2 mai", 8),
        ("Les caméras sont :\nLieu Nombre Dont mobiles\nplace A 6 2\nplace B 9 4\nTotal 15 6", 15),
        ("Les caméras sont :\nLieu Avant Après\nplace A 6 2\nplace B 9 4\nTotal 15 6", 6),
        ("Le nombre « dix » est remplacé par le nombre « douze » et les mots « caméras » par les mots « caméras de vidéoprotection ».", 12),
        ("Le nombre « dix » est remplacé par le nombre « douze ».", None),
    ],
)
def test_a_number_of_cameras_in_words_in_a_form_in_a_column_and_in_the_place_of_another(said: str, cameras: int | None) -> None:
    text = (
        f"Vu la loi n° 2023-380 du 19 mai 2023, article 10 ;\nARRÊTE\nArticle 1 : {said}\nArticle 2 : Exécution.\nFait à Dax, le 3 mai 2026"
    )
    assert judge(act(text, "Arrêté n° 2026-9 modifiant un traitement algorithmique des images de vidéoprotection")).facts.cameras == cameras


@pytest.mark.parametrize("words", ["a" * 40_000, "le logiciel, " + "ab " * 13_000], ids=["one word", "many words"])
def test_a_long_name_beside_a_product_takes_no_time(words: str) -> None:
    before = process_time()
    facts(f"Un traitement algorithmique est autorisé.\nArticle 2 : Le logiciel, {words} est édité.")
    assert process_time() - before < 8, "each part of a word was tried as four: 8 s for 200 letters"


@pytest.mark.parametrize(
    ("said", "maker"),
    [
        ("LOGICIEL\nVigibocage, dans sa version attestée.", None),
        ("Solution\nInchangée : Vigibocage (société Vire Images SAS).", "Vire Images"),
        ("L'algorithme lit les images. Il est fourni, sous le nom de Vigibocage, par la société Vire Images.", "Vire Images"),
        ("L'outil (conçu par la société Vire Images, sous le nom de Vigibocage) est acquis par l'État.", "Vire Images"),
        ("LOGICIEL\nNom : Vigibocage (version 2)      Concepteur : Vire Images SAS\nArticle 7 – Divers.", "Vire Images"),
        ("Il est fait usage du logiciel Vigibocage de la SARL Vire Images.", "Vire Images"),
        ("Le logiciel, Vigibocage, demeure inchangé.", None),
        ("La solution employée, Vigibocage, n'est pas modifiée.", None),
    ],
)
def test_products_under_a_heading_in_a_form_or_as_what_it_is(said: str, maker: str | None) -> None:
    facts = judge(
        act(f"Vu la loi n° 2023-380 du 19 mai 2023, article 10 ;\nARRÊTE\nArticle 1er : Divers.\nArticle 6 – {said}", NAMED_TITLE)
    ).facts
    assert (facts.software, facts.vendor) == ("Vigibocage", maker)


@pytest.mark.parametrize(
    "said",
    [
        "Affiche\nTRAITEMENT\nALGORITHMIQUE\n(loi n° 2023-380)",
        "Logiciel\nCelui de l'État.",
        "Le comité tient un stand. Il est dit, sous le nom de Bocage, utile.",
    ],
)
def test_posters_and_others_name_no_product(said: str) -> None:
    facts = judge(
        act(f"Vu la loi n° 2023-380 du 19 mai 2023, article 10 ;\nARRÊTE\nArticle 1er : Divers.\nArticle 6 – {said}", NAMED_TITLE)
    ).facts
    assert (facts.software, facts.vendor) == (None, None)


NAMED_TITLE = "Arrêté autorisant un traitement algorithmique d'images de vidéoprotection"
