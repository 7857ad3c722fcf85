"""Makes the pictures of messages and pages in `docs/images`: `python -m tools.pictures [--emoji FILE.css] [FOLDER]` (`make pictures`).

Needs Chromium (`make programs`), the extras `browser` and `demo`, and a font for emoji: that of the system, or of the style sheet.
Decrees are those of `vigie demo`, judged by the program's own rules, and variations of them; the figures of the map and the chart are
invented. Words, pictures and buttons come from the program, as it sends them; the frames around them are drawn here. Pages are those of
`vigie demo --web`, as of the day on which this runs.
"""

from __future__ import annotations

import argparse
import base64
import random
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from html import escape
from io import BytesIO
from pathlib import Path
from string import Template
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import sync_playwright

from bot.app.demo.scenario import demo_text
from bot.app.inventory import places_of
from bot.detection.judging import judge
from bot.domain.acts import Act, Change, Decree, Kind, Place, Reference
from bot.domain.law import legal_advice
from bot.domain.text import PageText
from bot.gazetteer.gazetteer import gazetteer
from bot.gazetteer.outlines import outlines
from bot.messages.announcement import mastodon_status, telegram_text
from bot.messages.lines import MessageContext, MessageInput, place_for
from bot.messages.words import LANGUAGES, Language
from bot.queries.figures import MONTHS, Coverage, DepartmentFigures, Figures, FiguresAnswer, View, figures_text
from bot.queries.pictures import figures_picture
from sources.catalogue.authority import load_authorities
from sources.http.browser.installed import find_chromium

FOLDER = Path("docs/images")
_COLOURS = 192
_PAGES = (
    ("page-home", "/"),
    ("page-town", "/communes/26362"),
    ("page-department", "/departements/26"),
    ("page-search", "/recherche?q=romans"),
)
DAY = date(2026, 11, 27)
NOW = datetime.combine(DAY, time(17, 42), UTC)
_SITE = "https://www.drome.example/contenu/telechargement/1302/9114/file/recueil-26-2026-302.pdf"

_PAGE = Template("""<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="$emoji"><style>
body { margin: 0; padding: 12px; width: 1120px; background: #e6eaef; font: 15px/1.4 Arial, "DejaVu Sans", "Noto Emoji"; color: #1c1b18 }
.pair { display: flex; gap: 14px; align-items: flex-start } .pair > div { flex: 1; min-width: 0 }
.name { font-size: 12px; color: #5a554b; margin: 6px 0 }
.said { background: #fff; padding: 10px 14px; white-space: pre-wrap; overflow-wrap: anywhere; margin-bottom: 6px }
.telegram .said { border-radius: 12px } .mastodon .said { border: 1px solid #c9d0d8; border-radius: 4px }
.said img { display: block; width: calc(100% + 28px); margin: -10px -14px 8px; border-radius: 12px 12px 0 0 }
.button { background: #5f86a8; color: #fff; text-align: center; border-radius: 8px; padding: 8px; margin-bottom: 12px }
.reply { border-left: 3px solid #5f86a8; background: #eef3f8; padding: 2px 8px; margin-bottom: 6px; font-size: 13px; white-space: nowrap;
 overflow: hidden; text-overflow: ellipsis }
.edited { color: #5a554b; font-size: 12px } a { color: #1f6391; text-decoration: none }
</style>$body""")


