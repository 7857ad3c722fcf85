"""The sites of the weeks, with what is wrong with them at each moment."""

from __future__ import annotations

import asyncio
import hashlib
import re
import socket
import ssl
import zlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache, partial
from random import Random
from urllib.parse import urlsplit

import httpx

from benchmarks.day.papers import Act, Paper, number_of
from benchmarks.soak.troubles import START, Kind, Plan, Trouble
from sources.catalogue.authority import Source
from tests.france.country import Answer, Branch, France, Template
from tests.france.national import National, as_it_may_be
from tests.france.pages import Pages
from tests.france.paper import pdf
from tests.france.publications import Recueil
from tests.france.words import spelling
from tests.sources.markup import grey_card, page, white_card

ELSEWHERE = "https://www.elsewhere.example/contenu/telechargement/1/2/file/recueil-zonal.pdf"
"""A document that a list links, on a site that is not in the catalogue."""

MAINTENANCE = page("<p>Le site est en maintenance. Veuillez nous excuser pour la gêne occasionnée.</p>", title="Site en maintenance")

_OLDEST = START.date() - timedelta(days=62)

_OTHERS = 5_000
"""Added to the numbers of another site's recueils: no two sites number their files alike."""

_HUGE, _PIECE = 2 * 1024**3, 1024**2
_TELLS_LENGTH = 0.5

_FILE = re.compile(r"/contenu/telechargement/(\d+)/")
_FILE_LINK = re.compile(r'href="(/contenu/telechargement/[^"]*\.pdf)"')
_NOISE = re.compile(r";jsessionid=[0-9A-F]+|\?sid=[0-9a-f]+")


@dataclass(frozen=True)
class _Altered(Branch):
    """A publisher whose pages are not what they should be. `was`: where the root is when nothing is wrong."""

    was: str = ""
    missing: str = ""
    renamed: Mapping[str, str] = field(default_factory=dict)

    def template(self, today: date) -> Template:
        [source] = self.sources
        path = urlsplit(source.root).path
        return National(as_it_may_be(source), spelling(self.was), today, path, missing=self.missing, renamed=self.renamed)


