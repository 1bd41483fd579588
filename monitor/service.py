"""The sidecar: sources, pipeline, sinks and HTTP put together, started, reloaded and stopped."""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from threading import Lock
from typing import Literal, Self

import structlog

from detectors.measures.base import PairScorer
from detectors.risk import shipped_prior
from monitor.announcing import Announcer
from monitor.assembly import Assembly, Builder
from monitor.config import Config, load_config
from monitor.corpus_watch import COMPONENT, CorpusWatch
from monitor.deciding.deciding import Deciding
from monitor.deciding.gauges import report
from monitor.deciding.ledger import Ledger, history
from monitor.deciding.served import estimates_route
from monitor.deciding.settings import Settings
from monitor.errors import LeadlineError
from monitor.events import Events
from monitor.health import Health
from monitor.intake import Intake
from monitor.judge.opening import open_judge
from monitor.metrics import Metrics, Recorder
from monitor.normalisation import Normalisations
from monitor.notifying.notifier import Notifier
from monitor.pipeline import Pipeline
from monitor.providers.corpus import Corpus
from monitor.providers.corpus_files import Fingerprint
from monitor.quarantine import Quarantine
from monitor.server import HttpServer, Site, operations_app
from monitor.sinks.base import Sink
from monitor.sinks.memory import MemorySink
from monitor.sources.build import Parts, build_sources
from monitor.state import State
from monitor.telling import Teller
from monitor.worker import SourceWorker

log = structlog.get_logger()

STOP_SECONDS = 10.0
SERVER_SECONDS = 3.0
NOTIFIER_SECONDS = 2.0
RESTART_KEYS = ("sources", "http", "state", "quarantine", "notify", "judge")


