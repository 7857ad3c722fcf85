"""Reads dates and names in a sentence: where they end, how they are shown, and which are persons' and are left out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time, timedelta

from bot.domain.text import one_line

# French dates and hours as decrees print them, OCR and all. Pure; impossible dates are no dates.

_MONTHS = {
    "janvier": 1, "fevrier": 2, "mars": 3, "avril": 4, "mai": 5, "juin": 6, "juillet": 7, "aout": 8, "aovt": 8, "aofit": 8,
    "septembre": 9, "octobre": 10, "novembre": 11, "decembre": 12,
}  # fmt: skip
# As date stamps print them: "27 NOV. 2026".
_SHORT_MONTHS = {
    "janv": 1, "jan": 1, "fevr": 2, "fev": 2, "avr": 4, "juil": 7, "sept": 9, "sep": 9, "oct": 10, "nov": 11, "dec": 12,
}  # fmt: skip

_TO_NINE = ("un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf")
_TO_SIXTEEN = (*_TO_NINE, "dix", "onze", "douze", "treize", "quatorze", "quinze", "seize")
_UNITS = {**{word: number for number, word in enumerate(_TO_SIXTEEN, 1)}, "une": 1}
_TENS = {"vingt": 20, "vingts": 20, "trente": 30, "quarante": 40, "cinquante": 50, "soixante": 60}
# "Dix-sept décembre deux mille vingt-six", as solemn decrees are dated: two to thirty-one. The first of a month is in figures or "premier".
_TWENTIES = ("vingt", "vingt et un", *(f"vingt {word}" for word in _TO_NINE[1:]))
_WORDS = (*_TO_SIXTEEN[1:], "dix sept", "dix huit", "dix neuf", *_TWENTIES, "trente", "trente et un")
_HOURS = ("zero", "une", "vingt et une", *_WORDS[:22])
_MINUTES = {"quinze": 15, "et quart": 15, "trente": 30, "et demie": 30, "quarante cinq": 45}


def _any_of(words: Iterable[str]) -> str:
    """Return words as a pattern, the longest first, with hyphens or without."""
    return "|".join(word.replace(" ", r"[\s-]+") for word in sorted(words, key=len, reverse=True))


_IN_WORDS = _any_of(_WORDS)
_CLOCK_IN_WORDS = rf"(?:{_any_of(_HOURS)})\s+heures?(?:\s+(?:{_any_of(_MINUTES)})\b)?"

WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
WEEKDAY = rf"(?:(?:{'|'.join(WEEKDAYS)})s?\s*(?:et\s(?:{'|'.join(WEEKDAYS)})s\s)?)?"
DAY = r"(?:1\s?er|1\s?[*°º]\w?|[il]\s?er|premier|[0-3]?\d|[0-3]\s\d)"
MONTH = rf"(?:{'|'.join(_MONTHS)}|(?:{'|'.join(_SHORT_MONTHS)})(?![a-z])\.?)"
YEAR = rf"(?:20\d\d|2\s0\s\d\s\d|(?:l'an\s+)?deux[\s-]+mil(?:le)?[\s-]+(?:{_IN_WORDS}))"
# "06/12/2026", "06.12.26", but no telephone number.
_NUMERIC = r"(?:[0-3]?\d[/.][01]?\d[/.]20\d\d|(?<![\d/.])[0-3]\d(?:\.[01]\d\.|/[01]\d/)[23]\d(?![/.]?\d))"
HOUR = rf"(?:(?:[0-2]?\d)\s?(?:heures?|h|:)\s?(?:[0-5]\d)?|(?<!messe de )minuit|(?<!du )midi|{_CLOCK_IN_WORDS})"

_DAY_OF_MONTH = rf"(?:{DAY}\s*|(?:{_IN_WORDS})\s+){MONTH}"

LONG_DATE = rf"{WEEKDAY}{_DAY_OF_MONTH}\s*{YEAR}"
ANY_DATE = rf"(?:{LONG_DATE}|{WEEKDAY}{_NUMERIC})"
# In a range the first date often leaves out its year, and even its month.
PARTIAL_DATE = rf"(?:{ANY_DATE}|{WEEKDAY}(?:{_DAY_OF_MONTH}|{DAY}))"

_PARTS = re.compile(rf"{WEEKDAY}(?:(?P<day>{DAY})|(?P<words>{_IN_WORDS})(?=\s+{MONTH}))(?:\s*(?P<month>{MONTH}))?(?:\s*(?P<year>{YEAR}))?")
_NUMBERS = re.compile(rf"{WEEKDAY}(?P<day>[0-3]?\d)[/.](?P<month>[01]?\d)[/.](?P<year>(?:20)?\d\d)")
_CLOCK = re.compile(r"(?P<hours>[0-2]?\d)\s?(?:heures?|h|:)\s?(?P<minutes>[0-5]\d)?")


@dataclass(frozen=True, slots=True)
class PartialDate:
    """Matches a date, possibly without month and year."""

    day: int
    month: int | None
    year: int | None

    def complete(self, month: int | None = None, year: int | None = None) -> date | None:
        """Return the date, with what is missing taken from the arguments; None if still incomplete or impossible."""
        year, month = self.year or year, self.month or month
        try:
            return date(year, month, self.day) if year and month else None
        except ValueError:
            return None


def partial(text: str) -> PartialDate | None:
    """Read a folded text that is a date, whole or not (`1er juin`, `19`, `12/12/2025`)."""
    numbers = _NUMBERS.fullmatch(text)
    if numbers is not None:
        return PartialDate(int(numbers["day"]), int(numbers["month"]), 2000 + int(numbers["year"]) % 100)
    parts = _PARTS.fullmatch(text)
    if parts is None:
        return None
    return PartialDate(
        cardinal(parts["words"]) or 0 if parts["words"] else _day(parts["day"]),
        {**_MONTHS, **_SHORT_MONTHS}[parts["month"].rstrip(".")] if parts["month"] else None,
        _year(parts["year"]) if parts["year"] else None,
    )


def full(text: str) -> date | None:
    """Read a folded text that is a whole date; None if it is not one, or impossible."""
    found = partial(text)
    return found.complete() if found is not None else None


def last_day(day: date, count: int, unit: str) -> date:
    """Return the last day of a duration from `day`, included: thirty days from 2 May end on 31 May. A month ends on the eve of the same day
    number (from 2 May on 1 June), or on the last day of a shorter month (from 31 January on 28 February): never later than the decree
    says."""
    if unit.startswith("an"):
        count, unit = 12 * count, "mois"
    if unit.startswith("jour"):
        return day + timedelta(days=count - 1)
    if unit.startswith("semaine"):
        return day + timedelta(weeks=count, days=-1)
    months = day.month - 1 + count
    year, month = day.year + months // 12, months % 12 + 1
    following = date(year + month // 12, month % 12 + 1, 1)
    return min(date(year, month, 1) + timedelta(days=day.day - 1), following) - timedelta(days=1)


def clock(text: str, *, closing: bool) -> time | None:
    """Read an hour. Midnight ends a day when `closing` (23:59, as does 24h00) and begins it otherwise; None where it is impossible."""
    if text in {"minuit", "midi"}:
        return time(12) if text == "midi" else (time(23, 59) if closing else time(0))
    match = _CLOCK.fullmatch(text)
    if match is None:
        words, unit, rest = re.sub(r"[\s-]+", " ", text).partition(" heure")  # "dix-huit heures trente"
        return time(cardinal(words) or 0, _MINUTES.get(rest.removeprefix("s").strip(), 0)) if unit else None
    hours, minutes = int(match["hours"]), int(match["minutes"] or 0)
    if hours == 24 and minutes == 0:
        return time(23, 59) if closing else None
    return time(hours, minutes) if hours < 24 else None


def _day(text: str) -> int:
    digits = re.sub(r"\s", "", text)
    if not digits[0].isdigit() or re.match(r"1(?:er|[*°º])", digits):
        return 1
    return int(digits)


def _year(text: str) -> int:
    words = re.split(r"mil(?:le)?[\s-]+", text)
    return 2000 + (cardinal(words[1]) or 0) if len(words) > 1 else int(re.sub(r"\s", "", text))


# Numbers in words: "quarante-deux caméras", "six mois".

CARDINAL = rf"(?:{'|'.join([*_UNITS, *_TENS, 'cents?', 'mille', 'et'])})"
"""Matches one word of a number."""

_NUMBER_WORD = re.compile("|".join(sorted([*_UNITS, *_TENS, "cents", "cent", "mille"], key=len, reverse=True)))


def cardinal(words: str) -> int | None:
    """Read a French cardinal below ten thousand, in digits or words; None for what is none ("et")."""
    if words.isdigit():
        return int(words) or None
    total = 0
    for word in _NUMBER_WORD.findall(words):  # "soixantequatorze": one cut at a line end
        if word == "mille":
            total = (total or 1) * 1000
        elif word.startswith("cent"):
            below = total % 1000
            total += (below or 1) * 100 - below
        elif word in {"vingt", "vingts"} and total % 100 == 4:
            total += 76  # quatre-vingt
        else:
            total += _UNITS.get(word, 0) + _TENS.get(word, 0)
    return total if 0 < total < 10000 else None


# "feu d'artifice du 14 juillet" and "attentats du 13 novembre 2015" are names, "du 14 juillet 2026" and "du 14 juillet au…" are dates.
_NAMED_DAY = (
    r"(?!du (?:(?:14 juillet|8 mai|11 novembre|15 aout|1er mai)(?!\s*(?:20\d\d|au\b|a partir|\d))"
    r"|\d{1,2}(?:er)? [a-z]{3,9} (?:1[89]\d|20[01])\d\b))"
)
# A finite verb that decides or is done ends a name, whatever it decides: "… à l'occasion de la fête du port est rejetée".
_DONE = (
    r"\b(?:est|sera|a ete)\s(?:pas\s)?(?:(?:\w+ment|ainsi|donc|des lors|par suite|de nouveau),?\s)?"
    r"(?:autoris|refus|rejet|ecart|ajourn|class|declar|accord|accept|accueilli|agre|delivr|octroy|donne"
    r"|renouvel|prorog|prolong|recondui|suspend|interromp|abrog|retir|annul|rapporte|modifi|complete|remplac|interdit"
    r"|mis|concern|limit|soumis|employ|utilis|signal)"
)
_STOP = re.compile(
    rf"[;:\"]|\.\s|\.$|{_DONE}|\b(?:sont|seront|ont ete|peut|peuvent|doit|doivent|fait l'objet|font l'objet)\b"
    r"|,?\s(?:n'est|ne (?:sont|peut|peuvent)|n'a)\b|,\s(?:l[ae]s?\s|l')[^,;:.]{2,50}?\s(?:est|sont|peut|peuvent|met|mettent)\s"
    # What for, when and how.
    r"|\b(?:a l'occasion|afin\b|pour\b|detecter\b|au moyen|aux (?:seules )?fins\b|dans le cadre|et dans les (?:conditions|limites)\b)"
    r"|,? (?:prevue?s?|soit d[ue]|qui (?:se|aura|auront)|se tenant|organise)|,\s(?:donn|celebr|programm|disput)ee?s?\b"
    rf"|\((?:{DAY}|{'|'.join(WEEKDAYS)})\b"
    rf"|\b{_NAMED_DAY}(?:du|des|de|le|les|entre le|jusqu'au|a compter du|a partir du)\s?"
    rf"(?:{HOUR}|{WEEKDAY}{DAY}\s?(?:{MONTH}|au|et|,|[/.]\d)|{MONTH}\s?{YEAR})"
    # What is authorised: "… d'un traitement", "…, d'appliquer", "…, à analyser les images".
    r"|\bd'un traitement|\bdes? traitements?|,?\s(?:un|le|ce|tout|les|deux|trois|plusieurs) traitements?\b"
    r"|,\s(?:(?:le|la|l') ?)?(?:autorisation|emploi|usage|utilisation|mise en oeuvre|renouvellement)\b|\bet (?:abrog|retir|modifi)"
    r"|,\s(?:a |de |d')?(?:mettre|employer|utiliser|recourir|faire|soumettre|traiter|analyser|exploiter|proceder|appliquer)\b"
    r"|,\s(?:(?:sur )?(?:l|d)es (?:images|flux)|aux images|(?:au|a l'|a un|par un) ?(?:traitement|analyse)|a l'exclusion"
    r"|par l'(?:arrete|autorisation)|au dispositif|aux (?:endroits|lieux|sites|emplacements))\b"
    # Who, and other parts of the act.
    r"|,\s(?:le|la|les|l') ?(?:services?|commune|ville|police|brigade|bataillon|gendarmerie|groupement|direction|prefecture|sncf|ratp"
    r"|regie|(?:euro)?metropole|communaute|compagnie|maire|prefet|president|directeur|sdis|suge|gpsr|agents|unites)\b|\bla commission"
    r"|\bpar l'arrete\b|\bl[ae] (?:(?:sous-)?prefete?|secretaire generale?|haut-commissaire)\b|\bl'administrateur superieur"
    r"|,?\s(?:monsieur|madame|messieurs|mesdames)\b|,\s(?:mm?|mmes?)\b"
    r"|\barticle\s?\d|\bvu l|\bconsiderant|\battendu|\(?\d+ pages?\)|\bpage \d|\b\d{2}-\d{4}-\d\d-\d\d-"
)


def phrase_end(text: str, start: int, limit: int, longest: int) -> int:
    """Return where a name that begins before `start` ends, at most `longest` characters further."""
    limit = min(limit, start + longest)
    found = _STOP.search(text, start, limit)
    return found.start() if found is not None else limit


_APOSTROPHES = str.maketrans(dict.fromkeys("□\ufffd´`", "'"))


def joined(text: str) -> str:
    """Return a name on one line, with lost apostrophes restored."""
    return one_line(unicodedata.normalize("NFC", text).translate(_APOSTROPHES))


DANGLING = re.compile(
    r"(?:(?:^|[\s'’])(?:et|ou|d[eu]s?|à|a|l[ae]s?|une?|aux?|dans|sur|sous|en|par|pour|avec|entre|vers|[ld]['’]?|(?:de|et|chez) M))+$",
    re.IGNORECASE,
)
"""Matches words that no name ends with."""
BALANCED = re.compile(r"(?:[^()]|\([^()]*\))*+")
"""Matches up to an unbalanced bracket."""

# In lower case as printed: "gare de l'Est" and "rue du Signal" are names.
_SENTENCE = re.compile(
    r"\b(?:(?<!l['’])est(?=\s)|sont|sera|seront|ont|peut|peuvent|doit|doivent|fait|font|permet\w*|visent?|qui|que|dont|lequel|laquelle|lesquels"
    r"|afin|autoris\w+|interdi\w+|détect\w+|detect\w+|signal\w+|concern\w+|conform\w+|susvis\w*|notamment|ainsi|évènements?|événements?|evenements?)\b"
    r"|\b(?i:monsieur|madame|mme)\b"
)


def is_sound(name: str) -> bool:
    """Return whether printed words can be a name: no stray bracket, no article or preposition at the end, no verb, no greeting."""
    return BALANCED.fullmatch(name) is not None and DANGLING.search(name) is None and _SENTENCE.search(name) is None


def cleaned(text: str) -> str:
    """Return a name without persons' names, lost apostrophes, an article misread ("I'Olympique") and what dangles at its ends."""
    value = re.sub(r"\bI(?=['’]\w)", "l", joined(without_names(text)))
    if BALANCED.fullmatch(value) is None:
        value = re.split(r"\s*[()]", value)[0]
    value = re.sub(r"\s*\[…\](?=\s*(?:[,;]|$))", "", value.strip(" ,;.-–:("))
    return DANGLING.sub("", value).strip(" ,;.-–:(")


