"""Each fact on the many ways decrees print it, read through `judge` from a decree built around it."""

from __future__ import annotations

from datetime import date

import pytest

from bot.detection.judging import judge
from bot.domain.acts import Facts
from tests.bot.detection.samples import act

OBJECT = "portant autorisation de l'emploi d'un traitement algorithmique des images issues d'un système de vidéoprotection"


def titled(number: str = "n° 2026-1", tail: str = "") -> Facts:
    return judge(act(title=f"Arrêté {number} {OBJECT} {tail}")).facts


def decree(article: str, *, title: str = f"Arrêté n° 2026-1 {OBJECT}", rest: str = "") -> Facts:
    return judge(act(f"Vu le code de la sécurité intérieure ;\nARRÊTE\nArticle 1er : {article}\n{rest}", title)).facts


@pytest.mark.parametrize(
    ("printed", "number"),
    [
        ("SOUS-PRÉFECTORAL N° 2026/VX/012", "2026/VX/012"),
        ("2A-2026-06-01-00003", "2A-2026-06-01-00003"),
        # A verb that a text layer glued to it.
        ("n° 2027-318/CAB/BPAautorisant", "2027-318/CAB/BPA"),
        ("du 3 mai 2026", None),
    ],
)
def test_number(printed: str, number: str | None) -> None:
    assert titled(printed).number == number


def test_the_number_of_a_quoted_decree_is_never_the_decree_s_own() -> None:
    title = "Arrêté modifiant l’arrêté n° 2026-00688 portant autorisation de l'emploi d'un traitement algorithmique des images"
    assert judge(act(title=title)).facts.number is None
    for quoted in ("l□arrêté n° 2026-7", "l arrêté n° 2026-7", "les arrêtés n° 2026-7 et n° 2026-8", "cet arrêté n° 2026-7"):
        assert (
            judge(act(title=f"Arrêté abrogeant {quoted} portant autorisation d'un traitement algorithmique des images")).facts.number
            is None
        )


def test_a_line_of_the_head_gives_the_number_before_a_visa_does() -> None:
    head = "PRÉFÈTE DE LA DORDOGNE\nn° 24-2026-10-03-00001\nVu l'arrêté n° 24-2026-09-22-00006 du 22 septembre 2026 ;\nARRÊTE"
    facts = judge(
        act(
            f"{head}\nArticle 1er : La SNCF est autorisée à employer un traitement algorithmique.\nPérigueux, le 3 octobre 2026",
            f"Arrêté {OBJECT}",
        )
    ).facts
    assert (facts.number, facts.signed) == ("24-2026-10-03-00001", date(2026, 10, 3))


@pytest.mark.parametrize(
    ("printed", "signed"),
    [
        ("n° 2026-1 en date du 1er avril 2026", date(2026, 4, 1)),
        ("n° 2026-1 du 31 février 2026", None),
    ],
)
def test_signature_in_the_title(printed: str, signed: date | None) -> None:
    assert titled(printed).signed == signed


def test_signature_at_the_end() -> None:
    use = "La SNCF est autorisée à mettre en œuvre un traitement algorithmique."
    assert decree(use, rest="Article 2 : Exécution.\nFait à Saint-Denis, le 0 5 mai 2026").signed == date(2026, 5, 5)


def test_hours_of_the_article_complete_the_days_of_the_title() -> None:
    facts = decree(
        "La SNCF est autorisée le 3 mai 2026 de 17h00 à 23h59 à utiliser un traitement algorithmique.",
        title=f"Arrêté n° 2026-1 {OBJECT} du 3 mai 2026",
    )
    assert (facts.starts and facts.starts.isoformat(), facts.ends and facts.ends.isoformat()) == ("2026-05-03T17:00", "2026-05-03T23:59")


@pytest.mark.parametrize(
    ("subject", "operators"),
    [
        ("Le maire de la commune de Le Mans", ("Commune du Mans",)),
        ("La police intercommunale de la communauté d'agglomération Grand Angle", ("Communauté d'agglomération Grand Angle",)),
        ("La compagnie républicaine de sécurité n° 8", ("Police nationale",)),
        ("À l'occasion du gala de la police nationale, la commune de Lens", ("Commune de Lens",)),
        ("La police aux frontières", ("Police nationale",)),
    ],
)
def test_operators(subject: str, operators: tuple[str, ...]) -> None:
    assert decree(f"{subject} est autorisé à mettre en œuvre un traitement algorithmique des images.").operators == operators


