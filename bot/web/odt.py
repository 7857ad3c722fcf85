"""Makes a text document (ODT) of a letter, for a word processor: paragraphs only, no macro, nothing loaded from elsewhere. Pure."""

from __future__ import annotations

import re
from io import BytesIO
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

ODT = "application/vnd.oasis.opendocument.text"

_URN = "urn:oasis:names:tc:opendocument:xmlns"
_MANIFEST = (
    f'<?xml version="1.0" encoding="UTF-8"?><m:manifest xmlns:m="{_URN}:manifest:1.0" m:version="1.2">'
    f'<m:file-entry m:full-path="/" m:media-type="{ODT}"/><m:file-entry m:full-path="content.xml" m:media-type="text/xml"/></m:manifest>'
)
_CONTENT = (
    f'<?xml version="1.0" encoding="UTF-8"?><o:document-content xmlns:o="{_URN}:office:1.0" xmlns:t="{_URN}:text:1.0" o:version="1.2">'
    "<o:body><o:text>{paragraphs}</o:text></o:body></o:document-content>"
)
_NOT_IN_XML = re.compile("[^\\t\\n\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")


def odt(text: str) -> bytes:
    """Return a document with a paragraph for each line; the same text gives the same bytes."""
    lines = (escape(_NOT_IN_XML.sub("", line)) for line in text.rstrip("\n").split("\n"))
    content = _CONTENT.format(paragraphs="".join(f"<t:p>{line}</t:p>" for line in lines))
    made = BytesIO()
    with ZipFile(made, "w") as archive:
        # The first file tells what the archive is, and stands there uncompressed.
        for name, part, how in (("mimetype", ODT, ZIP_STORED), ("META-INF/manifest.xml", _MANIFEST, None), ("content.xml", content, None)):
            archive.writestr(ZipInfo(name), part.encode(), ZIP_DEFLATED if how is None else how)
    return made.getvalue()
