"""Finds where it may be used: the places that a decree names in its sentences, lists and tables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice, takewhile

from bot.detection.facts.event import HEADED
from bot.detection.facts.operators import beside_formality, is_formality
from bot.detection.facts.place_names import (
    A_KIND,
    ADJECTIVE,
    COMMON,
    COUNT,
    OF_THE,
    WORDS,
    is_of_a_kind,
    letter_for_letter,
    names,
    with_nouns,
    without_lead,
)
from bot.detection.text.cues import fold
from bot.detection.text.document import ActText, Block, DecreePart, Segment, TextMatch, each_once
from bot.detection.text.phrases import BALANCED, cleaned, phrase_end
from bot.detection.text.rows import (
    AREA,
    GROUND,
    MOST_ITEMS,
    Line,
    PrintedTable,
    cells_of,
    goes_on,
    has_gap,
    is_header,
    lists,
    tables,
    whole_under,
)
from bot.domain.text import whole_words

_LONGEST_CELL = 100
"""Most characters of a cell: a longer one is a sentence with a figure."""

_TITLE = 160
"""Characters above a table in which cameras or places are spoken of."""

_WATCHED = re.compile(rf"\b(?:{'|'.join(WORDS['watched'])})\b")
_OF_TRAINS = re.compile(r"\W*(?:gares|stations)\b")
_SO_MANY = re.compile(r"\W{0,4}(?:soit|au total|total|ensemble)\D{0,20}\d{1,4} cameras\b")
_ASIDE = r"agents?|destinataires?|affich\w*|panneau\w*|inform\w*|conserve\w*|serveurs?|habilite\w*"
_NOT_WATCHED = re.compile(rf"\b(?:{_ASIDE})\b")
# An article or a row headed "Lieux" may give their names alone.
_HEAD = rf"(?:lieux?|{AREA}|sites?|emplacements?|implantations?|secteurs|zones|gares|stations)(?:\s(?:concerne|vise|couvert)e?e?s?)?"
_HEADING = re.compile(rf"\W{{0,3}}{_HEAD}\s?:?")
_RANK = re.compile(r"(?:\d{1,3}\s?[.)°-]?|[A-Za-z]{1,4}[-_ ]?\d{1,4}|[A-Z](?=\s[a-zà-ÿ]))\s+(?=\D)")
# Where a text layer keeps no columns, the first figure or the type of the camera begins the next one.
_COLUMN = re.compile(
    r"\s+(?=\d{1,4}\b)(?![^()]*\))|\s+(?=(?:fixes?|mobiles?|d[ôo]mes?|ptz|panoramiques?|multi-?capteurs?)\s*$)", re.IGNORECASE
)
# What begins the next one where the header says whose the cameras are, or what for.
_NEXT_HEAD = re.compile(r"\b(?:responsables?|exploitants?|gestionnaires?|operateurs?|services?|usages?|finalites?|evenements?)\b")
_NEXT_CELL = re.compile(
    r"\s(?:(?:(?:la|le|les)\s)?(?:police (?:municipale|nationale)|gendarmerie|sncf|ratp|sdis|commune|ville|departement|(?:euro)?metropole)"
    r"|feux?|incendies?|densite|foule|mouvements?|chutes?|objets?|colis|intrusions?|armes?|sens|contresens|franchissement)\b"
)


def _cells(table: PrintedTable) -> Iterator[tuple[str, Line]]:
    """Yield the cell of each row in the column of places, or every cell if all columns may be of places."""
    for row in table.rows:
        if table.is_side_by_side:
            yield from ((cell, row) for cell in row.cells)
            continue
        shown = table.cell(row)
        rank = _RANK.match(shown or row.printed)
        cell = (shown or row.printed)[rank.end() if rank is not None else 0 :]
        if not shown:
            cell = _COLUMN.split(cells_of(cell)[0], maxsplit=1)[0]
            following = _NEXT_CELL.search(letter_for_letter(cell)) if _NEXT_HEAD.search(table.header) else None
            cell = cell if following is None else cell[: following.start()]
        yield cell, row


def tabled_places(document: ActText, block: Block) -> Iterator[TextMatch[str]]:
    """Yield the places in the tables and forms of one article or annex, in order. A table is of places if its header names cameras, or the
    text above it cameras or places, and neither it nor the sentence above names people, panels or servers."""
    text = document.folded.text
    for table in tables(document, block.start, block.end):
        start = max(table.start - _TITLE, block.start)
        # "Lieu" at its head says nothing of what is done there: "Lieu / Horaires" is of first-aid posts too.
        lead = text[start : table.start].rstrip(" :\n")
        watched = not _OTHER.search(lead) if table.is_side_by_side else _WATCHED.search(lead)
        listed = _LIST_LEAD.search(lead) is not None
        watched = (
            watched or (listed and _OF_TRAINS.match(table.header)) or bool(table.rows and _SO_MANY.match(document.flat, table.rows[-1].end))
        )
        # Of columns one, or what is said below them, may speak of cameras.
        last = table.rows[-1].end + _TITLE // 2 if table.rows and table.cells and "debut" not in table.header else table.start
        if not watched and "camera" not in table.header and "camera" not in text[table.start : last]:
            continue
        if _NOT_WATCHED.search(re.split(r"[.;]", text[start : table.start])[-1] + table.header) is not None:
            continue
        rows = [(cell, row, list(names(cell, item=True)) if len(cell) <= _LONGEST_CELL else []) for cell, row in _cells(table)]
        called = [bool(found) and is_of_a_kind(found[0]) for _, _, found in rows]
        most = len(called) // 2 if listed else len(called)
        if table.is_side_by_side and not (all(found for *_, found in rows) and sum(called) >= most):
            continue
        if table.header or called[0] or (listed and not table.is_side_by_side and text[: table.start].endswith((":", ":\n"))):
            # The second line of a header has no figure.
            told = with_nouns([(cell if re.search(r"\d", row.printed) else "", found[: len(found) == 1]) for cell, row, found in rows])
            yield from (TextMatch(name, row.start, row.end) for (_, row, _), found in zip(rows, told, strict=True) for name in found)
    for line in whole_under(document, block.start, block.end, _HEADING):
        yield from (TextMatch(name, line.start, line.end) for cell in line.cells for name in names(cell, item=True))


_GROUND = (
    rf"(?:lieux?|{AREA}|sites?|emplacements?|stations?|gares?|rues?|voies?|zones?|secteurs?|cameras?|abords"
    r"|axes?|itineraires?|arteres?|quais?|espaces?|endroits?)"
)
# What opens a list of places speaks of a kind of place. Whatever else opens one in which things are called like places does so too.
_LIST_LEAD = re.compile(rf"\b{_GROUND}\b[^.;:]{{0,140}}$|^\W*(?:article\s)?\w{{1,3}}\W{{1,4}}ou\b[^.;:]{{0,40}}$")
_LEFT_OUT = (
    r"(?:(?:sont|est) (?:exclu|retire|supprime)e?s?|ne (?:sont|seront) pas (?:concern|vis|couvert|film|inclu|compri)\w*|a l'exception\b)"
)
# The same words also open lists of other things.
_OTHER = re.compile(
    rf"\b(?:{_ASIDE}|evenements?|signal\w*|detect\w*|duree|horaires?|periode"
    r"|(?<!au )(?<!le )nombre"
    rf"|{_LEFT_OUT}"
    r"|consulte\w*|regroupe\w*|(?:ont|a|auront) acces|responsables?\b[^.;,]{0,30} (?:est|sont)(?=\W*$)"
    r"|(?:exploite|gere|serv|oper|visionne|traite|assure|regarde|vu)\w* par(?=\W*$)"
    r"|finalites?|recours|caracteristiques?|interdit\w*|devi(?:ee?s?|ation)|stationn\w*|personnes?)\b"
)
_TITLED = re.compile(r"\W*(?:article|art\.)\s\w+\W*$")
_AUTHORISED = re.compile(r"\W*(?:article\s\w+\W+(?:\w+\W+){0,4}?)?sont autorise")
_WHOLE_LINE = rf"{A_KIND}[^,;:.\n]{{2,80}}"
# Two columns in one line: a street with its name, and right after it another place: "rue Haute place Foch", "quai Neuf marché aux Grains".
_TOGETHER = re.compile(
    rf"^(?P<first>\s*(?:{'|'.join(WORDS['streets'])})\s(?:[^\s,;:()]+\s){{0,4}}?[A-ZÀ-Þ][\w’'-]*[a-zà-ÿ])\s"
    rf"(?=(?:{GROUND}|(?!(?:c[oô]t[eé]|angle|face|sortie|entr[eé]e|niveau|hauteur)\b)[a-zà-ÿç]{{4,}})\s"
    r"(?:de |du |des |aux? )?(?:la |l['’]|d['’])?[A-ZÀ-Þ])"
)
_FIRST = rf"(?:l[ae]s?\s|l'\s?)?{GROUND}\b"
_UNDER_HEAD = re.compile(
    rf"{HEADED}(?P<head>{_HEAD}(?:\s?[^\w\s]){{0,2}}\s)?"
    rf"(?P<told>{_FIRST}(?:(?!\b(?:est|sont|ser(?:a|ont)|figure(?:nt)?)\b)[^.:]){{1,900}}?)(?:\.\s|\.?$|\s[–-]\scommunes?\b)"
)
# Which camera, or whose places an item tells: "S'agissant de la SNCF, la gare de X".
_CAMERA = re.compile(
    r"^cameras?\s(?:n\s?[°o]\s?)?[\w./-]{1,12}\s?[,:-]\s?|^(?:s'agissant|pour|en ce qui concerne|concernant)\s[^,:;.]{4,60}(?:,|\s:)\s"
)
# Rows of towns: "Cilaos : stade Foch", "1.2. Marquise, de 9 heures à 12 heures : place Foch, quai Neuf".
_OF_TOWN = re.compile(
    r"\n[^\w\n]{0,3}(?:\d\.?){0,3}\s?[a-z][a-zœ' -]{2,40}(?:, (?:de|du|le) [^:;\n]{3,60})?[ ]?:[ ]"
    r"(?P<told>[^\n:]{3,160}(?:,[ ]?\n[^\n:]{3,160})?)"
)
_SHORT = 45
"""Most characters of a line that ends before the margin."""

_SOMEBODY = re.compile(r"\W*(?:MM?\.|Mmes?|Mlles?|Monsieur|Madame|Messieurs|Mesdames|Maître|Dr)\s")
_DATED = re.compile(r"\b20\d\d\b|\d\s?h(?:eures?)?\b")


def listed_places(document: ActText, block: Block) -> Iterator[TextMatch[str]]:
    """Yield the places that one article lists, in order, as printed."""
    text = document.folded.text
    telling = _tells_where(document.flat, block)
    headed = _UNDER_HEAD.match(text, block.start, block.end)
    if headed is not None and ("\n" not in headed["told"].strip() or re.search(r"[,;]", headed["told"]) is not None):
        entries = list(_places(document, *headed.span("told")))
        if headed["head"] is None and entries and is_of_a_kind(entries[0].value):  # the first word of the article has its capital
            entries[0] = replace(entries[0], value=f"{entries[0].value[0].lower()}{entries[0].value[1:]}")
        yield from entries if headed["head"] or len(entries) > 1 else ()
    rows = [list(_places(document, *match.span("told"))) for match in _OF_TOWN.finditer(text, block.start, block.end)]
    if len(rows) > 1 and all(entries and is_of_a_kind(entries[0].value) for entries in rows):
        yield from chain.from_iterable(rows)
        return
    for found in lists(document, block.start, block.end, _WHOLE_LINE):
        lead = document.flat[found.start : found.opened].rstrip(" :-")
        strong = _LIST_LEAD.search(lead) is not None
        if (_TITLED.match(lead) and not (strong or found.marked)) or _OTHER.search(lead) or _AUTHORISED.match(lead):
            continue
        if any(is_header(document, line) for line in (found.opened, text.rfind("\n", 0, found.opened - 1) + 1)):
            continue
        if not found.marked and any(map(is_of_a_kind, names(document.original(found.start, found.opened)))):
            continue
        if not strong and not any(_is_called(document, entry) for entry in islice(_places(document, *found.items[0]), 1)):
            continue
        told = with_nouns([(document.original(*item), [entry.value for entry in _places(document, *item)]) for item in found.items])
        entries = [TextMatch(name, *item) for item, each in zip(found.items, told, strict=True) for name in each]
        if not strong and not (telling and found.marked):
            of_kind = [_is_called(document, entry) for entry in entries]
            if len(of_kind) == 1 or not (sum(of_kind) * 2 >= len(of_kind) if found.marked else all(of_kind)):
                continue
        yield from entries


def _is_called(document: ActText, entry: TextMatch[str]) -> bool:
    """Return True for an item that begins with what its place is called, be it a "station", which is no part of the name."""
    item = document.original(_begins(document, entry.start, entry.end), entry.end).strip()
    return is_of_a_kind(entry.value) or is_of_a_kind(without_lead(item)[0])


def _begins(document: ActText, start: int, end: int) -> int:
    said = _CAMERA.match(document.flat[start:end])
    return start + said.end() if said is not None else start


def _places(document: ActText, start: int, end: int) -> Iterator[TextMatch[str]]:
    start = _begins(document, start, end)
    if end - start < 3:
        return
    top, *below = (line.strip() for line in whole_words(document.printed(start, end), document.folded.text).strip().split("\n"))
    # A line of columns below is the next row of a form, and one with a capital below a short one the next sentence.
    if len(top) < _SHORT and not goes_on(top) and top[-1:].isalpha():
        below = list(takewhile(lambda line: not line[:1].isupper(), below))
    for cell in " ".join([top, *takewhile(lambda line: "\t" not in line, below)]).split("\t"):
        if _SOMEBODY.match(cell) is None and _DATED.search(fold(cell).text) is None:
            for name in names(_TOGETHER.sub(r"\g<first>, ", " ".join(cell.split())), item=True):
                yield TextMatch(name, start, end)


_LONGEST = 420
"""Characters of an enumeration of places in a sentence."""

_MOST = 60
"""Most phrases of one kind that may introduce places, in one article: limits hostile texts."""

_ADDRESS = 60
"""Characters before a street in which a court makes it that court's address."""

