"""Query traces from the retriever and reranker spans of a project in Arize Phoenix, joined."""

import time
from collections import deque
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from math import inf

import msgspec
import structlog

from monitor import secret
from monitor.config_phoenix import PhoenixSource as PhoenixConfig
from monitor.metrics import Metrics, Recorder
from monitor.otlp.assembler import Assembler, count_spans
from monitor.otlp.join import Join
from monitor.otlp.reading import read_spans
from monitor.otlp.spans import Decoded, Span
from monitor.sources.base import Batch, Malformed, Position
from monitor.sources.phoenix_client import GENERATING, KINDS, Page, PageTooLarge, PhoenixClient, ProjectMissing
from monitor.sources.phoenix_rows import Stored
from monitor.tls import trusting

log = structlog.get_logger()

OVERLAP_SECONDS = 10.0  # how long after a span one with a smaller number may come to light
OVERLAP_SPANS = 20_000  # or how many spans after it; so many are known at most
AGAIN = timedelta(hours=1)  # of spans that are read again where their numbers went back


class Mark(msgspec.Struct, frozen=True):
    """A span, by its number; 0 is before the first. Without an id it cannot be told from another with its number."""

    number: int = 0
    span_id: str = ""

    @classmethod
    def of(cls, stored: Stored) -> "Mark":
        """That of a span."""
        return cls(stored.number, stored.span.span_id if isinstance(stored.span, Span) else "")


class _Saved(msgspec.Struct, frozen=True):
    """A position: what was read up to `mark` is done with. Times are nanoseconds since 1970.

    `started` is the latest start of a span that was read; what started before `since` is not asked for.
    """

    mark: Mark
    started: int
    since: int | None


