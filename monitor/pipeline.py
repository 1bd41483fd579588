"""The assessing thread: traces in, assessments to the sinks, positions back to the sources."""

import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import NamedTuple

import msgspec
import structlog

from detectors.records import Assessment, Retrieval
from detectors.reference import Normalisation
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
from monitor.intake import Delivery, Intake, Origin
from monitor.judge.underway import Underway
from monitor.logs import describe
from monitor.metrics import Decision, Recorder
from monitor.normalisation import Normalisations
from monitor.quarantine import Quarantine
from monitor.sources.base import Malformed, Position
from monitor.state import ReferenceKey, Sample, State, Step

log = structlog.get_logger()

BATCH_RECORDS = 128
LINGER_SECONDS = 0.02
MOST_IN_HAND = 4096  # records that wait for a judge, while those after them are assessed
LOOK_SECONDS = 0.2


class Abandoned(Exception):  # noqa: N818 - the end of a batch, not an error
    """The time to stop came before the batch was accepted; it will be read again."""


class Rated(NamedTuple):
    """An assessment with its risk, whose reference it was rated by, and what it was made of."""

    key: ReferenceKey
    assessment: Assessment
    retrieval: Retrieval


class Selection(NamedTuple):
    """What became of the traces of a batch before they were assessed."""

    sampled: list[Sampled]
    digests: list[bytes]
    decisions: Counter[tuple[str, Decision]]


class InHand(NamedTuple):
    """A batch that was assessed, and may still wait for a judge."""

    positions: Sequence[tuple[Origin, Position]]
    records: int
    digests: Sequence[bytes]
    decisions: Counter[tuple[str, Decision]]
    underway: Underway
    samples: Sequence[Sample]
    frozen: Sequence[tuple[ReferenceKey, Normalisation]]


class Pipeline:
    """Takes deliveries, several at a time so that their pairs share one call of the scorer, and sees each through.

    A batch with traces that an LLM judge is asked about waits for it in hand, while those after it are assessed; they
    leave in the order in which they came. Nothing is acknowledged before every sink has accepted and the state is
    saved: what fails there is tried again until it works or the service stops.
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
        self._hand: deque[InHand] = deque()
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
        """Close the assembly in use, and one that was to come after it."""
        with suppress(Empty):
            self._swaps.get_nowait().close()
        self._assembly.close()

    def _run(self) -> None:
        try:
            while not self._intake.over:
                deliveries = self._intake.take(self._batch_records, LINGER_SECONDS, self._first_is_done)
                self._take_swaps()
                if deliveries:
                    self._hand.append(self._begin(deliveries))
                self._finish_those(lambda: self._first_is_done() or self._records_in_hand > MOST_IN_HAND)
            self._finish_those(lambda: bool(self._hand))
        except Abandoned:
            log.warning("stopped with a batch in hand: it will be read again")
        except Exception as error:  # noqa: BLE001 - a bug of ours: never silently
            log.critical("the assessing thread died", **describe(error))

    def _first_is_done(self) -> bool:
        return bool(self._hand) and self._hand[0].underway.done

    @property
    def _records_in_hand(self) -> int:
        return sum(one.records for one in self._hand)

    def _finish_those(self, due: Callable[[], bool]) -> None:
        """Finish batches, the first first, while one is due; waits for the judge where it has to."""
        while due():
            first = self._hand[0].underway
            while not first.wait(LOOK_SECONDS):
                if self._abandon.is_set():
                    raise Abandoned
            self._finish(self._hand.popleft())

    def _take_swaps(self) -> None:
        while not self._swaps.empty():
            self._finish_those(lambda: bool(self._hand))
            old, self._assembly = self._assembly, self._swaps.get()
            self._quarantine.privacy = self._assembly.privacy
            with self._ledger.exclusive:
                told = self._ledger.use(self._assembly.settings)
            self._announcer.announce(told)
            for component in old.components - self._assembly.components:
                self._health.forget(component)
            old.close()

    def _begin(self, deliveries: Sequence[Delivery]) -> InHand:
        """Assess a batch, and ask the judge about those of it that are for him."""
        for origin, batch in deliveries:
            self._insist("quarantine", partial(self._quarantine.write, origin.name, batch.malformed))
        selection = self._select(deliveries)
        rated = self._isolating(selection.sampled)
        samples, frozen = self._normalisations.learn([(one.key, one.assessment) for one in rated])
        judge = self._assembly.judge
        examined = [(one.assessment, one.retrieval) for one in rated]
        underway = judge.begin(examined) if judge is not None else Underway([one for one, _ in examined])
        underway.when_done(self._intake.wake)
        return InHand(
            [(origin, batch.position) for origin, batch in deliveries if batch.position is not None],
            sum(batch.records for _, batch in deliveries),
            selection.digests,
            selection.decisions,
            underway,
            samples,
            frozen,
        )

    def _finish(self, one: InHand) -> None:
        """Write, decide, save and acknowledge a batch."""
        assessments = one.underway.assessments()
        self._write(assessments)
        entry = Entry(self._clock(), tuple([self._assembly.observation(assessment) for assessment in assessments]))
        with self._ledger.exclusive:
            told, decided = self._ledger.told(entry)
            positions = {origin.name: position for origin, position in one.positions}
            step = Step(positions, one.digests, one.samples, one.frozen, decided)
            self._insist("state", partial(self._state.save, step))
        self._announcer.announce(told, assessments)
        for _, reference in one.frozen:
            log.info("normalisation frozen", version=reference.version, scorer=reference.scorer, depth=reference.depth)
        self._recorder.assessed(assessments)
        for (pipeline, decision), count in one.decisions.items():
            self._recorder.decided(pipeline, decision, count)
        for origin, position in one.positions:
            origin.acknowledge(position)

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

    def _assess(self, sampled: Sequence[Sampled]) -> list[Rated]:
        own = self._assembly.risk_calibrations
        rated = []
        for unrated, retrieval in self._assembly.assessor.examine(sampled) if sampled else ():
            key = self._assembly.reference_key(unrated)
            assessment = rate(unrated, self._normalisations.of(key), self._prior, own.get(unrated.pipeline))
            rated.append(Rated(key, assessment, retrieval))
        return rated

    def _isolating(self, sampled: Sequence[Sampled]) -> list[Rated]:
        """All at once; where that raises, one by one, and the trace that it was goes to quarantine."""
        try:
            rated = self._assess(sampled)
        except Exception as error:  # noqa: BLE001 - one trace that we cannot handle must not stop the others
            self._assembly.assessor.take_texts()  # they come again, one by one
            if len(sampled) > 1:
                return [rated for one in sampled for rated in self._isolating([one])]
            log.error("a trace cannot be assessed", **describe(error))
            trace = sampled[0][0]
            reason = f"cannot be assessed: {type(error).__name__}"
            malformed = Malformed(reason, msgspec.json.encode(trace), {"trace_id": trace.trace_id})
            self._insist("quarantine", partial(self._quarantine.write, "assess", [malformed]))
            return []
        self._recorder.served(self._assembly.assessor.take_texts())
        return rated

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
