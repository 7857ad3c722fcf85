"""Reads a link: its address in one spelling, the day or months that it names, and what it is called. Pure; imports nothing of the
project."""

from __future__ import annotations

import calendar
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from urllib.parse import unquote, urljoin, urlsplit

# One address, one spelling: addresses are compared and stored in a single canonical form.

MAX_ADDRESS = 4096
"""Characters. No page of the catalogue comes near it: a longer address is an accident or an attack."""

# RFC 3986 unreserved characters, and the parentheses of `/(offset)/10`, are always literal. The apostrophe, legal but awkward in
# HTML and shells, is always encoded.
_LITERAL = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~()")
# What is encoded already, and what must be: all but the unreserved and the delimiters of a path, or of a query.
_IN_PATH = re.compile(r"%([0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~()/:@!$&*+,;=]")
_IN_QUERY = re.compile(r"%([0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~()/:@!$&*+,;=?]")
# A document of the platform is known by the two numbers in its address. What a server adds for one visit or one reader is no part of it.
_DOCUMENT = re.compile(r"/(?:(?:ire)?contenu/telechargement|content/download)/\d+/\d+(?![^/;])", re.IGNORECASE)
FILE_NUMBER = re.compile(r"contenu/telechargement/(\d+)/")
"""Matches the number of a file of the platform: files are numbered in the order of their upload."""
_NOISE = (
    r"(?:(?:j|php)?_?sess(?:ion)?_?(?:id)?|id_?session|aspsessionid\w*|s_?id|cfid|cftoken|utm_\w+|mtm_\w+|pk_\w+|fbclid|gclid"
    r"|_|t|ts|time(?:stamp)?|r|rand(?:om)?|rnd|no_?cache|cb|cache_?buster)"
)
_NOISE_IN_PATH = re.compile(rf";{_NOISE}=[^/;]*", re.IGNORECASE)
_NOISE_IN_QUERY = re.compile(rf"(?:{_NOISE}(?:=.*)?|\d*)", re.IGNORECASE | re.DOTALL)
# An address in which there is nothing to do, as most are: the rest of the work takes ten times as long. Its host comes first.
_PLAIN = re.compile(r"(https://[a-z0-9.-]+)(?:/(?![./])[A-Za-z0-9\-._~():@!$&*+,=]*)+")
_STRIPPED = re.compile(r"[\t\r\n]")
_DEFAULT_PORTS = {80, 443}


def canonical(base: str, href: str, *, is_redirect: bool = False) -> str | None:
    """Return `href` of the page `base`: absolute, https, host in lower case, percent-encoded one way, without fragment; for a document also
    without session numbers, except in a redirect (`is_redirect`), which would otherwise loop. None if empty, only a fragment, invalid, of
    another scheme (`javascript:`, `mailto:`), with credentials, or longer than `MAX_ADDRESS`. Idempotent."""
    cleaned = _STRIPPED.sub("", href).strip()
    if not cleaned or cleaned.startswith("#") or len(cleaned) > MAX_ADDRESS:
        return None
    plain = _PLAIN.match(base) if cleaned[0] == "/" else None
    address = plain[1] + cleaned if plain else cleaned
    if len(address) <= MAX_ADDRESS and _PLAIN.fullmatch(address):
        return address
    try:
        parts = urlsplit(urljoin(base, cleaned))
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not host or parts.username is not None or parts.password is not None:
        return None
    host = _ascii_host(host)
    if host is None:
        return None
    authority = host if port is None or port in _DEFAULT_PORTS else f"{host}:{port}"
    path = _without_dots(_IN_PATH.sub(_one_way, parts.path)) or "/"
    query = _IN_QUERY.sub(_one_way, parts.query)
    if not is_redirect and _DOCUMENT.match(path):
        path = _NOISE_IN_PATH.sub("", path)
        query = "&".join(part for part in query.split("&") if not _NOISE_IN_QUERY.fullmatch(part))
    address = f"https://{authority}{path}" + (f"?{query}" if query else "")
    return address if len(address) <= MAX_ADDRESS else None


def same_site(one: str, other: str) -> bool:
    """Return whether two canonical URLs are on the same host, a leading `www.` aside."""
    return site_of(one) == site_of(other)


