"""Operators, events, counts of cameras and numbers in words that other tests do not have."""

from __future__ import annotations

import pytest

from benchmarks.detection.labelled import as_labels
from bot.detection.judging import judge
from bot.domain.acts import Facts, Kind
from tests.bot.detection.samples import act

OBJECT = "un traitement algorithmique des images de vidéoprotection"
LAW = "Vu la loi n° 2023-380 du 19 mai 2023, notamment son article 10 ;"


def facts(*articles: str, title: str = "Arrêté n° 2026-412", visas: str = LAW) -> Facts:
    numbered = "\n".join(f"Article {rank} : {article}" for rank, article in enumerate(articles, 1))
    return judge(act(f"{visas}\nARRÊTE\n{numbered}\nFait à Nice, le 2 juillet 2026", title)).facts


@pytest.mark.parametrize(
    ("words", "event"),
    [
        ("pour la tenue du Grand Prix de Nevers", "Grand Prix de Nevers"),
        ("en vue du Salon du livre", "Salon du livre"),
        ("au titre de la fête nationale du 14 juillet", "fête nationale du 14 juillet"),
        ("à l'occasion des fêtes des 13 et 14 juillet 2026", "fêtes des 13 et 14 juillet 2026"),
        ("à l'occasion des cérémonies des 10 et 11 novembre", "cérémonies des 10 et 11 novembre"),
        ("à l'occasion des fêtes de Nevers des 13 et 14 juillet 2026", "fêtes de Nevers"),
        ("lors de l'opération de déminage prévue le 3 juillet 2026", "opération de déminage"),
        ("pendant les opérations d'évacuation", "opérations d'évacuation"),
        ("lors de la visite officielle du ministre", "visite officielle du ministre"),
        ("lors de l'opération de traitement des images", None),
        ("à l'occasion des obsèques du petit Lucas", "obsèques"),
        ("à l'occasion de la messe en mémoire de Jean Exemple, à la cathédrale", "messe"),
        ("à l'occasion du mariage de Jean Exemple et d'Anne Exemple", "mariage"),
        ("en vue de la sécurité des personnes", None),
        ("décision justifiée par la tenue du Salon du livre", "Salon du livre"),
        ("décision motivée par le Salon du livre", "Salon du livre"),
        ("pour la sûreté de la Foire aux oignons", "Foire aux oignons"),
        ("pour la sécurité du « Rendez-vous des lutins »", "Rendez-vous des lutins"),
        ("pour la sécurité du Stade des Foins", None),
        ("pour la durée de la compétition « Dune Extrême »", "compétition « Dune Extrême »"),
        ("pour les seuls défilés de la Chandeleur", "défilés de la Chandeleur"),
        ("pendant la 12e Nocturne des halles", "12e Nocturne des halles"),
        ("à l'occasion de la foire mentionnée à l'article 2", None),
        ("au titre de la sécurité de l'événement « Les Nuées »", "Les Nuées"),
    ],
)
def test_events(words: str, event: str | None) -> None:
    assert facts(f"La commune de Cannes est autorisée, {words}, à employer {OBJECT}.").event == event


@pytest.mark.parametrize(
    ("title", "article", "event"),
    [
        ("d'une épreuve cycliste", "de la course Blois – Vendôme", "course Blois – Vendôme"),
        ("de la foire aux vins", "de la Foire ancienne aux fromages et aux vins", "Foire ancienne aux fromages et aux vins"),
    ],
)
def test_an_article_may_name_more_clearly_what_the_title_names(title: str, article: str, event: str) -> None:
    printed = f"Arrêté n° 2026-412 autorisant l'emploi d'{OBJECT} à l'occasion {title}"
    assert facts(f"À l'occasion {article}, la commune de Nevers est autorisée à employer {OBJECT}.", title=printed).event == event


