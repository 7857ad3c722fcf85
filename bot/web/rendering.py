"""Turn templates, words and values into pages. Every value is escaped; a name that a template misspells is an error."""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from hashlib import blake2b
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from bot.messages.words import Language, data_file
from bot.web.documents import Document, PageRequest, SiteContext


@cache
def _environment() -> Environment:
    # Templates do not change while the program runs. `PackageLoader` finds them in a wheel too.
    loader = PackageLoader("bot.web", "templates")
    made = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, auto_reload=False)
    made.filters["emphasised"] = emphasised
    return made


_EMPHASIS = re.compile(r"\*\*(.+?)\*\*")


def emphasised(text: str) -> Markup:
    """Return a text as HTML, escaped, with what stands between two ** emphasised."""
    return Markup(_EMPHASIS.sub(r"<strong>\1</strong>", str(escape(text))))  # noqa: S704 - all of it is escaped before


@cache
def web_words(language: Language) -> dict[str, Any]:
    """Return the words of the pages: tables of `bot/web/words/<language>.toml`."""
    return data_file("bot.web", "words", f"{language}.toml")


@cache
def style() -> bytes:
    """Return the one style sheet."""
    return files("bot.web").joinpath("style.css").read_bytes()


@cache
def style_path() -> str:
    """Return the path of the style sheet, which names its content: it is kept by browsers for good."""
    return f"/style-{blake2b(style(), digest_size=6).hexdigest()}.css"


def render(template: str, language: Language, **values: object) -> bytes:
    """Fill a template of `bot/web/templates/`. It sees `words`, `language` and these values."""
    return _environment().get_template(template).render(words=web_words(language), language=language, **values).encode("utf-8")


def page(
    site: SiteContext,
    request: PageRequest,
    template: str,
    *,
    status: int = 200,
    changes_at: datetime | None = None,
    **values: object,
) -> Document:
    """Return a page of the site. Its template sees besides these values `site` (the settings), `request`, and `href(path)`, which returns
    the address of another page in the same language."""

    def href(path: str, **query: object) -> str:
        return site.settings.href(path, request.language, query)

    body = render(
        template,
        request.language,
        site=site.settings,
        request=request,
        href=href,
        style=site.settings.href(style_path()),
        canonical=site.settings.address(request.path, request.language),
        **values,
    )
    return Document(body, status=status, changes_at=changes_at)


def missing(site: SiteContext, request: PageRequest, *, status: int = 404) -> Document:
    """Return the page of an address where nothing is (404), or nothing any more (410)."""
    return page(site, request, "error.html", status=status, error=web_words(request.language)["errors"][str(status)])
