"""Finds who is authorised, under a stable name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice

from bot.detection.facts.equipment import BY
from bot.detection.facts.territory import towns_where
from bot.detection.text.cues import cues, fold, load
from bot.detection.text.document import ActText, Block, DecreePart, Segment, TextMatch
from bot.detection.text.mentions import UNTICKED
from bot.detection.text.phrases import DANGLING, cleaned, joined, phrase_end
from bot.detection.text.rows import AREA, lists, names_of_one_kind
from bot.domain.text import fold_letters
from bot.domain.topics import topics

_MOST = 20
"""Most lists of communes in one part of a decree: limits hostile texts."""

_REACH, _FARTHEST = 400, 6000
"""Characters of an enumeration of communes, and from an operator to the end of the list that it opens."""

_ATTACHED = re.compile(r"\b(?:de|du|des)(?:\s(?:la|l'))?\s?$")


def _is_part_of(document: ActText, event: str | None, position: int) -> bool:
    """Return True for who is named inside the name of an event, and belongs to it: "la fête de la ville de X"."""
    named = re.finditer(re.escape(fold(event).text), document.flat) if event is not None else ()
    inside = any(match.start() < position < match.end() for match in named)
    return inside and _ATTACHED.search(document.flat[max(position - 8, 0) : position]) is not None


# "les images de vidéoprotection de la ville de Lyon": whose cameras they are, not who is authorised.
_OWNED = re.compile(
    r"(?:video[- ]?(?:protection|surveillance)|cameras?|images)(?: urbaine)?(?: (?:appartenant|exploitee?s?|installee?s?|geree?s?))?"
    r" (?:par|a|de|du|des)(?: l[ae]s?| l')?(?: communa(?:l|ux))?\s*$"
)
_POLICE = "Police municipale"
_TOWNS = ("Commun", "Métropole", "Eurométropole")
_ASKING = re.compile(r"\bdemandes?(?: \w+){0,2}? (?:de|du|des|par)(?: la| les| le)?\s*$")
_EXECUTION = re.compile(
    r"charge\w*[^.;]{0,120}\bexecution\b|\bexecution du present|recueil des actes|recours (?:gracieux|contentieux)|tribunal administratif"
)
_AUTHORISES = re.compile(
    r"\b(?:est|sont) autorisee?s? a (?:mettre|employer|utiliser|recourir|faire|appliquer|proceder)\b"
    r"|\b(?:peut|peuvent|pourra|pourront)\b[^.;:]{0,90}?\s(?:mettre en oeuvre|employer|utiliser|recourir a)\b"
    r"[^.;:]{0,180}\b(?:logiciel|traitement)"
    r"|\btraitement\b[^.;:]{0,60} est autorise\b"
)
# A name ends before a line that begins with a capital or an article, and before the next cell of a table.
_NEXT_LINE = re.compile(r"(?<![\s,;/-])(?<!\b(?i:de|du|la|le|et|en|au))(?<!\b(?i:des|les|sur|aux|lès))\s*\n\s*(?=[A-ZÀ-Þ]|l[ae]s?\s)")
_TOWN_OF = re.compile(r"\b(?:communes?|villes?|municipales?|maires?) (?:d[eu]s? |d')?$")
# "les maires (Jean Dupont, Marie DURAND)": towns of several words have hyphens, an article or a "Saint".
_PERSON = re.compile(r"(?!(?:L[ea]s?|LES?|LA|Sainte?|SAINTE?|Ste?|STE?) )[A-ZÀ-Þ][\w'-]* [A-ZÀ-Þ][\w'-]+")
_SEVERAL = re.compile(r"\b(?:(?:pluri|inter)communale|polices|services|communes|villes|maires)\b")
# After several, the names are in brackets or in a list.
_NAMED_BELOW = re.compile(r"(?:\s[a-z-]+){0,2}\s?\((?P<names>[^()]{3,300})\)|[^.;:]{0,300}\b(?:suivant|ci-|autorisee?s?\b)|\s?:")
# Below this line stands who gets the decree.
_COPIES = re.compile(r"\n\W{0,3}(?:ampliations?|copies?|destinataires|diffusion|pour information)\b(?:[^\n:]{0,30}:|[^\w\n]{0,3}\n)")
# Said of those who get images or the decree.
_OTHERWISE = re.compile(
    r"\b(?:execution\b|charge\w* de l'application du present|recue?s? par\b|parv(?:ien|en)\w*"
    rf"|destinataires?|acces(?! (?:d(?:u|es)|est|y|aux? (?:barrieres?|{AREA}|sites?|points?))\b)|copie|ampliation"
    r"|(?:inform|notifi|transm|adress|acced|consult|communiqu)\w*)\b"
)
_STOP = re.compile(r"(?<!\bm)\.\s")
# "Le maire de X est autorisé, par son service de police municipale, à …": the service that uses it.
_MAYOR, _OWN_POLICE = (
    re.compile(r"\bmaires?\b"),
    re.compile(
        r"[^.;]{0,160}?\b(?:par|pour|(?:compte|profit|moyen) d[eu]) (?:s[ao]n?|ses|leurs?)"
        r" (?:\w+ de (?:la )?)?polices? municipales?\b"
    ),
)
# "La commune de X, qui n'est pas équipée, n'est pas concernée."
_LEFT_OUT = re.compile(r"\b(?:n'est|ne (?:sont|sera|seront)) (?:pas|plus) (?:concern|vis|autoris|inclu|compri|equip)")
_USES = re.compile(r"\b(?:(?:est|sont) autorisee?s?|met(?:tent|tre)? en oeuvre|utilise|emploie)")


@dataclass(frozen=True, slots=True)
class _Operator:
    name: str
    pattern: re.Pattern[str]
    of: bool
    named: bool


@cache
def _operators(topic: str) -> tuple[_Operator, ...]:
    data, own = load("operators.toml"), cues(topic).tables["operators"]
    patterns = {name: [*data["patterns"].get(name, ()), *own.get(name, ())] for name in (*data["patterns"], *own)}
    return tuple(
        _Operator(name, re.compile("|".join(words)), name in data["of"], name in data["named"]) for name, words in patterns.items()
    )


def operator_names() -> tuple[str, ...]:
    """Return the names of the operators without the name of a place."""
    every = (known for topic in topics() for known in _operators(topic))
    return tuple(dict.fromkeys(known.name for known in every if not (known.of or known.named)))


def may_name_an_operator(text: str) -> bool:
    """Return whether this text is a part of a known operator's name or contains one, folded."""
    wanted = fold_letters(text)
    return any(wanted in name or name in wanted for name in map(fold_letters, (*load("operators.toml")["patterns"], *operator_names())))