class PhoenixSource:
    """At least once: every span of the project that Phoenix stores after the source began, however late it is stored.

    Spans are read by the number that Phoenix gives them as it stores them, so clocks, and the order in which they
    started or ended, play no part. A position is saved once what was joined of the spans up to it is assessed; after a
    crash those after it are read again, and deduplication drops the retrievals that were assessed.

    Not read is: a span that becomes visible more than `OVERLAP_SECONDS` or `OVERLAP_SPANS` after one with a larger
    number was read (several Phoenix servers over one PostgreSQL, of which one hangs in the middle of a transaction); a
    trace that is moved into the project later; what Phoenix deletes before it was read. Read and not assessed, and
    counted as `late`: a span that is stored after its retrieval was decided, a poll and `join_seconds` after its first
    span. Where such a span is around the others, and a crash falls between, the retrieval may be assessed again, as
    that span's.

    Where numbers go back (another database, or the last spans were deleted: SQLite gives their numbers again), spans
    that started in the hour before the latest one, and since, are read again. A new database that has outgrown the old
    number before the source looks is told by the span that has the number; if none of the project's has, what it
    got before that number is not read.

    Parameters
    ----------
    client
        Of that project, with the kinds of spans that it asks for by itself.
    assembler
        With a window of `join_seconds` and a poll.
    answers
        Whether to read what was answered.
    clock, monotonic
        Seconds since 1970, for times that spans lack and for the lag; and seconds that never go back.
    """

    durable = True

    def __init__(
        self, config: PhoenixConfig, client: PhoenixClient, assembler: Assembler, metrics: Metrics, *,
        answers: bool = False, clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self.name = config.name
        self._config = config
        self._client = client
        self._assembler = assembler
        self._metrics = metrics
        self._answers = answers
        self._clock = clock
        self._monotonic = monotonic
        self._mark = Mark()  # nothing with a smaller number will come to light
        self._after: deque[tuple[float, Mark]] = deque()  # read since, and when
        self._known: set[Mark] = set()
        self._next_number: int | None = None  # in the middle of a round of pages
        self._round_began = 0.0
        self._limit = config.page_spans
        self._busy = False  # more was due than the last poll could hand over
        self._read_at = 0.0
        self._started = 0
        self._since: int | None = None
        self._bad: deque[Malformed] = deque()  # not handed over; nothing more is read before
        self._lag_seconds: int | None = None
        self._missing = False

    def open(self, position: Position | None) -> None:
        """Find where to begin; of a project that is not there yet everything is new."""
        if position is not None:
            saved = msgspec.convert(position, _Saved)
            self._mark, self._started, self._since = saved.mark, saved.started, saved.since
        elif self._config.start == "end":
            try:
                newest = self._client.newest()
            except ProjectMissing:
                newest = None
            if newest is not None:
                self._mark = Mark.of(newest)
                self._note_start([newest])

    def poll(self, limit: int, timeout_seconds: float) -> Batch:
        """Query traces of which all spans should be here by now; asks Phoenix every `poll_seconds`."""
        if limit == 0:
            return Batch((), self._position())
        if self._is_time(timeout_seconds):
            self._read()
        malformed = tuple([self._bad.popleft() for _ in range(min(limit, len(self._bad)))])
        assembled = self._assembler.take(limit - len(malformed))
        self._busy = self._assembler.wait_seconds() <= 0
        return Batch(assembled.traces, self._position(), malformed, assembled.size_bytes, assembled.absorbed)

    def _is_time(self, timeout_seconds: float) -> bool:
        """Whether to read; where nothing is to be done yet, after having waited for it."""
        if self._busy or self._bad:
            return False
        wait = self._read_at - self._monotonic()
        if wait <= 0:
            return True
        time.sleep(max(0.0, min(wait, timeout_seconds, self._assembler.wait_seconds())))
        return False

    def _read(self) -> None:
        began = self._monotonic()
        if self._next_number is None:
            self._round_began = began
        try:
            page = self._page()
        except ProjectMissing as error:
            self._note_missing(error)
            self._read_at = began + self._config.poll_seconds
            return
        self._missing = False
        self._next_number = page.next_number
        self._read_at = began + (0.0 if page.next_number else self._config.poll_seconds)
        self._take([one for one in page.stored if one.number > self._mark.number and Mark.of(one) not in self._known])
        if page.next_number is None:
            self._settle(self._round_began - OVERLAP_SECONDS)
        self._lag_seconds = max(0, int(self._clock() - self._started / 1e9)) if page.next_number else 0

    def _page(self) -> Page:
        """The next one, or from the mark on again: the span there is read once more to see whether it is still there.

        Raises
        ------
        PageTooLarge
            And the next one will be half as large; they grow again slowly.
        """
        since = datetime.fromtimestamp(self._since / 1e9, UTC) if self._since is not None else None
        try:
            page = self._client.page(self._next_number or self._mark.number, self._limit, since=since)
        except PageTooLarge:
            self._limit = max(1, self._limit // 2)
            raise
        self._limit = min(self._config.page_spans, self._limit + 1 + self._limit // 8)
        if self._next_number is None and self._went_back(page):
            self._begin_again()
            return self._page()
        return page

    def _settle(self, until: float) -> None:
        """Move the mark on to what was read by then: at the end of a round, so that it was read over since."""
        while self._after and (self._after[0][0] <= until or len(self._after) > OVERLAP_SPANS):
            mark = self._after.popleft()[1]
            self._known.discard(mark)
            self._mark = max(self._mark, mark, key=lambda one: one.number)

    def _went_back(self, page: Page) -> bool:
        if not self._mark.number:
            return False
        there = page.stored[0] if page.stored else None
        if there is not None and there.number == self._mark.number:
            return self._mark.span_id not in {"", Mark.of(there).span_id}
        newest = self._client.newest()
        return newest is None or newest.number < self._mark.number

    def _begin_again(self) -> None:
        log.warning("numbers of spans went back: another database, or deleted spans; the last hour is read again",
                    source=self.name)  # fmt: skip
        self._mark = Mark()
        self._after.clear()
        self._known.clear()
        self._since = self._started - int(AGAIN.total_seconds() * 1e9)

    def _take(self, new: list[Stored]) -> None:
        now = self._monotonic()
        marks = [Mark.of(one) for one in new]
        self._after.extend((now, mark) for mark in marks)
        self._known.update(marks)
        self._note_start(new)
        spans = [one.span for one in new if isinstance(one.span, Span)]
        rejected = [one.span for one in new if isinstance(one.span, Malformed)]
        arrival = datetime.fromtimestamp(self._clock(), UTC)
        reading = read_spans(Decoded(spans, rejected), arrival, answers=self._answers)
        count_spans(self._metrics, self.name, reading.counts)
        self._bad.extend(rejected)
        self._assembler.add(reading.notes, self._mark)
        self._settle(-inf)  # what is too much

    def _note_start(self, stored: Iterable[Stored]) -> None:
        now = int(self._clock() * 1e9)  # clocks of others may be ahead
        starts = [min(one.span.start, now) for one in stored if isinstance(one.span, Span)]
        self._started = max([self._started, *starts])

    def _note_missing(self, error: ProjectMissing) -> None:
        if not self._missing:
            log.warning("waiting for the project", source=self.name, message=error.strerror)
        self._missing, self._lag_seconds, self._next_number = True, None, None

    def _position(self) -> Position:
        open_since: Mark | None = self._assembler.oldest_open()
        oldest = min(self._mark, open_since or self._mark, key=lambda mark: mark.number)
        position: Position = msgspec.to_builtins(_Saved(oldest, self._started, self._since))
        return position

    def commit(self, position: Position) -> None:
        """Nothing to do: Phoenix keeps no account of what was read."""

    def lag(self) -> dict[str, int]:
        """How old the last span was that was read, while there are more; 0 after the last one, empty while unknown."""
        return {"seconds": self._lag_seconds} if self._lag_seconds is not None else {}

    def close(self) -> None:
        """Close the connections; twice is fine."""
        self._client.close()


def build_source(
    config: PhoenixConfig, metrics: Metrics, recorder: Recorder, clock: Callable[[], float], *, answers: bool = False
) -> PhoenixSource:
    """A source with what it needs.

    Raises
    ------
    LeadlineError
        Where the API key or the certificates cannot be had.
    """
    window = config.join_seconds + config.poll_seconds
    join = Join(time.monotonic, window_seconds=window, max_spans=config.join_spans)
    assembler = Assembler(config.name, join, metrics, recorder)
    client = build_client(config, answers=answers)
    return PhoenixSource(config, client, assembler, metrics, answers=answers, clock=clock)


def build_client(config: PhoenixConfig, *, answers: bool = False) -> PhoenixClient:
    """A client of the project that a configuration names; raises as `build_source` does."""
    api_key = secret.either(config.api_key_file, config.api_key_env, "api_key_env", "an API key")
    kinds = (*KINDS, GENERATING) if answers else KINDS
    return PhoenixClient(config.url, config.project, api_key=api_key, tls=trusting(config.ca_file), kinds=kinds)
