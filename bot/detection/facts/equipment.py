"""Finds the equipment: the software and its maker, from `equipment.toml` or named as such by the text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from itertools import chain, islice

from bot.detection.text.cues import load
from bot.detection.text.document import ActText, DecreePart, Segment, TextMatch
from bot.detection.text.phrases import joined, without_names
from bot.detection.text.rows import under
from bot.domain.text import whole_words

_WORDS = load("equipment.toml")["words"]
BY = rf"(?:{'|'.join(_WORDS['made'])})e?s?(?: et \w+)?(?: a disposition)?\s+(?:par|aupres de)\b"
"""Verbs that link a software to its maker."""
_MADE = rf"(?:a )?(?:{'|'.join(_WORDS['made'])}|fournit|concoit|vendu?)\b"
THAT = rf"qu(?:e |')(?:lui )?{_MADE}"
COMPANY = rf"(?:(?:la|une|le|un)\s+|l')?(?:{'|'.join(_WORDS['company'])})\b"

_ROLE = rf"(?:{'|'.join(_WORDS['role'])})"
_MAKER = re.compile(rf"(?:\b(?:{BY}|{THAT}|de|par|aupres de)\s+|[(:]\s?){COMPANY}")
_MAKER_ALONE = re.compile(
    rf"\b(?:{_ROLE}\b(?:\s(?:du|de la|de l'|de ce|de cette)[^.;:]{{0,60}}?)?\s*(?:est|sera|:|,)\s*(?:{COMPANY})?"
    rf"|(?:{BY}|de (?:la )?marque)\s+"
    # "Logiciel : Sentivue (Oriane Vision SAS)."
    r"|(?:logiciel|solution|produit)\b[^.;()]{2,60}\((?=[^()]{2,55}\s(?:sasu?|sarl|sa|eurl|scop|scic|snc)\s*\)))\s?\"?\s?(?P<name>[a-z0-9])"
)
_THEN_PRODUCT = re.compile(r"[^.;()]{2,50}\((?:logiciel|solution|produit)\b")
# "La société X est l'éditrice du logiciel", "le logiciel Z, que la société X a conçu": not the cameras that it has.
_MAKES = re.compile(rf"(?<!cameras que )(?<!images que )\b(?=l|un){COMPANY}(?=[^.;:]{{3,80}}\b(?:est (?:l'|la |le ){_ROLE}|{_MADE}))")
_THEN_MAKES = re.compile(rf"\W*(?:est (?:l'|la |le ){_ROLE}\b|(?:lui )?{_MADE})")
# "la société nantaise X", "la société par actions simplifiée X": what is said of a company before its name, and is no verb.
_VERB = r"(?i:est|qui|que|du|des|à|a|en|pour|dans|sur|et|ou|ayant|ne|n|se|sera|doit|peut|tient|assure)"
_SAID = re.compile(rf"(?:[\s,]+(?!{_VERB}\b)[a-zà-öø-ÿœ'’-]{{2,20}}){{0,4}}?\s*[«\"“]?\s*(?=[A-ZÀ-ÖØ-Þ0-9])")
_USED_BY = re.compile(rf"\b(?:{'|'.join(_WORDS['used_by'])})e?s?\s+$")
_NOT_A_MAKER = re.compile(rf"\b(?:{'|'.join(_WORDS['not_a_maker'])})\b")
_SOFTWARE_NEAR = re.compile(rf"\b(?:{'|'.join(_WORDS['near'])}|(?:{'|'.join(_WORDS['made'])}),? sous le nom)")
# A clause that goes on about the same thing after its semicolon.
_CLAUSE = re.compile(r";(?!\s(?:il|elle|celui-ci|celle-ci|ce dernier|cette derniere|ce logiciel|l'editeur|son editeur)\b)|\.\s")
# Words of trade, which are nobody's surname.
_CORPORATE = re.compile(
    r"\s+(?:SAS|SASU|SA|SARL|Group|Groupe|France|Technologies|Systems|Syst[èe]mes|Vision|Business|Labs|AI|IA|Data|Num[ée]rique|Digital|Analy(?:tics|tique)s?"
    r"|Informatique|Ing[ée]nierie|Imagerie|Optique|D[ée]tection|Software|Solutions|S[ée]curit[ée]|Industries|Robotics|Robotique|Tech|Innovation)\b"
)
_OPERATORS = frozenset({"ratp", "sncf", "etat", "police", "prefecture", "gendarmerie", "ville", "commune"})

_REFUSED = (
    r"\b(?:n'(?:a|ont) pas ete (?:retenu|choisi|acquis)|(?:a|ont) ete (?:ecarte|rejete|abandonne)|n(?:'est|e sont) plus (?:utilis|employ))"
)
# "Préféré à celui de", "n'a pas été retenue l'offre de".
_PREFERRED_TO = re.compile(rf"(?:\bprefere\w* (?:a|au|aux)\b|\bconcurrente?s?\b|{_REFUSED}\w* l(?:a|es?|')\b)[^.,;:]{{0,40}}$")
# ", de la société Y, n'a pas été retenu", and not ", les autres offres ont été écartées".
_NOT_CHOSEN = re.compile(
    r",?\s(?:[a-z]+\s)?concurrente?\b"
    rf"|(?:(?!\b(?:est|sont|qui|que|dont)\b|,\s(?:(?:et|la|les?|ses|leurs|deux|trois)\s|l'))[^.;:]){{0,120}}?{_REFUSED}"
)

_NEAR = 120
"""Characters before a maker, or before "dénommé", in which the software is spoken of, or another one preferred."""


@cache
def listed_products(table: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Return the makers (`vendor`) or products (`software`) of the list, each with its pattern in the folded text."""
    return tuple((name, re.compile(pattern)) for name, pattern in load("equipment.toml")[table].items())