@lru_cache(maxsize=1024)  # a page is read with its own address beside that of each link, and its menu is on the next one too
def site_of(url: str) -> str:
    """Return the host of a canonical URL, without a leading `www.`."""
    return (urlsplit(url).hostname or "").removeprefix("www.")


def _ascii_host(host: str) -> str | None:
    if ":" in host:  # an IPv6 literal lost its brackets
        return f"[{host}]"
    try:
        name = host.encode("idna").decode("ascii").lower() if not host.isascii() else host.lower()
    except UnicodeError:
        return None
    return name if re.fullmatch(r"[a-z0-9_.-]+", name) else None


def _one_way(found: re.Match[str]) -> str:
    if found[1] is None:
        return "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "replace"))
    character = chr(int(found[1], 16))
    return character if character in _LITERAL else found[0].upper()


def _without_dots(path: str) -> str:
    """Remove dot segments (RFC 3986, section 5.2.4), which `urljoin` leaves on absolute references."""
    kept: list[str] = []
    segments = path.split("/")
    for segment in segments:
        if segment == "..":
            if len(kept) > 1:
                kept.pop()
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in {".", ".."}:
        kept.append("")
    return "/".join(kept)


# French dates, months and periods in titles, addresses and file names; accents, case and common OCR slips do not matter. Years are
# 2000-2099, in four digits: two digits are too easily another number.

_FOLDED = str.maketrans(
    {"œ": "oe", "æ": "ae", "’": "'", "‘": "'", "º": "°", "–": "-", "—": "-", "\u00a0": " ", "\u202f": " ", "\u00ad": ""}
)


_REMEMBERED = 500
"""Characters; longer texts are not cached. A hostile page may have megabytes, a site repeats its menu on every page."""


def fold(text: str) -> str:
    """Return lower case without accents, with plain quotes, dashes and spaces: one spelling for each French word."""
    if text.isascii():  # as most addresses and titles are: there is nothing to fold in them
        return text.lower()
    return (_folded if len(text) <= _REMEMBERED else _folded.__wrapped__)(text)


@lru_cache(maxsize=2048)
def _folded(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.lower().translate(_FOLDED))
    return "".join(character for character in decomposed if not unicodedata.combining(character)).lower().translate(_FOLDED)


# A replacement character stands where a wrong encoding lost an accented letter; the longer name comes first.
_MONTHS = (
    r"janvier|janv",
    r"f[e\ufffd]vrier|fevr",
    r"mars",
    r"avril|avr",
    r"mai",
    r"juin",
    r"juillet|juil",
    r"ao[u\ufffd]t|aoat",
    r"septembre|sept",
    r"octobre|oct",
    r"novembre|nov",
    r"d[e\ufffd]cembre|dec",
)
MONTH_NAME = "(?:" + "|".join(f"(?P<m{number}>{names})" for number, names in enumerate(_MONTHS, 1)) + r")(?![a-z])"
"""A pattern for one month name in folded text, with its number as the group that matched (`m1` to `m12`)."""

_ANY_MONTH = "(?:" + "|".join(_MONTHS) + r")(?![a-z])"
_YEAR_OF_DATE = r"(?P<year>2[0o]\d\d)(?!\d)"
# "1er", and what OCR makes of it; an I or l read for a 1; then blanks, or the separators of a file name.
_DAY = r"(?<![a-z\d])(?P<day>[1il][\s]?er|1cr|[0-3il]?[\dil])(?:[\s._-]*)"
_WRITTEN = re.compile(rf"{_DAY}{MONTH_NAME}[\s._-]*{_YEAR_OF_DATE}")
_SHORT_YEAR = re.compile(rf"{_DAY}{MONTH_NAME}[\s._-]*(?P<year>[1-9]\d)(?!\d)")
_WITHOUT_YEAR = re.compile(
    rf"\b(?:du|le|au|et|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)[\s._-]+{_DAY}{MONTH_NAME}(?![\s._-]*(?:\d|{_ANY_MONTH}))"
)
_NUMERIC = (
    # 14/08/2026, 20.08.2026, 14-08-2026, 14_08_2026; not the middle of 26-2026-264 nor the head of 12-05-2026-123.
    re.compile(r"(?<!\d)(?P<day>\d{1,2})(?P<mark>[./_-])(?P<month>\d{1,2})(?P=mark)(?P<year>20\d\d)(?!\d)(?![./_-]\d{3})"),
    # 2026-08-21; not the tail of 39-2026-08-12, which is a number.
    re.compile(r"(?<!\d)(?<!\d[./-])(?P<year>20\d\d)(?P<mark>[./_-])(?P<month>\d\d)(?P=mark)(?P<day>\d\d)(?!\d)(?![./_-]\d{3})"),
    # RAA_92_20260820
    re.compile(r"(?<!\d)(?P<year>20\d\d)(?P<month>\d\d)(?P<day>\d\d)(?!\d)"),
)
# "RAA SPECIAL N° 15_AOUT 2026" is bulletin 15 of August, not the 15th.
_NUMBER_SIGN = re.compile(r"(?:\bn|\bno|\bnum|\bnumero)[°\s._-]*$")
_NUMBER_SIGN_REACH = 12


