"""Finds what a PDF shows or holds besides the contents of its pages: annotations, values of form fields, attached files, dynamic forms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from ctypes import byref, c_ushort
from dataclasses import dataclass, replace
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

ATTACHED = "a file is attached that is not read"
DYNAMIC_FORM = "a dynamic form (XFA), which few programs show"

_MOST_ATTACHED = 256 * 1024**2
"""Bytes of one attached file."""
_HEAD = 1024
_LONGEST_NOTE = 20_000
"""Bytes of the text of one annotation: UTF-16."""
_UNDRAWN = frozenset((pdfium_c.FPDF_ANNOT_LINK, pdfium_c.FPDF_ANNOT_POPUP, pdfium_c.FPDF_ANNOT_TEXT))
_NOT_SHOWN = pdfium_c.FPDF_ANNOT_FLAG_HIDDEN | pdfium_c.FPDF_ANNOT_FLAG_NOVIEW
_WITH_TEXT = frozenset((pdfium_c.FPDF_FORMFIELD_COMBOBOX, pdfium_c.FPDF_FORMFIELD_LISTBOX, pdfium_c.FPDF_FORMFIELD_TEXTFIELD))
_NOTHING = len("\0".encode("utf-16-le"))
# What the page of a dynamic form shows where a program does not know such forms, in English or French.
_SHORT = 500
_PLACEHOLDER = re.compile(
    r"if\s+this\s+message\s+is\s+not\s+eventually\s+replaced|si\s+ce\s+message\s+n.est\s+pas\s+(?:\w+\s+)?remplacé", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Annotations:
    """Holds what annotations show on a page: the boxes of its text fields (left, bottom, right, top), and `notes` without a drawing.
    `attached`: one of them has a file."""

    fields: tuple[tuple[float, float, float, float], ...] = ()
    notes: tuple[str, ...] = ()
    attached: bool = False
    drawn: bool = False
    """Some are to be drawn on the page."""


def annotations_of(document: Any, page: Any) -> Annotations:
    """Return what the annotations of a page show besides links and closed notes."""
    found = Annotations()
    for index in range(pdfium_c.FPDFPage_GetAnnotCount(page)):
        annotation = pdfium_c.FPDFPage_GetAnnot(page, index)
        if annotation:
            found = _with(found, annotation, document.formenv)
            pdfium_c.FPDFPage_CloseAnnot(annotation)
    return found


def _with(found: Annotations, annotation: Any, forms: Any) -> Annotations:
    kind = pdfium_c.FPDFAnnot_GetSubtype(annotation)
    if kind == pdfium_c.FPDF_ANNOT_FILEATTACHMENT:
        return replace(found, attached=True)
    if kind in _UNDRAWN or pdfium_c.FPDFAnnot_GetFlags(annotation) & _NOT_SHOWN:
        return found
    if kind == pdfium_c.FPDF_ANNOT_FREETEXT and pdfium_c.FPDFAnnot_GetAP(annotation, 0, None, 0) <= _NOTHING:
        note = _text(annotation)
        return replace(found, notes=(*found.notes, note)) if note else found
    is_field = kind == pdfium_c.FPDF_ANNOT_WIDGET and forms and pdfium_c.FPDFAnnot_GetFormFieldType(forms, annotation) in _WITH_TEXT
    box = pdfium_c.FS_RECTF()
    if is_field and pdfium_c.FPDFAnnot_GetRect(annotation, byref(box)):
        return replace(found, drawn=True, fields=(*found.fields, (box.left, box.bottom, box.right, box.top)))
    return replace(found, drawn=True)


def _text(annotation: Any) -> str:
    units = (c_ushort * (_LONGEST_NOTE // 2))()
    length = pdfium_c.FPDFAnnot_GetStringValue(annotation, b"Contents", units, _LONGEST_NOTE)
    # A longer one is not given at all.
    return bytes(units)[: length - _NOTHING].decode("utf-16-le", "replace").strip() if _NOTHING < length <= _LONGEST_NOTE else ""


def draw_annotations(page: Any) -> None:
    """Make what annotations draw a part of the page, its text included. The page is to be opened again. Raises PdfiumError."""
    if pdfium_c.FPDFPage_Flatten(page, pdfium_c.FLAT_NORMALDISPLAY) == pdfium_c.FLATTEN_FAIL:
        raise pdfium.PdfiumError("the annotations of a page cannot be drawn")


def attached_files(document: Any) -> Iterator[bytes | None]:
    """Yield the files attached to the whole document: a PDF as it is, None for any other."""
    for index in range(document.count_attachments()):
        content = None
        with suppress(pdfium.PdfiumError, MemoryError):
            content = bytes(document.get_attachment(index).get_data())
        yield content if content and len(content) <= _MOST_ATTACHED and b"%PDF-" in content[:_HEAD] else None


def is_dynamic_form(document: Any, text: str) -> bool:
    """Return whether a page with this text only stands for a form that a program is to draw."""
    return bool(document.get_formtype() == pdfium_c.FORMTYPE_XFA_FULL) or _PLACEHOLDER.search(text[:_SHORT]) is not None
