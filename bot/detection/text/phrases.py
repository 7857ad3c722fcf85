"""Where the name of a place or an event ends in a sentence, and how it is shown."""

from __future__ import annotations

import re

from bot.detection.facts.dates import DAY, HOUR, MONTH, WEEKDAY, YEAR
from bot.detection.text.privacy import without_names

# "feu d'artifice du 14 juillet" is a name, "du 14 juillet 2026" and "du 14 juillet au…" are dates.
_NAMED_DAY = r"(?!du (?:14 juillet|8 mai|11 novembre|15 aout|1er mai)(?!\s*(?:20\d\d|au\b|a partir|\d)))"
# A finite verb that decides or is done ends a name, whatever it decides: "… à l'occasion de la fête du port est rejetée".
_DONE = (
    r"\b(?:est|sera|a ete)\s(?:pas\s)?(?:(?:\w+ment|ainsi|donc|des lors|par suite),?\s)?"
    r"(?:autoris|refus|rejet|ecart|ajourn|class|declar|accord|accept|accueilli|agre|delivr|octroy|donne"
    r"|renouvel|prorog|prolong|recondui|suspend|interromp|abrog|retir|annul|rapporte|modifi|complete|remplac|interdit"
    r"|mis|concern|limit|soumis|employ|utilis|signal)"
)
_STOP = re.compile(
    rf"[;:\"]|\.\s|\.$|\bd'un traitement|\bdes? traitements?|\ba l'occasion|\bafin\b|\bpour\b|\bdetecter\b|{_DONE}"
    r"|\bau moyen|,? (?:prevue?s?|qui (?:se|aura|auront)|se tenant|organise)|\barticle\s?\d|\bvu l|\bconsiderant|\bl[ae] prefete?\b"
    r"|,?\s(?:un|le|ce|tout) traitement\b"
    r"|,\s(?:le|la|les|l') ?(?:services?|commune|ville|police|brigade|bataillon|gendarmerie|groupement|direction|prefecture|sncf|ratp"
    r"|regie|metropole|communaute|compagnie|maire|prefet|president|directeur|sdis|suge|gpsr|agents|unites|emploi|usage|mise en oeuvre)\b"
    r"|,?\s(?:monsieur|madame|messieurs|mesdames)\b|,\s(?:mm?|mmes?)\b"
    r"|\b(?:sont|seront|ont ete|peut|peuvent|doit|doivent|fait l'objet|font l'objet)\b|\baux (?:seules )?fins\b"
    rf"|\((?:{DAY}|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)\b"
    r"|,\s(?:a|de) (?:mettre|employer|utiliser|recourir|faire|soumettre)\b|,?\s(?:n'est|ne (?:sont|peut|peuvent)|n'a)\b"
    rf"|\bla commission|\bdans le cadre|\b{_NAMED_DAY}(?:du|des|de|le|les|entre le|jusqu'au|a compter du|a partir du)\s?"
    rf"(?:{HOUR}|{WEEKDAY}{DAY}\s?(?:{MONTH}|au|et|,|[/.]\d)|{MONTH}\s?{YEAR})|\(?\d+ pages?\)"
    r"|\bpage \d|\b\d{2}-\d{4}-\d\d-\d\d-|\bet (?:abrog|retir|modifi)"
)


def phrase_end(text: str, start: int, limit: int, longest: int) -> int:
    """Return where a name that begins before `start` ends, at most `longest` characters further."""
    limit = min(limit, start + longest)
    found = _STOP.search(text, start, limit)
    return found.start() if found is not None else limit


def holds_end(text: str, start: int, end: int) -> bool:
    """Return True when something between two positions ends a name."""
    return _STOP.search(text, start, end) is not None


def joined(text: str) -> str:
    """A name on one line: words cut at a line end are whole again ("direc- trice"), and so are names with a hyphen ("Saint- Denis")."""
    text = re.sub(r"[\x02\ufffe]\s*", "", text)
    text = re.sub(r"(?<=\w)-\s+(?=[a-zà-öø-ÿ])", "", text)
    return re.sub(r"(?<=\w)-\s+(?=[A-ZÀ-ÖØ-Þ])", "-", text)


_DANGLING = re.compile(
    r"(?:^|[\s'’])(?:et|ou|de|du|des|à|a|le|la|les|un|une|au|aux|dans|sur|sous|en|par|pour|avec|entre|vers|[ld]['’])$", re.IGNORECASE
)
# In lower case as printed: "gare de l'Est" and "rue du Signal" are names.
_SENTENCE = re.compile(
    r"\b(?:(?<!l['’])est(?=\s)|sont|sera|seront|ont|peut|peuvent|doit|doivent|font|permet\w*|visent?|qui|que|dont|lequel|laquelle|lesquels"
    r"|afin|autoris\w+|interdi\w+|détect\w+|detect\w+|signal\w+|concern\w+|conform\w+|susvis\w*|notamment|ainsi|évènements?|événements?|evenements?)\b"
    r"|\b(?i:monsieur|madame|mme)\b"
)


def is_balanced(name: str) -> bool:
    """Return True for a name in which every bracket that opens closes, and none closes that did not open."""
    depth = 0
    for character in name:
        depth += (character == "(") - (character == ")")
        if depth < 0:
            return False
    return depth == 0


def is_sound(name: str) -> bool:
    """True for words, as printed, that can be a name: no stray bracket, no article or preposition at the end, no verb, nobody addressed."""
    return is_balanced(name) and _DANGLING.search(name) is None and _SENTENCE.search(name) is None


def cleaned(text: str) -> str:
    """Return a name without persons' names, lost apostrophes and what dangles at its ends."""
    value = joined(without_names(text)).replace("□", "'").replace("\ufffd", "'")
    if not is_balanced(value):
        value = re.split(r"\s*[()]", value)[0]
    value = re.sub(r"\s+(?:et|de|du|des|à|a|le|la|les|dans|sur|en|l['’]|d['’])$", "", value.strip(" ,;.-–:("))
    return value.strip(" ,;.-–:(")
