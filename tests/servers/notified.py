"""A service that Apprise notifies, on loopback: it takes JSON (Apprise's own `json://`), and can be made to fail.

async with Notified() as service:
    ... AppriseChannel(url=service.address) ...
    assert service.texts == [...]
"""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from tests.servers.loopback import LoopbackServer

SECRET = "secret-de-l-adresse"


class Notified(LoopbackServer):
    """Everything public may be used from any thread."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.subjects: list[str] = []
        self.answers: list[int] = []
        """The next answers; the message is kept all the same where one is negative, whose absolute value is then answered."""

    @property
    def address(self) -> str:
        """As Apprise writes it, with a token in it."""
        return f"{self.url.replace('http://', 'json://')}/{SECRET}"

    def app(self) -> ASGIApp:
        return Starlette(routes=[Route(f"/{SECRET}", self._take, methods=["POST"])])

    async def _take(self, request: Request) -> Response:
        answer = self.answers.pop(0) if self.answers else 200
        message = await request.json()
        if answer == 200 or answer < 0:
            self.texts.append(message["message"])
            self.subjects.append(message["title"])
        return Response(status_code=abs(answer))
