"""Say what the bot does in the text that Prometheus reads: from what is stored, and the pages counted since the start."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from bot.domain.health import Overview
from bot.ingest.reading_job import ReadSoFar
from bot.storage.measures import FROM_FOUND, FROM_PUBLISHED, Delays, StoredMeasures

MEDIA_TYPE = CONTENT_TYPE_PLAIN_0_0_4


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
    yield _gauge("decrees", "Decrees found, by topic.", [([topic], number) for topic, number in measured.decrees.items()], ["topic"])
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
    yield _delays("found_to_post_seconds", "From a decree found to its post.", FROM_FOUND, measured.from_found)
    about = "From 0 h UTC of the day of publication to the post."
    yield _delays("publication_to_post_seconds", about, FROM_PUBLISHED, measured.from_published)
    followers = measured.followers
    states = {"all": followers.chats, "paused": followers.paused, "blocked": followers.blocked}
    yield _gauge("followers", "Chats that follow something.", [([state], number) for state, number in states.items()], ["state"])
    yield _gauge("follows", "Places and subjects that chats follow.", [([], followers.follows)])


def _delays(name: str, about: str, bounds: Sequence[int], found: Iterable[Delays]) -> Metric:
    family = HistogramMetricFamily(f"vigie_{name}", about, labels=["destination"])
    for one in found:
        buckets = [(str(float(most)), number) for most, number in zip(bounds, one.within, strict=True)]
        family.add_metric([one.destination], [*buckets, ("+Inf", one.number)], sum_value=one.seconds)
    return family