def vendor(document: ActText, segment: Segment) -> TextMatch[str] | None:
    """Return a known maker, else the company said to have made it, without its legal form; never deduced from the product."""
    return _named_first(document, segment, "vendor", _makers)


def _named_first(document: ActText, segment: Segment, table: str, others: Callable[..., Iterator[TextMatch[str]]]) -> TextMatch[str] | None:
    """Return the first name of a table, else the first that `others` finds in the articles, else in the whole decree."""
    starts = [block.start for block in islice(segment.of(DecreePart.ARTICLE), 1)]
    text = document.flat
    for start in (*starts, segment.start):
        known = ((name, pattern.finditer(text, start, segment.end)) for name, pattern in listed_products(table))
        listed = (TextMatch(name, *match.span()) for name, matches in known for match in matches)
        for found in chain(listed, others(document, start, segment.end)):
            # Named to say that another one was chosen?
            preferred = _PREFERRED_TO.search(text[max(found.start - _NEAR, 0) : found.start])
            if not preferred and _NOT_CHOSEN.match(text, found.end) is None:
                return found
    return None


def _makers(document: ActText, start: int, limit: int) -> Iterator[TextMatch[str]]:
    text = document.flat
    for pattern in (_MAKER, _MAKES, _MAKER_ALONE):
        for match in pattern.finditer(text, start, limit):
            before = _CLAUSE.split(text[max(match.start() - _NEAR, start) : match.start()])[-1]
            around = text[match.start() : min(match.end() + _NEAR, limit)] if pattern is _MAKES else match.group()
            spoken = _SOFTWARE_NEAR.search(before) is not None or _SOFTWARE_NEAR.search(around) is not None
            spoken = spoken or _THEN_PRODUCT.match(text, match.end(), limit) is not None
            if not spoken or (match.group().startswith("par") and _USED_BY.search(before) is not None):
                continue
            position = match.start("name") if "name" in pattern.groupindex else _named_after(document, match.end(), limit)
            found = name_at(document, position, limit, linked=True) if position is not None else None
            if found is None or found.value.split()[0].lower() in _OPERATORS or _NOT_A_MAKER.search(text, match.start(), found.start):
                continue
            if pattern is _MAKES and _THEN_MAKES.match(text, found.end, limit) is None:
                continue
            # Without "la société", two words may be a person's first name and surname.
            alone = "name" in pattern.groupindex and re.search(rf"{COMPANY}\W*$", text[match.start() : found.start]) is None
            if alone and " " in found.value and _CORPORATE.search(document.original(found.start, found.end)) is None:
                continue
            yield TextMatch(found.value, match.start(), found.end)
    yield from _of_form(document, start, limit, _MAKER_ROW, _LINKED)


