"""Certificates are verified for the site's name though the connection goes to a bare address."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from sources.http.client import Client
from sources.http.connection import ClientOptions
from sources.model import Unreachable
from tests.sources.http.conftest import HOST, OTHER, OTHER_HOST, SITE, Clock, MakeClient
from tests.sources.http.server import Server, reply

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="the openssl command makes the certificates")


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=60)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ca.pem and, for each site, a key and a certificate signed by it."""
    folder = tmp_path_factory.mktemp("tls")
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    ca_usage = ("-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign")
    _openssl(
        "req", "-x509", *curve, "-keyout", f"{folder}/ca.key", "-out", f"{folder}/ca.pem", "-days", "2", "-subj", "/CN=Test CA", *ca_usage
    )
    for host in (HOST, OTHER_HOST):
        _openssl("req", *curve, "-keyout", f"{folder}/{host}.key", "-out", f"{folder}/{host}.csr", "-subj", f"/CN={host}")
        (folder / "ext").write_text(f"subjectAltName=DNS:{host}\nauthorityKeyIdentifier=keyid\nextendedKeyUsage=serverAuth\n")
        signing = ("-CA", f"{folder}/ca.pem", "-CAkey", f"{folder}/ca.key", "-CAcreateserial", "-days", "2", "-extfile", f"{folder}/ext")
        _openssl("x509", "-req", "-in", f"{folder}/{host}.csr", "-out", f"{folder}/{host}.pem", *signing)
    return folder


def _context(folder: Path, host: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / f"{host}.pem", folder / f"{host}.key")
    return context


class Names:
    """The TLS server of every site: shows each its certificate, and remembers the names it was asked for."""

    def __init__(self, folder: Path) -> None:
        self.asked: list[str | None] = []
        self.context = _context(folder, HOST)
        other = _context(folder, OTHER_HOST)

        def choose(connection: ssl.SSLObject, name: str | None, context: ssl.SSLContext) -> None:
            self.asked.append(name)
            if name == OTHER_HOST:
                connection.context = other

        self.context.sni_callback = choose


def _client(server: Server, folder: Path, clock: Clock, *, trusted: bool = True, replaced: bool = False) -> Client:
    """The sites at https://<name of the site>:<port of the server>, found at 127.0.0.1."""

    async def resolver(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    options = ClientOptions(
        frozenset({HOST, OTHER_HOST}),
        "Vigie/1",
        origins={SITE: f"https://{OTHER_HOST if replaced else HOST}:{server.port}", OTHER: f"https://{OTHER_HOST}:{server.port}"},
        respect_robots=False,
        interval_seconds=0,
        timeout_seconds=5,
    )
    tls = ssl.create_default_context(cafile=folder / "ca.pem") if trusted else None
    return Client(options, clocks=clock.all(), resolver=resolver, tls=tls)


async def test_the_certificate_is_verified_for_the_name_and_two_names_never_share_a_connection(authority: Path, clock: Clock) -> None:
    names = Names(authority)
    async with Server({"/": reply("<p>")}, tls=names.context) as server, _client(server, authority, clock) as client:
        await client.page(SITE)
        await client.page(SITE)
        await client.page(OTHER)
        await client.page(SITE)
        assert names.asked == [HOST, OTHER_HOST, HOST]
        assert server.connections == 3
        assert [asked.headers["host"] for asked in server.asked] == [f"{h}:{server.port}" for h in (HOST, HOST, OTHER_HOST, HOST)]


async def test_a_certificate_for_another_name_is_refused(authority: Path, clock: Clock) -> None:
    context = _context(authority, HOST)
    async with Server({"/": reply("<p>")}, tls=context) as server, _client(server, authority, clock) as client:
        await client.page(SITE)
        with pytest.raises(Unreachable, match=r"TLS failure: certificate not trusted \(Hostname mismatch"):
            await client.page(OTHER)
        assert len(server.asked) == 1


async def test_an_unknown_authority_is_refused(authority: Path, clock: Clock) -> None:
    async with (
        Server({"/": reply("<p>")}, tls=_context(authority, HOST)) as server,
        _client(server, authority, clock, trusted=False) as client,
    ):
        with pytest.raises(Unreachable, match="TLS failure: certificate not trusted"):
            await client.page(SITE)
        assert server.asked == []


async def test_a_replacement_is_verified_for_its_own_name(authority: Path, clock: Clock) -> None:
    names = Names(authority)
    async with Server({"/": reply("<p>")}, tls=names.context) as server, _client(server, authority, clock, replaced=True) as client:
        assert (await client.page(SITE)).url == f"{SITE}/"
        assert names.asked == [OTHER_HOST]


async def test_tls_spoken_to_a_server_that_does_not(server: Server, authority: Path, clock: Clock) -> None:
    async def shout(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH\r\n")
        await reader.read(1)
        writer.close()

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.close()

    for behaviour, words in ((shout, "wrong version number"), (hang_up, "connection closed by the server")):
        async with await asyncio.start_server(behaviour, "127.0.0.1", 0) as plain:
            server.port = plain.sockets[0].getsockname()[1]
            async with _client(server, authority, clock) as client:
                with pytest.raises(Unreachable, match=f"TLS failure: {words}"):
                    await client.page(SITE)


async def test_ipv6(make_client: MakeClient) -> None:
    try:
        running = Server({"/": reply("<p>")}, host="::1")
        async with running as server:
            assert (await make_client(server, origins={SITE: server.base}).page(SITE)).html == "<p>"
            assert server.asked[0].headers["host"] == f"[::1]:{server.port}"
    except OSError as error:
        pytest.skip(f"no IPv6 loopback here: {error}")
