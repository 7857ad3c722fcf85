"""Puts together the dossier of a decree for a court: a ZIP of its own pages, the hash of the recueil, the looks between which it went
online, and how each is checked. The same values give the same bytes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo
from zoneinfo import ZoneInfo

import structlog

from bot.domain.acts import Decree, Place
from bot.domain.publication import FileStatement, Look
from bot.domain.records import Content
from bot.domain.shape import plain
from bot.messages.lines import place_for, where_text
from bot.messages.online import online_lines
from bot.messages.words import Words, clean, words_file, words_in
from bot.queries.decree_shape import OnlineModel
from bot.reading.model import Unreadable
from bot.reading.sandbox.excerpt import excerpt
from bot.storage.store import Store
from bot.storage.timestamps import Timestamp

log = structlog.get_logger()

ZIP = "application/zip"
_JSON_KEYS = ("id", "authority", "act_id", "title", "url", "page", "published", "found_at")


@dataclass(frozen=True, slots=True)
class DossierInput:
    """Holds what a dossier is made of. `first`, `last`: pages of the act; `pdf`: these as a file, None where `lack` says why, in French;
    `made`: what the PDF states of itself; `sha256`, `fetched_at`: of the recueil; `page`: address of the decree's page; `stamps`: of the
    recueil and its days' logs; `changed`: pages that differ, per replaced version."""

    decree: Decree
    place: Place
    first: int
    last: int
    sha256: str | None
    fetched_at: datetime | None
    pdf: bytes | None = field(default=None, repr=False)
    lack: str = ""
    made: FileStatement | None = None
    page: str = ""
    stamps: tuple[Timestamp, ...] = ()
    changed: tuple[tuple[int, ...] | None, ...] = ()


def dossier_input(store: Store, places: Mapping[str, Place], decree: Decree, page: str) -> DossierInput:
    """Return what is stored of a decree, without its pages. `page`: address of its own. Raises StorageError."""
    sha256, fetched_at = store.decrees.copy_of(decree) or (None, None)
    first, last = store.decrees.own_pages(decree)
    looks = () if decree.online is None else (decree.online.before, decree.online.first)
    days = frozenset(look.asked_at.astimezone(UTC).date() for look in looks if look is not None)
    stamps, made = tuple(store.timestamps.of(sha256, days)), None if sha256 is None else store.contents.made(sha256)
    replaced = () if decree.online is None else decree.online.replaced
    versions = (*(one.sha256 for one in replaced), sha256) if replaced else ()
    contents = [None if one is None else store.contents.get(one) for one in versions]
    changed = tuple(changed_pages(former, later) for former, later in pairwise(contents))
    place = place_for(places, decree.authority)
    return DossierInput(decree, place, first, last, sha256, fetched_at, made=made, page=page, stamps=stamps, changed=changed)


def changed_pages(former: Content | None, later: Content | None) -> tuple[int, ...] | None:
    """Return the pages whose text differs between two contents, those that only one has among them; None where one was not wholly read."""
    if former is None or later is None or not (former.complete and later.complete):
        return None
    before, after = ({page.number: " ".join(page.text.split()) for page in content.pages} for content in (former, later))
    return tuple(number for number in sorted(before.keys() | after.keys()) if before.get(number) != after.get(number))


async def with_pages(given: DossierInput, path: Path | None) -> DossierInput:
    """Return the same with the act's pages of the kept PDF, taken out in a confined process, or with why there are none."""
    if path is None:
        return replace(given, lack=_words().not_kept)
    try:
        return replace(given, pdf=await excerpt(path, given.first, given.last))
    except Unreadable as error:
        log.warning("dossier.no_pages", decree=given.decree.id, url=given.decree.url, why=str(error))
        return replace(given, lack=_words().not_taken)


def dossier(given: DossierInput) -> bytes:
    """Return the ZIP."""
    files = {name: content for name, content in _files(given) if content is not None}
    files["SHA256SUMS"] = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in files.items()).encode()
    made = BytesIO()
    with ZipFile(made, "w", ZIP_DEFLATED) as archive:
        for name, content in files.items():
            # Without a date of its own a file has that of 1980.
            entry = ZipInfo(name)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content, ZIP_DEFLATED)
    return made.getvalue()


