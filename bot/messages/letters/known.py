"""What a decree says, as the pieces of a letter: clean text where it is known, a blank in brackets where it is not. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from bot.domain import Decree, LegalAdvice, Place
from bot.messages import words_in
from bot.messages.cleaning import clean, cut, link_to
from bot.messages.letters.words import Blanks, LetterLabels, letter_words
from bot.messages.moments import date_text, period_text

_TITLE = 500
_ITEM = 160
_ITEMS = 12
"""Of a list of places: a decree may name 46 stations."""

# Brackets mark what a person has to fill in and braces the fields of a template: nothing that a decree says may look like either.
_BRACKETS = str.maketrans("[]{}", "()()")


def pieces(decree: Decree, place: Place, legal_advice: LegalAdvice) -> dict[str, str]:
    """Return every field of the templates that comes from the decree. `place` is that of the authority that took it."""
    words = letter_words()
    facts, blanks, labels = decree.facts, words.blanks, words.labels
    published = blanks.published if decree.published is None else french_date(decree.published)
    link = link_to(decree.url, decree.page)
    return {
        "addressee": _addressee(place, blanks),
        "reference": labels.reference.format(
            number=safe(facts.number, blanks.number), signed=blanks.signed if facts.signed is None else french_date(facts.signed)
        ),
        "title": labels.title.format(title=cut(title, _TITLE)) if (title := safe(decree.title)) else blanks.title,
        "published": published,
        "publication": labels.publication.format(published=published, link=blanks.link if link is None else safe(link, blanks.link)),
        "operators": _listed(facts.operators, blanks.operators, labels),
        "software": _software(decree, blanks),
        "court": _court(legal_advice, blanks, labels),
        "starts": blanks.period if facts.starts is None else french_date(facts.starts.day),
        "ends": blanks.period if facts.ends is None else french_date(facts.ends.day),
    }


def facts_list(decree: Decree, filled: dict[str, str]) -> str:
    """Return the facts of the decree, one a line, each known or a blank. `filled` is what `pieces` gave."""
    words = letter_words()
    facts, blanks, labels = decree.facts, words.blanks, words.labels
    french = words_in("fr")
    known = {
        "reference": filled["reference"],
        "title": filled["title"],
        "publication": filled["publication"],
        "period": safe(period_text(facts, french), blanks.period),
        "event": safe(facts.event, blanks.event),
        "places": _listed(facts.places, blanks.places, labels),
        "operators": filled["operators"],
        "purposes": _listed([getattr(french.purposes, purpose.value) for purpose in facts.purposes], blanks.purposes, labels),
        "software": filled["software"],
        "cameras": blanks.cameras if facts.cameras is None else str(facts.cameras),
        "legal_basis": _listed(facts.legal_basis, blanks.legal_basis, labels),
    }
    return "\n".join(labels.fact.format(label=label, text=known[name]) for name, label in labels.facts.items())


def french_date(day: date) -> str:
    """Return `17 avril 2024`."""
    return date_text(day, words_in("fr").dates)


def safe(text: str | None, blank: str = "") -> str:
    """Return one line of visible text that no bracket or brace of its own can confuse; the blank where nothing is left of it."""
    return clean(text or "").translate(_BRACKETS) or blank


def _addressee(place: Place, blanks: Blanks) -> str:
    """Return `Préfet de la Drôme`, `Préfet de police`: the office, whoever holds it."""
    name = safe(place.name)
    before, _, rest = name.partition(" ")
    return f"Préfet {rest}" if before == "Préfecture" and rest else blanks.addressee


def _listed(items: Sequence[str], blank: str, labels: LetterLabels) -> str:
    shown = [cut(text, _ITEM) for item in items if (text := safe(item))]
    if not shown:
        return blank
    text = ", ".join(shown[:_ITEMS])
    return labels.more.format(shown=text, n=len(shown) - _ITEMS) if len(shown) > _ITEMS else text


def _software(decree: Decree, blanks: Blanks) -> str:
    known = [text for part in (decree.facts.software, decree.facts.vendor) if (text := cut(safe(part), _ITEM))]
    return ", ".join(known) if known else blanks.software


def _court(legal_advice: LegalAdvice, blanks: Blanks, labels: LetterLabels) -> str:
    court = legal_advice.court
    if court.differs:
        return labels.courts.format(named=_of_court(court.named), by_seat=_of_court(court.by_seat))
    return labels.court.format(court=_of_court(court.name) or blanks.court)


def _of_court(name: str | None) -> str:
    """Return `tribunal administratif de Paris`, within a sentence."""
    text = safe(name)
    return text[:1].lower() + text[1:]
