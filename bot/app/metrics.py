"""Say what the bot does in the text that Prometheus reads: from what is stored, and the pages counted since the start."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from importlib.metadata import version

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from bot.domain.health import Overview
from bot.ingest.reading_job import ReadSoFar
from bot.storage.measures import SentPost, StoredMeasures

MEDIA_TYPE = CONTENT_TYPE_PLAIN_0_0_4

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_FROM_FOUND = (_MINUTE, 2 * _MINUTE, 5 * _MINUTE, 15 * _MINUTE, _HOUR, 6 * _HOUR, _DAY)
_FROM_PUBLISHED = (6 * _HOUR, 12 * _HOUR, 18 * _HOUR, _DAY, 2 * _DAY, 7 * _DAY, 30 * _DAY)


class Collected:
    """Writes the metrics of one instant."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._registry.register(self)
        self._now: Iterable[Metric] = ()

    def collect(self) -> Iterable[Metric]:
        """Return the metrics of this instant: the registry collects them."""
        return self._now

    def text(self, overview: Overview, measured: StoredMeasures, read: ReadSoFar, *, alive: bool) -> bytes:
        """Return all metrics as text."""
        self._now = [*_of_bot(read, alive=alive), *_of_sources(overview), *_of_recueils(measured), *_of_posts(overview, measured)]
        return bytes(generate_latest(self._registry))


def _gauge(name: str, about: str, values: Iterable[tuple[Sequence[str], float]], labels: Sequence[str] = ()) -> Metric:
    family = GaugeMetricFamily(f"vigie_{name}", about, labels=labels)
    for labelled, value in values:
        family.add_metric(labelled, value)
    return family


def _of_bot(read: ReadSoFar, *, alive: bool) -> Iterator[Metric]:
    yield _gauge("info", "The version that runs.", [([version("vigie-vsa")], 1)], ["version"])
    yield _gauge("alive", "1 while the bot polls and delivers, as `vigie status --alive` says.", [([], alive)])
    pages = CounterMetricFamily("vigie_pages_read", "Pages read since the start, by where their text came from.", labels=["origin"])
    for origin, number in read.pages.items():
        pages.add_metric([origin.value], number)
    yield pages
    yield CounterMetricFamily("vigie_ocr_seconds", "Seconds that pages took to be recognised since the start.", value=read.ocr_seconds)


def _of_sources(overview: Overview) -> Iterator[Metric]:
    polled = [([one.key], one.last_ok_at.timestamp()) for one in overview.sources if one.last_ok_at]
    yield _gauge("source_last_poll_timestamp_seconds", "When a source was polled last with success.", polled, ["source"])
    failing = [([one.key, one.cause or ""], one.failures) for one in overview.sources if one.cause]
    yield _gauge("source_failures", "Polls of a source that failed in a row, by what is wrong.", failing, ["source", "cause"])
    counted = Counter(one.status for one in overview.sources)
    yield _gauge("sources", "Watched sources by how they are.", [([status.value], n) for status, n in counted.items()], ["status"])
    known = Counter(one.cause for one in overview.sources if one.cause)
    yield _gauge("sources_failing", "Sources that are not fine, by cause.", [([cause.value], n) for cause, n in known.items()], ["cause"])


def _of_recueils(measured: StoredMeasures) -> Iterator[Metric]:
    by_state = [([state.value], number) for state, number in measured.recueils.items()]
    yield _gauge("recueils", "Recueils by what became of them.", by_state, ["state"])
    yield _gauge("recueil_pages", "Pages of the recueils that were read.", [([], measured.pages)])
    yield _gauge("decrees", "Decrees found.", [([], measured.decrees)])
    yield _gauge("reviews_waiting", "Acts that wait for a person.", [([], measured.reviews)])


def _of_posts(overview: Overview, measured: StoredMeasures) -> Iterator[Metric]:
    by_state = [([name, state], number) for (name, state), number in measured.posts.items()]
    yield _gauge(
        "posts",
        "Posts by destination and state; all followers are one.",
        by_state,
        ["destination", "state"],
    )
    waiting = [([one.name], one.oldest.timestamp()) for one in overview.destinations if one.oldest]
    yield _gauge("post_waiting_since_timestamp_seconds", "Since when the oldest post waits there.", waiting, ["destination"])
    troubles = [([one.name, one.trouble.value if one.trouble else ""], bool(one.trouble)) for one in overview.destinations]
    yield _gauge("destination_trouble", "1 where something is wrong with a destination.", troubles, ["destination", "trouble"])
    yield _delays("found_to_post_seconds", "From a decree found to its post.", _FROM_FOUND, measured.sent, lambda one: one.found_at)
    dated = [one for one in measured.sent if one.published]
    yield _delays("publication_to_post_seconds", "From 0 h UTC of the day of publication to the post.", _FROM_PUBLISHED, dated, _day)
    followers = measured.followers
    states = {"all": followers.chats, "paused": followers.paused, "blocked": followers.blocked}
    yield _gauge("followers", "Chats that follow something.", [([state], number) for state, number in states.items()], ["state"])
    yield _gauge("follows", "Places and subjects that chats follow.", [([], followers.follows)])


def _day(one: SentPost) -> datetime:
    return datetime.combine(one.published or one.found_at.date(), time(), UTC)


def _delays(name: str, about: str, bounds: Sequence[int], posts: Sequence[SentPost], begins: Callable[[SentPost], datetime]) -> Metric:
    family = HistogramMetricFamily(f"vigie_{name}", about, labels=["destination"])
    for destination in sorted({one.destination for one in posts}):
        took = [max(one.sent_at - begins(one), timedelta()).total_seconds() for one in posts if one.destination == destination]
        buckets = [(str(float(most)), sum(seconds <= most for seconds in took)) for most in bounds]
        family.add_metric([destination], [*buckets, ("+Inf", len(took))], sum_value=sum(took))
    return family