class Month(France):
    """The sites of a plan. What a file holds is known by its name, which is printed in it."""

    def __init__(self, plan: Plan, now: datetime) -> None:
        super().__init__(plan.authorities, now, is_kept=_is_kept)
        self._plan = plan
        self._chance = Random(f"sites {plan.seed}")
        self._at = {_host(source): source for source in self.sources}
        self._branch = {branch.sources[0].authority: branch for branch in self._branches}
        self._rank = {code: rank for rank, code in enumerate(plan.authorities)}
        self._papers = {code: {one.recueil.rank: one for one in self._published(code)} for code in self._branch}
        self.named = {one.name: one for papers in self._papers.values() for one in papers.values()}

    # --- what is published -------------------------------------------------------------------------------------------

    def papers(self, authority: str, since: datetime, until: datetime) -> list[Paper]:
        """What an authority puts on line in this time, in order."""
        return [one for one in self._papers[authority].values() if since <= one.recueil.up < until]

    def _published(self, code: str) -> Iterator[Paper]:
        """Recueils of one act each."""
        for recueil in self._branch[code].recueils:
            decree = number_of(self._rank[code], recueil) if self._plan.holds_decree(code, recueil) else None
            yield Paper(self._plan.authorities[code], recueil, (Act(1, is_scanned=False, is_decree=decree is not None),), decree)

    # --- what is wrong -----------------------------------------------------------------------------------------------

    def troubles(self, authority: str) -> list[Trouble]:
        """What is wrong at an authority now."""
        return [trouble for trouble in self._plan.troubles if trouble.strikes(authority, self.now)]

    def interfere(self, host: str, target: str) -> Answer | None:
        """What comes in the place of a site's own answer, for a door. Raises `httpx.ConnectError` where none comes."""
        for trouble in self.troubles(self._at[host].authority):
            match trouble.kind:
                case Kind.OUTAGE | Kind.SITE_DOWN:
                    raise httpx.ConnectError("connection refused")
                case Kind.BUSY:
                    until = format_datetime(trouble.end, usegmt=True)
                    return Answer(503, b"<h1>Service indisponible</h1>", headers=(("Retry-After", until), ("Date", self._date())))
                case Kind.MAINTENANCE if target != "/robots.txt":
                    return Answer(200, MAINTENANCE.encode())
                case Kind.FIRST_POLL if "/(offset)/" in target:
                    return Answer(500, b"<h1>Erreur interne</h1>")
                case Kind.TLS:
                    mismatch = ssl.SSLCertVerificationError(1, "certificate verify failed")
                    mismatch.verify_message = "Hostname mismatch"  # as OpenSSL gives one
                    raise httpx.ConnectError("no connection") from mismatch
                case Kind.DNS:
                    raise httpx.ConnectError("no connection") from socket.gaierror(socket.EAI_NONAME, "Name or service not known")
                case Kind.MAZE | Kind.BOMB | Kind.HUGE if (answer := self._hostile(trouble.kind, target)) is not None:
                    return answer
        return None

    def _hostile(self, kind: Kind, target: str) -> Answer | None:
        if target == "/robots.txt" or (_is_file(target) is not (kind is Kind.HUGE) and kind is not Kind.MAZE):
            return None
        if kind is Kind.MAZE:
            return Answer(302, headers=(("Location", f"/salle-{self._chance.getrandbits(32)}"),))
        if kind is Kind.BOMB:
            return Answer(200, _bomb(), headers=(("Content-Encoding", "gzip"),))
        said = (("Content-Length", str(_HUGE)),) if self._chance.random() < _TELLS_LENGTH else ()
        return Answer(200, content_type="application/pdf", headers=said, pieces=_huge)

    def answer(self, host: str, target: str, headers: Mapping[str, str]) -> Answer:
        """What a site answers, whatever is wrong with its pages."""
        answer = self._own_answer(host, _NOISE.sub("", target), headers)
        if any(trouble.kind is Kind.DRIP for trouble in self.troubles(self._at[host].authority)):
            return replace(answer, pieces=partial(self._drip, answer.body))
        return answer

    async def _drip(self, body: bytes) -> AsyncIterator[bytes]:
        for byte in body:
            await asyncio.sleep(1.0)
            yield bytes((byte,))

    def _own_answer(self, host: str, target: str, headers: Mapping[str, str]) -> Answer:
        if _is_file(target):
            return self._file(host, target)
        source = self._at[host]
        for trouble in self.troubles(source.authority):
            match trouble.kind:
                case Kind.JSESSIONID:
                    return self._rewritten(host, target, headers, lambda: f";jsessionid={self._chance.getrandbits(64):016X}")
                case Kind.SID:
                    return self._rewritten(host, target, headers, lambda: f"?sid={self._chance.getrandbits(64):016x}")
                case Kind.FOREIGN_LINK:
                    return self._rewritten(host, target, headers, None)
        return super().answer(host, target, headers)

    def _rewritten(self, host: str, target: str, headers: Mapping[str, str], noise: Callable[[], str] | None) -> Answer:
        """A list whose links end in noise, other noise in each answer; without `noise`, one with a link to a document elsewhere."""
        answer = super().answer(host, target, {name: value for name, value in headers.items() if name != "if-none-match"})
        text = answer.body.decode()
        if not _FILE_LINK.search(text):
            return answer
        if noise is not None:
            text = _FILE_LINK.sub(lambda link: f'href="{link[1]}{noise()}"', text)
        else:
            card = white_card(ELSEWHERE, "Recueil de la zone de défense", f"{self.today(self._at[host]):%d/%m/%Y}")
            text = text.replace("</main>", f"{card}</main>")
        etag = f'"{hashlib.sha256(text.encode()).hexdigest()[:16]}"'
        if headers.get("if-none-match") == etag:
            return Answer(304, headers=(("ETag", etag),))
        return Answer(200, text.encode(), headers=(("ETag", etag),))

    def _file(self, host: str, target: str) -> Answer:
        rank = _FILE.search(target)
        gone = Answer(404, b"<h1>Page introuvable</h1>")
        if rank is None:
            return gone
        owner, number = self._at[host].authority, int(rank[1])
        if number % 10_000 > _OTHERS:
            other = self._swapped_with(owner)
            if other is None:
                return gone
            owner, number = other, number - _OTHERS
        one = self._papers[owner].get(number)
        if one is None or one.recueil.up > self.now:
            return gone
        return Answer(200, pdf(f"[[{one.name}]]"), "application/pdf")

    def _swapped_with(self, authority: str) -> str | None:
        for trouble in self.troubles(authority):
            if trouble.kind is Kind.SWAPPED:
                return next(other for other in trouble.authorities if other != authority)
        return None

    def _date(self) -> str:
        return format_datetime(self.now, usegmt=True)

    # --- the pages ---------------------------------------------------------------------------------------------------

    def _state(self, host: str, branches: Sequence[Branch]) -> object:
        altered = [self._altered(branch) for branch in branches]
        return super()._state(host, altered), [trouble.kind for trouble in self.troubles(self._at[host].authority)]

    def _site(self, host: str, branches: Sequence[Branch]) -> Pages:
        altered = [self._altered(branch) for branch in branches]
        pages = super()._site(host, altered)
        for branch, other in zip(branches, altered, strict=True):
            old, new = urlsplit(branch.sources[0].root), urlsplit(other.sources[0].root)
            if old != new:
                card = grey_card(new.path, "Recueil des actes administratifs")
                pages[f"https://{host}{old.path.rsplit('/', 1)[0]}"] = partial(page, card, title="Publications")
        return pages

    def _altered(self, branch: Branch) -> Branch:
        [source] = branch.sources
        altered = _Altered(branch.sources, branch.zone, branch.label, branch.recueils, was=source.root)
        for trouble in self.troubles(source.authority):
            match trouble.kind:
                case Kind.MONTH_GONE:
                    altered = replace(altered, missing="month")
                case Kind.YEAR_GONE:
                    altered = replace(altered, missing="year")
                case Kind.YEAR_RENAMED:
                    altered = replace(altered, renamed={"year": "Recueil des actes administratifs - en cours"})
                case Kind.YEAR_UNNAMED:
                    altered = replace(altered, renamed={"year": "Documents a consulter"})
                case Kind.ROOT_MOVED:
                    altered = replace(altered, sources=(replace(source, root=f"{source.root}-2"),))
                case Kind.SWAPPED:
                    [other] = [other for other in trouble.authorities if other != source.authority]
                    theirs = (replace(recueil, number=recueil.number + _OTHERS) for recueil in self._branch[other].recueils)
                    altered = replace(altered, recueils=tuple(theirs))
        return altered


def _is_file(target: str) -> bool:
    return "/telechargement/" in target


@lru_cache(maxsize=1)
def _bomb() -> bytes:
    """Two MiB that unpack to two GiB: a MiB of zeros packed once, and that two thousand times."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    piece = packer.compress(bytes(1024**2)) + packer.flush(zlib.Z_FULL_FLUSH)
    return b"\x1f\x8b\x08" + bytes(6) + b"\xff" + piece * 2048


async def _huge() -> AsyncIterator[bytes]:
    yield b"%PDF-1.7\n"
    for _ in range(_HUGE // _PIECE):
        yield bytes(_PIECE)


def _is_kept(recueil: Recueil) -> bool:
    """Whether it stands on the sites of the month: two months before it, and something of the year before to fall back to."""
    return recueil.day >= _OLDEST or (recueil.day.year < START.year and recueil.day.month == 12)


def _host(source: Source) -> str:
    return urlsplit(source.root).netloc
