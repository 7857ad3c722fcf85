"""`vigie init`: a first configuration, written once its accounts were tried; `vigie service`: the unit by which systemd runs the bot."""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from importlib.resources import files
from itertools import chain, count
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Annotated

import typer
from telegram.error import TelegramError

from bot.app.config.errors import ConfigError
from bot.app.config.loading import DEFAULT_FILE, anchor, from_environ, read_configuration, secret_files, variable
from bot.app.config.model import Settings
from bot.app.config.values import chat as chat_value
from bot.app.config.values import contact as contact_value
from bot.app.config.values import instance as instance_value
from bot.app.config.values import known_code, telegram_token, token
from bot.app.inventory import watched_codes
from bot.app.systemd import CONFIGURATION, UNIT, drop_in_text, obstacles, unit_text
from bot.cli.context import INTERRUPTED, WRONG_USE, Context, fail, run_to_end
from bot.cli.doctor import accounts, diagnosis_lines
from bot.cli.opening import load
from bot.cli.work import progress
from bot.delivery.telegram.client import DEFAULT_API, SendingBot
from bot.messages.words import clean
from sources.catalogue.authority import Authority, browser_hosts, load_authorities

_TOKENS = {"telegram": telegram_token, "mastodon": token}


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    _register_service(app)

    @app.command(
        epilog="Example:  vigie init   (or, from a script:  vigie init --yes --telegram-token-file bot.token --channel @my_channel)"
    )
    def init(
        ctx: typer.Context,
        yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing: what no option gives stays as it is by default.")] = False,
        contact: Annotated[str, typer.Option("--contact", help="Mail or web address shown to the owners of sites.")] = "",
        codes: Annotated[str, typer.Option("--codes", help="Codes of what to watch, such as 26,38. All of France when not given.")] = "",
        telegram_token_file: Annotated[Path | None, typer.Option(help="File that holds the token of the bot.")] = None,
        channel: Annotated[str, typer.Option("--channel", help="@name or number; looked for when not given.")] = "",
        operators_chat: Annotated[str, typer.Option("--operators-chat", help="Chat that is notified of failures.")] = "",
        mastodon_instance: Annotated[str, typer.Option("--mastodon-instance", help="Such as mastodon.social.")] = "",
        mastodon_token_file: Annotated[Path | None, typer.Option(help="File that holds the token of the account.")] = None,
        database: Annotated[
            str, typer.Option("--database", help="Such as sqlite:////var/lib/vigie/vigie.db; beside the configuration by default.")
        ] = "",
        replace: Annotated[bool, typer.Option("--replace", help="Put a configuration that is there aside, as config.toml.old.")] = False,
    ) -> None:
        """Write a commented configuration: ask what is needed, try each account, then write.

        Tokens are asked for, or read from the files or from VIGIE_TELEGRAM__TOKEN and VIGIE_MASTODON__TOKEN. They and PostgreSQL addresses
        go to files that only you can read. Nothing is replaced without --replace. If something fails, nothing is written.
        """
        context: Context = ctx.obj
        target = context.config or DEFAULT_FILE
        if target.exists() and not replace:
            fail(f"{target} is there already: nothing was changed. With --replace it is put aside as {target}.old", WRONG_USE)
        with _beside(target, ""):
            pass  # nobody answers questions for nothing
        options = {
            ("http", "contact"): contact,
            ("watch", "authorities"): codes,
            ("database", "url"): database,
            ("telegram", "api_url"): "",
            ("telegram", "channel"): channel,
            ("telegram", "operators_chat"): operators_chat,
            ("mastodon", "instance"): mastodon_instance,
        }
        given = {place: value or _of_environment(place) for place, value in options.items()}
        tokens = {"telegram": _token_of("telegram", telegram_token_file), "mastodon": _token_of("mastodon", mastodon_token_file)}
        authorities = load_authorities()
        try:
            if not yes:
                given, tokens = asked(given, tokens, frozenset(authorities))
            if tokens["telegram"] and not given["telegram", "channel"]:
                given["telegram", "channel"] = _chosen(
                    run_to_end(_channels(tokens["telegram"], given["telegram", "api_url"] or DEFAULT_API)), ask=not yes
                )
        except typer.Abort:
            typer.echo(err=True)
            fail("interrupted; nothing was written. With --yes nothing is asked", INTERRUPTED)
        with progress("trying each account"):
            lines = run_to_end(_tried_and_written(target, given, _secrets(given, tokens), authorities))
        typer.echo("\n".join(lines))


