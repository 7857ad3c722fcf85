"""Words to search terms: without accents or case, French endings removed. Pure, and the same for both databases.

Accents go first and endings after, so that `caméras`, `camera` and `CAMERAS` are one term whoever typed them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from importlib.metadata import version

from snowballstemmer.french_stemmer import FrenchStemmer

from bot.domain.folding import fold_words

RULES = f"3 snowballstemmer {version('snowballstemmer')}"
"""Names the rules of this module and of `bot.domain.folding`, and of which acts terms are made: raise the number when they change, and
the terms of every database are made again.

Endings are cut a little differently by other versions of the library.
"""

LONGEST_TERM = 40

_WORD = re.compile(r"[^\W_]+")
# Signs that compatibility folding would turn into letters glued to the next number: n°, nº, №.
_SIGNS = str.maketrans(dict.fromkeys("°º№ª", " "))
# fmt: off
_STOP = frozenset((
    "au", "aux", "ce", "ces", "dans", "de", "des", "du", "en", "et", "il", "la", "le", "les", "leur", "leurs", "ou", "par", "pour",
    "que", "qui", "se", "ses", "sur", "un", "une",
))
# fmt: on


def words(text: str) -> list[str]:
    """The words of a text in order: lower case ASCII letters and digits only. Letters of other alphabets become their code points."""
    return [_ascii(word)[:LONGEST_TERM] for word in _WORD.findall(fold_words(text.translate(_SIGNS)))]


def terms(texts: Iterable[str], *, most: int) -> list[str]:
    """The first `most` distinct terms of the texts, in order of appearance. Empty words of French are left out."""
    found: dict[str, None] = {}
    for text in texts:
        for word in words(text):
            if word in _STOP or (len(word) == 1 and word.isalpha()):
                continue
            found[stem(word)] = None
            if len(found) >= most:
                return list(found)
    return list(found)


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """A folded word without its French ending."""
    # Without its accent the participle "autorisée" no longer looks like one: give it the ending the stemmer knows.
    known = re.sub(r"(?<=[a-z]{3})ee(s?)$", r"e\1", word)
    # A stemmer keeps the word it works on: one each, because threads come here together.
    return str(FrenchStemmer().stemWord(known))


def _ascii(word: str) -> str:
    return "".join(character if character.isascii() else f"u{ord(character):x}" for character in word)
