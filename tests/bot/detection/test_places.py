"""The places that decrees name: one by one, without what is merely said of them, and never what is no place."""

from __future__ import annotations

import pytest

from bot.detection.facts.place_names import names
from bot.detection.judging import judge
from tests.bot.detection.samples import act

TITLE = "Arrêté n° 2026-1 portant autorisation de l'emploi d'un traitement algorithmique des images issues d'un système de vidéoprotection"
USE = "La commune d'Albi est autorisée à mettre en œuvre un traitement algorithmique sur les images de vidéoprotection."


def places(article: str, title: str = TITLE) -> tuple[str, ...]:
    return judge(act(f"Vu le code de la sécurité intérieure ;\nARRÊTE\nArticle 1er : {USE}\nArticle 2 : {article}", title)).facts.places


@pytest.mark.parametrize(
    ("article", "found"),
    [
        (
            "Sont retenues les stations de métro suivantes :\n• Bellecour (ligne A)\n• Hôtel de Ville - Louis Pradel (lignes A et C)",
            ("Bellecour", "Hôtel de Ville - Louis Pradel"),
        ),
        (
            "Le traitement s'exerce aux endroits suivants :\nLieu\t         Type\nplace Foch\t   fixe\nquai Neuf\t    fixe",
            ("place Foch", "quai Neuf"),
        ),
        ("Des postes de secours sont tenus :\nLieu\t         Horaires\nplace Foch\t   10 h\nquai Neuf\t    12 h", ()),
        # As prefectures say of an area what it is made of, and what it is around.
        ("Il regroupe la Cité haute, le pont Vieux et la rue Basse.", ("Cité haute", "pont Vieux", "rue Basse")),
        ("Il inclut le palais, la cité judiciaire et, désormais, la rue Haute.", ("palais", "cité judiciaire", "rue Haute")),
        ("Sont visés le quartier Nord et la place Verte, à Albi.", ("quartier Nord", "place Verte")),
        ("Le périmètre demeure constitué, à Albi, du palais de justice et de la rue Foch.", ("palais de justice", "rue Foch")),
        ("Il est institué un périmètre autour du Grand Odéon, borné par la rue du 19 mars 1962.", ("Grand Odéon", "rue du 19 mars 1962")),
        ("Le périmètre s'établit autour du stade Foch et comprend la RD 11.", ("stade Foch", "RD 11")),
        ("L'usage est limité à l'île Noire et à l'hôtel de préfecture.", ("île Noire", "hôtel de préfecture")),
        ("Les lieux restent la zone de La Guide (Albi) et l'échangeur de la RN 88.", ("zone de La Guide", "échangeur de la RN 88")),
        ("Les caméras filment le col de Vars, dans les communes d'Albi, Vars et Ceillac.", ("col de Vars",)),
        ("Col de Vars, pont Vieux, gare de Cerbère – communes : Vars, Albi.", ("col de Vars", "pont Vieux", "gare de Cerbère")),
        ("Périmètre (Albi) : cité des Oliviers ; rue Foch.", ("cité des Oliviers", "rue Foch")),
        ("Le dispositif est mis en place à Albi autour du stade Foch.", ("stade Foch",)),
        ("Elle vaut le 4 avril 2026 de 14h00 à 20h00, place Foch et avenue Cook.", ("place Foch", "avenue Cook")),
        ("À Albi : port de plaisance, rive gauche. À Vars : pointe Noire.", ("port de plaisance", "rive gauche", "pointe Noire")),
        (
            "Lieux\nAlbi : front de mer, place Foch\n1.2. Vars, de 9 heures à 12 heures : stade Cook",
            ("front de mer", "place Foch", "stade Cook"),
        ),
        ("Les voies :\n- avenue Foch, entre le quai Neuf et la rue Haute ;\n- rue Basse.", ("avenue Foch", "rue Basse")),
        ("À Albi, le traitement concerne la place Foch. À Vars, il concerne la Grand-Place.", ("place Foch", "Grand-Place")),
        ("Le périmètre, la Grande Île, est fermé la nuit.", ("Grande Île",)),
        ("Il couvre le quartier du Val Vert et dans un rayon de 300 mètres.", ("quartier du Val Vert",)),
        ("Place Foch – 81000 ALBI Cedex. Les recours sont adressés à la mairie.", ()),
        ("Sites : gymnase Cosec (3 caméras) ; salle des fêtes (2 caméras).", ("gymnase Cosec", "salle des fêtes")),
        ("L'usage est limité aux seuls bâtiments publics et à leurs abords.", ()),
        # An article headed so that says something lists nothing.
        ("Lieux\nLe traitement de la place Foch est arrêté.", ()),
        (
            "Le périmètre est délimité par la rue des Lois au nord et le boulevard Lascrosses à l'ouest.",
            ("rue des Lois", "boulevard Lascrosses"),
        ),
        (
            "Le traitement est mis en œuvre en gare de Lens, en gare d'Arras et en gare de Douai.",
            ("gare de Lens", "gare d'Arras", "gare de Douai"),
        ),
        ("Le périmètre se compose de la place Foch, du quai Neuf et de la rue Haute.", ("place Foch", "quai Neuf", "rue Haute")),
        (
            "Le traitement porte sur les caméras suivantes :\nLieu Repère Nombre\nplace Foch C01 à C04 4\nquai Neuf C05, C06 2\nTotal 6",
            ("place Foch", "quai Neuf"),
        ),
        ("Les caméras filment :\n- la place Foch, caméras V1 à V4 ;\n- l'avenue Cook, RD 12.", ("place Foch", "avenue Cook", "RD 12")),
        ("Les lieux dont les images peuvent être traitées sont le stade Cook et le mail nord.", ("stade Cook", "mail nord")),
        ("Elle vaut pour la place Foch, à l'exclusion des cours intérieures.", ("place Foch",)),
        (
            "Il est décidé :\nCaméras\t  12\nLieux\t    quai Neuf ; square\n          Jean Moulin ; rue de la\n          Paix",
            ("quai Neuf", "square Jean Moulin", "rue de la Paix"),
        ),
        ("Il ne survole que l'airial de Marquèze et la gare de Sabres.", ("airial de Marquèze", "gare de Sabres")),
        ("Les drones survolent l'ensemble du Champ-de-Mars.", ()),
        ("Elles filment le quai Rambaud et la place Nautique.", ("quai Rambaud", "place Nautique")),
        ("Les images sont celles de la Croix-Rousse et du jardin des Plantes.", ("Croix-Rousse", "jardin des Plantes")),
        # Tables without a header.
        ("Nombre de caméras : 18.\n  stade René-Serge\t   10\n  boulevard des Héros\t 8", ("stade René-Serge", "boulevard des Héros")),
        ("L'arrêté est complété par les mots : « ainsi que dans les stations Convention et Balard ».", ("Convention", "Balard")),
        ("Il vaut pour la gare d'Albi ainsi que la gare de Castres.", ("gare d'Albi", "gare de Castres")),
        # A line end cuts a word or a name; a dash inside a name stays.
        (
            "Il est mis en œuvre dans les gares de Saint-\nDenis, de Villeneuve-\nsur-Lot et place de la Répu-\nblique.",
            ("gare de Saint-Denis", "gare de Villeneuve-sur-Lot", "place de la République"),
        ),
        (
            "Il est mis en œuvre dans les stations Jacques – Gaîté, Ivry –\nPorte d'Italie et Louvre.",
            ("Jacques – Gaîté", "Ivry – Porte d'Italie", "Louvre"),
        ),
        # The only commune of a decree is no part of a place's name.
        ("Elles filment, sur la commune d'Albi, la place Foch et le quai Neuf à Albi.", ("place Foch", "quai Neuf")),
        ("Elles filment, sur la commune de Castres, la place Foch à Castres.", ("place Foch à Castres",)),
        ("Les caméras filment :\n- place Foch ;\n- Mme Marie Martin ;\n- quai du Port.", ("place Foch", "quai du Port")),
    ],
)
def test_places(article: str, found: tuple[str, ...]) -> None:
    assert places(article) == found