def _of_form(document: ActText, start: int, limit: int, heading: re.Pattern[str], name: re.Pattern[str]) -> Iterator[TextMatch[str]]:
    """Yield the name that a form gives beside a heading, without what follows it in brackets."""
    for line in islice(under(document, start, limit, heading), 1):
        found = name.match(line.printed)
        if found is not None and re.match(r"\s*(?:[(,;.]|$)", line.printed[found.end() :]) and impersonal(found.group()):
            yield TextMatch(without_form(found.group()), line.start, line.end)


def _named_after(document: ActText, position: int, limit: int) -> int | None:
    """Return where the name of a company begins, a few words after "la société"; None where no name follows."""
    first, last = document.folded.span(position, min(position + 90, limit))
    said = _SAID.match(document.source[first:last])
    return document.folded.position(first + said.end()) if said is not None else None


# Names of products and companies as printed: a few words that begin with a capital or a digit, never a person's.

# As printed: capitals or digits begin each word. A product may be "Regard Sûr", a company "XXII Group" or "Orange Business".
_OTHER = (
    "Vu|Article|ARTICLE|Art|ART|Considérant|Monsieur|Madame|M|MM|Mme|Le|La|Les|L|À|Et|Fait|Pour|Sur|Titre|TITRE|Chapitre|CHAPITRE|Annexe|ANNEXE"
    "|Direction|Préfecture|Il|Elle|Ce|Cette|Logiciel|Solution|Éditeur|Prestataire|Fournisseur"
    # In capitals, the words around a name look like one ("CAMÉRAS DE VIDÉOPROTECTION").
    f"|{_WORDS['capitals']}|LE|LA|LES|UNE?|D[EU]|DES|AUX?|ET|OU|EST|PAR|POUR|EN|SUR|DANS|CELUI|CELLE|ACQUIS|AUTORISÉE?|RETENUE?|UTILISÉE?"
)
_WORD = rf"(?!(?:{_OTHER})\b|[LIlDN]['’])[A-ZÀ-ÖØ-Þ0-9][\w&’'.+-]*"
# A name may go on in the next line, and not in the next paragraph or item.
_NAME = re.compile(rf"{_WORD}(?:(?:[^\S\n]+|[^\S\n]*\n(?![^\S\n]*\n))(?:{_WORD}|&)){{0,3}}")
_LINKED = re.compile(rf"{_NAME.pattern}(?: (?:d[eu] |des |de la |d['’])(?!\d|Société|Groupe|Lot|Marché|Préf|Minist|Dép){_WORD})?")
_PARAGRAPH = re.compile(r"\d+\.\d+\s")
_FORM = re.compile(r"[\s,]+(?:(?:SASU?|S\.A\.S\.?|SARL|S\.A\.R\.L\.?|EURL|SCOP|SCIC|SNC)(?:\s.*)?|SA|S\.A\.|SE)$")

_LONGEST = 60
"""Characters of a name."""