# Decrees name officials, agents and shop owners. None of them belongs in a post or in a log.

_CIVILITY = (
    r"\b(?:M\.|MM\.|M(?=\s+[A-ZÉ][a-zéè]+\s+[A-ZÉÈ]{2})|Mme\.?|Mmes|Mlle|Mr\.?"
    r"|Monsieur|Madame|Mademoiselle|Messieurs|Mesdames|Maître|Dr\.?|(?:MONSIEUR|MADAME)(?!\s+L(?:[EA]\b|['’])))"
)
_WORD = r"(?:[A-ZÀ-ÖØ-Þ](?:\.|[\w'’\-]*)|\[NOM\])"
_PARTICLE = r"(?:(?:de|du|des|la|le|van|von|ben|el)\s+|d['’])"
_FIRST_NAME = r"[A-ZÀ-ÖØ-Þ](?:\.|[a-zà-öø-ÿ]+)(?:-[A-ZÀ-ÖØ-Þ](?:\.|[a-zà-öø-ÿ]+))?"
_SURNAME = r"[A-ZÀ-ÖØ-Þ]{2,}(?:[ \-'’][A-ZÀ-ÖØ-Þ]{2,})*"
_OFFICE = (
    r"(?:maire|adjointe?|gérante?|présidente?|directeur|directrice|exploitante?|dirigeante?|propriétaire|représentante?"
    r"|(?:sous-)?préf[eè]te?|commissaire)"
)
_RANK = r"(?:commandante?|colonel(?:le)?|capitaine|lieutenante?|major|générale?)"
_CAPITAL_WORD = r"(?!(?:DE|DU|DES|ET|EST|SONT|OU|AU|AUX|À|A|LE|LA|LES|EN|PAR)\b)[A-ZÀ-ÖØ-Þ][A-ZÀ-ÖØ-Þ'’\-]+"

