"""France as a transport of httpx, which needs no socket."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

import httpx

from tests.france.country import Answer, France

ADDRESS = "127.0.0.1"
"""The one address of all sites."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came in, at a moment of the simulated clock (seconds). `status` is 0 where no answer was given."""

    at: float
    host: str
    target: str
    user_agent: str
    status: int
    size: int

    @property
    def is_for_robots(self) -> bool:
        """Whether it is for a robots.txt, which is read once a day."""
        return self.target == "/robots.txt"


Interference = Callable[[str, str], Answer | None]
"""`(host, target)` -> an answer that takes the place of the site's own, None to let it through. It may raise what the network does
(`httpx.TransportError`)."""


def no_interference(host: str, target: str) -> Answer | None:
    """Every site answers for itself."""
    return None


@dataclass(slots=True)
class Shortcut(httpx.AsyncBaseTransport):
    """France as a transport of httpx: the same requests and answers without sockets, for many sweeps."""

    france: France
    monotonic: Callable[[], float]
    interference: Interference = no_interference
    asked: list[Asked] = field(default_factory=list)

    @property
    def origins(self) -> dict[str, str]:
        """For `ClientOptions.origins`."""
        return {f"https://{host}": f"http://{ADDRESS}/{host}" for host in self.france.hosts}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        host, _, target = request.url.raw_path.decode("ascii").removeprefix("/").partition("/")
        answer = _answered(self, host, f"/{target}", {name.lower(): value for name, value in request.headers.items()})
        length = [("Content-Length", str(len(answer.body)))] if answer.pieces is None else []
        headers = [*length, *answer.headers]
        if answer.status != HTTPStatus.NOT_MODIFIED:
            headers.append(("Content-Type", answer.content_type))
        return httpx.Response(answer.status, headers=headers, stream=_Body(answer))


class _Body(httpx.AsyncByteStream):
    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._answer.pieces is None:
            yield self._answer.body
            return
        async for piece in self._answer.pieces():
            yield piece


def _answered(door: Shortcut, host: str, target: str, headers: Mapping[str, str]) -> Answer:
    try:
        answer = door.interference(host, target) or door.france.answer(host, target, headers)
    except httpx.TransportError:
        door.asked.append(Asked(door.monotonic(), host, target, headers.get("user-agent", ""), 0, 0))
        raise
    door.asked.append(Asked(door.monotonic(), host, target, headers.get("user-agent", ""), answer.status, len(answer.body)))
    return answer