def name_at(document: ActText, start: int, limit: int, *, linked: bool = False) -> TextMatch[str] | None:
    """Return the name at `start` of the folded text, without its legal form ("SAS"); None if there is none or it is a person's. With
    `linked`, "du", "des" or "de la" may continue it ("Fabrique des Images")."""
    printed = whole_words(document.printed(start, min(start + _LONGEST, limit)), document.folded.text)
    match = (_LINKED if linked else _NAME).match(printed)
    if match is None:
        return None
    printed = re.split(r"\.(?:\s|$)", match.group())[0].rstrip(".'’")
    value = without_form(" ".join(printed.split()))
    if len(value) < 2 or value.isdigit() or _PARAGRAPH.match(value) is not None or not impersonal(value):
        return None
    return TextMatch(value, start, start + len(printed))


def without_form(name: str) -> str:
    """Return the name of a company without its legal form ("SAS")."""
    return _FORM.sub("", name)


def impersonal(name: str) -> bool:
    """Return whether a name contains no recognised person's name."""
    return without_names(name) == name


_PRODUCT = (
    rf"(?:{'|'.join(_WORDS['product'])})(?: (?:{'|'.join(_WORDS['of_a_product'])}))?"
    r"(?: d'analyse(?: d[e']\s?[a-z' ]{0,30}?)?)?"
)
_CALLED = rf"(?:,?\s*(?:{'|'.join(_WORDS['called'])}))"
_CHOSEN = rf"(?:,?\s(?:{'|'.join(_WORDS['chosen'])}))"
# "Le logiciel utilisé est Perception", "Solution retenue : Perception".
_IS = rf"(?:{_CHOSEN}(?:\s(?:est|sera)|\s?:)|\s?:|\s(?:est|demeure|reste))"
_QUOTED = re.compile(
    rf"(?:\b{_PRODUCT}{_CHOSEN}?(?: est| sera|,|\s?:)?(?:\s(?:le|la) {_PRODUCT})?|(?P<called>{_CALLED}))"
    r"\s*\"\s*(?P<name>[a-z0-9][^\"\n]{1,40}?)\s*\""
)
_NAMED = re.compile(rf"\b{_PRODUCT}(?P<called>{_CALLED}|{_IS})?\s+(?!{_PRODUCT}\s?:)(?P<name>[a-z0-9])")
# Or "il", which the sentence before calls software.
_CALLED_AFAR = re.compile(rf"(?:\b{_PRODUCT}[^.;\"]{{0,90}}?|(?P<it>(?<=\. )il )[^.;\"]{{0,60}}?){_CALLED}\s+(?P<name>[a-z0-9])")
# "Article 6 (logiciel) ⏎ X, de Y", "Solution ⏎ Inchangée : X (Y)".
_BELOW_HEADING = re.compile(
    r"(?:^|\n)\W{0,3}(?:article|art\.|\d)[^\n.;:]{1,16}\W(?:logiciel|solution|progiciel|produit)(?: \w+)?\W{0,3}\n\s?"
    r"(?:[a-z]{4,14} : )?(?P<name>[a-z0-9])"
)
_MADE_AFTER = re.compile(
    rf"\s*[,–-]?\s*(?:\(|(?:[a-z]+ )?de {COMPANY}|societe\b|de (?:la )?marque\b|propriete de"
    rf"|dans sa version|version\b|{BY}|{THAT}|(?:que|dont|qui|lequel|laquelle)\s[^.;:,]{{0,30}}?\b(?:{COMPANY}|{_ROLE}\b))"
)
# "Le logiciel que décrit l'attestation, à savoir « X », de la société Y", "le logiciel employé, X, est édité par".
_MADE_QUOTED = re.compile(rf"\"\s*(?P<name>[a-z0-9][^\"\n]{{1,40}}?)\s*\"\s*,?\s*(?:\(\s?|de (?:la )?|d[eu] )?(?:l')?(?:{COMPANY}|{BY})")
_APPOSED = re.compile(
    rf"\b{_PRODUCT}{_CHOSEN}?,\s(?P<name>[a-z0-9][^\s,.;:()\"]+(?:\s[^\s,.;:()\"]+){{0,3}})\s?,\s"
    rf"(?:(?:est|a ete|sera) (?:{'|'.join(_WORDS['made'])}|installe|celui)|est de|{BY}|de {COMPANY}"
    r"|n'est pas (?:change|modifie|remplace)|(?:reste|demeure|est) (?:inchange|maintenu|conserve|identique|le meme))"
)
_PRODUCT_ROW = re.compile(rf"(?:nom (?:commercial )?(?:du |de la |de l'))?{_PRODUCT}{_CHOSEN}?\s?:?")
_MAKER_ROW = re.compile(rf"(?:societe )?{_ROLE}(?: (?:du|de la|de l') ?{_PRODUCT})?\s?:?")
# Words may be glued: "letraitement, dénommé".
_NOUN = re.compile(rf"(?P<product>{_PRODUCT}|dispositif|\bil\b)|\b(?:{'|'.join(_WORDS['named_otherwise'])})\b")
# "Le traitement est développé par la société X et porte le nom de « Y »": who made it is not what bears the name.
_MADE_BY = re.compile(rf"\b(?:par|de|aupres de|avec)\s{COMPANY}\s(?=\S)")