@pytest.mark.parametrize(
    ("table", "found"),
    [
        (
            "Emplacement\tCaméras\tÉvènements\n1. citadelle\t5\tdépart de feu\n2. rue Battant\t1\tdépart de feu",
            ("citadelle", "rue Battant"),
        ),
        ("Repère Adresse Type\nV12 rue Battant fixe", ("rue Battant",)),
        ("Service\t  Caméras\nPolice\t  4\nGendarmerie\t  2", ()),
        # What stands below a table is no end of a row; two columns may have one head.
        ("Lieu\t         Caméras\nplace Foch\t   3\npont Neuf\t    2\nTotal : 5", ("place Foch", "pont Neuf")),
        (
            "N°\t  Lieu\t          N°\t  Lieu\n1\t   place Foch\t    3\t   pont Neuf\n2\t   rue Haute",
            ("place Foch", "pont Neuf", "rue Haute"),
        ),
    ],
)
def test_places_in_the_rows_of_a_table(table: str, found: tuple[str, ...]) -> None:
    assert places(f"Les caméras sont les suivantes :\n{table}") == found


def test_the_title_names_places_where_the_articles_do_not_list_them() -> None:
    article = "Les lieux sont les suivants : parvis Nord."
    assert places(article, f"{TITLE} dans la gare d'Albi") == ("gare d'Albi", "parvis Nord")