# Who or what works there, and is not filmed: "au centre de supervision urbain, rue Basse".
_HOUSED = re.compile(
    r"\b(?:centre (?:de supervision|operationnel)|serveurs?|siege|hebergee?s?|poste de (?:police|commandement)|hotel de police|commissariat"
    r"|mairie|prefecture|locaux)\b[^.;:]*$"
)
_DETERMINER = rf"(?:(?:les|la|le|l'|ses|leurs|cette|ces|{COUNT}|certaines?|plusieurs|differentes?)\s?){{0,3}}"
# Words that lead to a place, or tell its cameras; what follows is cut by `names`.
_PLACE = re.compile(
    r"\b(?:(?!sur place\b|au cours (?:de|du|des)\b)(?:dans|sur|aux|au|a|en(?= (?:les |la )?(?:gares?|stations?)\b)|entre|outre"
    r"|autour d(?:e|u|es)(?= )|(?<=, )pour"
    r"|(?:au (?:nord|sud)|a l'(?:est|ouest))(?:-(?:est|ouest))?\s?[,:]?\spar)\s"
    rf"(?:(?:l'(?:enceinte|interieur|emprise)|(?:les )?(?:abords|alentours|environs)(?: immediats)?|sein|niveau|droit|hauteur) {OF_THE})?"
    r"|(?P<of>cameras?(?:\s(?:fixes?|existantes?|urbaines?|municipales?|publiques?|exterieures?|interieures?|de video-?protection)){0,2}"
    r"|video-?protection|securisation|survol)\s(?=d))"
    rf"(?P<place>(?(of)(?:de la |de l'|du |des )(?:champ de )?|{_DETERMINER})(?:(?:grande?|vieux|vieille)\s)?{GROUND}\b)"
)
_SAID_OF = re.compile(
    rf"\b(?:{'|'.join(WORDS['covering'])})\b[^.;:()]{{0,60}}?\b(?:"
    r"(?:install|situ|implant|dispos|position|localis|reparti)ee?s?(?! (?:comme|selon|par)\b)(?: entre)?"
    r"|couvr\w+|film(?:e|ent|ant)|surveill(?:e|ent|ant)|equip(?:e|ent|ant)|compren\w+|comporte\w*|englobe\w*|s'etend\w*|dessert|desservent"
    r"|(?:entoure|regroupe|integre|inclu[st]?|reuni[st]?|rassemble|recouvre|concerne|interesse)(?:nt|sent|ent)?(?= l)|interessant(?= l)"
    r"|correspond(?:ent)?(?= aux? | a l)|autour(?= d)"
    r"|survole(?:nt|ra|ront)?(?: \w+ment| que)?(?= l)|au-dessus(?= d)"
    rf"|(?:vaut|valent|valables?|accordee?|delivree? (?:a|aux?)\b[^.;:,]{{3,60}}) pour(?= {_DETERMINER}{GROUND}\b)"
    r"|(?:delimite|borne|ferme|limite|circonscrit)e?s?(?: au (?:nord|sud)| a l'(?:est|ouest))? par"
    rf"|sont celles(?= (?:de la |de l'|du |des ))(?! \w+ (?:la |(?:{COUNT}) )?(?:cameras?|systeme|dispositif|reseau))"
    r"|(?:se compose(?:nt)?|(?:(?:est|sont|restent?|demeurent?) )?(?:compose|constitue|forme)e?s?(?= d|, | par))(?: par)?"
    r"|(?:se (?:limite|borne|cantonne)|(?:est|sont|sera) (?:strictement |exclusivement )?"
    r"(?:limite|circonscrit|restreint|cantonne|borne|reserve)e?s?|(?<!traitement )sont(?! (?:sign|autor|concern)))"
    r"(?= (?:aux? |a la |a l'|la |le |les |l')))"
    r"(?:,\saux?[^,;.:]{2,40},|,\sa[^,;.:]{2,40},)?\s(?:qu')?(?!sur (?:un|les sites))(?P<place>)"
)
# The sides of an area that has a name of its own are no places: "le centre-ville de Lens délimité : au nord, par la place…".
_BOUNDED = re.compile(r"\s(?:est\s)?delimitee?s?\s?:?\s?(?=(?:au (?:nord|sud)|a l'(?:est|ouest)))")
_SENTENCE_END = re.compile(r"\.(?=\s|$)")
_BRACKETS = re.compile(
    rf"\b(?:cameras?|lieux|sites|emplacements|zones|secteurs|{AREA}|voies|rues|stations|gares|espaces|points)\b"
    r"[^.;:()]{0,60}\((?P<place>[^()]{5,400})\)"
)
# "Sont concernés le quartier Nord et la place Verte", "Le secteur autorisé est le bois de X".
_INVERTED = re.compile(
    rf"(?:\b(?:{AREA}|secteur d'emploi),(?=\s(?:l[ae]s?\s|l')[^,.;:]{{3,60}},\s(?:est|sont)\b)"
    r"|(?:^|[.:-]\s)(?:y\s|seuls?\s)?(?:(?:sont|est)(?:\sseuls?)?\s(?:vise|concerne|inclu|compri|couvert|survole|filme)[es]{0,3}"
    rf"|l[ae]s?\s(?:lieux?|sites?|secteurs?|zones?|{AREA})(?:\s[a-z]+e?s?)?\s(?:restent?|est|sont)(?:\scelui(?=\sd))?)"
    r"(?:,?\s[^.;:,]{3,60},)?)\s(?P<place>)(?=l[ae]s?\s|l'|d[eu]s?\s)"
)
# "À Vannes : port de plaisance, rive gauche".
_AT_TOWN = re.compile(r"(?:^|[.;]\s)(?:a|aux?)\s[a-z][a-z' -]{2,40}\s:\s(?P<place>)")
# "Place Foch – 81000 ALBI Cedex": the address of an office.
_POSTED = re.compile(r"[^.;:]{0,60}\bcedex\b")
# "à Créteil (Val-de-Marne)".
_TOWN_BEFORE = re.compile(r"\b(?:à|aux?)\s[A-ZÀ-Þ][\w'’-]*(?:\s[\w'’-]+){0,3}\s?$")
# A kind of place and a proper name, whatever stands before.
_OF_KIND_AND_NAME = re.compile(rf"(?<![\w'-])(?P<place>{ADJECTIVE}{GROUND}\s)")
_NO_PLACE_BEFORE = re.compile(rf"(?<!h\d)(?<!20\d)\d(?: ?bis)?,? $|\bmise?s? en $|\b{_LEFT_OUT}[^.]*$")
_NO_LONGER = re.compile(
    r",?\s(?:n'est|ne sont|ne sera|ne seront) (?:pas|plus) (?:concern|vis|couvert|film|inclu|compri|exploit|trait|utilis)"
)
_KIND_THEN_NAME = re.compile(r"(?:\S+\s){1,2}?(?:(?:de la|du|des|de|à la|aux?|sur)\s|(?:de )?[ldLD]['’]\s?)?[A-ZÀ-ÖØ-Þ]")
# "Les mots « … » sont remplacés par les mots : « la place Neuve »".
_IN_ITS_PLACE = re.compile(rf"\bremplacee?s? par (?:les? )?(?:mots?|termes?|mention)\s?:?\s?\"\s?(?P<place>(?:l[ae]s?\s|l'\s?)?{GROUND}\b)")
_OF_A_KIND, _OF_ANY_KIND = (_PLACE, _OF_KIND_AND_NAME, _IN_ITS_PLACE), (_SAID_OF, _BRACKETS, _INVERTED, _AT_TOWN)
"""What follows one of the second is a place, of whatever kind."""


