"""The site of these pages (`make docs`). Nothing of it is fetched from elsewhere when it is read."""

from __future__ import annotations

import re

from sphinx.application import Sphinx

project = "Vigie"
extensions = ["myst_parser"]
myst_enable_extensions = ["strikethrough"]
myst_heading_anchors = 4
html_theme = "furo"
html_title = "Vigie"
html_show_copyright = False
html_show_sourcelink = False
html_copy_source = False
# A drawing in Mermaid is shown as the text that it is.
suppress_warnings = ["misc.highlighting_failure"]

_OUTSIDE = re.compile(r"\[([^\]]*)\]\(\.\./[^)]*\)")


def setup(app: Sphinx) -> None:
    """Show links to files of the checkout beside this folder as their words: the site has not got them."""

    def without_outside(_app: Sphinx, _page: str, content: list[str]) -> None:
        content[0] = _OUTSIDE.sub(r"\1", content[0])

    app.connect("source-read", without_outside)