def operators(
    document: ActText, segment: Segment, speaking: tuple[Block, ...], mentioning: tuple[Block, ...] = (), event: str | None = None
) -> list[TextMatch[str]]:
    """Return the operators named in the title or in articles on the topic (`speaking`), else in other articles except on execution,
    else in visas on it (`mentioning`). A part of the `event` ("la fête de la ville de X") does not count; a commune that only made the
    request is replaced by its police if such a visa names that."""
    spoken = {block.start for block in speaking}
    titles = [up_to_author(document, block) for block in (*segment.of(DecreePart.TITLE), *segment.of(DecreePart.HEADING))]
    articles = list(beside_formality(document, segment.of(DecreePart.ARTICLE)))

    def read(blocks: Iterable[Block], *, heading: bool = False) -> list[TextMatch[str]]:
        found = named_in(document, list(blocks), heading=heading)
        return [entry for entry in found if not _is_part_of(document, event, entry.start)]

    who = document.cues["around.who_may"]
    said = [block for block in articles if who.search(document.flat, block.start, block.end) is not None]
    said = said or [block for block in articles if block.start in spoken or authorises(document, block)]
    found = [*read(titles, heading=True), *read([*said, *(block for block in speaking if block.part is DecreePart.BODY)])]
    found = _merged([_used_by_its_police(document, entry) for entry in found or read(articles) or read(mentioning)])
    # "La demande de la commune fera l'objet d'un nouvel examen": who asks may ask for somebody else, such as its police.
    if found and all(_comes_after(_ASKING, document, entry) for entry in found):
        places = tuple(_place(entry.value) for entry in found)
        polices = [entry for entry in read(mentioning) if entry.value.startswith(_POLICE) and entry.value.endswith(places)]
        found = _merged([*found, *polices])
    # "Modifiant l'arrêté … des images de vidéoprotection de la ville": a visa says whose police was authorised.
    if found and all(entry.value.startswith(_TOWNS) and _comes_after(_OWNED, document, entry) for entry in found):
        found = [entry for entry in read(mentioning) if not _comes_after(_OWNED, document, entry)] or found
    found = [entry for entry in found if not owns_place(document, entry)] or found
    return [entry for entry in found if _is_user(document, segment, entry)] or found


