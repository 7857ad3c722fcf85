"""Finds the communes in which a decree applies, by the words that say where: "sur la commune de Toulon", "à Lormes et à Hyères"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from itertools import islice

from bot.detection.text.cues import fold
from bot.detection.text.document import ActText, Block, DecreePart, TextMatch, each_once
from bot.detection.text.phrases import joined
from bot.detection.text.rows import AREA, GROUND, NAME, cells_of, lists, names_of_one_kind, tables

_MOST = 40
"""Most communes of one part of a decree: limits hostile texts."""

_REACH, _FARTHEST = 400, 6000
"""Most characters of an enumeration of communes in a sentence, and in a list."""

_NEAR = (
    r"(?:aux? (?:abords|alentours|environs)(?: immediats)? d|autour d|a proximite d|au-dessus d|au sein d|a l'interieur d|a hauteur d"
    r"|au droit d)"
    r"(?:e|es|u|')"
)
_WORDS_OF_AREA = (
    r"l[ae]s?|l'|d[eu]s?|d'|(?:tou)?te?s?|l'ensemble|l'integralite|une partie|certaine?s?|plusieurs|differente?s?|\d{1,2}|ressort|emprise"
    rf"|territoires?|{AREA}|limites|secteurs?|quartiers?|zones?|centres?(?:[- ]villes?)?|agglomerations?|rues|voies|espaces?"
    r"|communa(?:l|ux)|geographiques?|administrati(?:f|ve)s?|urbaine?s?|publi(?:c|que)s?|suivants?"
)
_BEFORE = re.compile(
    rf"\b(?:(?:{GROUND}|{AREA}|limites|territoires?)\b(?=\s\w)|sur|dans|pour|{_NEAR}|(?:au (?:nord|sud)|a l'(?:est|ouest)),? par)"
    rf"(?:\s(?:{_WORDS_OF_AREA})(?=[\s']))*\s*(?:l'|d')?$"
    # "le circuit de Nogaro, commune de Nogaro", "la plage (commune de X)".
    r"|(?<=[a-z0-9])(?:,\s|\s\()$"
    # "sont concernées les communes suivantes", "le périmètre comprend les communes de X et Y".
    r"|\b(?:concernee?s?|(?:comprend|comprennent|couvre(?:nt)?|concerne(?:nt)?)(?: \w+ment)?(?: l'ensemble d)?)\s?(?:l[ae]s?|es)\s$"
    # "l'esplanade Charles de Gaulle de la | commune".
    rf"|\b{GROUND}\s(?:(?!\b(?:est|sont|par|a|et)\b)[^.;:,()]){{3,50}}\sde la\s?$"
)
# "sur la commune de Lens et | la commune d'Uzès": the name between has no verb.
_COORDINATED = re.compile(
    r"(?:(?!\b(?:est|sont|peut|peuvent)\b)[^.;:]){3,60}?(?:,|\bet|\bainsi que)\s(?:l[ae]s?|celles?)?\s*(?:d[eu]s?\s*)?"
)
_TOWNS = re.compile(
    r"(?<!-)(?<!centre )\b(?:(?:communes?|villes?)(?:\b|(?=d[eu]\b))(?! nouvelle)|(?:territoires?|ressort)(?=[a-z ]{0,12} ?:))"
)
# "…, pont Wilson ; communes de Tours et Parçay-Meslay", of nothing else.
_STANDS_ALONE = re.compile(r"[.;]\s$")
# "à Lormes (58) et à Hyères", "dans Toulon": a capital follows. Not "la Notte di a Memoria".
# "au Havre", "aux Sables-d'Olonne": of these alone, as "au Stade" is no commune.
_WITH_ARTICLE = (
    r"havre|mans|puy-en-velay|creusot|touquet|mont-saint-michel|mont-dore|grau-du-roi|lavandou|cannet|vigan|raincy|bourget|blanc-mesnil|chesnay"
    r"|perreux|kremlin-bicetre|plessis-robinson|pre-saint-gervais|treport|portel|crotoy|croisic|pouliguen|grand-bornand|bouscat|lamentin|tampon"
    r"|gosier|marin|moule|petit-quevilly|grand-quevilly|plessis-trevise|pecq|vesinet|mee-sur-seine|pontet|relecq-kerhuon|haillan|taillan-medoc"
    r"|pradet|muy|cres|boulou|sables-d'olonne|andelys|mureaux|ulis|lilas|abymes|herbiers|pavillons-sous-bois|pennes-mirabeau|clayes-sous-bois"
)
_AT = re.compile(rf"(?<![\w'-])(?<!\bdi )(?:(?:a|sur|dans)\s(?=(?:l[ae]s?\s|l')?[a-z])|(?P<with>aux?)\s(?=(?:{_WITH_ARTICLE})(?![\w-])))")
_NO_PLACE_BEFORE = re.compile(
    r"\b(?:fait|ne|nee|sise?s?|siege|recours|adress\w*|transm\w*|notifi\w*|communiqu\w*|remis\w*|confie\w*|domicili\w*|demand\w*|conform\w*"
    r"|relati\w*|jusqu'|grace|quant|suite|relev\w*|appart\w*|rattach\w*|delegu\w*|delegation|donn\w*|fournie?s?|accordee?s?|appel|destin\w*"
    # Who is told, seated or watches there; and where others were attacked.
    r"|affich\w*|consult\w*|depos\w*|bureau|audience|siege(?: social)?(?: est)?|immatricul\w*|deporte\w*"
    r"|(?:tribunal|locaux|(?:centre|salle|poste) (?:de (?:commandement|gestion|supervision)|operationnel)|prefete?|tenue)\b[^.;:]{0,80}"
    r"|(?:attaques?|attentats?)\b[^.;:,]{0,90})\s?$"
)
# "… au recueil. À Toulon, le 5 mai 2026".
_SIGNED_AT = re.compile(r"[.;]\s?a\s[^.;:]{3,40}?,?\s(?:le|ce)\s(?:[a-z]+\s)?\d")
_AT_NAME = re.compile(rf"(?P<name>{NAME})(?:\s\((?:\d[\dAB]\d?\d{{0,3}}|[A-ZÀ-Þ][a-zà-ÿ]+(?:[ '-][A-Za-zà-ÿ]+)*)\))?")
_AND_AT = re.compile(r"\s?(?:(?:,|et|ainsi que|puis)\s|ainsi qu['’])(?:à\s|(?P<le>au)\s|(?P<les>aux)\s)?(?=[A-ZÀ-ÞL])")
_ARTICLE = re.compile(r"(?<=, )l[ae]s?(?= [A-ZÀ-Þ])|(?<= et )l[ae]s?(?= [A-ZÀ-Þ])")
_LISTED = re.compile(r"^\s?(?:suivantes?|concern[ée]e?s?|survol[ée]e?s?)?\s?:")
_LABELLED = re.compile(r"(?: concernee?s?| survolee?s?)?\s?:\s(?=[a-z])")
# "les communes suivantes :", "les communes du Var énumérées ci-après :", before a list.
_OPENS_LIST = re.compile(r"[a-z' ,-]{0,50}:\s")
# "Froissy : place de la Gare".
_ROW = re.compile(rf"\n\W{{0,3}}(?P<name>{NAME})\s?:\s")
_ENUMERATED = re.compile(r"\s(?:[ée]num|suivant|ci-|d[ée]sign|list|mentionn|cit[ée]e)")
_COLUMN = re.compile(r"\W{0,3}(?:communes?|villes?)\W{0,3}")
# "l'aérodrome de Fontaine-Verte (Chaumes-en-Brie)", not "attributaire du lot 1 (Île-de-France)".
_IN_BRACKETS = re.compile(
    r"\b[a-z]{3,}\s(?:de la |de l'|du |des |de |d')(?![^.;:,()]{0,50}\b(?:lot|marche|dispositif|logiciel)\b)[^.;:,()]{2,50}"
    r"\s\((?=(?P<names>[^()]{3,60})\))"
    # "Périmètre (Lens) : …".
    rf"|\b(?:{AREA}|zones?|secteurs?|lieux)\s\((?=(?P<heading>[^()]{{3,60}})\)\s?:)"
)
# "… (Lens) ; route départementale 40 (Liévin)."
_BEHIND = re.compile(r"\((?P<names>[^()]{3,60})\)\s?(?=[;.]|\Z)")
# "la Seyne sur mer, Fréjus", with the end in small letters: the commonest of all communes.
_SMALL_END = re.compile(r"(?<=[a-zà-ÿ][ -]sur[ -])(?:mer|seine|loire|marne|meuse|sa[ôo]ne)\b")
# Capitals that begin no name of a commune.
_NO_TOWN = re.compile(
    r"(?:[LlIi]['’][a-zà-ÿ]|Total\b|(?i:mes\b|l[ae]s? (?:commune|ville)s?\b"
    r"|article|internet|état|etat|conseil|pr[ée]f(?:e|è)(?:t|cture)|directeur|direction|services?\b|bureau|cabinet|ministre"
    r"|maires?\b|communes?\b|villes?\b|tribunal|(?:cour|place|rue|avenue|boulevard|stade|parc|gare|port)s?\b(?!-)|vidéo|cam[ée]ra|images?|gendarmerie"
    r"|police|groupement|la (?:poste|police|gendarmerie)|arr[êe]t[ée]\b)"
    r"|Janvier|F[ée]vrier|Mars\b|Avril\b|Mai\b|Juin|Juillet|Ao[ûu]t|Septembre|Octobre|Novembre|D[ée]cembre"
    r"|[A-Z]{1,3}-?\d|Lundi|Mardi|Mercredi|Jeudi|Vendredi|Samedi|Dimanche|[A-Z]$)"
)
_ACRONYM = re.compile(r"[A-Z]{2,4}\b(?![ '’-])")
_SMALL = frozenset({"sur", "sous", "en", "de", "du", "des", "la", "le", "les", "lès", "et", "au", "aux", "d", "l"})
# "à NissariaLe préfet": the next line is glued to a name, or begins below it.
_GLUED = re.compile(r"(?<=[a-zà-ÿ])(?=(?:L[ea]s?|Vu|Article|Arr[êe]t[ée]) )")
_LINE_BELOW = re.compile(r"(?<![\w'’-])(?!L[ea]s?\s)([A-ZÀ-Þ][\w'’-]*[a-zà-ÿ])\s*\n\s*(?=[A-ZÀ-Þ])|(?<=[A-ZÀ-Þ]{2})\s*\n\s*(?=L[ea] [a-z])")
# "a) commune de Lens : place Foch ; b) commune d'Uzès : rue Haute".
_ITEM, _NAMED_ITEM = re.compile(r"[;:]\s?(?:[a-z\d]{1,2}\s?[).°]{1,2}|[-•])\s?$"), re.compile(r"\s(?:d[eu]s?\s|d')[^.;:]{2,40}\s:\s")
# Whose cameras they are: where these are, if nothing else says it.
_OWNED = re.compile(
    r"\b(?:video-?(?:protection|surveillance)|cameras?)(?: (?!(?:par|dont|que)\b)(?:\w+e?s?))?(?: d[eu]s?)?(?: l[ae]s?)?\s*$"
)
_OF_TOWN = re.compile(r"(?:Commune|Police municipale) d")


def _is_label(text: str, block: Block, match: re.Match[str]) -> bool:
    """Return whether "commune" or "territoire" only heads names: "Territoire : A, B et C", "…, pont Wilson ; communes de A, B."."""
    alone = match.group().endswith("s") and _STANDS_ALONE.search(text, block.start, match.start()) is not None
    return alone or match.group()[0] in "tr" or _LABELLED.match(text, match.end()) is not None


def towns_where(text: str, block: Block, before: re.Pattern[str] = _BEFORE) -> Iterator[re.Match[str]]:
    """Yield each "commune" or "ville" of a part of the folded text that says where, and not who: "sur le territoire de la commune …"; and
    those that such a one is coordinated with."""
    last = -1
    for match in _TOWNS.finditer(text, block.start, block.end):
        goes_on = last >= 0 and _COORDINATED.fullmatch(text, last, match.start()) is not None
        heads = _NAMED_ITEM.match(text, match.end(), block.end) and _ITEM.search(text, max(block.start, match.start() - 6), match.start())
        said = goes_on or heads or _is_label(text, block, match)
        if said or before.search(text, max(block.start, match.start() - 90), match.start()) is not None:
            last = match.end()
            yield match


def communes(document: ActText, blocks: Iterable[Block]) -> tuple[list[TextMatch[str]], bool]:
    """Return the communes in which these parts of a decree apply, each once, as printed, and whether it says that they are communes: in the
    column of a table, else after "commune" or "ville"; it does not after "à", in brackets after a place, or of whose cameras they are."""
    blocks = list(blocks)
    for read in (_in_column, _after_word, _after_preposition, _in_brackets, partial(_after_word, before=_OWNED)):
        found = (entry for block in blocks for entry in islice(read(document, block), _MOST))
        if each := each_once(replace(entry, value=_in_print(entry.value)) for entry in found):
            return list(each.values()), read in {_in_column, _after_word}
    return [], True


def without_town(places: list[TextMatch[str]], towns: list[TextMatch[str]], operators: Iterable[TextMatch[str]]) -> list[TextMatch[str]]:
    """Return places that are none of these communes, without the name of the only commune after them: "boulevard de la Croisette à Cannes".
    That stays if an operator is of another commune."""
    plain = [fold(town.value).text for town in towns]
    known = {*plain, *(re.sub(r"^(?:l[ae]s?\s|l')", "", town) for town in plain)}
    places = [place for place in places if fold(place.value).text not in known] or places
    if len(towns) != 1 or any(_OF_TOWN.match(one.value) and not one.value.endswith(towns[0].value) for one in operators):
        return places
    said = re.compile(rf"\s(?:(?:tous |toutes )?situee?s? )?a {re.escape(fold(towns[0].value).text)}$")
    ends = ((place, said.search(fold(place.value).text)) for place in places)
    return [place if end is None else replace(place, value=place.value[: -len(end.group())]) for place, end in ends]


def _after_word(document: ActText, block: Block, before: re.Pattern[str] = _BEFORE) -> Iterator[TextMatch[str]]:
    for match in towns_where(document.flat, block, before):
        end = min(match.end() + _REACH, block.end)
        printed = _ARTICLE.sub(lambda article: article.group().capitalize(), _printed(document, match.end(), end))
        labelled = _is_label(document.flat, block, match)
        plural = labelled or match.group().endswith("s")
        listed = _LISTED.sub("", printed)
        if labelled:
            listed = printed = re.split(r"[.)]", listed.replace(" ;", ",").replace(";", ",").strip(), maxsplit=1)[0]
        opening = _OPENS_LIST.match(document.flat, match.end(), block.end) if plural else None
        items = next(lists(document, match.start(), min(block.end, match.end() + _FARTHEST)), None) if opening is not None else None
        below = items.items if opening is not None and items is not None and items.opened <= opening.end() + 1 else ()
        rows = _ROW.findall(document.printed(match.end(), min(block.end, match.end() + _FARTHEST))) if opening is not None else []
        if each := [name for item in below for name in _only_names(document, *item)]:
            yield from each
            continue
        if len(rows) > 1 and not any(map(_NO_TOWN.match, rows)):
            yield from (TextMatch(name, match.start(), match.end()) for name in rows)
            continue
        named = names_of_one_kind(listed, several=plural, listed=labelled)
        for link, name, length in named if plural else named[:1]:
            bare = not link and document.in_capitals(match.start(), min(match.end() + length, block.end))
            if not (bare or _NO_TOWN.match(name) or _ENUMERATED.match(printed, length)):
                yield TextMatch(f"{_article(link)}{name.strip()}", match.start(), min(match.end() + length, block.end))


def _after_preposition(document: ActText, block: Block) -> Iterator[TextMatch[str]]:
    for match in _AT.finditer(document.flat, block.start, block.end):
        elsewhere = _NO_PLACE_BEFORE.search(document.flat, max(block.start, match.start() - 80), match.start())
        if elsewhere or _SIGNED_AT.match(document.flat, max(match.start() - 2, block.start), block.end):
            continue
        printed = _printed(document, match.end(), min(match.end() + _REACH, block.end))
        name, article = _AT_NAME.match(printed), {"au": "Le ", "aux": "Les "}.get(match["with"], "")
        # "PRIS À TITRE D'ESSAI" says nothing of a place, where "à TOULON" does.
        if name is not None and name["name"][:2].isupper() and document.printed(match.start(), match.start() + 1).isupper():
            continue
        while name is not None and not (_NO_TOWN.match(name["name"]) or _ACRONYM.match(name["name"])):
            yield TextMatch(article + name["name"].strip(), match.start(), min(match.end() + name.end(), block.end))
            following = _AND_AT.match(printed, name.end())
            article = {"le": "Le ", "les": "Les "}.get(following.lastgroup or "", "") if following is not None else ""
            name = _AT_NAME.match(printed, following.end()) if following is not None else None


def _only_names(document: ActText, start: int, end: int) -> Iterator[TextMatch[str]]:
    """Yield the communes of a stretch that has nothing else, or only their places after a colon ("Froissy : place de la Gare")."""
    for link, name, _ in names_of_one_kind(_printed(document, start, end).partition(" : ")[0].strip(" ,;."), listed=True):
        if not (_NO_TOWN.match(name.strip()) or _ACRONYM.match(name.strip())):
            yield TextMatch(f"{_article(link)}{name.strip()}", start, end)


def _in_column(document: ActText, block: Block) -> Iterator[TextMatch[str]]:
    for table in tables(document, block.start, block.end):
        head = document.printed(table.start, max(document.folded.text.find("\n", table.start, block.end), table.start))
        rank = next((rank for rank, cell in enumerate(cells_of(head.strip())) if _COLUMN.fullmatch(fold(cell).text)), None)
        for row in table.rows if rank is not None else ():
            name = _AT_NAME.fullmatch((replace(table, column=rank or 0).cell(row) or "").replace("’", "'").strip())
            if name is not None and not _NO_TOWN.match(name["name"]):
                yield TextMatch(name["name"].strip(), row.start, row.end)


def _in_brackets(document: ActText, block: Block) -> Iterator[TextMatch[str]]:
    found = list(_IN_BRACKETS.finditer(document.flat, block.start, block.end)) if block.part is DecreePart.ARTICLE else []
    others = [*_BEHIND.finditer(document.flat, block.start, block.end)] if any(match["names"] for match in found) else []
    for match in sorted((*found, *others), key=lambda match: match.end("names")):
        yield from _only_names(document, *match.span("names" if match["names"] else "heading"))


def _in_print(name: str) -> str:
    """Return a name without its capitals: "LA SEYNE-SUR-MER" is La Seyne-sur-Mer."""
    words = re.sub(r"[^\W\d_]+", lambda word: word[0].lower() if word.start() and word[0].lower() in _SMALL else word[0].capitalize(), name)
    return words if re.search(r"[A-ZÀ-Þ]{2}", name) is not None else name


def _article(link: str) -> str:
    """Return the article that a preposition hides: "la commune du Havre" is Le Havre, "de la Seyne" La Seyne."""
    words = link.lower().replace("’", "'").strip()
    return {"du": "Le ", "des": "Les ", "de la": "La ", "de l'": "L'"}.get(words, "")


def _printed(document: ActText, start: int, end: int) -> str:
    lines = joined(_LINE_BELOW.sub(r"\1. ", document.printed(start, end))).replace("’", "'")
    return _SMALL_END.sub(lambda end: end.group().capitalize(), _GLUED.sub(". ", lines))