def test_a_table_of_panels_servers_or_agents_names_no_place_under_watch() -> None:
    lead = "Le public est informé par des panneaux sur les sites suivants :\nSite\t   Nombre de panneaux"
    assert places(f"{lead}\nMairie de Lille\t   4\nGare de Lille-Europe\t   6\n") == ()


def test_a_table_of_what_is_no_camera_names_no_place() -> None:
    table = "Les agents formés sont affectés ainsi :\nN°  Site  Nombre\n1  place Carnot  4\nLes autres le sont au besoin. " + "Elles " * 30
    assert places(f"Les habilitations suivent. {'Ils sont formés. ' * 12}\n{table}") == ()


def test_places_of_an_annex() -> None:
    end = "Article 3 : Le directeur est chargé de l'exécution du présent arrêté.\nANNEXE – LISTE DES CAMÉRAS\n"
    assert places(f"Divers.\n{end}\nn°  désignation  nombre\n1\t  quai Vauban\t  4\n     TOTAL\t  4") == ("quai Vauban",)
    annex = "Article 3 : Le directeur est chargé de l'exécution du présent arrêté.\nANNEXE\nStations concernées\n1. Bellecour\n2. Perrache"
    assert places(f"Divers.\n{annex}") == ("Bellecour", "Perrache")
    assert places(f"Divers.\n{end}Liste des sites\n\n1. place Kléber\n2. terrasse Rohan") == ("place Kléber", "terrasse Rohan")


LISTED = ("place de la Liberté", "rue du Bac", "parc Borély")
LEADS = ["Les lieux concernés sont les suivants :", "Où :", "Emplacements retenus :", "Le dispositif couvre :", "Sont concernés :"]
IN_SENTENCES = [
    " place de la Liberté, rue du Bac et parc Borély.",
    " la place de la Liberté ; la rue du Bac ; le parc Borély.",
    " place de la Liberté / rue du Bac / parc Borély.",
    " place de la Liberté – rue du Bac – parc Borély.",
    " 1° la place de la Liberté, 2° la rue du Bac, 3° le parc Borély.",
    " (i) place de la Liberté ; (ii) rue du Bac ; (iii) parc Borély.",
    " place de la Liberté (2 caméras), rue du Bac (3 caméras) et parc Borély (4 caméras).",
]
MARKS = [
    "- {}", "• {}", "→ {}", "■ {}", "✓ {}", "> {}", "1° {}", "1) {}", "1. {}", "1 - {}", "a) {}", "(a) {}", "i. {}",
    "Site n° 1 : {}", "Zone A – {}",
    "- {} : 3 caméras", "• {} – 3 caméras fixes", "- 3 caméras {}", "- {} x 3", "- sur le {}", "{}", "\t  {}",
]  # fmt: skip


@pytest.mark.parametrize("items", [*IN_SENTENCES, *("".join(f"\n{mark.format(each)}" for each in LISTED) for mark in MARKS)])
@pytest.mark.parametrize("lead", LEADS)
def test_a_list_is_read_whatever_its_marks_and_the_words_that_open_it(lead: str, items: str) -> None:
    assert sorted(places(f"{lead}{items}\nArticle 3 : Divers.")) == sorted(LISTED)


@pytest.mark.parametrize("indent", [" ", "\t           ", "\uf0b7 "])
@pytest.mark.parametrize("lead", ["Les images sont celles des lieux suivants, et d'eux seuls :", "Les caméras filment :"])
def test_lines_below_a_colon_are_items_whatever_they_are_called(lead: str, indent: str) -> None:
    names = ("place Foch", "Vieux-Port", "lande de Kermor", "quai du Port")
    assert places("\n".join([lead, *(f"{indent}{name}" for name in names), "Article 3 : Divers."])) == names