def find_date(text: str, *, year: int | None = None, short_years: bool = False) -> date | None:
    """Return the first complete date in `text`, None without one. Reads `1er août 2025`, `14/08/2026`, `2026-08-21-N207`,
    `RAA_92_20260820`, `20.08.2026`, `d-aout` slugs, OCR slips. If none is complete: with `year`, a day and month after a word (`du 3 mai`);
    with `short_years`, a written month with a year of two digits (`1er_mars_25`)."""
    folded = fold(text)
    complete = sorted(_complete_dates(folded), key=lambda found: found[0])
    if complete:
        return complete[0][1]
    if short_years and (short := next(_short_dates(folded), None)):
        return short
    if year is None:
        return None
    for match in _WITHOUT_YEAR.finditer(folded):
        found = _safe_date(year, month_number(match), _day(match["day"]))
        if found:
            return found
    return None


def month_number(match: re.Match[str]) -> int:
    """Return which month a match of a pattern built with `MONTH_NAME` is about, 1 to 12."""
    return next(number for number in range(1, 13) if match[f"m{number}"] is not None)


def _complete_dates(folded: str) -> Iterator[tuple[int, date]]:
    for match in _WRITTEN.finditer(folded):
        found = _safe_date(int(match["year"].replace("o", "0")), month_number(match), _day(match["day"]))
        if found and not _is_numbered(match, folded):
            yield match.start(), found
    for pattern in _NUMERIC:
        for match in pattern.finditer(folded):
            found = _safe_date(int(match["year"]), int(match["month"]), int(match["day"]))
            if found:
                yield match.start(), found


def _short_dates(folded: str) -> Iterator[date]:
    for match in _SHORT_YEAR.finditer(folded):
        found = _safe_date(2000 + int(match["year"]), month_number(match), _day(match["day"]))
        if found and not _is_numbered(match, folded):
            yield found


def _is_numbered(match: re.Match[str], folded: str) -> bool:
    """Return whether an apparent day is the number of a bulletin."""
    return _NUMBER_SIGN.search(folded[max(0, match.start() - _NUMBER_SIGN_REACH) : match.start()]) is not None


def _day(written: str) -> int:
    if written.endswith(("er", "cr")):
        return 1
    return int(written.replace("i", "1").replace("l", "1"))


def _safe_date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


# The period of a label, which is the last segment of an address or the text of its link: `Aout-2026`, `RAA-du-mois-d-aout-2026`,
# `2026-de-aout-a-decembre`, `3eme-trimestre`. The name of one bulletin (`RAA-special-46-2026-084`) is no period.