def _of_environment(place: tuple[str, str]) -> str:
    """Return the option as set by its variable, in force during trials, so that the file agrees."""
    overlay, _ = from_environ(os.environ, Settings)
    anchor(overlay, Path.cwd())
    value = overlay.get(place[0], {}).get(place[1], "")
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _token_of(platform: str, file: Path | None) -> str:
    try:
        text = os.environ.get(variable(platform, "token"), "") if file is None else file.read_text(encoding="utf-8")
        return _TOKENS[platform](text) or ""
    except (OSError, ValueError) as error:
        cause = error.strerror if isinstance(error, OSError) else str(error)
        fail(f"the token for {platform}{'' if file is None else f' in {file}'}: {cause}", WRONG_USE)


# The questions.


def asked(
    given: Mapping[tuple[str, str], str], tokens: Mapping[str, str], codes: frozenset[str]
) -> tuple[dict[tuple[str, str], str], dict[str, str]]:
    """Ask for what was not given. An empty answer leaves it out."""
    found, secrets = dict(given), dict(tokens)

    def ask(section: str, option: str, question: str, check: Callable[[str], object]) -> None:
        found[section, option] = found[section, option] or _prompt(question, check)

    ask("http", "contact", "A mail or web address, so that owners of sites can write to you instead of blocking you", contact_value)
    ask("watch", "authorities", "Codes of the departments to watch, such as 26,38 (empty: all of France)", partial(_known_codes, codes))
    secrets["telegram"] = secrets["telegram"] or _prompt(
        "Token of your Telegram bot, from @BotFather (empty: none)", telegram_token, hide=True
    )
    if secrets["telegram"]:
        typer.echo(
            "Make the bot an administrator of your channel, with the right to post and without the right to edit messages of others."
        )
        ask(
            "telegram",
            "channel",
            "Name of the channel, such as @my_channel (empty: write something there now, and it is looked for)",
            chat_value,
        )
        ask("telegram", "operators_chat", "Chat that is notified of failures, @name or number (empty: the log only)", chat_value)
    ask("mastodon", "instance", "Server of your Mastodon account, such as mastodon.social (empty: none)", instance_value)
    if found["mastodon", "instance"]:
        secrets["mastodon"] = secrets["mastodon"] or _prompt("Token of that account (empty: no Mastodon)", token, hide=True)
        found["mastodon", "instance"] = found["mastodon", "instance"] if secrets["mastodon"] else ""
    return found, secrets


def _prompt(question: str, check: Callable[[str], object], *, hide: bool = False) -> str:
    def checked(answer: str) -> str:
        try:
            if answer.strip():
                check(answer)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None
        return answer.strip()

    return str(typer.prompt(question, default="", show_default=False, hide_input=hide, value_proc=checked))


# The file: the commented example with what is wanted in its place. Pure.


def composed(example: str, options: Mapping[tuple[str, str], object]) -> str:
    """Return the example with these options set, on their lines, perhaps commented out."""
    section, lines, left = "", [], dict(options)
    for line in example.splitlines():
        if header := re.fullmatch(r"\[(\w+)\]", line):
            section = header[1]
        option = re.match(r"#?(\w+) = ", line)
        value = left.pop((section, option[1]), None) if option else None
        lines.append(line if option is None or value is None else f"{option[1]} = {json.dumps(value, ensure_ascii=False)}")
    if left:
        raise KeyError(*left)
    return "\n".join(lines) + "\n"


def _options(given: Mapping[tuple[str, str], str], secrets: Mapping[tuple[str, str], str]) -> dict[tuple[str, str], object]:
    found: dict[tuple[str, str], object] = {place: value.strip() for place, value in given.items() if value.strip()}
    if ("watch", "authorities") in found:
        found["watch", "authorities"] = _codes(str(found["watch", "authorities"]))
    if ("database", "url") in secrets:
        found["database", "url"] = ""  # the example has one
    return found | {(section, f"{option}_file"): f"{section}.{option}" for section, option in secrets}