@pytest.mark.parametrize(
    ("visa", "operators"),
    [
        ("tendant à ce que la police municipale de Lens emploie un traitement algorithmique des images", ("Police municipale de Lens",)),
        ("tendant à l'emploi d'un traitement algorithmique des images", ("Commune de Lens",)),
        # The police of another commune, or another service, is only named on the way.
        ("et l'avis de la police municipale de Liévin sur l'emploi d'un traitement algorithmique des images", ("Commune de Lens",)),
        ("et l'avis de la police nationale sur l'emploi d'un traitement algorithmique des images", ("Commune de Lens",)),
    ],
)
@pytest.mark.parametrize("asking", ["La demande de la commune de Lens", "La demande présentée par la ville de Lens"])
def test_who_asks_for_its_police_is_not_the_operator(asking: str, visa: str, operators: tuple[str, ...]) -> None:
    title = "Arrêté n° 2026-1 portant rejet d'une demande d'emploi d'un traitement algorithmique des images de vidéoprotection"
    text = f"Vu la demande {visa} ;\nARRÊTE\nArticle 1er : {asking} est rejetée."
    assert judge(act(text, title)).facts.operators == operators


def test_a_form_whose_rows_have_codes_below_the_articles() -> None:
    text = (
        "ARRÊTÉ D'AUTORISATION\nTRAITEMENT ALGORITHMIQUE D'IMAGES\n\nArrêté n° : SPVX/2026/12\n\nLe sous-préfet de Vire,\n"
        "Vu la loi n° 2023-380 du 19 mai 2023, article 10 ;\nARRÊTE\nArticle 1er – La demande est accordée aux conditions du cadre A.\n"
        "Article 2 – Les voies de recours sont au cadre B.\n\nCADRE A – AUTORISATION\n\n"
        "A1  Responsable du traitement\t    Commune de Vire\nA2  Images\t                       Système de vidéoprotection\n"
        "A3  Évènement\t                    foire aux Andouilles\nA4  Caméras\t                      14\n"
        "A10 Lieux\t                        – place Castel\n                                  – porte Horloge\n\n"
        "CADRE B – RECOURS\n\nB1  Recours : tribunal administratif de Caen.\n\nCADRE C – SIGNATURE\n\n"
        "C1  Fait à : Vire\nC2  Le : 7 mai 2026\nC3  Qualité : Le sous-préfet de Vire\n"
    )
    facts = judge(act(text)).facts
    assert (facts.number, facts.signed, facts.cameras) == ("SPVX/2026/12", date(2026, 5, 7), 14)
    assert (facts.event, facts.places) == ("foire aux Andouilles", ("place Castel", "porte Horloge"))


@pytest.mark.parametrize(
    ("recital", "cameras"),
    [
        ("Considérant que le nombre de caméras, douze, est le plus faible qui convienne ;", 12),
        ("Vu la demande portant sur 40 caméras ;\nConsidérant que le nombre de caméras est de 30 ;", None),
    ],
)
def test_cameras_that_only_a_request_or_a_recital_counts_are_doubtful(recital: str, cameras: int | None) -> None:
    article = "Article 1er : La SNCF est autorisée à mettre en œuvre un traitement algorithmique sur les images de ses caméras."
    facts = judge(
        act(f"Vu le code ;\n{recital}\nARRÊTE\n{article}", "Arrêté n° 2026-1 autorisant un traitement algorithmique d'images")
    ).facts
    assert facts.cameras == cameras
    assert ("cameras" in facts.doubtful) is (cameras is not None)


@pytest.mark.parametrize(
    ("tail", "event", "places"),
    [
        ("lors de la réunion du 3 mai 2026", None, ()),
        ("aux abords du stade Bleu le 3 mai 2026", None, ("stade Bleu",)),
    ],
)
def test_event_and_places(tail: str, event: str | None, places: tuple[str, ...]) -> None:
    facts = titled(tail=tail)
    assert (facts.event, facts.places) == (event, places)