def _used_by_its_police(document: ActText, entry: TextMatch[str]) -> TextMatch[str]:
    """Return the police of a commune whose mayor is authorised for it."""
    mayor = _MAYOR.search(document.flat, entry.start, entry.end) is not None and _OWN_POLICE.match(document.flat, entry.end) is not None
    return replace(entry, value=entry.value.replace("Commune", _POLICE, 1)) if mayor else entry


# "dans 46 stations de la RATP", "les emprises de la SNCF": whose place it is, not who is authorised.
_PLACE_OF = re.compile(
    r"\b(?:sur|dans|en|sein|abords|proximite|interieur|autour|securite|securisation)\b[^.;:,()]{0,60}?"
    r"\b(?:gares?|stations?|emprises?|quais?|locaux|lignes?|reseaux?|sites?|parkings?|batiments?|vehicules?|rames|trains|bus|tramways?)\b"
    r"[^.;:,()]{0,30}?\bd(?:e|es|u|e la|e l')\s?$"
)


def owns_place(document: ActText, entry: TextMatch[str]) -> bool:
    """Return whether an operator is only named as the owner of a place ("46 stations de la RATP", "une gare parisienne")."""
    bare = document.flat.startswith("gare", entry.start) or document.flat.endswith(("gare ", "gares "), 0, entry.start)
    return bare or _PLACE_OF.search(document.flat, max(entry.start - 120, 0), entry.start) is not None


# Who is authorised: "la commune de X et la société Y sont autorisées à mettre en œuvre", "autorise X et Y à …", "est accordée à X et à Y",
# "au profit de X et de Y", "mise en œuvre par X ainsi que par Y".
_THE = r"(?:l[ae]s?|l'|s(?:on|a|es)|leurs?|une?)"
_USE = r"[aà]\s[a-z]{3,14}(?:er|ir|re)\b"
_FIRST = (
    rf"(?:{_THE}|(?!(?:a|aux?|de|du|des|en|et|ils?|elles?|par|pour|dans|sur|sous|que?)\b)[a-z][^.;:,]{{1,40}}?\s(?:et|ainsi que)\s{_THE}\b)"
)
_UP_TO = (
    r"(?=\s(?:pour|afin|en vue|a l'occasion|dans|sur|le (?:[a-z]+ )?\d|jusqu|a compter|a partir|de (?!terre\b)[a-z]{3,14}(?:er|ir|re)"
    r"|d[eu]s? \d|pendant|lors|durant|est|sont|au (?:moyen|cours|sein)|selon|qui|dont)\b|[.;:]|$)"
)
_SUBJECT = re.compile(
    rf"(?:^|[.;:•,]\s|\bart(?:icle|\.)\s\w{{1,5}}\W{{1,4}}|\bque\s)(?P<who>{_FIRST}[^.;:]{{3,400}}?)\s"
    rf"(?:(?:est|sont)\s(?:[a-z]+ment\s)?(?:autorise|admis|habilite|fonde)e?s?[^.;:]{{0,80}}?\s{_USE}"
    r"|(?:peut|peuvent|pourra|pourront)[^.;:]{0,60}?\s(?:mettre en oeuvre|recourir|utiliser|employer)\b)"
    rf"|\bautorise\s(?P<whom>{_FIRST}[^.;:]{{3,400}}?),?\s{_USE}"
    rf"|\b(?:accorde|delivre|octroye|consenti|donne)e?s?\s(?:conjointement\s)?(?P<given>(?:aux?|a l[a'])[^.;:]{{3,400}}?){_UP_TO}"
    r"|(?:\bau (?:profit|benefice) (?:de\s|d'|(?=d(?:u|es)\s))|\bautorise\s"
    r"|\b(?:mise? en oeuvre|emploi|utilisation|usage|traitement|images)\b[^.;:]{0,120}?\bpar\s)"
    rf"(?P<agent>[^.;:]{{3,300}}?){_UP_TO}"
)
_COORDINATED = re.compile(
    rf"\s?,\s(?:et\s)?(?:(?:de|par)\s)?(?={_THE}\b|aux?\b|d(?:u|es)\b)"
    rf"|\s(?:et|ainsi qu[e'])\s?(?:(?:de|par|au (?:profit|benefice) de)\s|d'(?=[a-z]))?(?={_THE}\b|aux?\b|a l[a']|d(?:u|es)\b|[a-z])"
)
_BELONGS = re.compile(
    r"\b(?:iles?(?!-de-france)|departements?|collectivites?|ci-\w+|suivants?)\b|\b(?:representee?s?|designe|mentionne|nomme|annexe|enumere|concern|agissant)"
    r"|^(?:s(?:on|a|es)|leurs?) (?!exploitant|concessionnaire|delegataire|prestataire|gestionnaire|filiale|regie)"
)
# "les services de l'État (police nationale, gendarmerie nationale et douanes)".
_NAMED_INSIDE = re.compile(r"\((?P<named>[^()]{3,200}(?:,|\bet\b)[^()]{3,100})\)")
# The same body goes on in "la direction de l'ordre public et de la circulation".
_NEXT_INSIDE = re.compile(r"\s?[,;]\s|\s(?:et|ainsi que)\s(?!d(?:e|u|es)\s|d')")