def test_an_article_beside_the_one_that_authorises_may_say_whose_images_are_treated() -> None:
    said = "Le traitement ne peut concerner que les images du secteur compris entre la place Foch, le quai Neuf et la rue Haute."
    assert places(f"Il en est fait rapport.\nArticle 3 : {said}") == ("place Foch", "quai Neuf", "rue Haute")


@pytest.mark.parametrize(
    "lead", ["Sont habilités à visionner les images des caméras :", "Les caméras sont exploitées par :", "Ont accès aux caméras :"]
)
@pytest.mark.parametrize("form", ["\n{}", "\n- {} ;", "\nM. {}"])
def test_who_works_with_the_cameras_is_no_place(lead: str, form: str) -> None:
    listed = "".join(form.format(name) for name in ("Paul Durand", "Marie Martin", "Jean Petit"))
    assert places(f"{lead}{listed}\nArticle 3 : Divers.") == ()


def test_an_article_headed_so_may_give_its_places_alone() -> None:
    body = "La place Carnot, l'avenue Neuve, la rue Haute et le quai Neuf."
    articles = f"Article 1er : {USE}\nArticle 2. Secteurs\n{body}\nArticle 3 : Fin."
    found = judge(act(f"Vu le code de la sécurité intérieure ;\nARRÊTE\n{articles}", TITLE))
    assert found.facts.places == ("place Carnot", "avenue Neuve", "rue Haute", "quai Neuf")


def test_the_only_article_of_a_decree_names_its_places_above_its_publication() -> None:
    conditions = "a. Lieux : porte Saint-Jean, rue Neuve.\nb. Durée : un mois.\nc. Il est tenu un registre des signalements.\n"
    conditions += "d. Toute identification est interdite, et tout enregistrement de plus. Les agents sont formés, et désignés.\n" * 3
    only = f"Article unique : {USE}\n{conditions}Publication : recueil des actes administratifs."
    assert judge(act(f"Vu le code de la sécurité intérieure ;\nARRÊTE\n{only}", TITLE)).facts.places == ("porte Saint-Jean", "rue Neuve")


def test_two_columns_with_marks() -> None:
    rows = f"{'la place Foch ;':40}le quai du Port ;\n{'le parc Borély ;':40}la rue Basse."
    assert places(f"Elles visionnent :\n{rows}\nArticle 3 : Divers.") == ("place Foch", "quai du Port", "parc Borély", "rue Basse")


def test_the_address_of_who_works_there_is_no_place_under_watch() -> None:
    housed = "Les serveurs du traitement algorithmique sont installés au centre de supervision"
    assert places(f"{housed}, rue Méchain.\nArticle 3 : Lieux :\n- place Foch ;\n- quai du Port.") == ("place Foch", "quai du Port")


@pytest.mark.parametrize(
    "lead",
    [
        "Ne sont pas concernés par le traitement les lieux suivants :",
        "Les lieux suivants sont retirés :",
        "Le dossier peut être consulté :",
        "Les secours se regroupent :",
    ],
)
def test_a_list_of_what_is_not_watched_names_no_place(lead: str) -> None:
    watched = "Les caméras sont situées place de la Loi et rue du Bac."
    assert places(f"{watched}\nArticle 3 : {lead}\n- place Grévy ;\n- rue des Arènes.\nArticle 4 : Divers.") == (
        "place de la Loi",
        "rue du Bac",
    )


@pytest.mark.parametrize(
    "table",
    [
        "Il porte sur les stations suivantes :\nSèvres (ligne 1)\t  74\nNation – Avron (RER A, lignes 1, 2 et 6)\t  8\nAlma (ligne 9)\t  7",
        "Il porte sur les stations suivantes :\nSèvres (ligne 1)\nNation – Avron (RER A, lignes 1, 2 et 6)\nAlma (ligne 9)",
        "Sont retenues ces gares :\nGares\t  Quais\t  Total\nSèvres\t  14\t  42\nNation – Avron\t  -\t  9\nAlma\t  2\t  7",
    ],
)
def test_stations_with_lines_and_counts(table: str) -> None:
    assert places(f"{table}\nArticle 3 : Divers.") == ("Sèvres", "Nation – Avron", "Alma")


