"""Implements `vigie read` of a site's file, and `--failed`, `--retry` of unread recueils."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import typer

from bot.app.config.model import Settings
from bot.app.delivering import became_of, delivering
from bot.app.instance import OnProgress, WorkOrder, work_alone
from bot.app.inventory import places_of, utc_now
from bot.app.wiring import Parts, assemble, open_client
from bot.cli import read
from bot.cli.context import WRONG_USE, Context, fail, run_to_end, show
from bot.cli.opening import load, opened
from bot.cli.output import code_column, count, decree_line, doubt_line, finish, ingest_json, result_of, undelivered
from bot.cli.read import Opened, Task
from bot.cli.read_progress import showing
from bot.cli.work import all_sent, console_for, handing_over, progress
from bot.delivery.deliverer import Delivered
from bot.domain.acts import Place
from bot.domain.records import FailedRecueil
from bot.domain.shape import Json, pick
from bot.domain.tasks import first_of
from bot.ingest.poller import Retried, RetryRequest, retry, retry_request_of
from bot.messages.words import clean
from sources.catalogue.authority import Authority, hosts
from sources.http.scratch import ScratchFolder
from sources.model import FetchError
from sources.text import canonical


def register(app: typer.Typer) -> None:
    """Add the command to the program, with all that it can do."""
    read.register(app, showing=showing, from_web=_from_web, on_record=_on_record)


def _from_web(context: Context, url: str) -> Opened:
    settings, authorities = load(context)
    site = urlsplit(url).netloc.lower()
    if not url.lower().startswith("https://"):
        fail(f"{url}: not an https address, and others are not read", WRONG_USE)
    if site not in hosts(authorities):
        fail(f"{url}: {site} is not a site of the catalogue", WRONG_USE)

    @asynccontextmanager
    async def downloaded() -> AsyncIterator[Path]:
        with ScratchFolder() as folder:
            try:
                async with open_client(settings, authorities) as client:
                    download = await client.download(url, folder / "recueil.pdf")
            except FetchError as error:
                fail(str(error))
            yield download.path

    return settings, downloaded()


def _on_record(context: Context, task: Task, words: Sequence[str], as_json: bool) -> None:
    """List the unread recueils of these authorities or addresses (or all) that are not retried; or read them now, record and post."""
    settings, authorities = load(context)
    wanted = _wanted(words, authorities)
    if task is Task.RETRY:
        finish(run_to_end(_retry(settings, authorities, wanted, quiet=as_json)), as_json=as_json)
    with opened(settings, read_only=True) as store:
        found = [item for item in store.recueils.given_up() if _is_wanted(item, wanted)]
    show([_failed_json(item) for item in found], failed_lines(found), as_json=as_json)


def failed_lines(found: Sequence[FailedRecueil]) -> Iterator[str]:
    """Describe each recueil on three lines: since when, where, why."""
    for item in found:
        missing = f", {item.unreadable} of {count(item.pages, 'page')} unread" if item.pages and item.unreadable else ""
        tried = f", last tried {item.tried_at:%Y-%m-%d %H:%M} UTC" if item.tried_at is not None else ""
        yield f"{code_column(item.authority)}{item.state.value} since {item.since:%Y-%m-%d}{tried}{missing}"
        yield f"    {clean(item.url)}"
        yield f"    why: {clean(item.reason) or 'some of its pages could not be read'}"
    hint = ": vigie read --retry CODE|URL reads them again" if found else ""
    yield f"{count(len(found), 'recueil')} given up{hint}"


def retried_lines(retried: Retried) -> Iterator[str]:
    """Describe what became of each, then what was found in them."""
    ingested = retried.ingested
    errors = {item.url: item.error for item in ingested.unread}
    for recueil in retried.recueils:
        state = "NOT READ" if recueil.url in errors else "IN PART " if recueil.url in ingested.incomplete else "read    "
        yield f"{code_column(recueil.authority)}{state} {clean(recueil.url)}"
    yield from (f"    not read: {clean(error)}" for error in errors.values())
    yield from (doubt_line(act) for act in ingested.uncertain)
    yield from (decree_line(decree) for decree in ingested.decrees)
    yield f"read again: {count(len(retried.recueils), 'recueil')}, {count(len(ingested.decrees), 'new decree')}"


def _wanted(words: Sequence[str], authorities: dict[str, Authority]) -> RetryRequest:
    addresses = {word: canonical(word, word) or word for word in words if "://" in word}
    try:
        return retry_request_of([addresses.get(word, word) for word in words], authorities)
    except ValueError as error:
        fail(str(error), WRONG_USE)


def _is_wanted(item: FailedRecueil, wanted: RetryRequest) -> bool:
    return wanted == RetryRequest() or item.authority in wanted.authorities or item.url in wanted.urls


async def _retry(settings: Settings, authorities: dict[str, Authority], wanted: RetryRequest, *, quiet: bool) -> Json:
    order = WorkOrder("read", {"authorities": sorted(wanted.authorities), "urls": sorted(wanted.urls)})
    async with assemble(settings, authorities, watched=tuple(authorities), console=console_for(as_json=quiet)) as parts:
        with handing_over() as on_progress:
            return await work_alone(parts.store, parts.clock, order, partial(_alone, parts, wanted, quiet), on_progress)


async def _alone(parts: Parts, wanted: RetryRequest, quiet: bool, give_way: asyncio.Event) -> Json | None:
    with progress("reading again what could not be read", quiet=quiet):
        try:
            async with delivering(parts, give_way) as delivered:
                retried = await first_of(retry(parts.poller, parts.store, wanted, parts.clock()), give_way)
        finally:
            await parts.poller.stop()
    return None if retried is None else _result(parts, retried, list(delivered.values()))


async def handed_retry(parts: Parts, order: Json, _on_progress: OnProgress) -> Json:
    """Read again for another process, beside what this one does."""
    wanted = RetryRequest(frozenset(order["authorities"]), frozenset(order["urls"]))
    retried = await retry(parts.poller, parts.store, wanted, parts.clock())
    return _result(parts, retried, await became_of(parts, [post.id for post in retried.ingested.posts]))


def _result(parts: Parts, retried: Retried, delivered: Sequence[Delivered]) -> Json:
    ingested = retried.ingested
    return result_of(
        _retried_json(retried, delivered, places_of(parts.authorities)),
        retried_lines(retried),
        undelivered(delivered),
        is_whole=not ingested.unread and not ingested.incomplete and all_sent(delivered),
    )


def _failed_json(item: FailedRecueil) -> Json:
    """Return one recueil. `state` is failed (nothing of it could be read) or incomplete."""
    return {
        **pick(item, "id", "authority", "url", "title", "state", "reason", "since", "tried_at", "pages"),
        "unreadable_pages": item.unreadable,
    }


def _retried_json(retried: Retried, delivered: Sequence[Delivered], places: Mapping[str, Place]) -> Json:
    """Return the result. `recueils`: taken up; `unread`, `incomplete`: those not or partly read."""
    recueils = [pick(recueil, "authority", "url") for recueil in retried.recueils]
    return {"recueils": recueils, **ingest_json(retried.ingested, delivered, places, utc_now())}