def _secrets(given: Mapping[tuple[str, str], str], tokens: Mapping[str, str]) -> dict[tuple[str, str], str]:
    """Return what goes to files of its own: tokens, and a server's address with its password."""
    url = given["database", "url"].strip()
    found = {(platform, "token"): secret for platform, secret in tokens.items()}
    found["database", "url"] = url if url.startswith("postgres") else ""
    return {place: secret for place, secret in found.items() if secret}


def _codes(text: str) -> list[str]:
    return [code for code in re.split(r"[,\s]+", text) if code]


def _known_codes(codes: frozenset[str], text: str) -> None:
    for code in _codes(text):
        known_code(code.upper(), codes)


# What is tried before anything is written.


async def _tried_and_written(
    target: Path, given: Mapping[tuple[str, str], str], secrets: Mapping[tuple[str, str], str], authorities: Mapping[str, Authority]
) -> list[str]:
    text = composed(files("bot.app.config").joinpath("config.example.toml").read_text(encoding="utf-8"), _options(given, secrets))
    with _beside(target, text) as trial:
        try:
            environ = {**os.environ, **{variable(*place): secret for place, secret in secrets.items()}}
            settings = read_configuration(trial, environ, known_codes=frozenset(authorities)).settings
        except ConfigError as error:
            fail(f"{str(error).replace(str(trial), str(target))}\nNothing was written.", WRONG_USE)
        found = await accounts(settings, authorities)
        tried = [line for one in found for line in diagnosis_lines(one)]
        if any(one.state == "failed" for one in found):
            fail("\n".join([*tried, "Nothing was written."]))
        return [*tried, *_write(target, trial, secrets)]


@contextmanager
def _beside(target: Path, text: str) -> Iterator[Path]:
    """Write the text to a file beside the target, deleted at the end unless moved."""
    try:
        with NamedTemporaryFile(
            "w", encoding="utf-8", dir=target.absolute().parent, prefix=".vigie-", suffix=".toml", delete=False
        ) as file:
            file.write(text)
    except OSError as error:
        folder = shlex.quote(str(target.parent))
        todo = f"; create its folder first (mkdir -p {folder})" if isinstance(error, FileNotFoundError) else ""
        fail(f"{target}: cannot be written: {error.strerror}{todo}")
    trial = Path(file.name)
    try:
        yield trial
    finally:
        trial.unlink(missing_ok=True)


async def _channels(secret: str, api_url: str) -> dict[str, str]:
    """Return the channels from which the bot received an update lately, with their titles. What Telegram refuses ends the program."""
    sending = SendingBot(secret, api_url)
    try:
        updates = await sending.bot.get_updates(allowed_updates=["my_chat_member", "channel_post"])
    except TelegramError as error:
        fail(f"{sending.failure(error)}\nNothing was written.")
    finally:
        await sending.close()
    chats = {chat.id: chat for update in updates if (chat := update.effective_chat) is not None and chat.type == "channel"}
    return {f"@{chat.username}" if chat.username else str(chat.id): chat.title or "" for chat in chats.values()}


def _chosen(names: Mapping[str, str], *, ask: bool) -> str:
    shown = ", ".join(f"{name} ({clean(title)})" for name, title in names.items())
    if len(names) == 1:
        typer.echo(f"Found the channel {shown}")
        return next(iter(names))
    findings = f"Several channels were found: {shown}." if names else "No channel was found in which the bot may post."
    if not ask:
        fail(f"{findings} Give --channel @name, or write something in the channel and try again. Nothing was written.")
    return _prompt(f"{findings} Name or number of yours (empty: none)", chat_value)


# What is written.


def _write(target: Path, trial: Path, secrets: Mapping[tuple[str, str], str]) -> Iterator[str]:
    for (section, option), secret in secrets.items():
        file = target.absolute().with_name(f"{section}.{option}")
        if file.exists() and file.read_text(encoding="utf-8", errors="replace").strip() == secret:
            continue
        yield from _set_aside(file)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
            stream.write(f"{secret}\n")
        yield f"Written: {file}, which only you can read"
    yield from _set_aside(target)
    trial.chmod(0o644)  # it holds no secret, and a service has a user of its own
    trial.replace(target)
    yield f"Written: {target}"
    vigie = "vigie" if target == DEFAULT_FILE else f"vigie --config {shlex.quote(str(target))}"
    service = f"vigie --config {shlex.quote(str(target.absolute()))} service install"
    yield f"Now:  {vigie} doctor   then:  {vigie} run   or, as a service:  {service}"