def software(document: ActText, segment: Segment) -> TextMatch[str] | None:
    """Return a known product, else what the decree calls it ("dénommé « … »", "logiciel X de la société Y")."""
    return _named_first(document, segment, "software", _products)


def _products(document: ActText, start: int, limit: int) -> Iterator[TextMatch[str]]:
    text = document.flat
    # In capitals any word looks like a name: "LE TRAITEMENT EST LIMITÉ DANS LE TEMPS".
    capitals = document.in_capitals(start, limit)
    for match in chain.from_iterable(pattern.finditer(text, start, limit) for pattern in (_QUOTED, _MADE_QUOTED, _APPOSED)):
        name = joined(document.original(*match.span("name")))
        if match.re is _QUOTED:
            is_one = name[:1] != name[:1].lower() and not re.match(r"(?:m\.|mme|ci-)", match["name"])
            is_one = is_one and (match["called"] is None or _is_of_software(text, start, match.start()))
        else:
            clause = _CLAUSE.split(text[max(match.start() - _NEAR, start) : match.end()])[-1]
            is_one = bool(re.match(_WORD, name) and re.search(rf"\b{_PRODUCT}", clause)) and not capitals
        if is_one and impersonal(name):
            yield TextMatch(name, *match.span())
    for pattern in (_NAMED, _CALLED_AFAR, _BELOW_HEADING):
        for match in pattern.finditer(document.folded.text if pattern is _BELOW_HEADING else text, start, limit):
            found = name_at(document, match.start("name"), limit)
            if found is None or found.value.split()[0].lower() in _OPERATORS:
                continue
            if match.groupdict().get("it") and not _is_of_software(text, start, match.start()):
                continue
            called = (
                pattern is _CALLED_AFAR
                or (pattern is _BELOW_HEADING and text[found.end] in ",.(")
                or (pattern is _NAMED and match["called"] is not None and not capitals)
            )
            # "société Videtics (logiciel Perception)".
            bracketed = text[match.start() - 1] == "(" and text[found.end : found.end + 1] == ")"
            if called or bracketed or _MADE_AFTER.match(text, found.end, limit):
                yield TextMatch(found.value, match.start(), found.end)
    yield from _of_form(document, start, limit, _PRODUCT_ROW, _NAME)


def _is_of_software(text: str, start: int, position: int) -> bool:
    """Return whether the last noun before "dénommé" is software, not a manifestation, a law or a public application. True if no noun is
    recognised, as it may be damaged, except with "dit", which has too many other uses."""
    opening = max(position - _NEAR, start)
    makers = [match.span() for match in _MADE_BY.finditer(text, opening, position)]
    nouns = [noun for noun in _NOUN.finditer(text, opening, position) if not any(first <= noun.start() < last for first, last in makers)]
    return nouns[-1]["product"] is not None if nouns else re.match(r"\W*dit", text[position:]) is None