def places(document: ActText, segment: Segment, speaking: tuple[Block, ...], event: str | None = None) -> list[TextMatch[str]]:
    """Return the places that articles list and those in articles on the topic (`speaking`), and, if these are fewer than two, those of
    the title, which only summarises. Places in the name of the `event` count where there are no others."""
    text = document.flat
    eventful = [match.span() for match in re.finditer(re.escape(fold(event).text), text)] if event is not None else []
    articles, heading = list(segment.of(DecreePart.ARTICLE)), list(segment.of(DecreePart.HEADING))
    told = beside_formality(document, articles) if articles else segment.of(DecreePart.HEADING, DecreePart.BODY)
    found = each_once(entry for block in told for entry in _itemized(document, block))
    found = found or each_once(entry for block in heading for entry in tabled_places(document, block))
    named = tuple(found.values())
    others = (block for block in articles if block not in speaking and not is_formality(text, block) and _tells_where(text, block))
    for block in (*others, *speaking, *segment.of(DecreePart.TITLE), *heading):
        if block.part in {DecreePart.TITLE, DecreePart.HEADING} and len(found) > 1:
            break
        known = list(found)
        for entry in _in(document, block, eventful, listed=named):
            plain = fold(entry.value).text
            if not any(plain in other or other in plain for other in known):
                found.setdefault(plain, entry)
    # Else those in the name of an event: "à l'occasion des concerts au stade municipal".
    found = found or each_once(entry for block in speaking for entry in _in(document, block, of_event=True))
    found = found or each_once(entry for block in speaking for entry in _unnamed(document, block))
    return sorted(found.values(), key=lambda entry: entry.start)