def test_the_legal_basis_needs_the_article_of_the_law() -> None:
    article = "Article 1er : La SNCF est autorisée à mettre en œuvre un traitement algorithmique des images de vidéoprotection."
    visas = {
        "Vu la loi n° 2023-380 du 19 mai 2023, notamment son article 10 ;": ("loi n° 2023-380 du 19 mai 2023, article 10",),
        "Vu la loi n° 2023-380 du 19 mai 2023, notamment son article 15 ;": (),
        "Vu la loi n° 2026-201 du 20 mars 2026, notamment son article 47 ;": ("loi n° 2026-201 du 20 mars 2026, article 47",),
        "Vu la loi n° 2026-201 du 20 mars 2026 ;": ("loi n° 2026-201 du 20 mars 2026",),
        "Vu la loi n° 2026-798 du 18 août 2026 ;": ("loi n° 2026-798 du 18 août 2026",),
        "Vu le décret n° 2023-828 ;": ("décret n° 2023-828 du 28 août 2023",),
    }
    for visa, basis in visas.items():
        assert judge(act(f"{visa}\nARRÊTE\n{article}", "Arrêté")).facts.legal_basis == basis


@pytest.mark.parametrize(
    ("wording", "event"),
    [
        ("du festival des Moulins est donc refusée", "festival des Moulins"),
        ("du festival des Moulins sera ajournée", "festival des Moulins"),
        ("du festival des Moulins fait l'objet d'un refus", "festival des Moulins"),
        ("des rencontres des Moulins ont été suspendues", "rencontres des Moulins"),
        # What is authorised is the next part of the sentence.
        ("de la Foire de Marseille, l'autorisation est refusée", "Foire de Marseille"),
    ],
)
def test_the_verb_of_a_sentence_ends_the_name_of_its_event(wording: str, event: str) -> None:
    title = "Arrêté n° 2026-1 portant rejet d'une demande d'emploi d'un traitement algorithmique des images de vidéoprotection"
    assert decree(f"La demande d'un traitement algorithmique des images à l'occasion {wording}.", title=title).event == event


AUTHORISED = (
    "Vu la loi n° 2023-380 du 19 mai 2023, article 10 ;\nARRÊTE\n"
    "Article 1er : La SNCF est autorisée à employer un traitement algorithmique d'images"
)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("pendant les jours gras du carnaval virois.", "carnaval virois"),
        ("durant les trois soirées du festival des Vaux.", "festival des Vaux"),
        ("au cours de la nuit du samedi 22 au dimanche 23 mai 2026.", None),
        ("à l'occasion du Tournoi des Bocages, rencontre de huit équipes, 9 000 spectateurs.", "Tournoi des Bocages"),
        ("à l'occasion des Nuits du Cotentin\n• Rapport du 2 mai", "Nuits du Cotentin"),
        ("à l'occasion du Bal des Bocages un périmètre étant instauré.", "Bal des Bocages"),
        ("à l'occasion du festival Sinfonia\nDécide :", "festival Sinfonia"),
        # What is authorised, where, who and what for.
        (", à l'occasion du Carrousel nocturne, à capter, enregistrer et transmettre des images.", "Carrousel nocturne"),
        ("à l'occasion de la foire de mai, place de la Tour et rue Foch.", "foire de mai"),
        ("à l'occasion des fêtes du Grand Faucon, à Cordes et aux Cabannes.", "fêtes du Grand Faucon"),
        ("à l'occasion des Lumières d'Albi, les vendredis et samedis.", "Lumières d'Albi"),
        (
            "à l'occasion de l'hommage aux victimes du 13 novembre 2015, est institué un périmètre.",
            "hommage aux victimes du 13 novembre 2015",
        ),
        ("dans le cadre du secours aux personnes.", None),
        ("pour la sécurité des rassemblements et l'appui des personnels au sol.", None),
        (".\nArticle 2 – Manifestation\nIntitulé : Régates de la Sée\nOrganisateur : club nautique", "Régates de la Sée"),
        (".\nAnnexe\nManifestation\t     à l'occasion du Grand Bal\nMise en route\t     vendredi 4 juin 2026, 16 h", "Grand Bal"),
    ],
)
def test_events_end_where_something_else_begins(said: str, expected: str | None) -> None:
    text = f"{AUTHORISED} {said}"
    assert judge(act(text, "Arrêté autorisant un traitement algorithmique d'images")).facts.event == expected


def test_an_event_that_only_a_recital_has_is_to_be_verified() -> None:
    text = f"Considérant qu'à l'occasion de la Nuit blanche, la foule est dense ;\n{AUTHORISED}."
    facts = judge(act(text, "Arrêté autorisant un traitement algorithmique d'images")).facts
    assert (facts.event, "event" in facts.doubtful) == ("Nuit blanche", True)
