"""Finds what a decree is for: the event after "à l'occasion de"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain, islice, takewhile

from bot.detection.text.cues import fold
from bot.detection.text.document import ActText, Block, DecreePart, Segment, TextMatch
from bot.detection.text.phrases import DAY, MONTH, YEAR, cleaned, phrase_end
from bot.detection.text.rows import AREA, GROUND, has_gap, under

_MOST = 20
"""Most events in one part of a decree: limits hostile texts."""

_LONGEST = 160
"""Characters of an event: longer is a paragraph, not a name."""

_QUOTED = re.compile(r"\"\s?[^\"]{2,60}\"")
_ALL_QUOTED = re.compile(r"(?:[ée]v[ée]nement\s)?[«“\"]\s?([^«»“”\"]+?)\s?[»”\"]")
# Without a name, they are called by their days.
_BARE = re.compile(r"(?:fetes?|festivites|ceremonies?|commemorations?|celebrations?|bals?|feux d'artifice)\s")
_OF_DAYS = re.compile(rf"des\s{DAY}(?:\s?(?:,|et)\s{DAY})*\s{MONTH}(?:\s{YEAR})?(?!\s(?:au\b|a \d|de \d))")
_KIND = (
    r"(?:fetes?|festival|finale|match|concerts?|marche|foire|braderie|carnaval|course|marathon|salon|ceremonies?|feria|tour\b"
    r"|grand prix|expositions?|sommet|festivites|congres|arrivee|etapes?|nuits?|journees|commemorations?|inauguration|gala|corso"
    r"|meeting|mondial|mondiaux|championnats?|coupe|jeux\b|rencontres?|defiles?|spectacles?|semaine|raid"
    r"|operations? (?:de (?:deminage|desamorcage|demolition|depollution|relogement)|d'evacuation)|visite (?:officielle|d'etat)"
    r"|parade|regates?|tournoi|tournees?|competitions?|epreuves?|frairie|kermesse|biennale|rassemblement|fan[ -]zones?|feux?\b"
    r"|feu d'artifice|\d+ heures|(?:manifestation|evenement|rendez-vous|cyclosportive)(?= \"))"
)
_DURING = re.compile(
    r"\b(?:(?:lors|en vue|au titre|en raison|a l'approche"
    r"|(?:pour|(?:justifi|motiv)ee?s? par) (?:la (?:tenue|duree|securisation)|le (?:bon )?deroulement)"
    r"|(?:a|assurer|pour|au titre de|en vue de) la (?:securite|surete)"
    r"|(?:pendant|durant) (?:toute )?(?:les |la )(?:\w+ )?(?:jours?|journees?|soirees?|nuits?|duree)(?: \w+)?)"
    r" (?:de la |de l'|des |du |de )"
    r"|(?:pendant|durant|pour|au cours de|(?:justifi|motiv)ee?s? par|couvre|accompagne|securiser) (?:[li]a |l'|les |le )(?:seule?s? )?)"
    rf"(?=(?:\d+\s?(?:e|eme|es)?\s)?{_KIND})"
)
# A form: "Manifestation ⏎ Nom : …".
_NAMED = re.compile(r"\b(?:manifestation|evenement)s?\W{1,4}(?:nom|intitule|denomination|libelle|designation)\s?:\s")
# "Trophée des Dunes, tournoi de quatre équipes, 9 000 spectateurs": what it is.
_APPOSED = re.compile(rf",\s(?:(?:une? )?{_KIND} (?:de |d['’]|à )|\d[\d ]+ (?:spectateurs|personnes|visiteurs|participants)).*")
# A line below that begins a bullet, a row of a form or of a table is of something else.
_LINE_BELOW = re.compile(r"\n(?P<below>[^\n]+)")
_BULLET = re.compile(r"[ ]?[•▪●◦■*-]\s")
_LABEL = re.compile(r"[A-ZÀ-Þ][^\n:;.]{1,40} ?:(?:\s|$)")
# No event: "au cours de la nuit du 3 au 4 mai", "à l'occasion d'interventions urgentes", "dans le cadre de marchés (article R. 2352)".
# At the end of a title: "… – festival « Rues vives »".
_AFTER_DASH = re.compile(rf"\s-\s(?={_KIND} \")")
_NO_EVENT = re.compile(
    r"(?:nuit|journee|soiree|semaine)s?$|interventions?\b|missions?\b|cet(?:te)?\b|ces?\b|l?edite?s?\b|marches?(?:$| (?:publics?|\())"
    r"|[a-z]+ (?:mentionn|visee?s?\b|susvis|precit)"
    r"|(?:rassemblements?|evenements?|manifestations?|operations?)(?:$|,? (?:prev|cit|concern|autoris|interdit|declar|de personnes\b"
    r"|de l'appui|et l|$))|(?:prevention|secours|securite|appui|regulation)\b"
)
# Of no kind that is known, but with a proper name: "pendant les Nuits des Filets Bleus".
_DURING_NAME = re.compile(
    r"\b(?:(?:lors|(?:pour|assurer) la (?:securite|surete)) (?:de la |de l'|des |du )|(?:pendant|durant|au cours de) (?:la |l'|les |le ))"
    rf"(?:\"\s?)?(?!{GROUND}|(?:\d\w*\s)?(?:etage|jour|nuit|population|public|personnes?|voyageurs?|etablissement)"
    r"|conseil|commission|comite|assemblee|republique|etat\b|article|sous-?\s?prefet|prefet|maire|police|gendarmerie|cnil|sncf|ratp)(?=(?:\d+\s?(?:e|eme|es)\s)?[a-z])"
)
_BEFORE_NAME = re.compile(r"^[«\"“\s]*(?:\d+\s?(?:e|ème|es)\s)?")
# A recital has it as what takes place: "que le Carnaval de nuit rassemblera …", "que le Grand Bal, fête de la ville, se tiendra …".
_TAKES_PLACE = re.compile(
    r"\bque (?:l[ae]s? |ia |l')(?:\w+ edition (?:du |de la |de l'|des ))?"
    rf"(?P<told>(?:\d+\s?(?:e|eme|es)\s)?{_KIND}\b[^.;:,]{{0,90}}?|(?:(?!\bqu)[^.;:,]){{3,60}}?(?=, (?:une? )?{_KIND}))"
    r"(?:, [^.;:,]{3,60},)?"
    r"\s(?:se (?:tien(?:t|nent|dra|dront)|deroule(?:nt|ra|ront)?)|(?:a|ont|aura|auront) lieu|reuni(?:t|ra|ront|ssent)"
    r"|rassemble(?:nt|ra|ront)?"
    r"|attire(?:nt|ra|ront)?|verra|accueille(?:nt|ra)?|conduira|conduit|(?:est|sont) (?:prevue?s?|organisee?s?|au nombre))\b"
)
# What changes or refuses is on it: "la demande concernant la tournée « X »", "l'arrêté relatif aux Jeux de X".
_ABOUT = re.compile(rf"\b(?:concernant (?:l[ae]s? |l')|relati\w+ (?:aux? |a la |a l'))(?={_KIND}\b)")
_EVENT = re.compile(r"\b(?:a|pour) l['\s]\s?occasion\s(?:de la |de l['\s]|des |du |de |d['\s])(?!l[ae]s?quel)")
_FRAME = re.compile(r"\bdans\s?le cadre\s(?:de la |de l'|des |du |de |d')(?!article|application|present)")
_AUTHORISED_FOR = re.compile(r"\b(?:autoris|accord|delivr|pris|demand|sollicit)[a-z]*[^.;:]{0,160}$")
# "une rencontre de football", "plusieurs concerts": of a kind, and none by name.
_SOME = re.compile(r"(?:tout(?:e|es)?|tous|une?|des|plusieurs|deux|trois|quatre|cinq)\s")
# "la Braderie" of the title, "la Braderie de Lille" of the article.
_PLACED = re.compile(r"\s(?:de |du |des |d['’]|de la |de l['’])[A-ZÀ-Þ][\w'’-]*(?:[\s-][A-ZÀ-Þ][\w'’-]*){0,2}")
_EVENT_ROW = re.compile(r"(?:manifestation|evenement|occasion)(?: (?:concernee?|visee?|couverte?))?\s?:?")
HEADED = r"\s?(?:article\s|art\.\s?)?\W?\w{1,3}\W{1,4}"
"""Matches how an article begins, up to its heading."""

_EVENT_HEADED = re.compile(
    rf"{HEADED}{_EVENT_ROW.pattern}(?:\s?[^\w\s]){{0,2}}\s(?:l[ae]s?\s|l'\s?)?(?P<told>[^.;:]{{4,{_LONGEST}}})(?:\.\s|\.?$)"
)
# "…, un périmètre est instauré", "…, à capter", "…, place Foch", "… au titre de la sécurité des rassemblements": what is decided, where or
# what for.
_GOES_ON = re.compile(
    rf",\s?(?:(?:il|est|sont|qui|que|dont|une?|des|l[ae]s?|deux|trois|quatre|aux?|a|{GROUND}|la duree du)\b|l'|\d+ \d{{3}})"
    r"|\s(?:a|de|qui) (?:[a-z]{2,9}er|recourir|mettre en oeuvre|habilit\w+)\b"
    r"|\s(?:se (?:prolong|deroul|poursui|tien)\w*|continuent?|demeurent?|attirent?|rassemblent?|justifient?|entrainent?)\b"
    rf"|\sune? (?:{AREA})\b|,?\s(?:au titre|en vue) d(?:e|u|es|')\s?"
)
_WHERE = re.compile(
    r",?\s(?:et\s)?(?:sur|aux abords|a proximite|dans (?:les|la|l'|un|une|certaines|plusieurs|le (?!cadre))|au sein"
    r"|en (?=gares?\b|stations?\b))\s?"
)


def event(document: ActText, segment: Segment, speaking: tuple[Block, ...], mentioning: tuple[Block, ...] = ()) -> TextMatch[str] | None:
    """Return the purpose of the decree, after "à l'occasion de" (else "dans le cadre de", "lors de"); None for a place only. An article
    replaces a title that is in capitals, gives only a kind ("une rencontre de football") or omits the place ("la Braderie"). For a change
    of another decree a visa (`mentioning`) or recital may give it."""
    named = _events(document, [*segment.of(DecreePart.TITLE), *segment.of(DecreePart.HEADING), *speaking, *segment.of(DecreePart.ARTICLE)])
    if (first := next(named, None)) is not None:
        return next((found for found in named if _is_clearer(found.value, first.value)), first)
    visas = [block for block in mentioning if block.part is DecreePart.VISA]
    told = _events(document, list(segment.of(DecreePart.RECITAL)) if mentioning else [], (_EVENT,))
    recited = (found for found in told if _AUTHORISED_FOR.search(document.flat[max(found.start - 180, 0) : found.start]))
    recounted = _events(document, [] if mentioning else list(segment.of(DecreePart.RECITAL)), (_EVENT,))
    recounted = (found for found in recounted if _SOME.match(fold(found.value).text) is None)
    about = _events(document, list(segment.of(DecreePart.RECITAL, DecreePart.ARTICLE)) if mentioning else [], (_ABOUT, _DURING))
    return next(
        chain(_events(document, visas), recited, _of_form(document, segment), about, _takes_place(document, segment), recounted), None
    )


def _takes_place(document: ActText, segment: Segment) -> Iterator[TextMatch[str]]:
    """Yield what takes place by a recital, if it has a name."""
    for block in segment.of(DecreePart.RECITAL):
        for match in _TAKES_PLACE.finditer(document.flat, block.start, block.end):
            name = cleaned(document.original(*match.span("told")))
            if name != name.lower() and _NO_EVENT.match(fold(name).text) is None:
                yield TextMatch(name, *match.span("told"))


def is_vague(event: str) -> bool:
    """Return whether an event is of a kind, and none by name: "un spectacle pyrotechnique déclaré"."""
    return event == event.lower() and _SOME.match(fold(event).text) is not None


def _of_form(document: ActText, segment: Segment) -> Iterator[TextMatch[str]]:
    """Yield the event that a form gives beside its heading, or an article below its own."""
    for block in segment.of(DecreePart.ARTICLE):
        lines = list(under(document, block.start, block.end, _EVENT_ROW))
        value = cleaned(" ".join(line.printed for line in lines))
        if lines and 3 < len(value) < _LONGEST and not any(has_gap(line.printed) for line in lines):
            yield TextMatch(value, lines[0].start, lines[-1].end)
        headed = _EVENT_HEADED.match(document.flat, block.start, block.end)
        if headed is not None and (name := cleaned(document.original(*headed.span("told"))))[1:] != name[1:].lower():
            yield TextMatch(name, *headed.span("told"))


def _is_clearer(name: str, first: str) -> bool:
    """Return whether an event's name is a longer one of the first event found."""
    plain, known = fold(name).text, fold(first).text
    if first.isupper():
        return not name.isupper() and plain.startswith(known)
    if first == first.lower() and name != name.lower() and plain.split()[0] == known.split()[0] and not plain.startswith(known):
        return set(known.split()) <= set(plain.split())
    if _SOME.match(known) is not None:
        return _SOME.match(plain) is None and name != name.lower()
    return plain.startswith(known) and _PLACED.fullmatch(name[len(first) :]) is not None


