"""Software and makers, known and unknown, and the cameras that feed them."""

from __future__ import annotations

from collections.abc import Iterator
from time import process_time

import pytest

from bot.detection.facts import cameras
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
        ("le traitement algorithmique ; l'outil est le logiciel Argos Plus, que développe la société Optiplus", "Argos Plus", "Optiplus"),
        ("le traitement algorithmique du logiciel Argos, que la société Optiplus a conçu", "Argos", "Optiplus"),
        ("le traitement algorithmique du logiciel Argos, qu'édite l'entreprise Optiplus", "Argos", "Optiplus"),
        ("le traitement algorithmique du logiciel Argos, dont la société Optiplus est l'éditrice", "Argos", "Optiplus"),
        ("le traitement algorithmique du logiciel Argos, lequel a été créé par la société Optiplus", "Argos", "Optiplus"),
        ("le traitement algorithmique du logiciel conçu par Jean Modèle", None, None),
        ("le traitement algorithmique développé par M. Modèle", None, None),
        ("le traitement algorithmique sur les images fournies par la RATP", None, None),
    ],
)
def test_software_and_vendor(text: str, software: str | None, vendor: str | None) -> None:
    read = facts(f"La SNCF est autorisée à mettre en œuvre {text}.")
    assert (read.software, read.vendor) == (software, vendor)


@pytest.mark.parametrize(
    ("text", "cameras"),
    [
        ("dix-sept caméras. Lorsqu'une caméra est déplacée, le préfet en est informé", 17),
        ("12 caméras en gare et 8 caméras sur le parvis", 20),
        ("mille deux cents caméras", 1200),
        ("la ville :\nLieu\t  Arr.\t  Caméras\nplace Pie\t  2e\t  12\nquai Nord\t  3e\t  4\n   ---\nEnsemble\t  16\nFin", 16),
        ("la ville. Les caméras sont vues par ces agents :\nPolice\t  12\nGare\t  4\nTotal\t  16\nFin", None),
        ("quatre-vingt-dix-sept caméras", 97),
        ("vingt-quatre des caméras de la ville", 24),
        ("la gare.\nAnnexe\nNombre total de caméras 187\nConservation 48 heures", 187),
        ("la gare.\nAnnexe\nCaméras reliées au logiciel 38, fixes\nEffacement 24 heures", 38),
        ("la gare.\nCaméras fixes 14\nCaméras mobiles 3\nCaméras de route 12", None),
        ("la ville.\nLes images des\ncaméras de l'avenue du 8\nmai 1945 et celles des\ncaméras conservées pendant une\ndurée de", None),
        ("mille mille mille mille caméras", None),
        # The first of several parts is no count.
        ("12 caméras fixes place Bellecour, 9 place des Terreaux et 4 rue de la République", None),
        ("25 caméras au total : 12 caméras place Bellecour, 9 place des Terreaux et 4 rue de la République", 25),
        ("caméras.\nLieu Responsable Nombre de\ncaméras\nPlace Bellecour Ville 14\nGare SNCF 18\nTOTAL 32", 32),
    ],
)
def test_cameras(text: str, cameras: int | None) -> None:
    assert facts(f"La SNCF est autorisée à mettre en œuvre un traitement algorithmique sur les images de {text}.").cameras == cameras


@pytest.mark.parametrize(
    ("title", "article", "types"),
    [
        ("", "La SNCF peut employer un traitement algorithmique.", []),
        (
            "issues d'un système de vidéoprotection",
            "Un traitement algorithmique est autorisé, à l'exclusion des images captées par des aéronefs.",
            ["videoprotection"],
        ),
    ],
)
def test_camera_types(title: str, article: str, types: list[str]) -> None:
    assert list(facts(article, title=f"{TITLE} {title}").camera_types) == types