_MONTH = re.compile(rf"(?<![a-z]){MONTH_NAME}")
_YEAR = re.compile(r"(?<!\d)(20\d\d)(?!\d)")
# Slugs carry accidents, seen on real sites: "-20252" for 2025, "2026-2" for the second slice of a year.
_YEAR_ACCIDENT = re.compile(r"(?<!\d)(20\d\d)(?:\d|\s?[-_]\s?\d)$")
_SLICE = re.compile(r"(?<!\d)20\d\d[-_]\d$")
_PART_OF_YEAR = re.compile(r"(?<!\d)([1-4])\s?(?:er|ere|e|eme|nd|nde)?[\s_-]+(trimestre|semestre)")
_MONTHS_IN_PART = {"trimestre": 3, "semestre": 6}
# "9.-Aout": the rank of a card, which is not always the number of the month. "08-AOUT": only where it is.
_RANK = re.compile(r"^\d{1,2}\s?\.[\s_-]*(?=[a-z])")
_MONTH_NUMBER = re.compile(rf"^(?P<number>\d{{1,2}})[\s_-]*(?={MONTH_NAME})")
_STRAY_DIGIT = re.compile(rf"(?<![a-z])({MONTH_NAME})\d(?!\d)")
# "RAA2", "Recueil-des-actes-administratifs-2": a page made anew beside the old one, no bulletin. "RAA-2" is one.
_SECOND_PAGE = re.compile(r"(?<![a-z])(administratifs?(?:[\s_-]raa)?(?=[\s_-]?[2-9]$)|raa(?=[2-9]$))[\s_-]?[2-9]$")
# "Recueils à partir du 28 avril 2015" is open to this day.
_OPEN_END = re.compile(r"(?<![a-z])(?:depuis|a[\s_-]partir[\s_-]d[eu])(?![a-z])")
_RECUEIL = re.compile(r"(?<![a-z])(?:recueils?|raa|administratifs?)(?![a-z])")
_NO_END = 2099


@dataclass(frozen=True, slots=True)
class Period:
    """Describes months `first_month` to `last_month` (1 to 12) of the years `first_year` to `last_year`; no year: the parent page's."""

    first_year: int | None
    last_year: int | None
    first_month: int = 1
    last_month: int = 12

    @property
    def year(self) -> int | None:
        """Return the only year it lies in, None where it names none or several."""
        return self.first_year if self.first_year == self.last_year else None

    @property
    def is_open(self) -> bool:
        """Return whether it has a beginning and no end: "depuis 2015"."""
        return self.last_year == _NO_END

    def bounds(self, year: int | None = None) -> tuple[date, date] | None:
        """Return the first and last day. `year` replaces a missing year; None when no year is known."""
        first, last = self.first_year or year, self.last_year or year
        if first is None or last is None:
            return None
        return date(first, self.first_month, 1), date(last, self.last_month, calendar.monthrange(last, self.last_month)[1])


@dataclass(frozen=True, slots=True)
class Label:
    """Holds what a label names. A bulletin's has a number or a day: something remains without year and months."""

    period: Period | None
    is_bulletin: bool


def read_label(text: str) -> Label:
    """Classify one slug or link text."""
    return (_label if len(text) <= _REMEMBERED else _label.__wrapped__)(text)