def _files(given: DossierInput) -> Iterator[tuple[str, bytes | None]]:
    yield "LISEZMOI.txt", _text("\n".join(_readme(given)))
    yield "arrete.pdf", given.pdf
    yield "recueil.sha256", None if given.sha256 is None else _text(f"{given.sha256}  recueil.pdf")
    yield "mise-en-ligne.txt", _text("\n\n".join(_online(given)))
    yield "mise-en-ligne.json", _text(json.dumps(_values(given), ensure_ascii=False, indent=2))
    for stamp in given.stamps:
        name = "recueil" if stamp.day is None else f"releves-{stamp.day.isoformat()}"
        yield f"{name}.txt", None if stamp.text is None else stamp.text.encode()
        yield f"{name}.tsr", stamp.token


def _text(text: str) -> bytes:
    return f"{text.strip()}\n".encode()


@cache
def _words() -> Words:
    return words_file("bot.queries", "words", "dossier.toml")


def _readme(given: DossierInput) -> Iterator[str]:
    decree, words, own = given.decree, words_in("fr"), _words().readme
    known = {
        "title": clean(decree.title),
        "number": clean(decree.facts.number or "") or _words().not_known,
        "authority": where_text(given.place, words),
        "url": clean(decree.url),
        "first": given.first,
        "last": given.last,
        "page": given.page or _words().not_known,
        "lack": given.lack,
        "sha256": given.sha256,
        "fetched": _at(given.fetched_at, given.place),
    }
    parts = (
        own.head,
        own.no_pages if given.pdf is None else own.pages,
        own.no_sha256 if given.sha256 is None else own.sha256,
        own.no_online if decree.online is None else own.online,
        own.stamp if any(one.day is None and one.token for one in given.stamps) else "",
        own.logs if any(one.day is not None for one in given.stamps) else "",
        own.sums,
    )
    yield from (part.format(**known) for part in parts if part)


def _online(given: DossierInput) -> Iterator[str]:
    decree, place, own = given.decree, given.place, _words().online
    online = decree.online
    yield own.head.format(url=clean(decree.url), authority=where_text(place, words_in("fr")), zone=place.time_zone)
    yield "\n".join(line.text for line in online_lines(decree, place, words_in("fr"))) or own.unknown
    yield own.found.format(at=_at(decree.found_at, place)) + "\n" + own.fetched.format(at=_at(given.fetched_at, place))
    if online is not None:
        for name, look in ((own.before, online.before), (own.first, online.first), (own.file, online.file)):
            if look is not None:
                yield _look(name, look, place)
        if online.replaced:
            changed = (*given.changed, *(None for _ in online.replaced[len(given.changed) :]))
            versions = zip(online.replaced, map(_changes, changed), strict=True)
            told = (own.version.format(at=_at(one.fetched_at, place), sha256=one.sha256, changes=changes) for one, changes in versions)
            yield own.versions.format(versions="\n".join(told))
    if given.made is not None:
        said = {name: clean(value) or _words().absent for name, value in asdict(given.made).items()}
        yield own.said.format(**said)


def _changes(pages: tuple[int, ...] | None) -> str:
    own = _words().online
    return str(own.not_compared if pages is None else own.changed.format(pages=", ".join(map(str, pages))) if pages else own.same_text)


def _look(name: str, look: Look, place: Place) -> str:
    absent = _words().absent
    return _words().online.look.format(
        name=name,
        url=clean(look.url),
        asked=_at(look.asked_at, place),
        answered=_at(look.answered_at, place),
        status=look.status,
        date=absent if look.server_date is None else _at(look.server_date, place),
        modified=clean(look.last_modified or "") or absent,
        etag=clean(look.etag or "") or absent,
    )


def _at(at: datetime | None, place: Place) -> str:
    """Return an instant to the second, by the clock of the place: `2026-12-03T14:12:04+01:00`."""
    return _words().not_known if at is None else at.astimezone(ZoneInfo(place.time_zone)).isoformat(timespec="seconds")


def _values(given: DossierInput) -> dict[str, object]:
    decree = given.decree
    return {
        "decree": {name: plain(getattr(decree, name)) for name in _JSON_KEYS} | {"number": decree.facts.number},
        "pages": [given.first, given.last],
        "recueil": {
            "sha256": given.sha256,
            "fetched_at": plain(given.fetched_at),
            "states": given.made and asdict(given.made),
        },
        "online": None if decree.online is None else OnlineModel.of(decree.online).model_dump(mode="json"),
    }
