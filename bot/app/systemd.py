"""Notifies systemd (sd_notify(3)) and writes the unit. `sdnotify` is unmaintained, `systemd-python` needs a compiler."""

from __future__ import annotations

import re
import socket
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from importlib.resources import files
from pathlib import Path

import structlog

from bot.app.config.loading import secret_files
from bot.app.config.model import Settings
from bot.app.config.values import sqlite_file

log = structlog.get_logger()

UNIT = Path("/etc/systemd/system/vigie.service")
CONFIGURATION = Path("/etc/vigie/config.toml")
STATE = Path("/var/lib/vigie")
"""Where the service may write, and the system keeps what it wrote (`StateDirectory`)."""

READY, ALIVE, STOPPING = "READY=1", "WATCHDOG=1", "STOPPING=1"

_HIDDEN = (Path("/home"), Path("/root"), Path("/run/user"))
"""Folders that the service does not see (`ProtectHome`)."""


class ServiceManager:
    """Tells systemd how the bot is; nobody, where something else has started it."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        address = environ.get("NOTIFY_SOCKET", "")
        self._address = f"\0{address[1:]}" if address.startswith("@") else address

    def tell(self, message: str) -> None:
        """Send a message such as `READY`, without ever blocking."""
        if self._address:
            try:
                with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sending:
                    sending.setblocking(False)
                    sending.sendto(message.encode(), self._address)
            except OSError as error:
                log.warning("manager.not_told", message_lost=message, error=str(error))


# The unit, as text. Pure.


def unit_text(program: Path, configuration: Path, secrets: Iterable[Path]) -> str:
    """Return the unit for this program and configuration. Each file of a secret becomes a credential of the same name."""
    packaged = files("bot.app").joinpath("vigie.service").read_text(encoding="utf-8")
    command = f"ExecStart={_quoted(program)} --config {_quoted(configuration)} run"
    text = re.sub(r"^ExecStart=.*$", lambda _: command, packaged, flags=re.MULTILINE)
    loaded = "\n".join(f"LoadCredential={_escaped(file.name)}:{_escaped(str(file))}" for file in secrets)
    return re.sub(r"^#LoadCredential=.*$", lambda found: loaded or found[0], text, flags=re.MULTILINE)


def drop_in_text() -> str:
    """Return what is added to the unit of an instance that needs no browser."""
    return files("bot.app").joinpath("no-browser.conf").read_text(encoding="utf-8")


def obstacles(
    settings: Settings, configuration: Path, folders: Iterable[Path] = (Path(sys.prefix), Path(sys.base_prefix))
) -> Iterator[str]:
    """Yield what keeps the service from running as it is configured, each with what to do."""
    for folder in dict.fromkeys(folders):
        if any(folder.is_relative_to(hidden) for hidden in _HIDDEN):
            yield f"the service sees nothing in {folder}: install Vigie elsewhere, such as in /opt/vigie"
    if any(configuration.is_relative_to(hidden) for hidden in _HIDDEN):
        yield f"the service does not see {configuration}: move it, such as to {CONFIGURATION}"
    elif not _is_public(configuration):
        yield f"the service may not read {configuration}: chmod o+r it and o+x its folders, and leave the secrets to files of their own"
    database = sqlite_file(settings.database.url)
    folders_written = {
        "[database] url": None if database is None else Path(database),
        "[reading] kept_folder": settings.reading.kept_folder,
        "[storage] pdfs_folder": settings.storage.pdfs_folder,
    }
    for option, path in folders_written.items():
        if path is not None and not path.is_relative_to(STATE):
            example = f'"sqlite:///{STATE}/vigie.db"' if option == "[database] url" else f'"{STATE}/{path.name}"'
            yield f"the service may write nowhere but in {STATE}: {option} = {example}"
    names = [file.name for file in secret_files(settings)]
    for name in dict.fromkeys(name for name in names if names.count(name) > 1):
        yield f"two files of secrets are called {name}: give each a name of its own"


def _is_public(file: Path) -> bool:
    with suppress(OSError):
        return bool(file.stat().st_mode & 0o004) and all(folder.stat().st_mode & 0o001 for folder in file.absolute().parents)
    return False


def _escaped(text: str) -> str:
    return text.replace("%", "%%")


def _quoted(path: Path) -> str:
    escaped = _escaped(str(path)).replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$")
    return f'"{escaped}"' if re.search(r"[\s'\"\\;]", escaped) else escaped