@pytest.mark.parametrize(
    "title",
    [
        "portant, à l'occasion de la Fête des Foins, autorisation d'{}",
        "portant, à l'occasion de la Fête des Foins, emploi d'{}",
        "portant, à l'occasion de la Fête des Foins, mise en œuvre d'{}",
        "autorisant {} à l'occasion de la Fête des Foins\n\nLa sous-préfète de Dole,",
        "autorisant {} à l'occasion de la Fête des Foins\n\nLe secrétaire général chargé de l'administration de l'État,",
    ],
)
def test_an_event_ends_where_its_title_does(title: str) -> None:
    printed = f"Arrêté n° 2026-412 {title.format(OBJECT)}"
    assert facts(f"La commune de Dole est autorisée à employer {OBJECT}.", title=printed).event == "Fête des Foins"


@pytest.mark.parametrize(
    ("recital", "event"),
    [
        ("le Carnaval des Foins rassemblera 9 000 personnes", "Carnaval des Foins"),
        ("la 4e édition du festival « Les Foins » attire la foule", "festival « Les Foins »"),
        ("la Grande Fenaison, fête des faneurs, se déroule en juin", "Grande Fenaison"),
        ("les 5es Rencontres du conte auront lieu en juin", "5es Rencontres du conte"),
        ("le Parc des Foins accueille 9 000 personnes", None),
        ("le festival de l'an dernier a réuni 9 000 personnes", None),
    ],
)
def test_what_takes_place_by_a_recital_is_a_doubtful_event(recital: str, event: str | None) -> None:
    read = facts(f"La commune de Dole est autorisée à employer {OBJECT}.", visas=f"{LAW}\nConsidérant que {recital} ;")
    assert (read.event, "event" in read.doubtful) == (event, event is not None)


@pytest.mark.parametrize("said", ["concernant la tournée « Foins »", "relative à la tournée « Foins »"])
def test_a_refusal_says_what_the_demand_was_about(said: str) -> None:
    visas = f"{LAW}\nVu la demande de la commune de Metz d'employer {OBJECT} ;"
    refused = facts(f"La demande {said} est rejetée.", title=f"Arrêté n° 2026-412 refusant l'emploi d'{OBJECT}", visas=visas)
    assert refused.event == "tournée « Foins »"


@pytest.mark.parametrize(
    ("recital", "event"),
    [
        ("l'autorisation a été délivrée à l'occasion de la Fête des Foins, donnée sur le mail", "Fête des Foins"),
        ("l'arrêté du 2 mai 2026 a été pris à l'occasion de la Fête des Foins", "Fête des Foins"),
        ("le registre manquait à l'occasion du contrôle du 4 mai 2026", None),
    ],
)
def test_a_recital_may_name_the_event_of_a_decree_that_is_suspended(recital: str, event: str | None) -> None:
    visas = f"{LAW}\nVu l'arrêté n° 2026-400 du 2 mai 2026 autorisant la commune de Metz à employer {OBJECT} ;\nConsidérant que {recital} ;"
    title = f"Arrêté n° 2026-412 suspendant {OBJECT}"
    assert facts("L'autorisation délivrée par l'arrêté n° 2026-400 est suspendue.", title=title, visas=visas).event == event


@pytest.mark.parametrize(
    "article",
    [
        "Le logiciel Argos, de la société Optiplus, est remplacé par le logiciel Belvi, de la société Naxos.",
        "Le logiciel Belvi, de la société Naxos, remplace le logiciel Argos, de la société Optiplus.",
    ],
)
def test_a_product_that_is_replaced_without_quotes_is_not_told(article: str) -> None:
    read = facts(
        "L'arrêté n° 2026-400 est modifié.", article, title=f"Arrêté n° 2026-412 modifiant l'arrêté n° 2026-400 autorisant {OBJECT}"
    )
    assert (read.software, read.vendor) == ("Belvi", "Naxos")


FORM = [("Responsable", "Police municipale de Lens"), ("{}", "Corso des Mimosas"), ("Sites", "- place Foch\n- quai du Port"),
        ("{}", "Regardia"), ("{}", "Ardenne Calcul SAS (Sedan)"), ("Images", "Celles de la vidéoprotection")]  # fmt: skip