# Bodies that no list has, by the noun that they begin with.
_BODY = (
    rf"(?:(?:aux?|a l[ae']|d(?:u|es))\s?)?(?:{_THE}\s?)?(?:societe|entreprise|regie|"
    r"etablissement|syndicat|metropole|delegataire|prestataire|filiale|exploitant"
    r"|concessionnaire|gestionnaire|aeroport|association|federation|groupement|compagnie|office|agence|services?|direction|forces?"
    r"|armees?|unites?|douanes?|port|departement|region|universite|hopital|conseil|comite|brigade|bataillon)\b"
)
_BODY_NAMED = re.compile(
    rf"{_BODY}\s(?!est\b|sont\b)[^.;:,(]{{2,80}}?"
    r"(?=\s?[.;:,(]|$|\s(?:est|sont|dans|sur|a|aux?|pour|afin|pendant|lors|qui|et|du \d|d'un)\b)"
    rf"|(?:d(?:u|es)\s|{_THE}\s?)?(?:douanes|armees?)\b"
)
_MADE_BY = re.compile(rf"{BY}\s$")


def who_may(document: ActText, segment: Segment, found: Sequence[TextMatch[str]]) -> tuple[list[TextMatch[str]], bool]:
    """Return the operators `found` with whom else the act authorises, in its own words; and whether there is such a one, or a name that
    tells nobody. It is each coordinated subject of "sont autorisés à …", and each after "par" or "au profit de". A body of no list that
    alone is the subject of an article counts before operators of other articles; one alone after "par", where nobody was found."""
    text, told, agents, beside, nameless = document.flat, list[TextMatch[str]](), list[TextMatch[str]](), False, False
    named = {segment.at(entry.start) for entry in found}
    for block in segment.of(DecreePart.TITLE, DecreePart.HEADING, DecreePart.ARTICLE):
        apart = block.part is DecreePart.ARTICLE and all(at.part is DecreePart.ARTICLE and at != block for at in named)
        for said in _SUBJECT.finditer(text, block.start, block.end):
            role, (start, end) = said.lastgroup, said.span(said.lastgroup or 0)
            if role == "agent" and _MADE_BY.search(text, block.start, start) is not None:
                continue
            alone = not any(start <= entry.start < end for entry in found)
            beside |= not alone
            for first, stop in _subjects(document, start, end):
                is_body = _BODY_NAMED.match(text, first, stop) is not None
                last = first + len(text[first:stop].partition(",")[0]) if is_body else stop
                known = any(first <= entry.start < stop for entry in found) or named_in(document, [replace(block, start=first, end=last)])
                if known or _BELONGS.search(text[first:last]) is not None or not (is_body or not alone):
                    continue
                printed = document.original(first, last)
                if is_body and role == "agent" and alone:
                    agents += [_in_its_words(document, first, last)] if block.part is DecreePart.ARTICLE else []
                elif is_body and (apart or not alone):
                    told.append(_in_its_words(document, first, last))
                elif printed[:1].isupper():
                    # "La commune de Grenoble et M TAG", not "les communes de Lens et Arras": who it is, and whether a person, is not known.
                    nameless |= not any(fold(printed).text in fold(entry.value).text for entry in found)
                elif role in {"who", "whom"} and not (is_body or printed.split(" ", 1)[-1][:1].isupper()):
                    told.append(_in_its_words(document, first, last))  # not "le Havre", of a list of towns
    each = list({fold(entry.value).text: entry for entry in told or ([] if found else agents)}.values())
    return [*([] if each and not beside else found), *each], bool(each) or nameless