def _events(
    document: ActText,
    blocks: list[Block],
    openings: tuple[re.Pattern[str], ...] = (_EVENT, _FRAME, _DURING, _DURING_NAME, _NAMED, _AFTER_DASH),
) -> Iterator[TextMatch[str]]:
    text = document.flat
    for opening in openings:
        for block in blocks:
            for match in islice(opening.finditer(text, block.start, block.end), _MOST):
                capital = _BEFORE_NAME.sub("", document.original(match.end(), match.end() + 20))[:1].isupper()
                # A name begins with a capital, where not every word does.
                if opening is _DURING_NAME and (not capital or document.original(block.start, block.end).isupper()):
                    continue
                end = _line_end(document, match.end(), phrase_end(text, match.end(), block.end, _LONGEST))
                named = _QUOTED.match(text, end, block.end)
                if named is None and _BARE.fullmatch(text, match.end(), end):
                    named = _OF_DAYS.match(text, end, block.end)
                if named is not None:  # festival « Jazz in Marciac », fêtes des 13 et 14 juillet
                    end = named.end()
                where = _WHERE.search(text, match.end(), end)
                if where is not None and (block.part is DecreePart.TITLE or where[0].startswith(",")):
                    end = where.start()
                goes_on = _GOES_ON.search(text, match.end(), end)
                end = end if goes_on is None else goes_on.start()
                value = cleaned(document.original(match.end(), end)).lstrip("'’ ")
                quoted = _ALL_QUOTED.fullmatch(value)
                value = value if quoted is None else quoted[1]
                value = _APPOSED.split(value)[0] if value[:1].isupper() else value
                if len(value) > 3 and _NO_EVENT.match(fold(value).text) is None:
                    yield TextMatch(value, match.start(), end)


def _line_end(document: ActText, start: int, end: int) -> int:
    """Return the end of a phrase, at most before a bullet or the next row of a form or table below."""
    for line in takewhile(lambda line: line.start() < end, _LINE_BELOW.finditer(document.folded.text, start)):
        below = document.printed(*line.span("below")).strip()
        if _BULLET.match(line["below"]) or _LABEL.match(below) or has_gap(below):
            return line.start()
    return end