@pytest.mark.parametrize(
    "head", ["Article 3 – Événement\n", "Art. 3. – Manifestation. – ", "Article 3 : Occasion\n", "Article 3 (Événement concerné)\n"]
)
@pytest.mark.parametrize(
    ("body", "event"),
    [
        ("Le marathon des Deux-Ponts, édition 2027.", "marathon des Deux-Ponts, édition 2027"),
        ("L'Armada de la Seine\n", "Armada de la Seine"),
        ("Un mouvement de foule.", None),
    ],
)
def test_an_article_headed_so_may_give_the_event_alone(head: str, body: str, event: str | None) -> None:
    articles = f"La commune de Dole est autorisée à employer {OBJECT}.\n{head}{body}\nArticle 4 : Le public est informé."
    assert facts(articles).event == event


@pytest.mark.parametrize("heads", [("Manifestation", "Logiciel", "Fournisseur"), ("Événement", "Nom du logiciel", "Éditeur")])
@pytest.mark.parametrize("numbered", [True, False])
def test_a_form_tells_what_and_for_whom(heads: tuple[str, str, str], numbered: bool) -> None:
    names = iter(heads)
    rows = [(head if head != "{}" else next(names), value) for head, value in FORM]
    printed = ""
    for rank, (head, value) in enumerate(rows, 1):
        first, *below = value.split("\n")
        printed += (
            "\n" + f"{rank}\t    {head}"[0 if numbered else 6 :].ljust(33) + "\t" + "".join(f"{line}\n{'':34}" for line in [first, *below])
        )
    read = facts(
        f"Le traitement algorithmique des images que décrit ce tableau est autorisé dans les conditions qu'il fixe.\n{printed}\n\n"
        "Ampliation : mairie de Lens ; compagnie de gendarmerie de Lens."
    )
    assert (read.operators, read.event, read.software, read.vendor) == (
        ("Police municipale de Lens",), "Corso des Mimosas", "Regardia", "Ardenne Calcul",
    )  # fmt: skip
    assert read.places == ("place Foch", "quai du Port")


@pytest.mark.parametrize(
    "tail",
    [
        "à analyser par algorithme les images de dix caméras",
        "au traitement algorithmique des images de la vidéoprotection",
        "par un traitement algorithmique, les images de la vidéoprotection",
        "trois traitements algorithmiques sur les images de la vidéoprotection",
        "d'appliquer un traitement algorithmique aux images de la vidéoprotection",
    ],
)
def test_what_is_done_at_an_event_is_no_part_of_its_name(tail: str) -> None:
    assert (
        facts(f"La commune de Sète est autorisée, à l'occasion du tournoi de joutes, {tail}.", f"Est employé {OBJECT}.").event
        == "tournoi de joutes"
    )


@pytest.mark.parametrize(
    ("end", "office"),
    [
        ("La préfète,\npour elle, le directeur de cabinet,\nAnaïs VERDIER", "Le directeur de cabinet"),
        (
            "La directrice de cabinet,\npour le préfet et par délégation,\nAnaïs VERDIER\nNice, le 2 juillet 2026",
            "La directrice de cabinet",
        ),
        ("Le préfet,\npour le préfet et par délégation,\nAnaïs VERDIER\nNice, le 2 juillet 2026", None),
        ("La sous-préfète d'Arles,\nAnaïs VERDIER", "La sous-préfète d'Arles"),
    ],
)
def test_the_office_of_whoever_signs_for_a_prefect(end: str, office: str | None) -> None:
    town = "Arles" if "Arles" in end else "Nice"
    text = f"{LAW}\nARRÊTE\nArticle 1 : La commune de Sète est autorisée à employer {OBJECT}."
    text += f"\n{end}" if "2026" in end else f"\nFait à {town}, le 2 juillet 2026\n\n{end}"
    assert judge(act(text, "Arrêté n° 2026-412")).facts.office == office


def test_the_prefecture_of_police_beside_the_fire_brigade() -> None:
    named = "L'autorisation délivrée à la préfecture de police et à la brigade de sapeurs-pompiers de Paris d'employer"
    assert facts(f"{named} {OBJECT} est renouvelée.").operators == ("Préfecture de police", "Brigade de sapeurs-pompiers de Paris")


