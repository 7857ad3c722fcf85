"""Finds who is authorised to use the algorithm, under a stable name, and for which event."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice

from bot.detection.text.cues import fold, load
from bot.detection.text.document import ActText, TextMatch
from bot.detection.text.phrases import DAY, MONTH, YEAR, cleaned, holds_end, joined, phrase_end
from bot.detection.text.segments import Block, DecreePart, Segment

# What a decree is for: the event after "à l'occasion de".

_MOST = 20
"""Events looked at in one part of a decree: a hostile text has any number."""

_LONGEST = 160
"""Characters of an event: longer is a paragraph, not a name."""

_QUOTED = re.compile(r"\"\s?[^\"]{2,60}\"")
_ALL_QUOTED = re.compile(r"[«“\"]\s?([^«»“”\"]+?)\s?[»”\"]")
# Without a name, they are called by their days.
_BARE = re.compile(r"(?:fetes?|festivites|ceremonies?|commemorations?|celebrations?|bals?|feux d'artifice)\s")
_OF_DAYS = re.compile(rf"des\s{DAY}(?:\s?(?:,|et)\s{DAY})*\s{MONTH}(?:\s{YEAR})?(?!\s(?:au\b|a \d|de \d))")
_DURING = re.compile(
    r"\b(?:(?:lors|en vue|au titre|en raison|a l'approche|pour la (?:tenue|duree|securisation)) (?:de la |de l'|des |du |de )"
    r"|(?:pendant|durant|pour|au cours de) (?:la |l'|les |le ))"
    r"(?=(?:\d+\s?(?:e|eme|es)?\s)?(?:fetes?|festival|finale|match|concerts?|marche|foire|braderie|carnaval|course|marathon|salon|ceremonies?|feria|tour\b"
    r"|grand prix|expositions?|sommet|festivites|congres|arrivee|etapes?|nuits?|journees|commemorations?|inauguration|gala|corso"
    r"|meeting|mondial|mondiaux|championnats?|coupe|jeux|rencontres?|defile|spectacles?|semaine|raid"
    r"|parade|regates?|tournoi|rassemblement|fan[ -]zones?|feux?\b|feu d'artifice|\d+ heures))"
)
# Of no kind that is known, but with a proper name: "pendant les Nuits des Filets Bleus".
_DURING_NAME = re.compile(
    r"\b(?:lors (?:de la |de l'|des |du )|(?:pendant|durant|au cours de) (?:la |l'|les |le ))"
    r"(?!conseil|commission|comite|assemblee|republique|etat\b|article|sous-?\s?prefet|prefet|maire|police|gendarmerie|cnil|sncf|ratp)(?=[a-z])"
)
_EVENT = re.compile(r"\b(?:a|pour) l['\s]\s?occasion\s(?:de la |de l['\s]|des |du |de |d['\s])")
_FRAME = re.compile(r"\bdans le cadre\s(?:de la |de l'|des |du |de |d')(?!article|application|present)")
# "une rencontre de football", "plusieurs concerts": of a kind, and none by name.
_SOME = re.compile(r"(?:une?|des|plusieurs|deux|trois|quatre|cinq)\s")
# "la Braderie" of the title, "la Braderie de Lille" of the article.
_PLACED = re.compile(r"\s(?:de |du |des |d['’]|de la |de l['’])[A-ZÀ-Þ][\w'’-]*(?:[\s-][A-ZÀ-Þ][\w'’-]*){0,2}")
_ATTACHED = re.compile(r"\b(?:de|du|des)(?:\s(?:la|l'))?\s?$")
_EVENT_STOP = re.compile(
    r"(?P<place>,?\s(?:sur|aux abords|a proximite|dans (?:les|la|l'|un|une|certaines|plusieurs)|au sein)\s)"
    r"|,\s(?:l'\s?(?:autorisation|emploi|usage|utilisation)|(?:le|un|les|des|deux|trois|plusieurs) traitements?|la mise en oeuvre)\s"
    # How, or what else, is authorised: "… et dans les conditions suivantes", "…, de traiter", "…, d'appliquer".
    r"|\set dans les (?:conditions|limites)\b|,\s(?:de |d')[a-z]{3,}(?<!hiv)(?:er|ir)\b"
    # What is done there goes on after the event: "…, à analyser les images…", "…, au traitement algorithmique…".
    r"|,\s(?:a (?:traiter|analyser|exploiter|proceder|appliquer)|(?:sur )?(?:l|d)es (?:images|flux)"
    r"|aux images|(?:au|a l'|a un|par un) ?(?:traitement|analyse)"
    r"|a l'exclusion|faire usage|mettre en oeuvre|recourir|employer|utiliser|par l'(?:arrete|autorisation))\b"
)


def event(document: ActText, segment: Segment, speaking: tuple[Block, ...], mentioning: tuple[Block, ...] = ()) -> TextMatch[str] | None:
    """Return what the decree is for, after "à l'occasion de" (else "dans le cadre de", "lors de"); None where it is for a place only.

    A title that prints it in capitals, only says what kind of event it is ("une rencontre de football") or leaves out where ("la Braderie")
    gives way to an article that names it. A decree that changes another one may name it only where a visa says what that one authorises
    (`mentioning`).
    """
    named = _events(document, [*segment.of(DecreePart.TITLE), *segment.of(DecreePart.HEADING), *speaking, *segment.of(DecreePart.ARTICLE)])
    first = next(named, None)
    if first is None:
        return next(_events(document, [block for block in mentioning if block.part is DecreePart.VISA]), None)
    return next((found for found in named if _is_clearer(found.value, first.value)), first)


def _is_clearer(name: str, first: str) -> bool:
    """Return True for the name of an event that says more than the first one found, of the same event."""
    plain, known = fold(name).text, fold(first).text
    if first.isupper():
        return not name.isupper() and plain.startswith(known)
    if _SOME.match(known) is not None:
        return _SOME.match(plain) is None and name != name.lower()
    return plain.startswith(known) and _PLACED.fullmatch(name[len(first) :]) is not None


def _events(document: ActText, blocks: list[Block]) -> Iterator[TextMatch[str]]:
    text = document.flat
    for opening in (_EVENT, _FRAME, _DURING, _DURING_NAME):
        for block in blocks:
            for match in islice(opening.finditer(text, block.start, block.end), _MOST):
                if opening is _DURING_NAME and not _is_named(document, block, match.end()):
                    continue
                end = phrase_end(text, match.end(), block.end, _LONGEST)
                named = _QUOTED.match(text, end, block.end)
                if named is None and _BARE.fullmatch(text, match.end(), end):
                    named = _OF_DAYS.match(text, end, block.end)
                if named is not None:  # festival « Jazz in Marciac », fêtes des 13 et 14 juillet
                    end = named.end()
                where = _EVENT_STOP.search(text, match.end(), end)
                if where is not None and (block.part is DecreePart.TITLE or not where["place"] or where["place"].startswith(",")):
                    end = where.start()
                value = cleaned(document.original(match.end(), end))
                quoted = _ALL_QUOTED.fullmatch(value)
                value = value if quoted is None else quoted[1]
                if len(value) > 3:
                    yield TextMatch(value, match.start(), end)


def _is_named(document: ActText, block: Block, position: int) -> bool:
    """Return True for a word that begins with a capital, where not every word does."""
    return document.original(position, position + 1).isupper() and not document.original(block.start, block.end).isupper()


def in_event(text: str, start: int, position: int) -> bool:
    """Return True inside the name of an event ("à l'occasion du concert … dans la salle …").

    An article then names its own places elsewhere.
    """
    opening = _EVENT.search(text, max(position - 110, start), position)
    return opening is not None and not holds_end(text, opening.end(), position)


def where_named(document: ActText, segment: Segment, event: str | None) -> list[tuple[int, int]]:
    """Return where the name of an event stands in a decree, for whatever reason it is named there."""
    if event is None:
        return []
    return [match.span() for match in re.compile(re.escape(fold(event).text)).finditer(document.flat, segment.start, segment.end)]


def is_part_of_a_name(text: str, position: int, named: list[tuple[int, int]]) -> bool:
    """Return True for who is named at `position` inside one of these names, and belongs to it: "la fête de la ville de X"."""
    inside = any(start < position < end for start, end in named)
    return inside and _ATTACHED.search(text[max(position - 8, 0) : position]) is not None


# "la commune de Cannes", "police municipale de la ville de L'Haÿ-les-Roses": the name is read from the original text.
_OF = re.compile(r"\s+(?P<of>de |d'|du |des )(?:(?:la |les )?(?:communes?|villes?) (?P<town>de |d'|du |des ))?")
_NAMED = re.compile(r"\s+(?P<of>de |d'|du |des )?(?P<town>)")
_NAME = re.compile(
    r"(?:(?:L[ea]s?|L['’]|Saint|Sainte)[ -]?)?[A-ZÀ-ÖØ-Þ][\w'’\-]*"
    r"(?:(?!\set\s)(?:[ -](?:sur|sous|en|les|lès|la|le|de|du|des|aux?|d['’]|l['’]|et)){0,2}(?:[ -]|\s[dl]['’])"
    # In capitals, a sentence goes on: "LA POLICE MUNICIPALE DE NICE EST AUTORISEE DU…".
    r"(?!RER|SNCF|RATP|(?:EST(?! ENSEMBLE)|SONT|PEUT|PEUVENT|MET|METTENT|POUR|DANS|AFIN|LORS|PAR|DISPOSE|AUTORIS\w*|QUI)\b)"
    r"[A-ZÀ-ÖØ-Þ][\w'’\-]+){0,4}"
)
_DANGLING = re.compile(r"(?: (?:DU|DES|DE|D|LA|LE|LES|L|AU|AUX|A|À|ET|EN|SUR|SOUS))+$")
# "les images de vidéoprotection de la ville de Lyon": whose cameras they are, not who uses the algorithm.
_OWNED = re.compile(
    r"(?:video[- ]?(?:protection|surveillance)|cameras?|images)(?: urbaine)?(?: (?:appartenant|exploitee?s?|installee?s?|geree?s?))?"
    r"(?: (?:par|a|de|du|des))?(?: communa(?:l|ux))?\s*$"
)
_ASKING = re.compile(r"\bdemandes?(?: \w+){0,2}? (?:de|du|des|par)(?: la| les| le)?\s*$")
_EXECUTION = re.compile(
    r"charge\w*[^.;]{0,120}\bexecution\b|\bexecution du present|recueil des actes|recours (?:gracieux|contentieux)|tribunal administratif"
)


_AUTHORISES = re.compile(r"\b(?:est|sont) autorisee?s? a (?:mettre|employer|utiliser|recourir|faire usage)\b")
# A name ends at a line that begins with a word of its own: the letterhead goes on there ("… de Cannes\nLe préfet").
_NEXT_LINE = re.compile(
    r"\n\s*(?:L[ea]s?\b|L['’]|LE[S]?\b|LA\b|V[Uu]\b|Arr|ARR|A\s?R\s?R|Article|ARTICLE|Cons|CONS|Pr[eé]f|PR|Sur\b|Cabinet|Direction|Fait\b|[A-ZÀ-Þ]{2,}\s)"
)
_AND_OF = re.compile(r"\s*(?:,|\bet)\s*(?=de |d')")
# "Les polices municipales de Lens et du Marin": only a plural goes on with "du", which also begins "et du Département".
_AND_OF_SEVERAL = re.compile(r"\s*(?:,(?:\s*et\b)?|\bet)\s*(?=de |d'|du |des )")
_SEVERAL = re.compile(r"\b(?:polices|communes|villes|maires)\b")


@dataclass(frozen=True, slots=True)
class _Operator:
    name: str
    pattern: re.Pattern[str]
    of: bool
    named: bool


@cache
def _operators() -> tuple[_Operator, ...]:
    return tuple(
        _Operator(
            entry["name"],
            re.compile("|".join(f"(?:{pattern})" for pattern in entry["patterns"])),
            entry.get("of", False),
            entry.get("named", False),
        )
        for entry in load("operators.toml")["operator"]
    )


def operator_names() -> tuple[str, ...]:
    """Return the names of the operators that bear no name of a place."""
    return tuple(known.name for known in _operators() if not (known.of or known.named))


def operators(
    document: ActText, segment: Segment, speaking: tuple[Block, ...], mentioning: tuple[Block, ...] = (), event: str | None = None
) -> list[TextMatch[str]]:
    """Return the operators named in the title, else in articles that speak of the algorithm (`speaking`), else in another article, else in
    the visas that speak of it (`mentioning`): a decree that only changes another one may name them nowhere else.

    A part of the name of the `event` ("la fête de la ville de X") is none, and a commune of which only the request is named gives way to
    its police where one of those visas names that. Articles on execution, publication and remedies name services that merely receive the
    decree: they are left out.
    """
    titles = [*segment.of(DecreePart.TITLE), *segment.of(DecreePart.HEADING)]
    articles = [block for block in segment.of(DecreePart.ARTICLE) if not is_formality(document.flat, block)]
    named = where_named(document, segment, event)

    def read(blocks: Iterable[Block], *, heading: bool = False) -> list[TextMatch[str]]:
        found = named_in(document, list(blocks), heading=heading)
        return [entry for entry in found if not is_part_of_a_name(document.flat, entry.start, named)]

    found = _merged([*read(titles, heading=True), *read(b for b in speaking if b in articles or b.part is DecreePart.BODY)])
    also = [block for block in articles if _AUTHORISES.search(document.flat, block.start, block.end) is not None]
    found = _merged([*found, *read(also)])
    found = found or _merged(read(articles)) or _merged(read(mentioning))
    # "La demande de la commune fera l'objet d'un nouvel examen": who asks may ask for somebody else, such as its police.
    if found and all(_is_asking(document, entry) for entry in found):
        places = tuple(_place(entry.value) for entry in found)
        found = _merged([*found, *(entry for entry in read(mentioning) if _is_police(entry.value) and entry.value.endswith(places))])
    users = [entry for entry in found if not _is_owner(document, entry)]
    return users or found


def operators_within(document: ActText, spans: Iterable[tuple[int, int]]) -> tuple[str, ...]:
    """Return the operators that these stretches name, under their stable names."""
    return tuple(entry.value for entry in _merged(named_in(document, [Block(DecreePart.BODY, *span) for span in spans])))


def _is_owner(document: ActText, entry: TextMatch[str]) -> bool:
    return entry.value.startswith("Commune") and _OWNED.search(document.flat[max(entry.start - 60, 0) : entry.start]) is not None


def _is_asking(document: ActText, entry: TextMatch[str]) -> bool:
    return _ASKING.search(document.flat[max(entry.start - 60, 0) : entry.start]) is not None


def is_formality(flat: str, block: Block) -> bool:
    """Return True for an article on execution, publication or remedies."""
    return _EXECUTION.search(flat, block.start, block.end) is not None and _AUTHORISES.search(flat, block.start, block.end) is None


_ANNEX = re.compile(r"\n\W*(?:tableau )?annexee?\b")


def beside_formality(document: ActText, block: Block) -> Block | None:
    """Return an article, or of one on execution, publication or remedies the annex that comes after it; None where there is none."""
    if not is_formality(document.flat, block):
        return block
    match = _ANNEX.search(document.folded.text, block.start, block.end)
    return Block(block.part, match.start(), block.end) if match is not None else None


def named_in(document: ActText, blocks: list[Block], *, heading: bool = False) -> list[TextMatch[str]]:
    """Return whoever of the list these parts name, for whatever reason; in a `heading` not who writes it."""
    text = document.flat
    found: list[TextMatch[str]] = []
    for block in blocks:
        for operator in _operators():
            taken = block.start
            for match in operator.pattern.finditer(text, block.start, block.end):
                if match.start() < taken:
                    continue
                if operator.of or operator.named:
                    following = _commune(document, match.end(), block.end, _NAMED if operator.named else _OF)
                    while following is not None:
                        name, end = following
                        name = _as_elsewhere(document, match.start(), end, name)
                        found.append(TextMatch(_of(operator.name, name), match.start(), end))
                        taken = end
                        several = _SEVERAL.search(text, match.start(), end) is not None
                        more = (_AND_OF_SEVERAL if several else _AND_OF).match(text, end, block.end) if operator.of else None
                        following = _commune(document, more.end() - 1, block.end, _OF) if more is not None else None
                    continue
                if heading and _letterhead(text, match.start(), block):
                    continue
                found.append(TextMatch(operator.name, match.start(), match.end()))
    return found


def _of(operator: str, name: str) -> str:
    """Return `Commune de Cannes`, `Commune d'Annecy`, `Commune du Havre`; what comes without "de" is joined as it is."""
    for article, contracted in (("de Le ", "du "), ("de Les ", "des ")):
        if name.startswith(article):
            name = contracted + name.removeprefix(article)
    if re.match(r"de [AEIOUÉÈÊÎÂÔ]", name):
        name = "d'" + name.removeprefix("de ")
    return f"{operator} {name}"


def _commune(document: ActText, position: int, limit: int, lead: re.Pattern[str]) -> tuple[str, int] | None:
    """Return the name after an operator, with what joins it, and where it ends; None where there is none."""
    of = lead.match(document.flat, position, limit)
    if of is None:
        return None
    first, last = document.folded.span(of.end(), min(of.end() + 60, limit))
    line = _NEXT_LINE.split(document.source[first:last], maxsplit=1)[0]
    name = _NAME.match(joined(" ".join(line.split())))
    if name is None:
        return None
    link = (of["town"] or of["of"] or "").strip()
    # "d'" and "des communes de" stand for "de"; "du Havre" and "des Sables-d'Olonne" are the names' own.
    link = link if link in {"du", "des", ""} else "de"
    if of["town"] and link not in {"du", "des"}:
        link = "de"
    shown = _DANGLING.sub("", name.group().strip(" -’"))
    return f"{link} {shown}".strip().rstrip("'"), of.end() + len(name.group())


def _as_elsewhere(document: ActText, start: int, end: int, name: str) -> str:
    """Return a name in capitals ("du HAVRE") as the act prints it where it says the same words otherwise ("la police du Havre")."""
    link = re.match(r"(?:d[eu]s? )?", name)
    shown = name[link.end() :] if link is not None else name
    words = document.flat[start:end].rstrip()
    position = document.flat.find(words) if shown.isupper() else -1
    for _ in range(_MOST):
        if position < 0:
            break
        other = joined(document.original(position, position + len(words)))[-len(shown) :]
        if other[:1].isupper() and not other.isupper():
            return name.removesuffix(shown) + other
        position = document.flat.find(words, position + 1)
    return name


def _letterhead(text: str, position: int, block: Block) -> bool:
    """Return True for a word above the title: the letterhead names the service that writes, not who is authorised."""
    title = re.compile(r"\barrete").search(text, block.start, block.end)
    return title is not None and position < title.start()


def _merged(found: list[TextMatch[str]]) -> list[TextMatch[str]]:
    """Return each operator once; a commune whose police is named is one operator, not two."""
    names: dict[str, TextMatch[str]] = {}
    for entry in sorted(found, key=lambda entry: entry.start):
        names.setdefault(entry.value, entry)
    for value in list(names):
        place = _place(value)
        if place != value and any(other != value and _is_police(other) and other.endswith(place) for other in names):
            del names[value]
    return list(names.values())


def _place(value: str) -> str:
    """Return the name of a commune, as the name of its police ends: `Cannes`, `du Havre`."""
    return re.sub(r"^Commune (?:de |d'|(?=du |des ))", "", value)


def _is_police(value: str) -> bool:
    return value.startswith("Police municipale")