@pytest.mark.parametrize(
    ("visa", "types"),
    [
        ("Vu la décision du 3 mai 2026 qui porte sur les images issues de la vidéoprotection de la gare ;", ["videoprotection"]),
        # An ordinary authorisation of a system, and the title of the implementing decree, tell nothing.
        ("Vu l'arrêté du 3 mai 2026 autorisant un système de vidéoprotection ;", []),
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
    assert list(read.facts.camera_types) == types


@pytest.mark.parametrize(
    ("text", "purposes"),
    [
        ("l'ensemble des événements prédéterminés mentionnés à l'article 3 du décret n° 2023-828", 8),
        ("des événements prédéterminés mentionnés à l'article 3 du décret n° 2023-828", 0),
        ("les mouvements de foule ; à l'exclusion de la présence d'objets abandonnés", 1),
    ],
)
def test_all_purposes_only_where_said(text: str, purposes: int) -> None:
    assert len(facts(f"La SNCF est autorisée à mettre en œuvre un traitement algorithmique pour signaler : {text}.").purposes) == purposes


@pytest.mark.parametrize(
    ("article", "software", "vendor"),
    [
        ("Le logiciel Vigidrap, édité par Halbrane Systèmes, est installé.", "Vigidrap", "Halbrane Systèmes"),
        ("Le logiciel Vigidrap, conçu par Halbrane Numérique, est installé.", "Vigidrap", "Halbrane Numérique"),
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
        ("Le concert est donné par la société Grand Angle sous le nom de « Belvédère ».", None, None),
        ("Prestataire : société Belvia (logiciel Flux-Clair).", "Flux-Clair", "Belvia"),
        ("Logiciel : Regardis (Oriel Vision SAS).", "Regardis", "Oriel Vision"),
        ("Traitement :\nLogiciel : Sentier Clair. Éditeur : Opaline Vision SARL.", "Sentier Clair", "Opaline Vision"),
        ("Matériels et logiciel\n5.1 Vingt-deux (22) caméras sont concernées.", None, None),
        ("Le traitement est employé par la société de sécurité Vigilor.", None, None),
        ("Les images du traitement sont celles de la société exploitante Ports Bleus.", None, None),
        ("Le logiciel est hébergé par la société Nuage Clair.", None, None),
        (
            "Le logiciel employé, Belvédère Grands espaces, est édité par la société Ateliers d'Optique.",
            "Belvédère Grands espaces",
            "Ateliers d'Optique",
        ),
        ("Le logiciel est celui que décrit l'attestation n° 12, à savoir « Belvédère », de la société Optiplus.", "Belvédère", "Optiplus"),
        ("Le logiciel employé, conforme au décret, est installé par la commune.", None, None),
        (
            "Le logiciel est « Belvédère » de la société Optiplus. L'offre de la société Wintics n'a pas été retenue.",
            "Belvédère",
            "Optiplus",
        ),
        ("Le logiciel est « Belvédère » de la société Optiplus, préféré à celui de Videtics.", "Belvédère", "Optiplus"),
        ("Le logiciel est « Belvédère » de la société Optiplus. N'a pas été retenue l'offre de Wintics.", "Belvédère", "Optiplus"),
        ("L'offre de Wintics, société concurrente, portait sur un logiciel.", None, None),
        ("Société Wintics- logiciel Cityvision.", "Cityvision", "Wintics"),
        ("Il est assuré au moyen de la suite logicielle Belvédère 4, distribuée par la société Optiplus.", "Belvédère 4", "Optiplus"),
    ],
)
def test_software_and_maker_in_other_words(article: str, software: str | None, vendor: str | None) -> None:
    read = facts(f"La SNCF est autorisée à mettre en œuvre un traitement algorithmique.\nArticle 2 : {article}")
    assert (read.software, read.vendor) == (software, vendor)


@pytest.mark.parametrize(
    ("text", "software", "vendor"),
    [
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
        ("Trois drones sont employés, à raison d'une caméra par appareil.", 3),
        ("Sont employés deux aéronefs équipés chacun d'une caméra.", 2),
        (
            "Annexe\nStations\t   Lignes\t   Caméras\nNation\t   1 – 2\t   25\nBercy\t   14\t   13\n                   38",
            38,
        ),
        ("Les caméras sont réparties ainsi : 40 en ville et 20 au port, soit au total 60.", 60),
        ("Le parc compte 600 caméras, dont 60 seulement sont reliées au traitement.", 60),
        ("Chaque service dispose d'une caméra ; le total est de deux.", 2),
        ("Chacun dispose d'une seule caméra, le total ne pouvant dépasser deux.", 2),
        ("Les images viennent de caméras fixes, dans la limite de douze.", 12),
        ("Sont reliées au traitement 60 des 600 caméras de la ville.", 60),
        ("Le dispositif compte 60 caméras fixes et 4 nomades.", 64),
        ("Caméras\nlieu\t         nombre\nplace Foch\t    4\nquai Bas\t      5\n    caméras, total\t  9\nFait à Nice", 9),
    ],
)
def test_numbers_cut_at_a_line_end_and_last_lines_of_tables(text: str, cameras: int | None) -> None:
    assert facts(f"La SNCF est autorisée à employer un traitement algorithmique.\nArticle 2 : {text}").cameras == cameras


@pytest.mark.parametrize(
    ("said", "cameras", "is_sure"),
    [
        # Parts of one sentence, each with its place, its kind or its noun.
        ("Sept caméras filment la halle et onze le quai.", 7, False),
        ("Sept caméras sont placées sous la halle, onze sur le quai et deux dans la rue.", 20, True),
        ("Les caméras, au nombre de 14 pour la régie et de 3 pour la ville, sont connues.", 17, True),
        ("Le nombre de caméras ne peut excéder 12 à l'intérieur et 5 à l'extérieur.", 17, True),
        ("Les images sont celles de 30 caméras du port auxquelles s'ajoutent six caméras de la plage.", 36, True),
        ("Sont visées, d'une part, 8 caméras du parc et, d'autre part, de 4 caméras nomades.", 12, True),
        ("Sont visées 9 (neuf) caméras fixes et une (1) caméra sur aéronef.", 10, True),
        ("Sont visées 12 caméras, 8 caméras fixes et 4 mobiles.", 12, True),
        ("Caméras : 4 + 11 + 2.", 17, True),
        ("Sont concernées :\nrue Haute : quatre caméras ;\nrue Basse : deux caméras.", 6, True),
        ("Sont concernées :\n- 4 caméras rue Haute ;\n- 12 caméras rue Basse.", 16, True),
        ("Les caméras sont celles du préau (6), du gymnase (2) et du parvis (1).", 9, False),
        ("Elle emploie quatre caméras (deux sur mâts, deux sur drones).", 4, True),
        ("Elle emploie quatre caméras (deux sur mâts, deux sur drones) et trois sur le quai.", 7, True),
        # What may be the same cameras, or lines, is not added.
        ("Sont autorisés :\n- la police, sur 40 caméras ;\n- la gendarmerie, sur 12 caméras.", None, True),
        ("Les caméras sont celles des stations Nation (6), Bercy (14) et Cité (4).", None, True),
        ("Sont visées 12 caméras au port, où il s'en trouve 8 sur le quai.", 12, False),
        # What is left out, and of how many.
        ("Sur les 90 caméras de la ville, 22 sont raccordées.", 22, True),
        ("Parmi 90 caméras, seules 22 seront analysées.", 22, True),
        ("Il porte sur 22 caméras. Les quatre caméras du port n'en font pas partie.", 22, True),
        ("Le nombre reste fixé, à l'exception des deux caméras du quai ; leur nombre s'établit ainsi à 20.", None, True),
        ("Les caméras du quai étant ôtées, leur nombre s'établit ainsi à 20, sous réserve de trois caméras.", 20, False),
        ("Le nombre de caméras est ramené de trente-deux à vingt-six.", 26, True),
        ("Le nombre de caméras (seize) reste le même.", 16, True),
    ],
)
def test_parts_are_added_up_or_make_the_number_doubtful(said: str, cameras: int | None, *, is_sure: bool) -> None:
    read = facts(f"La SNCF est autorisée à employer un traitement algorithmique.\nArticle 2 : {said}")
    assert (read.cameras, "cameras" not in read.doubtful) == (cameras, is_sure)


@pytest.mark.parametrize(
    ("former", "later", "cameras"),
    [
        ("41", "58", 58),
        ("quarante et un", "cinquante-huit", 58),
        ("12", "14", None),
    ],
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

    monkeypatch.setattr(cameras, "lines_of", counted)
    assert facts("Un traitement algorithmique est autorisé.\nArticle 2 : Les caméras :\n" + "12\n" * 3000).cameras is None
    assert 0 < looked_at < 20_000


@pytest.mark.parametrize(
    ("said", "cameras"),
    [
        ("Le traitement porte sur 14 (quatorze) caméras.", 14),
        ("Le traitement porte sur 31 (trente et une) caméras de vidéoprotection.", 31),
        ("Le traitement porte sur 3 caméras intérieures et 1 caméra extérieure.", 4),
        ("Le système est composé de 3 caméras intérieures et de 1 caméra extérieure.", 4),
        ("Le traitement porte sur 1 caméra intérieure et 37 caméras extérieures.", 38),
        ("Le traitement porte sur une caméra extérieure, douze caméras intérieures.", 13),
        ("Le traitement porte sur 1 caméra extérieure, 37 intérieures.", 38),
        ("Le traitement porte sur 12 caméras fixes, 3 caméras nomades et 1 caméra filmant la voie publique.", 16),
        ("Le traitement porte sur 20 caméras, dont 16 caméras fixes et 2 caméras mobiles.", 20),
        ("Le traitement porte sur 20 caméras (16 intérieures et 4 extérieures).", 20),
        ("Le traitement est celui du tableau :\n3\t   Nombre de caméras\t     8\n4\t   Début\t     2 mai", 8),
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
        ("LOGICIEL\nNom : Vigibocage (version 2)\t     Concepteur : Vire Images SAS\nArticle 7 – Divers.", "Vire Images"),
        ("Il est fait usage du logiciel Vigibocage de la SARL Vire Images.", "Vire Images"),
        ("Le logiciel, Vigibocage, demeure inchangé.", None),
        ("La solution employée, Vigibocage, n'est pas modifiée.", None),
        ("Le comité tient un stand. Il est dit, sous le nom de Bocage, utile.", None),
    ],
)
def test_products_under_a_heading_in_a_form_or_as_what_it_is(said: str, maker: str | None) -> None:
    facts = judge(
        act(f"Vu la loi n° 2023-380 du 19 mai 2023, article 10 ;\nARRÊTE\nArticle 1er : Divers.\nArticle 6 – {said}", NAMED_TITLE)
    ).facts
    assert (facts.software, facts.vendor) == ("Vigibocage" if "Vigibocage" in said else None, maker)


NAMED_TITLE = "Arrêté autorisant un traitement algorithmique d'images de vidéoprotection"