def _subjects(document: ActText, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the coordinated subjects of a clause, none cut within a known name, and those that one names in brackets instead of itself."""
    text, named = document.flat, named_in(document, [Block(DecreePart.BODY, start, end)])
    found = (match.span() for match in _COORDINATED.finditer(text, start, end))
    cuts = [cut for cut in found if not any(entry.start < cut[0] and cut[1] < entry.end for entry in named)]
    for first, last in zip([start, *(cut for _, cut in cuts)], [*(cut for cut, _ in cuts), end], strict=True):
        inside = _NAMED_INSIDE.search(text, first, last)
        if inside is None:
            yield first, last
            continue
        begins, ends = inside.span("named")
        parts = [match.span() for match in _NEXT_INSIDE.finditer(text, begins, ends)]
        yield from zip([begins, *(cut for _, cut in parts)], [*(cut for cut, _ in parts), ends], strict=True)


def _in_its_words(document: ActText, start: int, end: int) -> TextMatch[str]:
    value = re.sub(
        r"^(?:(?:aux?|à l[ae]?|d(?:u|es))[\s'’]\s?)?(?:l[ae]s?\s|l['’]\s?|s(?:on|a|es)\s|leurs?\s|une?\s)?",
        "",
        cleaned(document.original(start, end)),
        flags=re.IGNORECASE,
    )
    return TextMatch(f"{value[:1].upper()}{value[1:]}", start, end)


def only_told(document: ActText, segment: Segment) -> set[str]:
    """Return those named only as owners of cameras, or as recipients or executors of the decree."""
    articles = [block for block in segment.of(DecreePart.ARTICLE, DecreePart.BODY) if not is_formality(document.flat, block)]
    titled = named_in(document, list(segment.of(DecreePart.TITLE, DecreePart.HEADING)), heading=True)
    entries = [*titled, *named_in(document, articles)]
    return {entry.value for entry in entries} - {entry.value for entry in entries if _is_user(document, segment, entry)}


def _is_user(document: ActText, segment: Segment, entry: TextMatch[str]) -> bool:
    """Return whether an operator is authorised: not an owner of cameras, nor a mere recipient or executor in an article."""
    block = segment.at(entry.start)
    low = max(block.start, entry.start - 2 * _REACH)
    start = max((match.end() for match in _STOP.finditer(document.flat, low, entry.start)), default=low)
    stop = _STOP.search(document.flat, entry.end, block.end)
    end = block.end if stop is None else stop.start()
    if block.part is DecreePart.ARTICLE and _LEFT_OUT.search(document.flat, entry.end, end) is not None:
        return False
    used = any(words.search(document.flat, start, end) is not None for words in (_USES, document.cues["around.who_may"]))
    told = _OTHERWISE.search(document.flat, start, phrase_end(document.flat, entry.end, block.end, _REACH)) is not None
    owns = entry.value.startswith(_TOWNS) and _comes_after(_OWNED, document, entry)
    return not owns and (used or not told or block.part is not DecreePart.ARTICLE)


def may_be_others(document: ActText, segment: Segment, found: Sequence[TextMatch[str]]) -> bool:
    """Return whether those authorised may be others than these: all of them only own the place, or an article says of another listed body,
    no commune, more than that it is informed or executes."""
    articles = beside_formality(document, segment.of(DecreePart.ARTICLE, DecreePart.BODY))
    known = {entry.value for entry in found}
    others = [entry for entry in named_in(document, list(articles)) if entry.value not in known and not entry.value.startswith(_TOWNS)]
    users = (_is_user(document, segment, entry) and not owns_place(document, entry) for entry in others)
    return all(owns_place(document, entry) for entry in found) or any(users)


def operators_within(document: ActText, spans: Iterable[tuple[int, int]]) -> tuple[str, ...]:
    """Return the operators that these stretches name, under their stable names."""
    named = _merged(named_in(document, [Block(DecreePart.BODY, *span) for span in spans]))
    return tuple(entry.value for entry in [entry for entry in named if not owns_place(document, entry)] or named)


def _comes_after(words: re.Pattern[str], document: ActText, entry: TextMatch[str]) -> bool:
    return words.search(document.flat[max(entry.start - 60, 0) : entry.start]) is not None


def authorises(document: ActText, block: Block) -> bool:
    """Return whether a part authorises somebody to use a processing."""
    return _AUTHORISES.search(document.flat, block.start, block.end) is not None


def is_formality(flat: str, block: Block) -> bool:
    """Return whether an article is on execution, publication or remedies."""
    return _EXECUTION.search(flat, block.start, block.end) is not None and _AUTHORISES.search(flat, block.start, block.end) is None


_ANNEX = re.compile(
    r"\n\W*(?:(?:tableau )?annexee?\b"
    r"|(?:tableau|grille|fiche|releve|liste des (?:cameras|lieux|sites|points|emplacements|gares|stations))s?\b[^\n.;:]{0,60}\n)"
)


def beside_formality(document: ActText, blocks: Iterable[Block]) -> Iterator[Block]:
    """Yield these parts without recipients of copies, and of articles on execution, publication or remedies only the annex after them."""
    text = document.folded.text
    for block in blocks:
        if not is_formality(document.flat, block):
            copies = _COPIES.search(text, block.start, block.end)
            yield block if copies is None or _ANNEX.search(text, copies.end(), block.end) else replace(block, end=copies.start())
        elif (annex := _ANNEX.search(text, block.start, block.end)) is not None:
            yield replace(block, start=annex.start())
        elif (said := _EXECUTION.search(document.flat, block.start, block.end)) is not None and said.start() > block.start + _REACH:
            # The only article says all: what stands above the line on these is told.
            yield replace(block, end=max(text.rfind("\n", block.start, said.start()), block.start))


_BELOW_TITLE = re.compile(
    r"\n\W{0,3}(?:l[ae] prefete?\b[^\n]{0,80}\n|(?:etaient |sont )?(?:present|excuse)e?s?\b|\d{1,2}\s?[.)]\s"
    r"|(?:monsieur|madame)\b[^\n]{0,40},\s?\n)"
)
# Spaced letters are read too: "A R R E T E  N° …".
_TITLED = re.compile(r"\ba\s?r\s?r\s?e\s?t\s?e|\bdecision n")


def up_to_author(document: ActText, block: Block) -> Block:
    """Return a heading up to the title; below it are the author, and in minutes those present and their words."""
    title = _TITLED.search(document.flat, block.start, block.end) if block.part is DecreePart.HEADING else None
    below = _BELOW_TITLE.search(document.folded.text, title.end(), block.end) if title is not None else None
    return block if below is None else replace(block, end=below.start())


def named_in(document: ActText, blocks: list[Block], *, heading: bool = False) -> list[TextMatch[str]]:
    """Return the listed operators that these parts name, for any reason, except the author of a `heading`. A commune named as a place is
    left out."""
    text = document.flat
    found: list[TextMatch[str]] = []
    for block in blocks:
        # The letterhead above the title names the service that writes.
        title = _TITLED.search(text, block.start, block.end) if heading else None
        looks = iter(range(_MOST))
        located = [word.start() for word in towns_where(text, block)]
        for operator in _operators(document.cues.topic):
            taken = block.start
            for match in operator.pattern.finditer(text, block.start, block.end):
                if UNTICKED.search(document.folded.text, block.start, match.start()) is not None:
                    continue
                if match.start() < taken or (heading and match.lastgroup == "bare"):
                    continue
                if operator.name == "Commune" and any(match.start() <= where < match.end() for where in located):
                    continue
                if operator.of or operator.named:
                    for name, start, end in _names(document, match, block, operator, looks):
                        found.append(TextMatch(f"{operator.name} {name}", start, end))
                        taken = max(taken, end)
                elif title is None or match.start() >= title.start():
                    found.append(TextMatch(operator.name, match.start(), match.end()))
    return found


def _names(
    document: ActText, match: re.Match[str], block: Block, operator: _Operator, looks: Iterator[int]
) -> Iterator[tuple[str, int, int]]:
    """Yield the names after an operator, each with its position: in its sentence, or in brackets or a list, up to the limit of `looks`."""
    several = _SEVERAL.search(match.group()) is not None
    start = match.end() + document.flat.startswith(" ", match.end())
    line = _NEXT_LINE.split(document.printed(match.end(), min(start + _REACH, block.end)), maxsplit=1)[0]
    found = names_of_one_kind(_printed(line.lstrip().split("\t", 1)[0]), several=several)
    if found and (found[0][0] or operator.named):
        for link, name, length in found if operator.of else found[:1]:
            if not link.endswith(("la ", "l'")) and (operator.named or link or _PERSON.fullmatch(name) is None):
                yield _linked(document, link or "de" * operator.of, name), match.start(), start + length
    elif several and (below := _NAMED_BELOW.match(document.flat, match.end(), block.end)) is not None and next(looks, None) is not None:
        listed = next(lists(document, match.start(), min(block.end, match.end() + _FARTHEST)), None) if not below["names"] else None
        items = listed.items if listed is not None and listed.start == match.start() else [below.span("names")]
        for first, last in items:
            for link, name, _ in names_of_one_kind(_printed(document.original(first, last)), listed=True):
                if link or _PERSON.fullmatch(name) is None:
                    yield _linked(document, link or "de", name), first, last


def _printed(text: str) -> str:
    return joined(text).replace("’", "'")


def _linked(document: ActText, link: str, name: str) -> str:
    """Return `de Cannes`, `d'Annecy`, `du Havre`, or a name alone; one in capitals ("HAVRE") as the act prints it elsewhere."""
    name = DANGLING.sub("", name.strip(" -'")).rstrip("'") or name
    if name.isupper():
        name = next((other for other in _printed_elsewhere(document, name) if other[0].isupper() and not other.isupper()), name)
    link = link.strip().lower()
    linked = f"{link if link in {'du', 'des', ''} else 'de'} {name}".strip()
    linked = re.sub(r"^de Le(s?) ", lambda article: "des " if article[1] else "du ", linked)
    return re.sub(r"^de (?=[AEIOUÉÈÊÎÂÔ])", "d'", linked)


def _printed_elsewhere(document: ActText, name: str) -> Iterator[str]:
    """Yield the names of a commune after a word such as "commune", as the act prints them."""
    for match in islice(re.finditer(rf"{re.escape(fold(name).text)}(?![^\W_])", document.flat), 5 * _MOST):
        if _TOWN_OF.search(document.flat[max(match.start() - 24, 0) : match.start()]) is not None:
            yield joined(document.original(*match.span()))


def _merged(found: list[TextMatch[str]]) -> list[TextMatch[str]]:
    """Return each operator once; a commune and its police are one."""
    names: dict[str, TextMatch[str]] = {}
    for entry in sorted(found, key=lambda entry: entry.start):
        names.setdefault(entry.value, entry)
    towns = [_place(value) for value in names]
    policed = [any(each.startswith(_POLICE) and each.endswith(town) for each in names) for town in towns]
    return [entry for entry, town, own in zip(names.values(), towns, policed, strict=True) if town == entry.value or not own]


def _place(value: str) -> str:
    """Return the name of a commune as in its police's name: `Cannes`, `du Havre`."""
    return re.sub(r"^Commune (?:de |d'|(?=du |des ))", "", value)