def _set_aside(file: Path) -> Iterator[str]:
    if file.exists():
        names = (file.with_name(f"{file.name}.old{again}") for again in chain(("",), (f"-{number}" for number in count(2))))
        old = next(path for path in names if not path.exists())
        file.replace(old)
        yield f"{file.name} was there: it is now {old}"


# `vigie service`.

_UNIT = Annotated[
    Path, typer.Argument(metavar="[FILE]", help=f"Where the unit is written; {UNIT} when it is not given.", show_default=False)
]


def _register_service(app: typer.Typer) -> None:
    service = typer.Typer(help="Print or install the unit by which systemd runs the bot.", no_args_is_help=True, rich_markup_mode="rich")
    app.add_typer(service, name="service")

    @service.command("print", epilog="Example:  vigie --config /etc/vigie/config.toml service print")
    def print_unit(ctx: typer.Context) -> None:
        """Print the unit for this installation and configuration."""
        configuration, settings, authorities = loaded(ctx.obj)
        for line in obstacles(settings, configuration):
            typer.echo(f"vigie: {line}", err=True)
        typer.echo(_unit(configuration, settings), nl=False)
        if not _needs_browser(settings, authorities):
            typer.echo(f"\n# {UNIT}.d/no-browser.conf\n{drop_in_text()}", nl=False)

    @service.command(epilog="Example:  vigie --config /etc/vigie/config.toml service install")
    def install(
        ctx: typer.Context,
        file: _UNIT = UNIT,
        replacing: Annotated[bool, typer.Option("--replace", help="Replace a unit that says something else.")] = False,
    ) -> None:
        """Write the unit, and say what to type next."""
        steps = write_unit(*loaded(ctx.obj), file, replacing=replacing)
        typer.echo("Next:" + "".join(f"\n  {step}" for step in steps))


def loaded(context: Context) -> tuple[Path, Settings, dict[str, Authority]]:
    """Load a service's configuration, by default another than a person's; end with a message where it is wrong."""
    configuration = (context.config or CONFIGURATION).absolute()
    return configuration, *load(replace(context, config=configuration))


def write_unit(configuration: Path, settings: Settings, authorities: dict[str, Authority], file: Path, *, replacing: bool) -> list[str]:
    """Write and report the unit, and return the commands that start it; end the program if it could not run."""
    if wrong := list(obstacles(settings, configuration)):
        fail("\nvigie: ".join(wrong), WRONG_USE)
    drop_in, text = file.with_name(f"{file.name}.d") / "no-browser.conf", _unit(configuration, settings)
    is_there = file.exists()
    try:
        if is_there and file.read_text(encoding="utf-8") != text and not replacing:
            fail(f"{file} says something else; --replace replaces it. Settings of your own belong to:  systemctl edit {file.stem}")
        file.write_text(text, encoding="utf-8")
        if _needs_browser(settings, authorities):
            drop_in.unlink(missing_ok=True)
        else:
            drop_in.parent.mkdir(exist_ok=True)
            drop_in.write_text(drop_in_text(), encoding="utf-8")
    except OSError as error:
        fail(f"{error.filename}: {error.strerror}" + ("; this needs root (sudo)" if isinstance(error, PermissionError) else ""))
    typer.echo(f"Written: {file}" + (f", {drop_in}" if drop_in.exists() else ""))
    restart = [f"systemctl restart {file.stem}"] if is_there else []
    return ["systemctl daemon-reload", f"systemctl enable --now {file.stem}", *restart, f"journalctl -fu {file.stem}"]


def _unit(configuration: Path, settings: Settings) -> str:
    return unit_text(Path(sys.prefix) / "bin" / "vigie", configuration, secret_files(settings))


def _needs_browser(settings: Settings, authorities: dict[str, Authority]) -> bool:
    return bool(browser_hosts({code: authorities[code] for code in watched_codes(settings, authorities)}))
