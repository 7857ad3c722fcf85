"""PDFs with one page made to harm whoever reads it, beside a good one: see hostile.py."""

from __future__ import annotations

from collections.abc import Sequence

from tests.bot.reading.hostile import beside
from tests.bot.reading.papers import BODY, stream, text_content

TEXT = text_content(BODY)


def with_font(font: bytes, extra: Sequence[bytes] = (), content: bytes = TEXT) -> bytes:
    """The text in a font of our own (number 8); its objects come from number 9 on."""
    return beside(stream(content.replace(b"/F1", b"/F2")), b"/Font << /F1 3 0 R /F2 8 0 R >>", extra=[font, *extra])


def embedded(kind: bytes, key: bytes, program: bytes, entries: bytes = b"") -> bytes:
    """The text in a font whose program is this."""
    font = b"<< /Type /Font /Subtype /%s /BaseFont /ABCDEF+X /FirstChar 32 /LastChar 255 /Widths [%s] /Encoding /WinAnsiEncoding" % (
        kind,
        b"500 " * 224,
    )
    descriptor = (
        b"<< /Type /FontDescriptor /FontName /ABCDEF+X /Flags 32 /FontBBox [0 0 9 9] /Ascent 9 /Descent 0 /StemV 1 %s 10 0 R >>" % key
    )
    return with_font(font + b" /FontDescriptor 9 0 R >>", [descriptor, stream(program, entries)])


def recursive_type3() -> bytes:
    """Letters that are drawn with themselves."""
    names = b" ".join(b"/a" for _ in range(224))
    font = b"<< /Type /Font /Subtype /Type3 /FontBBox [0 0 9 9] /FontMatrix [.1 0 0 .1 0 0] /FirstChar 32 /LastChar 255 /Widths [%s]" % (
        b"6 " * 224
    )
    font += b" /CharProcs << /a 9 0 R >> /Encoding << /Differences [32 %s] >> /Resources << /Font << /F2 8 0 R >> >> >>" % names
    return with_font(font, [stream(b"6 0 d0 BT /F2 10 Tf (aaaa) Tj ET 0 0 5 5 re f")])