# "dans 46 stations de la Régie autonome", "sur plusieurs secteurs de la Gironde": no name, and all that is said of where.
_UNNAMED = re.compile(
    rf"\b(?:dans|sur)\s(?P<place>(?:{COUNT}|plusieurs|certaine?s|differente?s|diverse?s?|une?)"
    r"\s(?:gares?|stations?|secteurs?|quartiers?|zones?|sites?)\s(?:d[eu]s?\s|d'|parisien|francilien|situe)[^.;:,()]{3,80}?)"
    r"(?=[.;:,(]|$|\s(?:du|le|les|a compter|a partir|pour|afin|pendant|lors|a l'occasion)\s|\sen\s)"
)


def _unnamed(document: ActText, block: Block) -> Iterator[TextMatch[str]]:
    """Yield places that have no name of their own, as printed."""
    for match in islice(_UNNAMED.finditer(document.flat, block.start, block.end), _MOST):
        yield TextMatch(cleaned(document.original(*match.span("place"))), *match.span("place"))


def _itemized(document: ActText, block: Block) -> Iterator[TextMatch[str]]:
    """Yield the places in the lists of a part, except table rows with a header, then those of its tables."""
    headed = [range(table.start, table.rows[-1].end) for table in tables(document, block.start, block.end) if table.header and table.rows]
    listed = (item for item in listed_places(document, block) if not any(item.start in rows for rows in headed))
    yield from islice(listed, MOST_ITEMS)
    yield from tabled_places(document, block)