def test_a_remark_in_brackets_after_a_place_of_a_table_is_no_other_place() -> None:
    table = "Lieu\t                       Nombre de caméras\nJardin Albert-Ier (accès Verdun et Phocéens)\t  9\nplace Masséna\t  16"
    assert places(f"Lieux\n\n{table}\nArticle 3 : Divers.") == ("Jardin Albert-Ier", "place Masséna")
    zones = "Lieu\t                       Nombre de caméras\nZones du centre (place du Bac, rue Haute)\t  9\nplace Masséna\t  16"
    assert {"place du Bac", "rue Haute", "place Masséna"} <= set(places(f"Lieux\n\n{zones}\nArticle 3 : Divers."))


@pytest.mark.parametrize(
    "table",
    [
        "Site\t         Vidéoprotection\t  Drone\n-----------------------\n{0}\t  4\t  -\n{1}\t  -\t  2\n{2}\t  3\t  -",
        "Commune\t   Emplacement\t   Nombre\nAlbi\t  {0}\t  4\nAlbi\t  {1}\t  2\nAlbi\t  {2}\t  3",
        "Caméras\t  Lieu\n4\t        {0}\n2\t        {1}\n3\t        {2}",
        "Date\t          Lieu\n2 mai 2026\t    {0}\n3 mai 2026\t    {1}\n4 mai 2026\t    {2}",
    ],
)
def test_places_of_a_table_whatever_its_columns_and_rules(table: str) -> None:
    assert sorted(places(f"Le traitement est appliqué aux caméras suivantes.\n\n{table.format(*LISTED)}\nArticle 3 : Divers.")) == sorted(
        LISTED
    )


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        # A name goes on in the next line, which the other cells of the row may stand beside.
        ("Lieu\t                    Caméras\t   Service\nplace Foch\t              3\n{0}\n{1}", ("place Foch", "rue du Maréchal Joffre")),
        (
            "Lieu\t                    Nombre de  Service\n                         caméras\t   chargé\n{0}\n{1}",
            ("rue du Maréchal Joffre",),
        ),
    ],
)
@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("rue du Maréchal\t         4\t         syndicat des", "  Joffre\t                           transports"),
        ("rue du", "Maréchal Joffre\t         4\t         ville"),
    ],
)
def test_a_row_goes_on_below(rows: str, found: tuple[str, ...], first: str, last: str) -> None:
    assert places(f"Les caméras sont posées ainsi :\n{rows.format(first, last)}") == found


def test_a_row_with_an_empty_cell_does_not_go_on() -> None:
    table = "Lieu\tType\tNombre\nplace Foch\t___\t4\n                     bis\n                     ter\npont Neuf\tfixe\t2"
    assert places(f"Les caméras sont posées ainsi :\n{table}")[:1] == ("place Foch",)


def test_a_number_of_places_names_none() -> None:
    title = "dans 46 stations de la Régie autonome des transports parisiens"
    assert places("Divers.", f"{TITLE} {title}") == ()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("aux places de la Comédie et du Marché aux Fleurs", ["place de la Comédie", "place du Marché aux Fleurs"]),
        ("lignes A et B du RER", []),
    ],
)
def test_names(text: str, found: list[str]) -> None:
    assert list(names(text)) == found


def test_a_title_in_capitals_gives_way_to_the_spelling_of_the_article() -> None:
    title = f"{TITLE} à l'occasion du grand carnaval des géants".upper()
    article = (
        "Article 1er : À l'occasion du grand carnaval des Géants, la SNCF est autorisée à mettre en œuvre un traitement algorithmique."
    )
    assert judge(act(f"Vu le code ;\nARRÊTE\n{article}", title)).facts.event == "grand carnaval des Géants"
    assert judge(act("", title)).facts.event == "GRAND CARNAVAL DES GÉANTS"


@pytest.mark.parametrize(
    ("lines", "places"),
    [
        (
            "Lieu Responsable Nombre de\ncaméras\nPlace Foch Police municipale 14\nGare de Dax SNCF 18\nTOTAL 32",
            ("Place Foch", "Gare de Dax"),
        ),
        (
            "Lieu Caméras fixes Numéros\ntribune du Lycée 4 F09-F12\npaddock 3 F13-F15\ncamping Nord 6 F16-F21",
            ("tribune du Lycée", "paddock", "camping Nord"),
        ),
        ("Cam. Emplacement Usage\nV1 place Foch feu, densité\nV2 rue de Paris feu", ("place Foch", "rue de Paris")),
        ("place Foch\t         ouverte au public\nquai Neuf\t          fermé", ()),
        ("- le quai Neuf ;\n- le débarcadère ;\n- la place Foch.", ("quai Neuf", "débarcadère", "place Foch")),
    ],
)
def test_cells_are_told_by_what_they_are(lines: str, places: tuple[str, ...]) -> None:
    use = "La commune de Dax est autorisée à mettre en œuvre un traitement algorithmique des images de vidéoprotection."
    text = f"Vu la loi ;\nARRÊTE\nArticle 1er : {use}\nArticle 2 : Les voies et places dont les images sont traitées sont :\n{lines}\n"
    assert judge(act(f"{text}Article 3 : Exécution.", TITLE)).facts.places == places