# "Les obsèques du petit Lucas", "une messe en mémoire de Jean Martin", "en hommage à": the occasion stays.
_WHOM = rf"(?:(?!la\b|les\b)[a-zà-ÿ]+\s+){{0,2}}{_WORD}(?:\s+(?:(?:et|ET|&)\s+)?{_PARTICLE}*{_WORD}){{0,6}}"
_LIFE = r"obs[èe]ques|fun[ée]railles|enterrement|inhumation|mariage|bapt[êe]me|proc[èe]s|mort|d[ée]c[èe]s|disparition|assassinat"
_MEMORY = r"en (?:m[ée]moire|souvenir|hommage)|[àa] la m[ée]moire"

# Where a group `name` stands, only that goes; the function before it stays. Street names ("rue du Commandant…") have no
# article before the rank, or begin it with a capital.
_PERSONS = re.compile(
    rf"(?P<titled>{_CIVILITY}\s*(?:[dD]['’])?{_WORD}(?:\s+{_PARTICLE}*{_WORD}){{0,4}})"
    rf"|(?<!du )(?<!des )\b(?:{_OFFICE}|(?:Le|La) {_OFFICE}|l[ea] {_RANK}),?\s+(?P<held>{_FIRST_NAME}\s+{_PARTICLE}*{_SURNAME})"
    rf"|\b(?i:{_LIFE})(?:\s+[a-zà-ÿ]+)?\s+(?P<mourned>(?i:de|du|d['’])\s?(?i:la\s)?{_WHOM})"
    rf"|\b(?P<honoured>(?i:{_MEMORY})\s+(?i:de\s|du\s|d['’]|[àa]\s|au\s){_WHOM})|\b(?i:hommage)\s+(?P<hailed>(?i:[àa]|au)\s{_WHOM})"
    rf"|\b(?:maire|gérante?),?\s+(?P<alone>[A-ZÀ-ÖØ-Þ]{{4,}}(?:-[A-ZÀ-ÖØ-Þ]+)*)\b"
    rf"|\bpar\s+(?P<holding>{_FIRST_NAME}\s+{_PARTICLE}*{_WORD}(?:\s+{_WORD})?)(?=,\s+(?:l[ea]\s+)?{_OFFICE}\b)"
    rf"|\b(?i:affaire|dossier) (?i:suivie? par)\s?:?\s+(?:l[ea] {_RANK} )?(?!{_CIVILITY})"
    rf"(?P<handling>{_PARTICLE}*{_WORD}(?:[ ]{_PARTICLE}*{_WORD}){{0,2}})"
    rf"|\b(?:MAIRE|GÉRANTE?|GERANTE?|PRÉSIDENTE?|PRESIDENTE?),?\s+(?P<capitals>{_CAPITAL_WORD}\s+{_CAPITAL_WORD})"
)

