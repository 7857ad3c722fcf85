"""No secret of the settings is shown or stored, whatever goes wrong."""

from __future__ import annotations

import asyncio
import html
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryFile
from urllib.parse import quote

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from bot.app.demo.replay import Replay
from tests.bot.cli.conftest import Vigie, write_config
from tests.processes import Zygote, clean_environ
from tests.servers.loopback import Gate, LoopbackServer, cut_line

TELEGRAM = "123456789:AAqK-telegram_of-nobody-31xZ"
MASTODON = "mAstod0n-access_of-nobody-77"
HOOK = "h00k-password-of-nobody"
PASSWORD = "datab4se-password-of-nobody"
SECRETS = [TELEGRAM, TELEGRAM.partition(":")[2], MASTODON, HOOK, PASSWORD]

STATUSES = {"401": 401, "403": 403, "404": 404, "409": 409, "429": 429, "500": 500}
WIRE = ["tls", "dns", "refused"]
MET = {"telegram", "mastodon"}
MODES = [*STATUSES, "502 page", "302", "dropped", "no answer", "garbage", "empty", *WIRE, "database", "uncaught"]
SHOWN_EVERYWHERE = {"500", "302", "tls", "database"}


class Echo(LoopbackServer):
    """Repeats in its answer all that it was sent, as the error page of a proxy does."""

    mode = ""

    def __init__(self) -> None:
        super().__init__()
        self.gate = Gate()

    def app(self) -> ASGIApp:
        return Starlette(routes=[Route("/{path:path}", self._answer, methods=["GET", "POST", "PUT"])])

    def stopping(self) -> None:
        self.gate.open()

    async def _answer(self, request: Request) -> Response:
        said = f"{request.url} {request.headers.get('authorization', '')}"
        if self.mode in STATUSES:
            body = {"ok": False, "error_code": STATUSES[self.mode], "description": said, "error": said, "parameters": {"retry_after": 600}}
            return JSONResponse(body, STATUSES[self.mode])
        match self.mode:
            case "502 page":
                return HTMLResponse(f"<h1>Bad Gateway</h1><p>{html.escape(said)}</p><!-- {quote(said)} -->", 502)
            case "302":
                return RedirectResponse(f"{request.url}?again={quote(said)}", 302)
            case "dropped":
                await cut_line(request.scope)
                return Response()
            case "no answer":
                await self.gate.wait()
        return PlainTextResponse("" if self.mode == "empty" else f"not JSON: {said}")


@pytest.fixture
def echo() -> Iterator[Echo]:
    with Echo() as running:
        yield running


def configure(folder: Path, replay: Replay, address: str, hook: str) -> str:
    return write_config(
        folder,
        replay,
        f'[database]\nurl = "sqlite:///vigie.db"\n'
        f'[telegram]\ntoken = "{TELEGRAM}"\napi_url = "{address}"\nchannel = "@vsa"\noperators_chat = "@operators"\n'
        f'[mastodon]\ninstance = "{address}"\ntoken = "{MASTODON}"\n'
        f'[[destinations]]\nname = "hook"\nplatform = "apprise"\nurl = "json://user:{HOOK}@{hook.partition("://")[2]}/post"\n',
    )


def interrupted(zygote: Zygote, arguments: list[str], folder: Path, gate: Gate) -> str:
    """What the program says that is ended while it waits at the gate."""
    with TemporaryFile() as complained:
        process = zygote.begin(arguments, folder, clean_environ(), (None, None, complained.fileno()))
        asyncio.run(gate.reached(60))
        process.send(signal.SIGTERM)
        process.wait()
        complained.seek(0)
        return complained.read().decode()


def shown(text: str) -> set[str]:
    return {secret for secret in SECRETS if secret in text or quote(secret, safe="") in text}


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode != "uncaught"])
def test_no_secret_is_logged_stored_or_shown(vigie: Vigie, zygote: Zygote, replay: Replay, echo: Echo, tmp_path: Path, mode: str) -> None:
    echo.mode = mode
    address = {"tls": echo.url.replace("http:", "https:"), "dns": "https://nowhere.invalid", "refused": "http://127.0.0.1:1"}.get(
        mode, echo.url
    )
    config = configure(tmp_path, replay, address, echo.url)
    environ = {"VIGIE_DATABASE__URL": f"postgresql://vigie:{PASSWORD}@127.0.0.1:1/vigie"} if mode == "database" else {}
    if mode == "no answer":
        logs = interrupted(zygote, ["-c", config, "--verbose", "poll", "26"], tmp_path, echo.gate)
    else:
        done = vigie("-c", config, "--verbose", "poll", "26", environ=environ)
        logs = done.out + done.err
        assert done.code in {1, 3}, logs
    found = vigie("-c", config, "outbox", "list", "--json")
    # The others show of these errors what is stored, which is searched below.
    others = (["status"], ["status", "--json"], ["outbox", "list"]) if mode in SHOWN_EVERYWHERE else ()
    told = [found, *(vigie("-c", config, *words) for words in others)]
    with closing(sqlite3.connect(tmp_path / "vigie.db")) as connection:
        stored = "\n".join(connection.iterdump())
    assert mode in {"database", "no answer"} or {post["destination"] for post in found.json if post["error"]} >= MET
    assert shown(logs) == set()
    assert shown(stored) == set()
    for done in told:
        assert shown(done.out + done.err) == set()


_FAULTS = """
import asyncio, logging, sys, threading, warnings
from pathlib import Path
from bot.cli.context import Context

settings = Context(Path(sys.argv[1]), verbose=True).load_settings()
token = settings.telegram.token.get_secret_value()
warnings.warn(f"a warning with {token}")
logging.getLogger("library").error("%s", f"https://a.example/bot{token}/getMe")
thread = threading.Thread(target=lambda: int(token))
thread.start()
thread.join()

async def forgotten():
    asyncio.get_running_loop().call_soon(int, token)
    asyncio.get_running_loop().create_task(asyncio.to_thread(int, token))
    await asyncio.sleep(0)
    await asyncio.sleep(0)

asyncio.run(forgotten())
try:
    int(token)
except ValueError as error:
    raise RuntimeError(f"/bot{token}/getMe") from error
"""


def test_no_secret_is_in_a_traceback_that_nobody_expects(zygote: Zygote, replay: Replay, tmp_path: Path) -> None:
    config = configure(tmp_path, replay, "http://127.0.0.1:1", "http://127.0.0.1:1")
    done = zygote.run_script(_FAULTS, config)
    assert done.code == 1
    assert done.err.count("Traceback") >= 3
    assert "RuntimeError: /bot[secret]/getMe" in done.err
    assert shown(done.out + done.err) == set()
