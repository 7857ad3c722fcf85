"""The kinds of files that are fetched, and how each is told from the block page or the error page that may come in its place."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from dataclasses import dataclass

from sources.http.body import is_html

_PDF_MAGIC = b"%PDF"
_PDF_MAGIC_WITHIN = 1024
"""Bytes. Readers accept junk before the header up to there (PDF 1.7, ISO 32000-1, Annex H.3, note 13)."""

_PDF_END = b"%%EOF"
"""Somewhere in the last 1024 bytes (Annex H.3, note 18)."""

# Servers of files seldom know more than the bytes.
_VAGUE = frozenset({"", "application/octet-stream", "binary/octet-stream", "text/plain"})
_CSV = _VAGUE | {"text/csv", "application/csv", "application/vnd.ms-excel"}


@dataclass(frozen=True, slots=True)
class FileKind:
    """`name` is for errors ("a PDF"), `accept` and `encoding` go into the request.

    `fits` judges the content type and the first bytes of an answer, `ends` whether its last 1024 bytes can be the end of such a file.
    """

    name: str
    accept: str
    encoding: str
    fits: Callable[[str, bytes], bool]
    ends: Callable[[bytes], bool] = lambda _last: True

    @property
    def may_resume(self) -> bool:
        """Whether a download of it may go on where it was cut: bytes that were packed on the wire cannot be counted."""
        return self.encoding == "identity"


def _is_pdf(_content_type: str, beginning: bytes) -> bool:
    return _PDF_MAGIC in beginning[:_PDF_MAGIC_WITHIN]


def _ends_as_pdf(last: bytes) -> bool:
    return _PDF_END in last


def _is_json(content_type: str, beginning: bytes) -> bool:
    # The type is judged by what the body begins with: an object or a list.
    return not is_html(content_type, beginning) and beginning.removeprefix(codecs.BOM_UTF8).lstrip()[:1] in {b"{", b"["}


def _is_csv(content_type: str, beginning: bytes) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return kind in _CSV and not is_html("", beginning) and b"\0" not in beginning


# Recueils are packed already: asking for more only costs the server time.
PDF = FileKind("a PDF", "application/pdf", "identity", _is_pdf, _ends_as_pdf)
JSON = FileKind("JSON", "application/json", "gzip", _is_json)
CSV = FileKind("CSV", "text/csv", "gzip", _is_csv)