ELLIPSIS = "[…]"
_REACH = 80
"""Characters around an excerpt that may contain the rest of a name."""


def without_names(text: str) -> str:
    """Return the text with every person's name ("M. Name", "son maire Name") replaced by an ellipsis; "Monsieur le préfet" is none."""
    return excerpt(text, 0, len(text))


_SIGNATORY = re.compile(
    rf"^\W*(?:[Ss]ignée?\W{{1,4}})?(?P<name>(?!(?:L[ae]s?|Pour|Par|Article|Annexe)\b)"
    # Text layers part double names: "Jean -Pierre DUPONT -DURAND".
    rf"{_FIRST_NAME}(?:[ ]-{_FIRST_NAME})?(?:\s+(?:{_PARTICLE}|L[ae]s?\s+)*{_WORD}(?:[ ]-{_WORD})?){{1,3}})\W*$",
    re.MULTILINE,
)


def is_signatory(line: str) -> bool:
    """Return whether a printed line looks like the name of a signatory."""
    return _SIGNATORY.fullmatch(line) is not None


def excerpt(text: str, start: int, end: int) -> str:
    """Return `text[start:end]` without persons' names, even where it begins or ends inside one."""
    parts: list[str] = []
    last = start
    for first, stop in spans_of_names(text, max(start - _REACH, 0), end + _REACH):
        if stop > start and first < end:
            parts += [text[last : max(first, last)], ELLIPSIS]
            last = max(min(stop, end), last)
    return "".join([*parts, text[last:end]])


def spans_of_names(text: str, start: int = 0, end: int | None = None) -> list[tuple[int, int]]:
    """Return the position of each person's name that would be replaced: its first character, and the one after its last."""
    found = _PERSONS.finditer(text, start, len(text) if end is None else end)
    return [match.span(match.lastgroup or 0) for match in found]
