"""The text of a page as a reader sees it: what fonts and exports put in place of letters, put right. Pure."""

from __future__ import annotations

import re
import unicodedata

# LibreOffice exports its "ti" and "tt" ligatures under these two letters, which no French word holds.
_LETTERS = {"Ɵ": "ti", "Ʃ": "tt", "\u00ad": "", "\u200b": "", "\u200c": "", "\u200d": "", "\u2060": "", "\ufeff": "", "\x00": ""}
# Compatibility forms are opened one by one: a whole NFKC would also flatten `n°`-like signs and superscripts into other words.
_LETTERS |= {chr(code): unicodedata.normalize("NFKC", chr(code)) for code in range(0xFB00, 0xFB50)}
_TO_OPEN = re.compile("[" + "".join(_LETTERS) + "]")
# pdfium puts U+0002 (or the noncharacter U+FFFE) for "hyphen at the end of a line" and drops the line break.
_LINE_HYPHEN = re.compile("[\x02\ufffe]\n?")
# Covers and tables of contents made before mid-2024 show a box for each apostrophe (`l□emploi`).
_BOX_FOR_APOSTROPHE = re.compile(r"(?<=[^\W\d_])□(?=[^\W\d_])")


def repair(text: str) -> str:
    """The text as a reader sees it: ligatures opened, soft hyphens gone, boxes back to apostrophes, line breaks kept (always `\\n`)."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _TO_OPEN.sub(lambda found: _LETTERS[found[0]], text)
    if "□" in text:
        text = _BOX_FOR_APOSTROPHE.sub("'", text)
    text = _LINE_HYPHEN.sub("-\n", text)
    return unicodedata.normalize("NFC", text)