@pytest.mark.parametrize(
    ("article", "places"),
    [
        ("dans les stations Nanterre-Préfecture (RER A) et La Défense-Grande Arche", ("NANTERRE-PRÉFECTURE", "DÉFENSE-GRANDE ARCHE")),
        ("issues de caméras installées sur des aéronefs, dans le jardin de l'Europe et au Trocadéro", ("JARDIN DE L'EUROPE", "TROCADÉRO")),
        ("issues de caméras installées sur des aéronefs", ()),
        ("dans la station de métro Patte d'Oie, telle que prévue", ("STATION DE MÉTRO PATTE D'OIE",)),
    ],
)
def test_in_capitals_a_capital_tells_no_place(article: str, places: tuple[str, ...]) -> None:
    use = f"Article 1er : La commune de Dax est autorisée à mettre en œuvre un traitement algorithmique des images {article}.".upper()
    assert judge(act(f"Vu le code ;\nARRÊTE\n{use}", TITLE.upper())).facts.places == places


def test_a_page_of_which_all_blanks_are_double_has_no_columns() -> None:
    use = "La commune de Dax est autorisée à mettre en œuvre un traitement algorithmique des images de vidéoprotection."
    text = f"Vu la loi ;\nARRÊTE\nArticle 1er\n{use}\nArticle 2\nLes caméras sont situées :\nplace Foch\nquai Neuf\nArticle 3\nExécution."
    assert judge(act(text.replace(" ", "  "), TITLE)).facts.places == ("place Foch", "quai Neuf")


@pytest.mark.parametrize(
    ("article", "expected"),
    [
        (
            "Il est limité aux lieux que voici : place Nationale, arène de tauromachie, rue Basse.",
            {"place Nationale", "arène de tauromachie", "rue Basse"},
        ),
        ("Le parc se répartit ainsi :\nplace Nationale : 6\nrue Basse : 4\nsoit 10 caméras.", {"place Nationale", "rue Basse"}),
        (
            "Caméras\n  point\t  lieu\t                type\t      nombre\n  01\t     place Nationale\t     voirie\t         7",
            {"place Nationale"},
        ),
        (
            (
                "(Sites)\n   Désignation du site\tType\tAdresse\n1\tplace Nationale\tvoie\tcentre\n2\true Basse\tvoie\tnord\n"
                "Article 3 (Équipements)\n  Site\tCaméras existantes\tReliées\n  1\t15\t8\n  Ens.\t27\t14\n"
            ),
            {"place Nationale", "rue Basse"},
        ),
        (
            "Caméras\nRéf.\tImplantation\tNb\tRéf.\tImplantation\tNb\nS1\tplace Nationale\t4\t–\tTotal\t4\n",
            {"place Nationale"},
        ),
        ("Il signale les foules, au moyen de caméras couvrant : la place Nationale et la rue Basse.", {"place Nationale", "rue Basse"}),
        ("Au tableau annexé, insérer :\n« place Nationale ........ 4\n  rue Basse ............ 3 ».", {"place Nationale", "rue Basse"}),
        (
            (
                "Recours : tribunal administratif de Caen.\n\nFICHE\n\nGares\t                   Fins\ngare de Vire\t            densité\n"
                "gare de Flers\t           bagage abandonné\n\nNombre de caméras : 12\n"
            ),
            {"gare de Vire", "gare de Flers"},
        ),
    ],
)
def test_other_layouts_of_places(article: str, expected: set[str]) -> None:
    above = "Vu la loi n° 2023-380 du 19 mai 2023, article 10 ;\nARRÊTE\nArticle 1er : La SNCF peut employer un traitement algorithmique."
    title = "Arrêté autorisant un traitement algorithmique d'images de vidéoprotection"
    assert set(judge(act(f"{above}\nArticle 2 – {article}", title)).facts.places) == expected