def main(arguments: Sequence[str] | None = None) -> int:
    """Make all pictures; print the name of each."""
    parser = argparse.ArgumentParser(prog="python -m tools.pictures", description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("folder", type=Path, nargs="?", default=FOLDER, metavar="FOLDER", help="where they go (default: %(default)s)")
    parser.add_argument("--emoji", type=Path, metavar="FILE.css", help="the style sheet of npm's @fontsource/noto-emoji")
    options = parser.parse_args(arguments)
    emoji = "" if options.emoji is None else options.emoji.absolute().as_uri()
    browser = find_chromium(None)
    if browser is None:
        print("Chromium is not installed: make programs", file=sys.stderr)
        return 1
    with sync_playwright() as playwright, TemporaryDirectory() as folder:
        chromium = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        page = chromium.new_page(viewport={"width": 1144, "height": 200}, java_script_enabled=False)
        for name, body in frames(places_of(load_authorities())):
            # A file, for pages without an address may read no fonts.
            frame = Path(folder, "frame.html")
            frame.write_text(_PAGE.substitute(body=body, emoji=emoji), encoding="utf-8")
            page.goto(frame.as_uri())
            _keep(page.screenshot(full_page=True), options.folder / f"{name}.png")
        page.set_viewport_size({"width": 1280, "height": 1100})
        with _demo() as address:
            for name, path in _PAGES:
                page.goto(address + path)
                _keep(page.screenshot(), options.folder / f"{name}.png")
            page.goto(f"{address}/communes/26362")
            page.locator('main a[href^="/arretes/"]').first.click()
            _keep(page.screenshot(), options.folder / "page-decree.png")
        chromium.close()
    return 0


def _keep(shot: bytes, target: Path) -> None:
    """Write a picture with a palette: a fourth of the size."""
    with Image.open(BytesIO(shot)) as picture:
        picture.convert("RGB").quantize(_COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(target, optimize=True)
    print(target)


@contextmanager
def _demo() -> Iterator[str]:
    """Run the demo with its pages; give their address. Raises RuntimeError where it ends before they are there."""
    command = (sys.executable, "-c", "import bot.cli; bot.cli.main()", "demo", "--web", "--listen", "127.0.0.1:0")
    with subprocess.Popen(  # noqa: S603 our own
        command, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            found = (re.search(r"http://[\d.:]+\d", line) for line in process.stdout or () if "pages are at" in line)
            address = next((match for match in found if match is not None), None)
            if address is None:
                raise RuntimeError("the demo ended before its pages were there")
            yield address[0]
        finally:
            process.terminate()


def frames(places: dict[str, Place]) -> Iterator[tuple[str, str]]:
    """Yield the name of each picture and its HTML."""
    first, ended, end = authorisation(), *ended_and_end()
    yield "message-authorisation", _posts([first], places)
    yield "message-edited", _posts([ended, end], places)
    yield "message-modification", _posts([_modification(first)], places)
    yield "message-refusal", _posts([_refusal(first)], places)
    for language in LANGUAGES:
        answers = [FiguresAnswer(view, invented_figures()) for view in View]
        yield f"message-figures-{language}", _pair(_sent(answer, places, language) for answer in answers)


# The decrees.


def authorisation() -> Decree:
    """Return the authorisation of the demo, judged by the rules, on a fixed day, with software of an invented name."""
    number = "2026-1104"
    title = f"Arrêté n° {number} portant autorisation de mise en œuvre d'un traitement algorithmique à l'occasion du festival des Lumières"
    act = Act("26-2026-11-27-00002", title, None, 5, 5, (PageText(5, demo_text("authorisation", DAY, number=number)),))
    verdict = judge(act)
    if verdict.kind is None:
        raise ValueError("the rules do not take the authorisation of the demo for one")
    facts = replace(verdict.facts, software="Regardix", vendor="Société Exemple")
    return Decree("26", verdict.kind, title, facts, verdict.evidence, _SITE, 5, DAY, id=12, found_at=NOW)


def ended_and_end() -> tuple[Decree, Decree]:
    """Return that authorisation once another decree has ended it, and the one that did."""
    first = authorisation()
    facts = replace(first.facts, number="2026-1131", starts=None, ends=None, event=None, places=(), purposes=(), software=None, vendor=None)
    facts = replace(facts, cameras=None, camera_types=(), references=(Reference(Kind.ABROGATION, first.facts.number, DAY),))
    end = replace(first, kind=Kind.ABROGATION, title=f"Arrêté portant abrogation de l'arrêté n° {first.facts.number}", facts=facts, id=15)
    change = Change(Kind.ABROGATION, 15, "2026-1131", since=DAY)
    return replace(first, changed_by=(change,)), replace(end, changes=(Change(Kind.ABROGATION, 12, first.facts.number, since=DAY),))


def _modification(first: Decree) -> Decree:
    facts = replace(first.facts, number="2026-1120", cameras=31, references=(Reference(Kind.MODIFICATION, first.facts.number, DAY),))
    changes = (Change(Kind.MODIFICATION, 12, first.facts.number, since=DAY),)
    return replace(
        first, kind=Kind.MODIFICATION, title=f"Arrêté modifiant l'arrêté n° {first.facts.number}", facts=facts, id=14, changes=changes
    )


def _refusal(first: Decree) -> Decree:
    facts = replace(first.facts, number="2026-1099", software=None, vendor=None, cameras=None, camera_types=())
    title = "Arrêté portant refus d'autorisation de mettre en œuvre un traitement algorithmique des images de vidéoprotection"
    return replace(first, kind=Kind.REFUSAL, title=title, facts=facts, id=11)


def invented_figures() -> Figures:
    """Return figures of no real day: the same each time."""
    chance = random.Random(4)  # noqa: S311 no secret
    unread, uncovered = {"06", "2A", "57", "93"}, {"973", "976", "61"}
    departments = []
    for outline in outlines():
        known, code = gazetteer().department(outline.code), outline.code
        coverage = Coverage.UNREAD if code in unread else Coverage.NOT_COVERED if code in uncovered else Coverage.READ
        count = 0 if code in uncovered else chance.choice((0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 5, 7))
        departments.append(DepartmentFigures(code, code if known is None else known.name, count, count, coverage))
    months = [DAY.replace(day=1)]
    while len(months) < MONTHS:
        months.insert(0, (months[0] - timedelta(days=1)).replace(day=1))
    counts = tuple((month, 0 if place == 0 else chance.randint(2, 30)) for place, month in enumerate(months))
    codes = ("PP", "13", "69", "59", "26", "33", "67", "44", "R-PACA")
    shares, total = (30, 18, 14, 11, 9, 7, 5, 4, 2), sum(count for _, count in counts)
    authorities = tuple((code, total * share // 100) for code, share in zip(codes, shares, strict=True))
    in_force = sum(one.in_force for one in departments)
    return Figures(DAY, tuple(departments), counts, authorities, in_force, 2, total, months[1] + timedelta(days=9), stalled=False)


# The frames.


def _pair(columns: Iterator[str]) -> str:
    return f'<div class="pair">{"".join(f"<div>{column}</div>" for column in columns)}</div>'


def _posts(decrees: Sequence[Decree], places: dict[str, Place]) -> str:
    """Return these posts on both platforms, in both languages; the second of two replies to the first, which was edited."""
    telegram = _pair(_telegram(decrees, places, language) for language in LANGUAGES)
    mastodon = _pair(_mastodon(decrees[:1], places, language) for language in LANGUAGES)
    return telegram + mastodon


def _message(decree: Decree, places: dict[str, Place], language: Language, below: bool) -> MessageInput:
    place = place_for(places, decree.authority)
    ids = frozenset(change.decree for change in decree.changed_by if below and change.decree is not None)
    return MessageInput(decree, place, NOW, language, legal_advice(decree, place, NOW), MessageContext(below=ids))


def _telegram(decrees: Sequence[Decree], places: dict[str, Place], language: Language) -> str:
    parts, quoted = [f'<p class="name">Telegram ({language})</p><div class="telegram">'], ""
    for decree in decrees:
        text = telegram_text(_message(decree, places, language, below=len(decrees) > 1))
        edited = '\n<span class="edited">edited</span>' if decree.changed_by else ""
        parts.append(f'<div class="said">{quoted}{text.html}{edited}</div>')
        if text.button is not None:
            parts.append(f'<div class="button">{escape(text.button.text)} ↗</div>')
        quoted = f'<div class="reply"><b>Vigie</b><br>{escape(text.plain.partition(chr(10))[0])}</div>'
    return "".join((*parts, "</div>"))


def _mastodon(decrees: Sequence[Decree], places: dict[str, Place], language: Language) -> str:
    decree = decrees[0]
    status = mastodon_status(_message(decree, places, language, below=bool(decree.changed_by)))
    said = f'<div class="said">{escape(status)}</div>'
    return f'<p class="name">Mastodon ({language})</p><div class="mastodon">{said}</div>'


def _sent(answer: FiguresAnswer, places: dict[str, Place], language: Language) -> str:
    data = base64.b64encode(figures_picture(answer, places, language)).decode()
    caption = escape(figures_text(answer, places, language))
    return f'<div class="telegram"><div class="said"><img alt="" src="data:image/png;base64,{data}">{caption}</div></div>'


if __name__ == "__main__":
    sys.exit(main())