def test_a_modification_named_by_its_noun_and_an_authorisation_that_says_who_may() -> None:
    modified = (
        f"{LAW}\narrête :\nArticle 1\nL'autorisation accordée à la commune d'Alès par l'arrêté n° 2026-400 du 2 mai 2026 est modifiée.\n"
    )
    verdict = judge(
        act(
            f"{modified}Article 2\nLe nombre total des caméras est porté à 9.",
            "AP n° 2026-412\nÉlargissement du périmètre d'un traitement algorithmique",
        )
    )
    assert verdict.kind is Kind.MODIFICATION
    may = f"{LAW}\nARRETE\n\n§ 1. La police nationale peut, à l'occasion du carnaval d'Alès, faire usage d'{OBJECT}."
    may += "\n\n§ 2. Lieux : halle du Marché, quai Vert."
    verdict = judge(act(f"{may}\n\n§ 3. Le présent arrêté sera publié.", "Arrêté n° 2026-412\nTraitement algorithmique – carnaval"))
    assert (verdict.kind, verdict.facts.places) == (Kind.AUTHORISATION, ("halle du Marché", "quai Vert"))


def test_a_maker_whose_name_goes_on_and_cameras_that_are_added() -> None:
    found = facts(
        f"La commune d'Alès est autorisée à mettre en œuvre {OBJECT}.",
        "La solution Cévenole est éditée par la société Fabrique des Images, de Nîmes.",
    )
    assert found.vendor == "Fabrique des Images"
    assert (
        facts(f"Est autorisé {OBJECT}.", "L'annexe est complétée par une ligne ainsi rédigée : « quai Vert, 7 caméras ».").cameras is None
    )


@pytest.mark.parametrize(
    ("article", "places"),
    [
        # Lines without a mark, then a heading.
        ("Il ne porte que sur les lieux suivants :\n  gare de Dax et ses abords\n  halte de Peyrou\n  quai Vert\n\nQuand ?", 3),
        ("La circulation est déviée par :\n– rue du Bac ;\n– rue Verte.", 0),
    ],
)
def test_lists_of_places_without_marks_or_without_the_word(article: str, places: int) -> None:
    assert len(facts(f"La commune de Dax est autorisée à mettre en œuvre {OBJECT}.", article).places) == places


def test_places_of_a_form_above_the_visas() -> None:
    form = "Demandeur :\t    police nationale\nLieux :\t        Marina de Cap-Vert\n               Place du Souvenir\nPériode :\t      juin"
    article = f"Le demandeur est autorisé à mettre en œuvre {OBJECT}."
    text = f"Arrêté n° 2026-412\nautorisant {OBJECT}\n\n{form}\n\n{LAW}\nARRÊTE\nArticle 1 : {article}"
    assert judge(act(text)).facts.places == ("Marina de Cap-Vert", "Place du Souvenir")


@pytest.mark.parametrize(
    "sentence",
    [
        "Est complétée l'autorisation donnée à l'occasion du corso de Luchon, par l'arrêté n° 2026-400 du 2 mai 2026, d'employer ",
        "La police nationale peut, à l'occasion du corso de Luchon et dans les limites ci-dessous, faire usage d'",
    ],
)
def test_an_event_ends_where_its_sentence_goes_on(sentence: str) -> None:
    assert facts(f"{sentence}{OBJECT}.").event == "corso de Luchon"


def test_articles_numbered_by_ordinals_and_a_court_in_short() -> None:
    text = (
        f"{LAW}\nARRÊTE\nARTICLE PREMIER. – Le SDIS est autorisé à employer {OBJECT}.\nARTICLE DEUXIEME. – Le maire de Luchon est chargé de"
    )
    found = judge(act(f"{text} l'exécution du présent arrêté.\nRecours : T.A. de Toulouse, deux mois.", "Arrêté n° 2026-412")).facts
    assert (found.operators, found.court) == (("SDIS",), "Tribunal administratif de Toulouse")