def to_unicode(table: bytes) -> bytes:
    """The text in a usual font with this ToUnicode stream (an object)."""
    return with_font(b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding /ToUnicode 9 0 R >>", [table])


def cmap(body: bytes) -> bytes:
    """A ToUnicode table that says this."""
    return (
        b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap 1 begincodespacerange <00> <FF> endcodespacerange\n%s endcmap" % body
    )


def image(entries: bytes, data: bytes = bytes(1000), *, text: bool = True, compress: bool = False) -> bytes:
    """A page under one image, with its text or without."""
    content = b"q 595 0 0 842 0 0 cm /I Do Q\n" + (TEXT if text else b"")
    return beside(
        stream(content), b"/XObject << /I 8 0 R >>", extra=[stream(data, b"/Type /XObject /Subtype /Image " + entries, compress=compress)]
    )


def forms(times: int) -> bytes:
    """Forms that each draw the next one ten times: the last would be drawn 10 to the power of so many."""
    entries = b"/Type /XObject /Subtype /Form /BBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> /XObject << /N %d 0 R >> >>"
    inner = [stream(b"/N Do " * 10, entries % (9 + level)) for level in range(times)]
    return beside(stream(TEXT + b" /N Do"), b"/XObject << /N 8 0 R >>", extra=[*inner, stream(TEXT, entries % 3)])


def deep_forms(depth: int) -> bytes:
    """Forms that each hold the next one, so many times; the text is in the last."""
    entries = b"/Type /XObject /Subtype /Form /BBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> /XObject << /N %d 0 R >> >>"
    inner = [stream(b"/N Do", entries % (9 + level)) for level in range(depth)]
    return beside(stream(b"/N Do"), b"/XObject << /N 8 0 R >>", extra=[*inner, stream(TEXT, entries % 3)])


def recursive_pattern() -> bytes:
    """A pattern that is painted with itself, over the whole page."""
    entries = b"/Type /Pattern /PatternType 1 /PaintType 1 /TilingType 1 /BBox [0 0 2 2] /XStep 1 /YStep 1"
    pattern = stream(b"/Pattern cs /P scn 0 0 2 2 re f", entries + b" /Resources << /Pattern << /P 8 0 R >> >>")
    return beside(stream(b"/Pattern cs /P scn 0 0 595 842 re f"), b"/Pattern << /P 8 0 R >>", extra=[pattern])


def recursive_shading() -> bytes:
    """A shading whose function is made of itself."""
    shading = b"<< /ShadingType 2 /ColorSpace /DeviceGray /Coords [0 0 595 842] /Function 9 0 R >>"
    function = b"<< /FunctionType 3 /Domain [0 1] /Bounds [.5] /Encode [0 1 0 1] /Functions [9 0 R 9 0 R] >>"
    return beside(stream(b"/S sh"), b"/Shading << /S 8 0 R >>", extra=[shading, function])


def recursive_mask() -> bytes:
    """A soft mask that is drawn under itself."""
    state = b"<< /Type /ExtGState /SMask << /Type /Mask /S /Luminosity /G 9 0 R >> >>"
    entries = b"/Type /XObject /Subtype /Form /BBox [0 0 595 842] /Group << /S /Transparency /CS /DeviceGray >>"
    group = stream(b"/G gs 0 0 595 842 re f", entries + b" /Resources << /ExtGState << /G 8 0 R >> >>")
    return beside(stream(b"/G gs 0 0 595 842 re f"), b"/ExtGState << /G 8 0 R >>", extra=[state, group])


def notes(count: int) -> bytes:
    """A page under so many notes, each with a picture of its own to be drawn."""
    note = b"<< /Type /Annot /Subtype /FreeText /Rect [9 9 99 99] /F 4 /Contents (x) /AP << /N 8 0 R >> >>"
    shape = stream(b"0 0 1 1 re", b"/Type /XObject /Subtype /Form /BBox [0 0 90 90]")
    numbers = b" ".join(b"%d 0 R" % (9 + index) for index in range(count))
    return beside(stream(TEXT), page=b"/Annots [%s]" % numbers, extra=[shape, *([note] * count)])


def xfa() -> bytes:
    """A form of the kind that is a program; one of its own pages says what it is."""
    packet = stream(
        b'<xdp:xdp xmlns:xdp="http://ns.adobe.com/xdp/"><template><subform><event><script>x</script></event></subform></template>'
    )
    return beside(stream(TEXT), catalogue=b"/NeedsRendering true /AcroForm << /Fields [] /XFA 8 0 R >>", extra=[packet])


def annotated(kind: bytes, text: str, *, drawn: bool = True, flags: int = 4) -> bytes:
    """A page under an annotation with this text, in a drawing of its own or without one."""
    shown = text.encode("cp1252")
    entries = b"/Type /XObject /Subtype /Form /BBox [0 0 400 20] /Resources << /Font << /F1 3 0 R >> >>"
    note = b"<< /Type /Annot /Subtype /%s /Rect [60 300 460 320] /F %d /Contents (%s) %s >>"
    shape = stream(b"BT /F1 11 Tf 2 5 Td (%s) Tj ET" % shown, entries)
    return beside(
        stream(TEXT), page=b"/Annots [8 0 R]", extra=[note % (kind, flags, shown, b"/AP << /N 9 0 R >>" if drawn else b""), shape]
    )


def layered(*, shown: bool) -> bytes:
    """The text in a layer that is shown or not."""
    layers = b"/OCProperties << /OCGs [8 0 R] /D << /%s [8 0 R] /Order [8 0 R] >> >>" % (b"ON" if shown else b"OFF")
    group = b"<< /Type /OCG /Name (a layer) >>"
    return beside(stream(b"/OC /L BDC %s EMC" % TEXT), b"/Properties << /L 8 0 R >>", extra=[group], catalogue=layers)


def scripted() -> bytes:
    """Scripts wherever there may be some: at the opening, on the page, in a field that is computed."""
    script = b"<< /S /JavaScript /JS (while(true){app.alert(1)}) >>"
    field = b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (x) /V (1) /Rect [9 9 99 99] /AA << /C 8 0 R /F 8 0 R /K 8 0 R /PO 8 0 R >> >>"
    return beside(
        stream(TEXT),
        page=b"/AA << /O 8 0 R /C 8 0 R >> /Annots [9 0 R]",
        catalogue=b"/OpenAction 8 0 R /AA << /WC 8 0 R >> /Names << /JavaScript << /Names [(x) 8 0 R] >> >>"
        b" /AcroForm << /Fields [9 0 R] /CO [9 0 R] /NeedAppearances true >>",
        extra=[script, field],
    )


def attachments(data: bytes) -> bytes:
    """A file inside, attached to the document, to the page and by a note."""
    inside = stream(data, b"/Type /EmbeddedFile", compress=True)
    named = b"<< /Type /Filespec /F (a.pdf) /EF << /F 8 0 R >> >>"
    note = b"<< /Type /Annot /Subtype /FileAttachment /Rect [9 9 99 99] /FS 9 0 R >>"
    return beside(
        stream(TEXT),
        page=b"/AF [9 0 R] /Annots [10 0 R]",
        catalogue=b"/AF [9 0 R] /Names << /EmbeddedFiles << /Names [(a) 9 0 R] >> >>",
        extra=[inside, named, note],
    )


def actions(place: str) -> bytes:
    """Orders to start a program, to open an address and to send the form, at the opening and on the page."""
    link = b"<< /Type /Annot /Subtype /Link /Rect [9 9 99 99] /A << /S /URI /URI (http://127.0.0.1:9/) >> >>"
    launch = b"<< /S /Launch /F (%s) /Next << /S /SubmitForm /F (http://127.0.0.1:9/) >> >>" % place.encode()
    return beside(stream(TEXT), page=b"/AA << /O 8 0 R >> /Annots [9 0 R]", catalogue=b"/OpenAction 8 0 R", extra=[launch, link])
