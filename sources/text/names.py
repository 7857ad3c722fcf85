"""What a link is called: whether it names the recueil, a part of it, or something that is none of ours. Pure functions on words.

For pages that have moved and for layouts nobody has described; where the catalogue describes the way, its own patterns say more.
"""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from sources.text.dates import fold

# "Recueil des actes administratifs", "Recueils hebdomadaires et spéciaux des actes administratifs", "R.A.A", "RAA2", as in roots seen.
_RECUEIL = re.compile(r"\brecueils?(?: [a-z]+){0,4} actes? administratifs?\d?\b|\br ?a ?a\d?\b|^(?:les )?actes administratifs$")
# Sections and categories of the sites seen: departmental branch, "de l'année en cours", special, regular and nominative bulletins.
_PART = re.compile(
    r"\brecueils?\b|\bbulletins?\b|\bannee en cours\b|\bdepartement(?:al|aux|ale|ales)?\b"
    r"|\bspecia(?:l|ux)\b|\bregulier(?:s)?\b|\bnorma(?:l|ux)\b|\bordinaires?\b|\bnominatifs?\b|\bhebdomadaires?\b|\bmensuels?\b"
)
_ASIDE = re.compile(
    r"\btests?\b|\bessais?\b|\bfaq\b|\bfoire aux questions\b|\babonne[a-z]*\b|\bdelegations?\b"
    # What is over. "RAA et archives" is a root, "Archives des RAA" is not.
    r"|(?<!\bet )\barchives?\b|\b(?:anterieur|ancien|precedent)[a-z]*\b|\bhistorique\b"
    # Another authority's recueil, which some departments carry beside their own.
    r"|\bregion(?:s|al|ale|aux|ales)?\b|\bzone de defense\b|\bzona(?:l|le|ux)\b"
    r"|\bauvergne\b|\brhone alpes\b|\bbourgogne\b|\bfranche comte\b|\bbretagne\b|\bcentre val de loire\b|(?<!haute )\bcorse\b(?! du sud)"
    r"|\bgrand est\b|\bchampagne ardenne\b|\balsace\b|\blorraine\b|\bhauts de france\b|\bpicardie\b|\bile de france\b|\bnormandie\b"
    r"|\baquitaine\b|\blimousin\b|\bpoitou charentes\b|\boccitanie\b|\bmidi pyrenees\b|\blanguedoc roussillon\b|\bpays de la loire\b"
    r"|\bprovence alpes\b|\bpaca\b"
)


def names_recueil(url: str, text: str) -> bool:
    """Return whether a link names the recueil itself, in the last segment of its address or in its text."""
    return any(_RECUEIL.search(words) for words in _names(url, text))


def names_a_part(url: str, text: str) -> bool:
    """Return whether a link names the recueil or a part of it, such as a category, on a page that belongs to the recueil."""
    return any(_RECUEIL.search(words) or _PART.search(words) for words in _names(url, text))


def is_aside(url: str, text: str, *, root: str) -> bool:
    """Return whether a link names what is not the current recueil of this authority: a test, archives, a region's recueil.

    Words that stand in the `root` of the source are its own: those of a region's prefecture, "RAA et archives".
    """
    own = _words(urlsplit(root).path)
    named = " / ".join((_words(text), *(_words(segment) for segment in urlsplit(url).path.split("/"))))
    return any(not re.search(rf"\b{match[0]}\b", own) for match in _ASIDE.finditer(named))


def unlike(text: str, root: str) -> int:
    """Return how many words of a link's text the address of the `root` does not have: the fewer, the likelier it is the same thing."""
    return len(set(_words(text).split()) - set(_words(urlsplit(root).path).split()))


def _names(url: str, text: str) -> tuple[str, str]:
    return _words(urlsplit(url).path.rstrip("/").rsplit("/", 1)[-1]), _words(text)


def _words(text: str) -> str:
    return " ".join(re.findall(r"[a-z0-9]+", fold(unquote(text))))