def test_the_street_of_a_court_is_no_place_under_watch() -> None:
    title = f"Arrêté n° 2026-412 autorisant {OBJECT}. Vous pouvez saisir le tribunal administratif de Pau (cours Lyautey, place Verte)"
    assert facts(f"La commune de Dax est autorisée à mettre en œuvre {OBJECT}.", title=title).places == ()


@pytest.mark.parametrize(
    ("article", "starts"),
    [
        ("Le registre est remis avant le 6 juillet 2026 à 12 heures.", None),
        ("L'abrogation prend effet à compter du 6 juillet 2026.", "2026-07-06"),
    ],
)
def test_a_day_beside_an_end_is_none_of_its_days(article: str, starts: str | None) -> None:
    title = f"Arrêté n° 2026-412 abrogeant l'arrêté n° 2026-400 du 2 mai 2026 autorisant {OBJECT}"
    found = as_labels(facts("L'arrêté n° 2026-400 du 2 mai 2026 est abrogé.", article, title=title))
    assert (found.get("starts"), found.get("ends")) == (starts, None)


def test_a_decision_of_a_prefect_has_its_number() -> None:
    assert (
        facts(f"La commune de Lens est autorisée à employer {OBJECT}.", title=f"Décision préfectorale SPC-2026-088 – {OBJECT}").number
        == "SPC-2026-088"
    )