class Service:
    """The whole sidecar in one object, for one life: `start` and `stop`, or a `with` block.

    Parameters
    ----------
    corpus, scorer
        Used instead of what the configuration names; a scorer that has a `name` brings it into the assessments.
    sinks
        Written to besides the configured ones and `recent`, the last assessments in memory; closed with the service.
    clock
        Seconds since 1970, for arrival times, metrics and dates.
    """

    def __init__(
        self, config: Config, *, corpus: Corpus | None = None, scorer: PairScorer | None = None,
        sinks: Sequence[Sink] = (), clock: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        self.config = config
        self.metrics = Metrics(clock)
        self.recorder = Recorder(self.metrics)
        self.health = Health(self.metrics, clock)
        self.recent = MemorySink()
        self._clock = clock
        self._corpus_given = corpus
        self._intake = Intake()
        self._given = (self.recent, *sinks)
        self._scorer_given = scorer
        self._builder: Builder | None = None
        self._assembly: Assembly | None = None
        self._closing = ExitStack()
        self._workers: list[SourceWorker] = []
        self._pipeline: Pipeline | None = None
        self._watch = CorpusWatch(self._corpus_in_use, self._reload_corpus, self.metrics)
        self._reloading = Lock()
        self._operations: HttpServer | None = None
        self._ingest: HttpServer | None = None
        self.metrics.set("config_last_reload_success", 1.0)
        self.metrics.on_collect(lambda: self.metrics.set("queue_traces", self._intake.records))

    def start(self) -> None:
        """Open everything and begin.

        Raises
        ------
        LeadlineError
            Where the state, the corpus, a sink or an address cannot be had; nothing stays open then.
        """
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        log.info(
            "started", metrics=self.metrics_address, ingest=self.ingest_address, sources=[w.name for w in self._workers]
        )

    def _start(self) -> None:
        config = self.config
        state = State(config.state.path)
        self._closing.callback(state.close)
        for sink in self._given:
            self._closing.callback(sink.close)
        judging = open_judge(config, self.metrics, self._closing, self._clock)
        self._builder = Builder(
            self.metrics, corpus=self._corpus_given, scorer=self._scorer_given, sinks=self._given,
            judging=judging, clock=self._clock,
        )  # fmt: skip
        self._assembly = self._builder.build(config)
        self._count_corpus(self._assembly.corpus)
        quarantine = Quarantine(config.quarantine, self._assembly.privacy, self.metrics, self.recorder, self._clock)
        ledger = self._restored(state, self._assembly.settings)
        path = config.state.path.with_suffix(".notify.db")
        notifier = Notifier(config.notify, path, self.metrics, self.health, clock=self._clock)
        self._closing.callback(notifier.stop, NOTIFIER_SECONDS)
        announcer = Announcer(self.metrics, ledger.deciding, notifier)
        self._pipeline = Pipeline(
            self._assembly, self._intake, state, quarantine=quarantine,
            normalisations=Normalisations(state.normalisations(), state.samples(), clock=self._clock),
            ledger=ledger, announcer=announcer, recorder=self.recorder, health=self.health,
            prior=shipped_prior(), clock=self._clock,
        )  # fmt: skip
        self._closing.callback(self._pipeline.close)
        parts = Parts(config, quarantine, self.metrics, self.recorder, self.health, self._clock, self._closing)
        sources, self._ingest = build_sources(parts)
        for source in sources:
            saved = state.position(source.name)
            self._workers.append(SourceWorker(source, self._intake, saved, metrics=self.metrics, health=self.health))
        teller = Teller(ledger, state, announcer.announce, self._clock)
        events = Events(ledger.deciding, teller)
        operations = operations_app(self.metrics, self.health, [*events.routes, estimates_route(ledger.deciding)])
        self._operations = HttpServer([Site(config.http.metrics, operations)])
        self._closing.callback(self._operations.stop, SERVER_SECONDS)
        self._operations.start()
        announcer.start(self._clock())
        if judging is not None:
            judging.watch(self._assembly.privacy, teller.rejudged)
            self.health.watch("judge", lambda: judging.alive)
            self.health.note("judge", lambda: judging.problem)
        self._begin(self._pipeline)

    def _restored(self, state: State, settings: Settings) -> Ledger:
        """The right half as it was when the last transaction was saved."""
        deciding = Deciding(settings, lambda name: history(state.windows(name)))
        ledger = Ledger(deciding)
        ledger.restore(state.decided())
        self.metrics.on_collect(lambda: report(deciding, self.metrics))
        return ledger

    def _begin(self, pipeline: Pipeline) -> None:
        pipeline.start()
        self.health.watch("assess", lambda: pipeline.alive)
        for worker in self._workers:
            worker.start()
            self.health.watch(worker.name, lambda worker=worker: worker.alive)  # type: ignore[misc]
        self.health.note("scorer", self._scorer_status)
        if self._corpus_given is None:
            self._watch.start()
            self.health.watch(COMPONENT, lambda: self._watch.alive)
            self.health.note(COMPONENT, lambda: self._watch.status)

    def _scorer_status(self) -> str | None:
        scorer = self._assembly.scorer if self._assembly is not None else None
        return scorer.status if scorer is not None else None

    @property
    def metrics_address(self) -> tuple[str, int]:
        """Where `/metrics`, `/-/healthy` and `/-/ready` are, with the real port."""
        assert self._operations is not None, "not started"
        return self._operations.addresses[0]

    @property
    def ingest_address(self) -> tuple[str, int] | None:
        """Where traces can be posted, with the real port; None without a source for them."""
        return self._ingest.addresses[0] if self._ingest is not None else None

    def reload(self, path: Path) -> bool:
        """Read the file again and use it from the next batch on; whether that worked. A bad one changes nothing."""
        try:
            config = load_config(path)
            self._use(lambda: config)
        except LeadlineError as error:
            log.error("the configuration cannot be reloaded, the one before stays in use", reason=str(error))
            self._reloaded("failed")
            return False
        changed = [key for key in RESTART_KEYS if getattr(config, key) != getattr(self.config, key)]
        if changed:
            log.warning("changed in the configuration, and in use only after a restart", keys=changed)
        log.info("configuration reloaded", path=str(path))
        self._reloaded("done")
        return True

    def _reloaded(self, result: Literal["done", "failed"]) -> None:
        self.metrics.inc("config_reloads_total", result)
        self.metrics.set("config_last_reload_success", float(result == "done"))

    def _use(self, config: Callable[[], Config]) -> None:
        """Build what a configuration says and use it from the next batch on; one at a time, from any thread."""
        assert self._pipeline is not None, "not started"
        assert self._builder is not None, "not started"
        with self._reloading:
            assembly = self._builder.build(config())
            self._pipeline.swap(assembly)
            self._assembly = assembly
        self._count_corpus(assembly.corpus)

    def _reload_corpus(self) -> None:
        self._use(lambda: self._in_use.config)

    def _corpus_in_use(self) -> tuple[Path, Fingerprint] | None:
        config, corpus = self._in_use.config.corpus, self._in_use.corpus
        return (config.path, corpus.fingerprint) if config is not None and corpus is not None else None

    @property
    def _in_use(self) -> Assembly:
        assert self._assembly is not None, "not started"
        return self._assembly

    def _count_corpus(self, corpus: Corpus | None) -> None:
        self.metrics.set("corpus_documents", len(corpus) if corpus is not None else 0)
        if corpus is not None:
            self.metrics.succeeded(COMPONENT)

    def stop(self, timeout_seconds: float = STOP_SECONDS) -> bool:
        """Finish what is in hand, commit, close; twice is fine. Whether all that worked in time.

        What was not finished in time is read again at the next start, except from a source without a journal.
        """
        deadline = time.monotonic() + timeout_seconds

        def left() -> float:
            return max(0.0, deadline - time.monotonic())

        self.health.stopping = True
        if self._ingest is not None:
            self._ingest.stop(min(SERVER_SECONDS, left()))
        self._watch.stop(left() / 4)
        for worker in self._workers:
            worker.stop()
        for worker in self._workers:
            worker.quiet.wait(left() / 2)
        self._intake.close()
        clean = self._pipeline is None or self._pipeline.finish(left() * 0.8)
        for worker in self._workers:
            clean = worker.finish(max(0.2, left())) and clean
        self._closing.close()
        return clean

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
