"""`vigie doctor`: whether this machine and the accounts have what the configuration needs, each with what to type where they have not."""

from __future__ import annotations

import asyncio
import os
import platform
import socket
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from subprocess import SubprocessError
from typing import Literal
from urllib.parse import urlsplit

import typer
from telegram.error import TelegramError

from bot.app.config.destinations import destinations
from bot.app.config.model import Settings
from bot.app.config.values import sqlite_file
from bot.app.inventory import (
    LEAST_FREE,
    READ_ONLY_REMEDY,
    closed_folder,
    is_read_only,
    least_room,
    missing_extras,
    room_at,
    unread_folder,
    utc_now,
    watched_codes,
)
from bot.app.wiring import open_client, open_destinations
from bot.cli.config import checked
from bot.cli.context import DONE, PARTLY_DONE, AsJson, run_to_end, show
from bot.cli.opening import load
from bot.cli.status_report import DESTINATION_TROUBLES
from bot.cli.work import progress
from bot.delivery.channel import DeliveryError, DestinationRefused
from bot.delivery.checking import Checkable, check_one
from bot.delivery.console import ConsoleChannel
from bot.delivery.mastodon.channel import MastodonChannel
from bot.delivery.telegram.channel import TelegramChannel
from bot.delivery.telegram.client import SendingBot
from bot.domain.health import Cause
from bot.domain.posts import DestinationTrouble
from bot.ingest.decisions import cause_of
from bot.messages.words import clean
from bot.operators.text import alert_words
from bot.reading.pages.recognition import find_data
from bot.reading.sandbox.probe import Confinement, confinement_in_force, ocr_lacks
from bot.storage.database import in_memory
from bot.storage.errors import StorageError
from bot.storage.store import Store, open_store
from sources.catalogue.authority import Authority
from sources.http.browser.installed import what_is_missing
from sources.model import FetchError

State = Literal["ok", "warning", "failed", "skipped"]