@pytest.mark.parametrize(
    ("head", "number", "signed"),
    [
        ("PRÉFET DU NORD\n\nBPA n° 2026/218\n\nArrêté {}", "2026/218", None),
        ("N° 2026/218\nArrêté {}", "2026/218", None),
        ("Dossier n° 2026/218\nArrêté {}", None, None),
        ("RAA N° 2026/218\nArrêté {}", None, None),
        ("PRÉFET DU NORD\nArrêté {}", None, None),
        ("Arrêté n° CAB 1042 DS du 18 juin 2027 {}", "CAB 1042 DS", "2027-06-18"),
        ("A R R Ê T É\ndu 11 août 2026 {}\nn° 30-2026-08-11-00001", "30-2026-08-11-00001", "2026-08-11"),
        # Alone on a line, with no sign before it, or above the title with no year.
        ("CABINET\n2027 - 368\n{}", "2027-368", None),
        ("CABINET\n2027-CAB-368\nArrêté préfectoral\n{}", "2027-CAB-368", None),
        ("CABINET\nN° 368\nArrêté préfectoral\n{}", "368", None),
        ("CABINET\nAnnée 2027 - 2028\n2027-2028\nTél : 04 75 79 28 28\n26000 Valence\nArrêté {}", None, None),
        ("PRÉFÈTE DE LA DRÔME          n° 26-2027-BSP-77\nArrêté {}", "26-2027-BSP-77", None),
        # After "Arrêté", with no sign.
        ("Arrêté 27 CAB-SIDPC 742\n{}", "27 CAB-SIDPC 742", None),
        ("Arrêté HC/742/CAB du 12 janvier 2027 {}", "HC/742/CAB", "2027-01-12"),
        ("Arrêté 2027-742-DSC {}", "2027-742-DSC", None),
        ("Arrêté 2027.01.DS.0742 {}", "2027.01.DS.0742", None),
        ("Arrêté PREF/CAB/BOP2027012-0003 {}", "PREF/CAB/BOP2027012-0003", None),
        # In blanks, and read by OCR.
        ("Arrêté n° 2027 368\n{}", "2027 368", None),
        ("Arrêté n° 2027 012 003 du 12 janvier 2027\n{}", "2027 012 003", "2027-01-12"),
        ("Arrêté N2 2027-12 DU 12 JANVIER 2027\n{}", "2027-12", "2027-01-12"),
        ("ARRÊTÉ N°2 2027-012-016\n{}", "2027-012-016", None),
        ("Arrêté n° 2027-12 bis du 12 janvier 2027\n{}", "2027-12 bis", "2027-01-12"),
        ("Arrêté DCL/BRGE 2027-12\n{}", "DCL/BRGE 2027-12", None),
        # Whatever a text layer glued to it.
        ("Arrêté n°64-2027-10-{}", "64-2027-10", None),
        ("Arrêté n° 2027-12-CABrelatif à l'emploi, {}", "2027-12-CAB", None),
        ("Arrêté n°2027-12du 12 janvier 2027{}", "2027-12", "2027-01-12"),
        ("{}\nArrêté n° 2027-12Le préfet du Nord,", "2027-12", None),
        ("Arrêté n°2027-CAB-12-PORTANT mesures et {}", "2027-CAB-12", None),
        ("Arrêté n° 2027-BSP-op-11 {}", "2027-BSP-op-11", None),
        # A series that holds the year.
        ("27/CAB/DS/PPA-VIDEO n° 136 du 12 janvier 2027\nArrêté {}", "27/CAB/DS/PPA-VIDEO n° 136", "2027-01-12"),
        ("Arrêté 2027/CAB/SIDPC n°12\n{}", "2027/CAB/SIDPC n° 12", None),
        ("Arrêté PREF/DS/BSI n° 136 du 12 janvier 2027\n{}", "136", "2027-01-12"),
        # Not filled in.
        ("ARRÊTÉ PRÉFECTORAL N2 26-2027-01-12- EN DATE DU 12 JANVIER 2027{}", None, "2027-01-12"),
        ("ARRÊTÉ N° ……… EN DATE DU 12 JANVIER 2027\n{}", None, "2027-01-12"),
        ("ARRÊTÉ N°\t           DU 12 JANVIER 2027\n{}", None, "2027-01-12"),
        ("Arrêté 12 janvier 2027{}", None, "2027-01-12"),
        ("Arrêté {}, vu l'arrêté du 2 janvier 2027", None, None),
        # The day of the head.
        ("La préfète de la Loire Le mardi 12 janvier 2027\nArrêté n° 2027-12 {}", "2027-12", "2027-01-12"),
        ("Arrêté n° 2027-12\nLa préfète de la Loire Le mardi 12 janvier 2027\n{}", "2027-12", "2027-01-12"),
        ("Bureau de la sécuritéGrenoble, le 12/01/2027\nArrêté n° 2027-12 {}", "2027-12", "2027-01-12"),
        ("Le 12 janvier 2027\nArrêté n° 2027-12 {}", "2027-12", "2027-01-12"),
        ("Date : 12 janvier 2027\nArrêté n° 2027-12 {}", "2027-12", "2027-01-12"),
        ("Lille le 12 JAN. 2027\nArrêté n° 2027-12 {}", "2027-12", "2027-01-12"),
        ("Arrêté n° 2027-12 {}\nle mardi 14 janvier 2027 à Lens", "2027-12", None),
    ],
)
def test_heads_as_prefects_write_them(head: str, number: str | None, signed: str | None) -> None:
    text = f"{head.format(f'autorisant l’emploi d’{OBJECT}')}\n\nLe préfet du Nord,\n{LAW}\nARRÊTE\n"
    use = f"La commune de Lens est autorisée à employer {OBJECT} le 14 janvier 2027."
    found = judge(act(f"{text}Article 1 : {use}", f"Arrêté autorisant {OBJECT}")).facts
    assert (found.number, found.signed and str(found.signed)) == (number, signed)
    assert as_labels(found)["starts"] == "2027-01-14"


@pytest.mark.parametrize(
    "opening",
    [
        "J'AI DÉCIDÉ ce qui suit :",
        "Je décide :",
    ],
)
def test_a_letter_may_decide_in_points(opening: str) -> None:
    asked = "Monsieur le Maire,\nVous m'avez prié d'autoriser l'emploi de vingt caméras.\n"
    points = "\nI. – La police municipale de Lens est autorisée à traiter par un algorithme les images de onze caméras.\n"
    title = f"Décision n° 2026-44 – {OBJECT.removeprefix('un ')}"
    closing = "Je vous prie d'agréer, Monsieur le Maire, mes salutations.\n\nLe préfet,\nLéon Vasseur"
    found = judge(
        act(f"Le préfet du Nord\n{asked}{LAW[3:]}\nEn conséquence, {opening}\n{points}II. – Le public est informé.\n\n{closing}", title)
    ).facts
    assert (found.cameras, found.office) == (11, "Le préfet")
