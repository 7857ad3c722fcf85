"""With what: the software and its maker. A product or maker unknown to `equipment.toml` is taken where the text calls it one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from bot.detection.text.cues import load
from bot.detection.text.document import ActText, TextMatch
from bot.detection.text.phrases import joined
from bot.detection.text.privacy import without_names
from bot.detection.text.segments import DecreePart, Segment

_MAKER_WORDS = load("equipment.toml")["words"]
BY = rf"(?:{'|'.join(_MAKER_WORDS['made'])})e?s?(?: et \w+)?(?: a disposition)?\s+(?:par|aupres de)\b"
"""What was done to a software by whoever is named next."""
THAT = r"que? (?:developpe|edite|commercialise|fournit|propose)\b"
COMPANY = rf"(?:(?:la|une|le|un)\s+|l')?(?:{'|'.join(_MAKER_WORDS['company'])})\b"

_ROLE = rf"(?:{'|'.join(_MAKER_WORDS['role'])})"
_MAKER = re.compile(rf"(?:\b(?:{BY}|{THAT}|de|par|aupres de)\s+|[(:]\s?){COMPANY}")
_ROLE_IS = re.compile(
    rf"\b{_ROLE}\b(?:\s(?:du|de la|de l'|de ce|de cette)[^.;:]{{0,60}}?)?\s*(?:est|sera|:|,)\s*(?:{COMPANY})?\"?\s?(?P<name>[a-z0-9])"
)
_MAKER_ALONE = re.compile(rf"\b(?:{BY}|de (?:la )?marque)\s+\"?\s?(?P<name>[a-z0-9])")
# "La société X est l'éditrice du logiciel."
_IS_ROLE = re.compile(rf"\b{COMPANY}(?=[^.;:]{{3,80}}\best (?:l'|la |le ){_ROLE})")
_THEN_ROLE = re.compile(rf"\W*est (?:l'|la |le ){_ROLE}\b")
# "la société nantaise X", "la société par actions simplifiée X": what is said of a company before its name, and is no verb.
_VERB = r"(?i:est|qui|que|du|des|à|a|en|pour|dans|sur|et|ou|ayant|ne|n|se|sera|doit|peut|tient|assure)"
_SAID = re.compile(rf"(?:[\s,]+(?!{_VERB}\b)[a-zà-öø-ÿœ'’-]{{2,20}}){{0,4}}?\s*[«\"“]?\s*(?=[A-ZÀ-ÖØ-Þ0-9])")
_USED_BY = re.compile(rf"\b(?:{'|'.join(_MAKER_WORDS['used_by'])})e?s?\s+$")
_NOT_A_MAKER = re.compile(rf"\b(?:{'|'.join(_MAKER_WORDS['not_a_maker'])})\b")
_SOFTWARE_NEAR = re.compile(r"\b(?:logiciel\w*|solution|algorithm\w*|progiciel|denomme\w*|traitement|outil|module|technologie|systeme \")")
# A clause that goes on about the same thing after its semicolon.
_CLAUSE = re.compile(r";(?!\s(?:il|elle|celui-ci|celle-ci|ce dernier|cette derniere|ce logiciel|l'editeur|son editeur)\b)|\.\s")
_CORPORATE = re.compile(r"\s+(?:SAS|SASU|SA|SARL|Group|Groupe|France|Technologies|Systems|Vision|Business|Labs|AI|IA)\b")
_OPERATORS = frozenset({"ratp", "sncf", "etat", "police", "prefecture", "gendarmerie", "ville", "commune"})

_NEAR = 110
"""Characters before a maker in which the software is spoken of."""


@cache
def _known_makers() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((entry["name"], re.compile(entry["pattern"])) for entry in load("equipment.toml")["vendor"])


def vendor(document: ActText, segment: Segment) -> TextMatch[str] | None:
    """Return a known maker, else the company said to have made it, without its legal form; never deduced from the product."""
    first = next(iter(segment.of(DecreePart.ARTICLE)), None)
    operative = _vendor(document, first.start, segment.end) if first is not None else None
    return operative or _vendor(document, segment.start, segment.end)


def _vendor(document: ActText, start: int, limit: int) -> TextMatch[str] | None:
    for name, known in _known_makers():
        match = known.search(document.flat, start, limit)
        if match is not None:
            return TextMatch(name, match.start(), match.end())
    return next(_makers(document, start, limit), None)


def _makers(document: ActText, start: int, limit: int) -> Iterator[TextMatch[str]]:
    text = document.flat
    for pattern in (_MAKER, _IS_ROLE, _ROLE_IS, _MAKER_ALONE):
        for match in pattern.finditer(text, start, limit):
            before = _CLAUSE.split(text[max(match.start() - _NEAR, start) : match.start()])[-1]
            around = text[match.start() : min(match.end() + _NEAR, limit)] if pattern is _IS_ROLE else match.group()
            if _SOFTWARE_NEAR.search(before) is None and _SOFTWARE_NEAR.search(around) is None:
                continue
            if match.group().startswith("par") and _USED_BY.search(before) is not None:
                continue
            position = match.start("name") if "name" in pattern.groupindex else _named_after(document, match.end(), limit)
            found = name_at(document, position, limit) if position is not None else None
            if found is None or found.value.split()[0].lower() in _OPERATORS:
                continue
            if _NOT_A_MAKER.search(text, match.start(), found.start) is not None:
                continue
            if pattern is _IS_ROLE and _THEN_ROLE.match(text, found.end, limit) is None:
                continue
            # Without "la société", two words may be a person's first name and surname.
            alone = "name" in pattern.groupindex and re.search(rf"{COMPANY}\W*$", text[match.start() : found.start]) is None
            if alone and " " in found.value and _CORPORATE.search(document.original(found.start, found.end)) is None:
                continue
            yield TextMatch(found.value, match.start(), found.end)


def _named_after(document: ActText, position: int, limit: int) -> int | None:
    """Return where the name of a company begins, a few words after "la société"; None where no name follows."""
    first, last = document.folded.span(position, min(position + 90, limit))
    said = _SAID.match(document.source[first:last])
    return document.folded.position(first + said.end()) if said is not None else None


# Names of products and companies as printed: a few words that begin with a capital or a digit, never a person's.

# As printed: capitals or digits begin each word. A product may be "Regard Sûr", a company "XXII Group" or "Orange Business".
_OTHER = (
    "Vu|Article|ARTICLE|Art|ART|Considérant|Monsieur|Madame|M|MM|Mme|Le|La|Les|L|À|Et|Fait|Pour|Sur|Titre|TITRE|Chapitre|CHAPITRE|Annexe|ANNEXE"
    "|Direction|Préfecture|Il|Elle|Ce|Cette"
)
_WORD = rf"(?!(?:{_OTHER})\b|[LIlD]['’])[A-ZÀ-ÖØ-Þ0-9][\w&’'.+-]*"
# A name may go on in the next line, and not in the next paragraph or item.
_NAME = re.compile(rf"{_WORD}(?:(?:[^\S\n]+|[^\S\n]*\n(?![^\S\n]*\n))(?:{_WORD}|&)){{0,3}}")
_FORM = re.compile(r"[\s,]+(?:SASU?|S\.A\.S\.?|SA|S\.A\.|SARL|S\.A\.R\.L\.?|EURL|SCOP|SCIC|SE|SNC)$")

_LONGEST = 60
"""Characters of a name."""


def name_at(document: ActText, start: int, limit: int) -> TextMatch[str] | None:
    """Return the name right at `start` of the folded text, without its legal form ("SAS"), None where there is none or it is a person's."""
    first, last = document.folded.span(start, min(start + _LONGEST, limit))
    match = _NAME.match(document.source[first:last])
    if match is None:
        return None
    printed = re.split(r"\.(?:\s|$)", match.group())[0].rstrip(".'’")
    value = _FORM.sub("", " ".join(printed.split()))
    if len(value) < 2 or value.isdigit() or not impersonal(value):
        return None
    return TextMatch(value, start, start + len(printed))


