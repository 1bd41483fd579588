"""The assessing thread: traces in, assessments to the sinks, positions back to the sources."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import NamedTuple

import msgspec
import structlog

from detectors.records import Assessment
from detectors.risk import Prior
from monitor.announcing import Announcer
from monitor.assembly import Assembly
from monitor.assess import Sampled, rate
from monitor.backoff import Backoff
from monitor.deciding.deciding import Entry
from monitor.deciding.ledger import Ledger
from monitor.dedupe import Deduplicator
from monitor.errors import SinkBusy
from monitor.health import Health
from monitor.intake import Delivery, Intake
from monitor.logs import describe
from monitor.metrics import Decision, Recorder
from monitor.normalisation import Normalisations
from monitor.quarantine import Quarantine
from monitor.sources.base import Malformed
from monitor.state import ReferenceKey, State, Step

log = structlog.get_logger()

BATCH_RECORDS = 128
LINGER_SECONDS = 0.02


Keyed = tuple[ReferenceKey, Assessment]


class Abandoned(Exception):  # noqa: N818 - the end of a batch, not an error
    """The time to stop came before the batch was accepted; it will be read again."""


class Selection(NamedTuple):
    """What became of the traces of a batch before they were assessed."""

    sampled: list[Sampled]
    digests: list[bytes]
    decisions: Counter[tuple[str, Decision]]


class Pipeline:
    """Takes deliveries, several at a time so that their pairs share one call of the scorer, and sees each through.

    Nothing is acknowledged before every sink has accepted and the state is saved: what fails there is tried again
    until it works or the service stops.
    """

    def __init__(
        self, assembly: Assembly, intake: Intake, state: State, *, quarantine: Quarantine,
        normalisations: Normalisations, ledger: Ledger, announcer: Announcer, recorder: Recorder, health: Health,
        prior: Prior, clock: Callable[[], float] = time.time, batch_records: int = BATCH_RECORDS,
    ) -> None:  # fmt: skip
        self._assembly = assembly
        self._intake = intake
        self._state = state
        self._quarantine = quarantine
        self._normalisations = normalisations
        self._ledger = ledger
        self._announcer = announcer
        self._clock = clock
        self._recorder = recorder
        self._health = health
        self._prior = prior
        self._batch_records = batch_records
        self._seen = Deduplicator(seen=state.digests())
        self._swaps: SimpleQueue[Assembly] = SimpleQueue()
        self._abandon = Event()
        self._thread = Thread(target=self._run, name="assess", daemon=True)

    def start(self) -> None:
        """Begin to assess."""
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether its thread runs."""
        return self._thread.is_alive()

    def swap(self, assembly: Assembly) -> None:
        """Use another assembly from the next batch on, and close the one before."""
        with suppress(Empty):
            self._swaps.get_nowait().close()  # no trace came since: without this they would pile up
        self._swaps.put(assembly)

    def finish(self, timeout_seconds: float) -> bool:
        """Wait until a closed intake is empty; after the timeout give up what is in hand. Whether all was done."""
        if self._thread.ident is None:
            return True
        self._thread.join(timeout_seconds)
        seen_through = not self._thread.is_alive()
        self._abandon.set()
        if not seen_through:
            self._thread.join(0.5)
        return seen_through

    def close(self) -> None:
        """Close the assembly in use."""
        self._take_swaps()
        self._assembly.close()

    def _run(self) -> None:
        try:
            while deliveries := self._intake.take(self._batch_records, LINGER_SECONDS):
                self._take_swaps()
                self._process(deliveries)
        except Abandoned:
            log.warning("stopped with a batch in hand: it will be read again")
        except Exception as error:  # noqa: BLE001 - a bug of ours: never silently
            log.critical("the assessing thread died", **describe(error))

    def _take_swaps(self) -> None:
        while not self._swaps.empty():
            old, self._assembly = self._assembly, self._swaps.get()
            self._quarantine.privacy = self._assembly.privacy
            with self._ledger.exclusive:
                told = self._ledger.use(self._assembly.settings)
            self._announcer.announce(told)
            for component in old.components - self._assembly.components:
                self._health.forget(component)
            old.close()

    def _process(self, deliveries: Sequence[Delivery]) -> None:
        for origin, batch in deliveries:
            self._insist("quarantine", partial(self._quarantine.write, origin.name, batch.malformed))
        selection = self._select(deliveries)
        keyed = self._isolating(selection.sampled)
        assessments = [assessment for _, assessment in keyed]
        self._write(assessments)
        samples, frozen = self._normalisations.learn(keyed)
        positions = {o.name: batch.position for o, batch in deliveries if batch.position is not None}
        entry = Entry(self._clock(), tuple([self._assembly.observation(assessment) for assessment in assessments]))
        with self._ledger.exclusive:
            told, decided = self._ledger.told(entry)
            step = Step(positions, selection.digests, samples, frozen, decided)
            self._insist("state", partial(self._state.save, step))
        self._announcer.announce(told, assessments)
        for _, reference in frozen:
            log.info("normalisation frozen", version=reference.version, scorer=reference.scorer, depth=reference.depth)
        self._recorder.assessed(assessments)
        for (pipeline, decision), count in selection.decisions.items():
            self._recorder.decided(pipeline, decision, count)
        for origin, batch in deliveries:
            if batch.position is not None:
                origin.acknowledge(batch.position)

    def _select(self, deliveries: Sequence[Delivery]) -> Selection:
        selection = Selection([], [], Counter())
        for _, batch in deliveries:
            for trace in batch.traces:
                new = self._seen.new(trace.identity)
                if new is None:
                    selection.decisions[trace.pipeline, "duplicate"] += 1
                    continue
                selection.digests.append(new)
                weights = self._assembly.sampler.weights(trace)
                if weights is None:
                    selection.decisions[trace.pipeline, "not_sampled"] += 1
                else:
                    selection.sampled.append((trace, weights))
            selection.digests.extend(new for identity in batch.absorbed if (new := self._seen.new(identity)))
        return selection

    def _assess(self, sampled: Sequence[Sampled]) -> list[Keyed]:
        unrated = self._assembly.assessor.assess(sampled) if sampled else []
        keyed = [(self._assembly.reference_key(assessment), assessment) for assessment in unrated]
        own = self._assembly.risk_calibrations
        return [
            (key, rate(assessment, self._normalisations.of(key), self._prior, own.get(assessment.pipeline)))
            for key, assessment in keyed
        ]

    def _isolating(self, sampled: Sequence[Sampled]) -> list[Keyed]:
        """All at once; where that raises, one by one, and the trace that it was goes to quarantine."""
        try:
            keyed = self._assess(sampled)
        except Exception as error:  # noqa: BLE001 - one trace that we cannot handle must not stop the others
            self._assembly.assessor.take_texts()  # they come again, one by one
            if len(sampled) > 1:
                return [keyed for one in sampled for keyed in self._isolating([one])]
            log.error("a trace cannot be assessed", **describe(error))
            trace = sampled[0][0]
            reason = f"cannot be assessed: {type(error).__name__}"
            malformed = Malformed(reason, msgspec.json.encode(trace), {"trace_id": trace.trace_id})
            self._insist("quarantine", partial(self._quarantine.write, "assess", [malformed]))
            return []
        self._recorder.served(self._assembly.assessor.take_texts())
        return keyed

    def _write(self, assessments: Sequence[Assessment]) -> None:
        if assessments:
            for sink in self._assembly.sinks:
                self._insist(sink.name, partial(sink.write, assessments))

    def _insist(self, component: str, work: Callable[[], None]) -> None:
        """Try until it works.

        Raises
        ------
        Abandoned
            Where the service stops first.
        """
        backoff = Backoff()
        while True:
            try:
                work()
            except SinkBusy as busy:
                wait = busy.retry_after_seconds
            except Exception as error:  # noqa: BLE001 - whatever a sink raises: nothing is lost, and it is seen
                wait = backoff.next()
                if self._health.failed(component):
                    log.error("failing, trying again", component=component, **describe(error))
            else:
                if self._health.worked(component):
                    log.info("works again", component=component)
                return
            if self._abandon.wait(wait):
                raise Abandoned