def _in(
    document: ActText,
    block: Block,
    eventful: Sequence[tuple[int, int]] = (),
    *,
    listed: tuple[TextMatch[str], ...] = (),
    of_event: bool = False,
) -> Iterator[TextMatch[str]]:
    """Yield the places of a block, with `of_event` also those in the name of an event (`eventful`: where it stands); beside `listed` ones
    none of whose cameras they are, nor a remark in brackets after one."""
    text = document.flat
    position = block.start
    capitals = document.in_capitals(block.start, block.end)
    found = (islice(anchor.finditer(text, block.start, block.end), _MOST) for anchor in (*_OF_A_KIND, *_OF_ANY_KIND))
    for match in sorted(chain.from_iterable(found), key=lambda match: match.start("place")):
        start = match.start("place")
        if start < position or (listed and match.re is _PLACE and match["of"]):
            continue
        if match.re is _OF_KIND_AND_NAME and (
            listed
            or of_event
            or capitals
            or block.part is not DecreePart.ARTICLE
            or not _KIND_THEN_NAME.match(document.original(start, start + 60))
            or _NO_PLACE_BEFORE.search(text, block.start, start)
            or _POSTED.match(text, start)
            or has_gap(document.printed(start, min(start + 60, block.end)))
        ):
            continue
        # Where an item begins or ends, or what is near, as a remark in brackets says.
        remarked = [text[entry.start : start] for entry in listed if entry.start <= start < entry.end]
        if match.re is not _BRACKETS and any(words.count("(") > words.count(")") or words.endswith("entre ") for words in remarked):
            continue
        bracketed = match.re is _BRACKETS
        end = match.end("place") if bracketed else phrase_end(text, match.end(), block.end, _LONGEST)
        # "(place d'Armes, place de la Comédie) et ce qui suit": at a bracket that did not open.
        whole = BALANCED.match(text, start, end)
        end = whole.end() if whole is not None and text.startswith(")", whole.end(), end) else end
        position = max(match.end(), start + 1)
        if any(first <= start < last for first, last in eventful) or _NO_LONGER.match(text, end):
            continue
        before = text[max(start - _ADDRESS, block.start) : start]
        if "tribunal" in before or (match.re is _OF_KIND_AND_NAME and _HOUSED.search(before)):
            continue
        entries = list(names(document.original(start, end), item=match.re in _OF_ANY_KIND))
        if capitals and match.re in _OF_ANY_KIND and not any(map(is_of_a_kind, entries)):  # "À RAISON DE DOUZE"
            continue
        inside = any(entry.start <= start < entry.end for entry in listed)
        if bracketed and (
            _TOWN_BEFORE.search(document.original(max(start - _ADDRESS, block.start), start - 1)) is not None
            or text.startswith(") :", end)
            or len(entries) <= text.count(",", start, end) // 2
            or (inside and not all(map(is_of_a_kind, entries)))
        ):
            continue
        if text.endswith("celles ", 0, start):  # "celles du Pâquier", but not "celles du hall et des accès"
            entries = [name for name in entries if name != name.lower()]
        if listed:  # "à la mairie", "dans le marché"
            entries = [name for name in entries if COMMON.fullmatch(name) is None]
        if entries:
            position = max(end, position)
            if _BOUNDED.search(text, start, min(end + _ADDRESS, block.end)) is not None:
                closing = _SENTENCE_END.search(text, end, block.end)
                position = closing.end() if closing is not None else block.end
        yield from (TextMatch(name, start, end) for name in entries)


def _tells_where(text: str, block: Block) -> bool:
    told = any(words.search(text, block.start, block.end) is not None for words in (_WATCHED, _SAID_OF, _INVERTED, _AT_TOWN))
    return told and _NOT_WATCHED.search(text, block.start, block.end) is None