_CLOCK_OFF = timedelta(minutes=2)
"""Dates of posts and time limits are in minutes; the answer itself may take seconds."""
_LONGEST_LOOKUP = 15.0


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Holds what one check found, and what to do where it is not `ok`."""

    check: str
    state: State
    says: str
    todo: str = ""


def register(app: typer.Typer) -> None:
    """Add the command to the program."""

    @app.command(epilog="Example:  vigie doctor")
    def doctor(ctx: typer.Context, as_json: AsJson = False) -> None:
        """Check that this machine and the accounts have what the configuration needs, and say what to type where they have not.

        Posts nothing and writes nothing. Of the prefectures it requests one robots.txt. Exit code 3 when something that is configured does
        not work.
        """
        settings, authorities = load(ctx.obj, logs="error")
        with progress("checking", quiet=as_json):
            doubtful = [Diagnosis("configuration", "warning", doubt) for doubt in checked(ctx.obj)[1]]
            found = [*doubtful, *of_machine(settings, authorities), *run_to_end(of_network(settings, authorities))]
        is_fine = all(one.state != "failed" for one in found)
        show(
            {"ok": is_fine, "checks": [asdict(one) for one in found]},
            [line for one in found for line in diagnosis_lines(one)],
            as_json=as_json,
        )
        raise typer.Exit(DONE if is_fine else PARTLY_DONE)


def diagnosis_lines(finding: Diagnosis) -> Iterator[str]:
    """Yield what was found in a line, and what to do about it in another."""
    yield f"{finding.state:<8} {finding.check}: {clean(finding.says)}"
    if finding.todo:
        yield f"           → {finding.todo}"


# This machine.


def of_machine(settings: Settings, authorities: Mapping[str, Authority]) -> Iterator[Diagnosis]:
    """Yield what is found without network, but for a database that is on a server."""
    yield Diagnosis("python", "ok", f"{platform.python_version()}, Vigie {version('vigie-vsa')} in {sys.prefix}")
    yield _ocr(settings)
    yield from _browser(settings, authorities)
    yield from (Diagnosis(check, "failed", what, remedy) for check, what, remedy in missing_extras(settings))
    if settings.observe.listen and find_spec("prometheus_client") is None:
        yield Diagnosis("metrics", "warning", "/metrics needs prometheus-client, /healthz does not", "pip install 'vigie-vsa[metrics]'")
    yield _database(settings.database.url)
    yield _disk(settings)
    try:
        yield confinement_finding(confinement_in_force())
    except (OSError, ValueError, SubprocessError) as error:
        yield Diagnosis("confinement", "warning", f"it could not be found out whether PDFs are read in confinement: {error}")


_POSSIBLE = {
    "no_network": "reach the network",
    "no_programs": "start other programs",
    "no_writing": "write files",
    "no_other_files": "read other files",
    "no_other_processes": "disturb other processes",
}


def confinement_finding(found: Confinement) -> Diagnosis:
    """Return what a hostile PDF could do here, and why."""
    if found.complete:
        return Diagnosis("confinement", "ok", "PDFs are read in confinement: no network, no other program, no other file, nothing written")
    could = ", ".join(words for field, words in _POSSIBLE.items() if not getattr(found, field))
    says = f"one that takes over the process that reads it could {could} ({'; '.join(found.missing)})"
    return Diagnosis("confinement", "warning", says, "A kernel with Landlock and seccomp confines them (Linux 5.13 or later).")


def _ocr(settings: Settings) -> Diagnosis:
    if not settings.reading.ocr:
        return Diagnosis("ocr", "skipped", "turned off (reading.ocr): scanned pages are not read")
    lacks = asyncio.run(ocr_lacks())
    if lacks is None:
        return Diagnosis("ocr", "ok", f"a scanned page was recognised, with the French data in {find_data()}")
    return Diagnosis("ocr", "failed", f"{lacks.says}: scanned pages cannot be read", lacks.todo)


def _browser(settings: Settings, authorities: Mapping[str, Authority]) -> Iterator[Diagnosis]:
    watched = [authorities[code] for code in watched_codes(settings, authorities)]
    needing = [one.code for one in watched if any(source.browser for source in one.sources)]
    if not needing:
        yield Diagnosis("browser", "skipped", "no site that is watched needs one")
    elif missing := what_is_missing(settings.http.browser or None):
        what = alert_words("en").causes[Cause.NEEDS_BROWSER].todo
        yield Diagnosis("browser", "failed", f"the sites of {', '.join(needing)} need one, which takes {missing}", what)
    else:
        yield Diagnosis("browser", "ok", f"there is one for the sites of {', '.join(needing)}")


def _database(url: str) -> Diagnosis:
    file = sqlite_file(url)
    try:
        with open_store(url, read_only=True) as store:
            is_empty = in_memory(store.database.engine.url)
            says = "holds nothing yet: the bot fills it when it starts" if is_empty else "opens, with the schema of this version"
            name = store.database.name
    except StorageError as error:
        return Diagnosis("database", "failed", str(error), error.remedy)
    if file is None:
        return Diagnosis("database", "ok", f"{name} {says}")
    path, user = Path(file).absolute(), "the user that runs the bot"
    if not os.access(path.parent, os.W_OK) or (path.exists() and not os.access(path, os.W_OK)):
        says, todo = f"{file} cannot be written by this user", f"Give {path.parent} and what is in it to {user} (chown)."
        if is_read_only(path.parent):
            says, todo = f"{file} is on a file system that is mounted read-only", READ_ONLY_REMEDY
        return Diagnosis("database", "failed", says, todo)
    if not path.exists():
        return Diagnosis("database", "ok", f"{file} is made at the first start")
    if path.stat().st_mtime > (utc_now() + _CLOCK_OFF).timestamp():
        return Diagnosis("database", "failed", f"{file} was written in the future: this clock was set back", "timedatectl set-ntp true")
    return Diagnosis("database", "ok", f"{file} {says}, and can be written")


def _disk(settings: Settings) -> Diagnosis:
    if closed := closed_folder(settings):
        return Diagnosis("disk", "failed", *closed)
    free, least = least_room(settings)
    if free < LEAST_FREE:
        return Diagnosis("disk", "failed", f"{free:,} MB free at {least}", f"Free some: the bot wants {LEAST_FREE} MB and more.")
    (beside, folder), most = room_at(unread_folder(settings)), settings.reading.kept_megabytes
    if beside < most:
        todo = f"PDFs not wholly read may take {most:,} MB: free some, or lower reading.kept_megabytes."
        return Diagnosis("disk", "warning", f"{beside:,} MB free at {folder}", todo)
    return Diagnosis("disk", "ok", f"{free:,} MB free at {least}")


# The network: names, one prefecture, the clock by its answer, and the accounts.


async def of_network(settings: Settings, authorities: Mapping[str, Authority]) -> list[Diagnosis]:
    """Return what is found by asking others."""
    sources = (source for code in watched_codes(settings, authorities) for source in authorities[code].sources)
    host = next((urlsplit(source.root).netloc for source in sources if not source.browser), None)
    names, site, others = await asyncio.gather(
        _names(settings, host), _prefecture(settings, authorities, host), accounts(settings, authorities)
    )
    return [names, *site, *others]


async def _names(settings: Settings, host: str | None) -> Diagnosis:
    addresses = [] if host is None else [settings.http.origins.get(f"https://{host}", f"https://{host}")]
    addresses += [settings.telegram.api_url] if settings.telegram.token else []
    addresses += [entry.instance for entry in destinations(settings) if entry.platform == "mastodon"]
    wanted = list(dict.fromkeys(urlsplit(address).hostname or "" for address in addresses))
    found = await asyncio.gather(*(_resolves(name) for name in wanted))
    if missing := [name for name, is_found in zip(wanted, found, strict=True) if not is_found]:
        todo = f"Is there a network, and a name server in /etc/resolv.conf?  getent hosts {missing[0]}"
        return Diagnosis("names", "failed", f"cannot be resolved: {', '.join(missing)}", todo)
    return Diagnosis("names", "ok" if wanted else "skipped", f"resolved: {', '.join(wanted)}" if wanted else "none is needed")


async def _resolves(name: str) -> bool:
    try:
        async with asyncio.timeout(_LONGEST_LOOKUP):
            return bool(await asyncio.get_running_loop().getaddrinfo(name, 443, type=socket.SOCK_STREAM))
    except (OSError, TimeoutError, UnicodeError):
        return False


async def _prefecture(settings: Settings, authorities: Mapping[str, Authority], host: str | None) -> list[Diagnosis]:
    unknown = Diagnosis("clock", "skipped", "nobody said what time it is")
    if host is None:
        return [Diagnosis("prefecture", "skipped", "every site that is watched needs a browser"), unknown]
    try:
        async with open_client(settings, authorities) as client:
            server_time = await client.reach(host)
            now = utc_now()
    except FetchError as error:
        cause = cause_of(error)
        state: State = "warning" if cause is Cause.RESTING else "failed"
        return [Diagnosis("prefecture", state, str(error), alert_words("en").causes[cause].todo), unknown]
    except (StorageError, ValueError) as error:
        return [Diagnosis("prefecture", "failed", str(error), "Mend what is said above first."), unknown]
    return [Diagnosis("prefecture", "ok", f"{host} answers"), unknown if server_time is None else clock_finding(server_time, now, host)]


def clock_finding(server_time: datetime, now: datetime, host: str) -> Diagnosis:
    """Compare this clock with the time of a server."""
    off = round(abs((now - server_time).total_seconds()))
    if off > _CLOCK_OFF.total_seconds():
        way = "ahead of" if now > server_time else "behind"
        return Diagnosis(
            "clock", "failed", f"{off} seconds {way} that of {host}: dates and time limits would be wrong", "timedatectl set-ntp true"
        )
    return Diagnosis("clock", "ok", f"that of {host} is {off} seconds from it")


async def accounts(settings: Settings, authorities: Mapping[str, Authority]) -> list[Diagnosis]:
    """Return what is found of the bot, of each destination and of the operators' chat. Nothing is posted."""
    try:
        store = await asyncio.to_thread(_known, settings.database.url)
        with store:
            async with open_destinations(settings, authorities, store) as opened:
                found = await asyncio.gather(_bot(settings), *(_account(one) for one in opened))
    except (StorageError, ValueError) as error:
        return [Diagnosis("destinations", "failed", str(error), "Correct it in the configuration.")]
    return [one for one in found if one is not None]