def impersonal(name: str) -> bool:
    """Return True for a name in which no person's is recognised."""
    return without_names(name) == name


_WORDS = load("equipment.toml")["words"]
_PRODUCT = (
    rf"(?:{'|'.join(_WORDS['product'])})(?: logicielle?| algorithmique| informatique| technique)?"
    r"(?: d'analyse(?: d[e']\s?[a-z' ]{0,30}?)?)?"
)
_CALLED = rf"(?:,?\s*(?:{'|'.join(_WORDS['called'])}))"
_CHOSEN = rf"(?:,?\s(?:{'|'.join(_WORDS['chosen'])}))"
# "Le logiciel utilisé est Perception", "Solution retenue : Perception".
_IS = rf"(?:{_CHOSEN}(?:\s(?:est|sera)|\s?:)|\s?:)"
_QUOTED = re.compile(
    rf"(?:\b{_PRODUCT}{_CHOSEN}?(?: est| sera|,|\s?:)?(?:\s(?:le|la) {_PRODUCT})?|(?P<called>{_CALLED}))"
    r"\s*\"\s*(?P<name>[a-z0-9][^\"\n]{1,40}?)\s*\""
)
_NAMED = re.compile(rf"\b{_PRODUCT}(?P<called>{_CALLED}|{_IS})?\s+(?P<name>[a-z0-9])")
_CALLED_AFAR = re.compile(rf"\b{_PRODUCT}[^.;\"]{{0,90}}?{_CALLED}\s+(?P<name>[a-z0-9])")
_MADE_AFTER = re.compile(
    rf"\s*,?\s*(?:\(|(?:de la )?societe\b|de l'(?:entreprise|editeur)\b|de (?:la )?marque\b|propriete de"
    rf"|dans sa version|version\b|{BY}|{THAT})"
)
# Words may be glued: "letraitement, dénommé".
_NOUN = re.compile(rf"(?P<product>{_PRODUCT}|dispositif|\bil\b)|\b(?:{'|'.join(_WORDS['named_otherwise'])})\b")
# "Le traitement est développé par la société X et porte le nom de « Y »": who made it is not what bears the name.
_MADE_BY = re.compile(rf"\b(?:par|de|aupres de|avec)\s{COMPANY}\s(?=\S)")

