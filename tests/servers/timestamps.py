"""A time stamping authority on loopback: openssl itself, with a certificate of a CA made for the test."""

from __future__ import annotations

import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

_CONFIG = """
[tsa]
default_tsa = here
[here]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256
ess_cert_id_alg = sha256
[ca]
default_ca = own
[own]
database = {folder}/index.txt
new_certs_dir = {folder}
serial = {folder}/serial
default_md = sha256
policy = names
[names]
commonName = supplied
"""


def openssl(*arguments: str, folder: Path) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


class TimestampServer:
    """Answers at `url`; `ca` is the certificate to trust. `answer` in the place of its own, `status`; `queries` counts."""

    def __init__(self, folder: Path, *, until: str = "20990101000000Z") -> None:
        """`until`: the end of its certificate, by the clock of the machine, which openssl takes."""
        self.folder, self.ca = folder, folder / "ca.pem"
        self.answer: bytes | None = None
        self.status, self.queries = 200, 0
        (folder / "tsa.cnf").write_text(_CONFIG.format(folder=folder))
        (folder / "serial").write_text("01\n")
        self._certify(until)
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                content = server.reply(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(server.status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/tsr"

    def reply(self, query: bytes) -> bytes:
        """What is sent for this query."""
        self.queries += 1
        (self.folder / "query.tsq").write_bytes(query)
        return self.own() if self.answer is None else self.answer

    def own(self) -> bytes:
        """The true answer to the last query."""
        signer = ("-inkey", "tsa.key", "-signer", "tsa.pem", "-chain", "ca.pem")
        openssl("ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query.tsq", *signer, "-out", "answer.tsr", folder=self.folder)
        return (self.folder / "answer.tsr").read_bytes()

    def _certify(self, until: str) -> None:
        key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "9", "-subj", "/CN=CA of a test", folder=self.folder)
        openssl("req", *key, "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=TSA of a test", folder=self.folder)
        (self.folder / "index.txt").touch()
        (self.folder / "stamping.cnf").write_text("extendedKeyUsage = critical, timeStamping\n")
        by = ("-config", "tsa.cnf", "-cert", "ca.pem", "-keyfile", "ca.key", "-extfile", "stamping.cnf", "-batch")
        openssl(
            "ca",
            *by,
            "-in",
            "tsa.csr",
            "-out",
            "tsa.pem",
            "-startdate",
            "20000101000000Z",
            "-enddate",
            until,
            "-notext",
            folder=self.folder,
        )

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