def _known(url: str) -> Store:
    """Open what is stored, to see where chats have moved to; what is wrong with it has a finding of its own."""
    try:
        return open_store(url, read_only=True)
    except StorageError:
        return open_store("sqlite://")


async def _bot(settings: Settings) -> Diagnosis | None:
    telegram = settings.telegram
    if telegram.token is None:
        return None
    sending = SendingBot(telegram.token.get_secret_value(), telegram.api_url)
    try:
        me = await sending.bot.get_me()
    except TelegramError as error:
        failure = sending.failure(error)
        todo = f"Can this machine reach the server?  curl -I {telegram.api_url}"
        if isinstance(failure, DestinationRefused):
            todo = "Take the token from @BotFather (/mybots), and check with  vigie config show  which one is in force."
        return Diagnosis("telegram bot", "failed", str(failure), todo)
    finally:
        await sending.close()
    return Diagnosis("telegram bot", "ok", f"@{me.username}, which {'answers commands' if telegram.commands else 'answers nobody'}")


async def _account(channel: object) -> Diagnosis:
    name = getattr(channel, "name", "")
    if isinstance(channel, ConsoleChannel):
        return Diagnosis(f"destination {name}", "ok", "posts are shown where the bot runs")
    if not isinstance(channel, Checkable):
        return Diagnosis(f"destination {name}", "skipped", "it cannot be checked without posting")
    found = await check_one(channel)
    if found is None:
        return Diagnosis(f"destination {name}", "warning", "it requests patience; nothing could be checked", "Try again in some minutes.")
    trouble, detail = found
    if trouble is not None:
        what, words = DESTINATION_TROUBLES[trouble]
        state: State = "warning" if trouble is DestinationTrouble.LATE else "failed"
        return Diagnosis(f"destination {name}", state, f"{what}: {detail}", alert_words("en").posts.troubles[words].todo)
    return Diagnosis(f"destination {name}", "ok", await _described(channel))


async def _described(channel: object) -> str:
    try:
        if isinstance(channel, TelegramChannel):
            return f"takes posts; one whose answer is lost {await channel.describe()}"
        if isinstance(channel, MastodonChannel):
            return f"takes posts, with all scopes that are needed; {await channel.describe()}"
    except DeliveryError as error:
        return f"takes posts; more is not known ({error})"
    return "takes texts"
