"""Every source of a configuration, built; and the HTTP server that some of them take their traces from."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import NamedTuple

import structlog
from starlette.applications import Starlette

from monitor.config import Config, HttpSource
from monitor.config import Source as SourceConfig
from monitor.config_kafka import KafkaSource
from monitor.config_phoenix import PhoenixSource
from monitor.health import Health
from monitor.ingest import Ingest
from monitor.ingest_otlp import OtlpIngest
from monitor.journal import DiskStore, Journal, MemoryStore
from monitor.metrics import Metrics, Recorder
from monitor.otlp.assembler import Assembler
from monitor.otlp.join import Join
from monitor.quarantine import Quarantine
from monitor.receiving import Receiver
from monitor.server import HttpServer, Site
from monitor.sources import http, jsonl, otlp, phoenix
from monitor.sources.base import Source

log = structlog.get_logger()

STOP_SECONDS = 3.0


class Parts(NamedTuple):
    """What sources are built of; what they open is closed with `closing`."""

    config: Config
    quarantine: Quarantine
    metrics: Metrics
    recorder: Recorder
    health: Health
    clock: Callable[[], float]
    closing: ExitStack


def build_sources(parts: Parts) -> tuple[list[Source], HttpServer | None]:
    """In the order of the configuration; a server that was started where one takes traces over HTTP.

    Raises
    ------
    LeadlineError
        Where a journal or an address cannot be had.
    """
    sources: list[Source] = []
    server = None
    for config in parts.config.sources:
        if isinstance(config, HttpSource):
            taken, server = _over_http(config, parts)
            sources += taken
        else:
            sources.append(_build(config, parts))
    return sources, server


def _build(config: SourceConfig, parts: Parts) -> Source:
    answers = parts.config.wants_answers
    if isinstance(config, KafkaSource):
        from monitor.sources.kafka import build_source  # noqa: PLC0415 - the client is heavy

        clean = parts.quarantine.clean
        return build_source(config, parts.metrics, parts.recorder, clean, parts.clock, answers=answers)
    if isinstance(config, PhoenixSource):
        return phoenix.build_source(config, parts.metrics, parts.recorder, parts.clock, answers=answers)
    assert not isinstance(config, HttpSource), "built apart"
    return jsonl.JsonlSource(config.path, config.start, clock=parts.clock)


def _over_http(config: HttpSource, parts: Parts) -> tuple[list[Source], HttpServer]:
    if not config.journal:
        log.warning("the journal is off: traces that come over HTTP are assessed at most once, a crash loses some")
    native = _receiver(http.NAME, ".ingest.db", config, parts)
    spans = _receiver(otlp.NAME, ".otlp.db", config, parts)
    routes = [Ingest(native).route, OtlpIngest(spans, parts.metrics, answers=parts.config.wants_answers).route]
    server = HttpServer([Site(parts.config.http.ingest, Starlette(routes=routes))])
    parts.closing.callback(server.stop, STOP_SECONDS)
    server.start()
    join = Join(time.monotonic, window_seconds=config.join_seconds, max_spans=config.join_spans)
    assembler = Assembler(otlp.NAME, join, parts.metrics, parts.recorder)
    joined = otlp.OtlpSource(spans.journal, assembler, closing=lambda: parts.health.stopping)
    return [http.HttpSource(native.journal), joined], server


def _receiver(name: str, suffix: str, config: HttpSource, parts: Parts) -> Receiver:
    store = DiskStore(parts.config.state.path.with_suffix(suffix)) if config.journal else MemoryStore()
    journal = Journal(store, max_records=config.queue_traces, max_bytes=config.queue_bytes, durable=config.journal)
    parts.closing.callback(journal.close)
    journal.open()
    return Receiver(
        name, journal, parts.quarantine, parts.metrics, parts.recorder, parts.health,
        max_body_bytes=config.max_body_bytes, clock=parts.clock,
    )  # fmt: skip