@lru_cache(maxsize=2048)
def _label(text: str) -> Label:
    rest = fold(text).strip()
    rest = _RANK.sub("", rest)
    if (numbered := _MONTH_NUMBER.match(rest)) and int(numbered["number"]) == month_number(numbered):
        rest = rest[numbered.end("number") :]
    rest = _STRAY_DIGIT.sub(lambda match: match[1], rest)
    rest = _YEAR_ACCIDENT.sub(lambda match: match[1], rest)
    rest = _SECOND_PAGE.sub(lambda match: match[1], rest)
    years = [int(year) for year in _YEAR.findall(rest)]
    parts = list(_PART_OF_YEAR.finditer(rest))
    months = [month_number(match) for match in _MONTH.finditer(rest)]
    if years and _OPEN_END.search(rest) and _RECUEIL.search(rest):
        return Label(Period(min(years), _NO_END), is_bulletin=False)
    leftover = _YEAR.sub(" ", _PART_OF_YEAR.sub(" ", rest))
    if re.search(r"\d", leftover):
        return Label(None, is_bulletin=True)
    first_year, last_year = (min(years), max(years)) if years else (None, None)
    if months:
        first, last = months[0], months[-1]
        # `JUILLET-DECEMBRE` as written; months in the wrong order within a year are both taken.
        first, last = (last, first) if first_year == last_year and first > last else (first, last)
        return Label(Period(first_year, last_year, first, last), is_bulletin=False)
    if parts:
        length = _MONTHS_IN_PART[parts[0][2]]
        rank = min(int(parts[0][1]), 12 // length)
        return Label(Period(first_year, last_year, (rank - 1) * length + 1, rank * length), is_bulletin=False)
    if years:
        return Label(Period(first_year, last_year), is_bulletin=False)
    return Label(None, is_bulletin=False)


def is_slice(url: str) -> bool:
    """Return whether an address names one of several slices of a year, cut by volume: `2026-2`. Another may open on any day."""
    return _SLICE.search(urlsplit(url).path.rstrip("/")) is not None


def label_of(url: str, text: str) -> Label:
    """Classify a link by its own segment ("Année 2021" may lead to `Annee-2022`), then by its text. A year that the segment lacks is
    searched in the text, then in the segments above (`/RAA-2026/Aout`)."""
    segments = [unquote(segment) for segment in urlsplit(url).path.split("/") if segment]
    own = read_label(segments[-1]) if segments else Label(None, is_bulletin=False)
    shown = read_label(text)
    if own.period is None:
        return own if own.is_bulletin else _with_year_above(shown, segments)
    is_whole_year = (own.period.first_month, own.period.last_month) == (1, 12)
    if shown.period is not None and is_whole_year and shown.period.first_year == own.period.first_year:
        return shown
    if own.period.first_year is None and shown.period is not None and shown.period.first_year is not None:
        dated = Period(shown.period.first_year, shown.period.last_year, own.period.first_month, own.period.last_month)
        return Label(dated, is_bulletin=False)
    return _with_year_above(own, segments)


def _with_year_above(label: Label, segments: list[str]) -> Label:
    if label.period is None or label.period.first_year is not None:
        return label
    for segment in reversed(segments[:-1]):
        above = read_label(segment).period
        if above is not None and above.first_year is not None and not above.is_open:
            years = (above.first_year, above.last_year)
            return Label(Period(*years, label.period.first_month, label.period.last_month), is_bulletin=False)
    return label


# Whether a link names the recueil, a part of it, or something else: for pages that moved and layouts that nobody has described. The
# catalogue's own patterns are more precise.

# "Recueil des actes administratifs", "Recueils hebdomadaires et spéciaux des actes administratifs", "R.A.A", "RAA2", as in roots seen.
_NAME_OF_RECUEIL = re.compile(r"\brecueils?(?: [a-z]+){0,4} actes? administratifs?\d?\b|\br ?a ?a\d?\b|^(?:les )?actes administratifs$")
# Sections and categories of the sites seen: departmental branch, "de l'année en cours", special, regular and nominative bulletins.
# One bulletin: such a word beside a number or a day.
_BULLETIN = re.compile(r"(?<![a-z])(?:recueils?|raa|r\.a\.a|numero special)(?![a-z])(?=[^.;:()]{0,50}?\d)[^;:()]{0,80}")
_BULLETIN_NUMBER = re.compile(r"(?:n ?°|\bno?\b|\bnumero\b|\braa\b|\bspecial\b|\brecueil\b)[\s._-]*((?:\d{2,4}[\s._-]+)*\d+)(?![\d/])")
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
    return any(_NAME_OF_RECUEIL.search(words) for words in _names(url, text))


def bulletin_in(text: str) -> str | None:
    """Return the words of a text that name one recueil by its number or its day, folded."""
    found = _BULLETIN.search(fold(text))
    return found[0] if found and read_label(found[0]).is_bulletin else None


def is_among(bulletin: str, others: Iterable[str], days: Collection[date | None]) -> bool:
    """Return whether a recueil is one of others: by its number, or without one by its day. Without either it may be any."""
    day = find_date(bulletin)
    if (number := _BULLETIN_NUMBER.search(bulletin)) is not None:
        own = _numbers(number[1])[-1]
        return any(own in _numbers(other) for other in others)
    return day is None or day in days or any(find_date(other) == day for other in others)


def _numbers(text: str) -> list[str]:
    return [digits.lstrip("0") for digits in re.findall(r"\d+", text)]


def names_a_part(url: str, text: str) -> bool:
    """Return whether a link names the recueil or a part of it, such as a category, on a page that belongs to the recueil."""
    return any(_NAME_OF_RECUEIL.search(words) or _PART.search(words) for words in _names(url, text))


def is_aside(url: str, text: str, *, root: str) -> bool:
    """Return whether a link names something else than the current recueil of this authority: a test, archives, a region's recueil. Words in
    the `root` of the source are its own ("RAA et archives")."""
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