_BEFORE = 120
"""Characters before "dénommé" in which what bears the name is told."""


@cache
def _known_software() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((entry["name"], re.compile(entry["pattern"])) for entry in load("equipment.toml")["software"])


def software(document: ActText, segment: Segment) -> TextMatch[str] | None:
    """A known product, else what the decree calls it ("dénommé « … »", "logiciel X de la société Y"); rather what its articles say than
    what its recitals tell of another one."""
    first = next(iter(segment.of(DecreePart.ARTICLE)), None)
    operative = _software(document, first.start, segment.end) if first is not None else None
    return operative or _software(document, segment.start, segment.end)


def _software(document: ActText, start: int, limit: int) -> TextMatch[str] | None:
    text = document.flat
    for name, pattern in _known_software():
        match = pattern.search(text, start, limit)
        if match is not None:
            return TextMatch(name, match.start(), match.end())
    for match in _QUOTED.finditer(text, start, limit):
        name = joined(document.original(match.start("name"), match.end("name")))
        if (
            not re.match(r"(?:m\.|mme|ci-)", match["name"])
            and name[:1] != name[:1].lower()
            and impersonal(name)
            and (match["called"] is None or _is_of_software(text, start, match.start()))
        ):
            return TextMatch(name, match.start(), match.end())
    for pattern in (_NAMED, _CALLED_AFAR):
        for match in pattern.finditer(text, start, limit):
            found = name_at(document, match.start("name"), limit)
            if found is None:
                continue
            called = pattern is _CALLED_AFAR or match["called"] is not None
            if called or _MADE_AFTER.match(text, found.end, limit):
                return TextMatch(found.value, match.start(), found.end)
    return None


def _is_of_software(text: str, start: int, position: int) -> bool:
    """False where the last thing spoken of before "dénommé" is no software but a manifestation, a law, an application for the public.

    Where nothing is recognised there, damage may have hidden it; "dit" is said of too much else.
    """
    opening = max(position - _BEFORE, start)
    makers = [match.span() for match in _MADE_BY.finditer(text, opening, position)]
    nouns = [noun for noun in _NOUN.finditer(text, opening, position) if not any(first <= noun.start() < last for first, last in makers)]
    return nouns[-1]["product"] is not None if nouns else re.match(r"\W*dit", text[position:]) is None
