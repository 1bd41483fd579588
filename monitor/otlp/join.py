"""Spans of one trace that come at different times, brought together within a window; then decided, once."""

from collections import Counter, deque
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from monitor.otlp.nests import Nest, find_nests
from monitor.otlp.notes import Note

WINDOW_SECONDS = 10.0  # SDKs export every five seconds, collectors batch once more
MEMORY_WINDOWS = 20  # how long a decided trace is known, to tell what comes too late
MAX_SPANS = 200_000
MAX_TRACE_SPANS = 1000
MAX_BYTES = 128 * 2**20


class _Ticket:
    """One call of `add`: its position, and how many of its spans are not done with."""

    def __init__(self, stream: str, position: Any) -> None:
        self.stream = stream
        self.position = position
        self.open = 0


class _Group:
    """What is known of one trace: its spans by id, which of them were decided, and the tickets of the others."""

    def __init__(self) -> None:
        self.notes: dict[str, Note] = {}
        self.decided: set[str] = set()
        self.tickets: dict[str, _Ticket] = {}


class Ready(NamedTuple):
    """A decision. `nest` is None where all that came was too late; `spent`: spans that must never be assessed alone."""

    nest: Nest | None
    spent: tuple[Note, ...]


class Join:
    """Holds the spans of a trace for a window from the first that is not decided, and then says what they were.

    A trace may be decided several times, with different spans: an agent's later hop is a retrieval of its own. A span
    that belongs to a retrieval which was decided before it came is late: counted, and never part of another. What a
    trace was decided on is remembered for `MEMORY_WINDOWS` windows, and less where a bound is met: then the oldest
    decided traces are forgotten, and after them the oldest undecided ones decided before their time.

    Not thread-safe: one thread adds and takes.

    Parameters
    ----------
    clock
        Seconds, never going back.
    max_spans, max_bytes
        Of all spans held, decided ones (without their texts) included; what is ready to be taken comes on top.
    max_trace_spans
        Of one trace: with more it is decided and forgotten.

    Attributes
    ----------
    counts
        Spans by what became of them: `late`, `duplicate`, `early` (decided before their window was over).
    open_spans
        How many wait for others.
    """

    def __init__(
        self, clock: Callable[[], float], *, window_seconds: float = WINDOW_SECONDS, max_spans: int = MAX_SPANS,
        max_trace_spans: int = MAX_TRACE_SPANS, max_bytes: int = MAX_BYTES,
    ) -> None:  # fmt: skip
        self.counts: Counter[str] = Counter()
        self._clock = clock
        self._window = window_seconds
        self._max_spans = max_spans
        self._max_trace_spans = max_trace_spans
        self._max_bytes = max_bytes
        self._groups: dict[str, _Group] = {}
        self._due: dict[str, float] = {}  # of undecided traces, the oldest first
        self._forget_at: dict[str, float] = {}  # of decided traces, the oldest first
        self._tickets: dict[str, dict[_Ticket, None]] = {}
        self._ready: deque[tuple[Ready, list[_Ticket]]] = deque()
        self._spans = self._bytes = 0
        self.open_spans = 0

    def add(self, notes: Iterable[Note], position: Any, stream: str = "") -> None:
        """Take in what one request or record said.

        Parameters
        ----------
        position
            Where it was read; opaque. Positions of one `stream` (a partition) come in order.
        """
        now = self._clock()
        ticket = _Ticket(stream, position)
        for note in notes:
            self._add(note, ticket, now)
        if ticket.open:
            self._tickets.setdefault(stream, {})[ticket] = None
        self._keep_bounds(now)

    def take(self, limit: int) -> list[Ready]:
        """What can be decided by now, at most `limit`; the spans in it are not open any more."""
        now = self._clock()
        while len(self._ready) < limit and self._due and self._due[oldest := next(iter(self._due))] <= now:
            self._decide(oldest, now)
        while self._forget_at and self._forget_at[oldest := next(iter(self._forget_at))] <= now:
            self._forget(oldest)
        taken: list[Ready] = []
        while self._ready and len(taken) < limit:
            ready, tickets = self._ready.popleft()
            self._release(tickets)
            taken.append(ready)
        return taken

    def end_windows(self) -> None:
        """Nothing more will come: everything can be decided now."""
        self._due = dict.fromkeys(self._due, self._clock())

    def oldest_open(self, stream: str = "") -> Any | None:
        """The position of the oldest `add` of a stream with spans that were not taken yet; None without any.

        What was read before that position is done with and can be committed.
        """
        tickets = self._tickets.get(stream)
        return next(iter(tickets)).position if tickets else None

    def drop(self, stream: str) -> None:
        """Let go of what came by a stream that another reads now, and is not decided yet: it is read again there."""
        self._tickets.pop(stream, None)
        for trace_id in self._due:
            group = self._groups[trace_id]
            for span_id in [span_id for span_id, ticket in group.tickets.items() if ticket.stream == stream]:
                del group.tickets[span_id]
                self.open_spans -= 1
                self._discard(group.notes.pop(span_id))

    @property
    def backlog(self) -> int:
        """Decisions that wait to be taken: read no more while there are some."""
        return len(self._ready)

    def _add(self, note: Note, ticket: _Ticket, now: float) -> None:
        group = self._groups.setdefault(note.trace_id, _Group())
        if note.span_id in group.notes:
            self.counts["duplicate"] += note.is_retrieval
            return
        group.notes[note.span_id] = note
        group.tickets[note.span_id] = ticket
        ticket.open += 1
        self.open_spans += 1
        self._due.setdefault(note.trace_id, now + self._window)
        self._forget_at.pop(note.trace_id, None)
        self._spans += 1
        self._bytes += note.size_bytes
        if len(group.notes) >= self._max_trace_spans:
            self._decide_early(note.trace_id, now)
            self._forget(note.trace_id)

    def _decide(self, trace_id: str, now: float) -> None:
        del self._due[trace_id]
        group = self._groups[trace_id]
        decisions = [ready for nest in find_nests(group.notes) if (ready := self._decision(nest, group)) is not None]
        tickets, group.tickets = list(group.tickets.values()), {}
        self.open_spans -= len(tickets)
        for ready in decisions[:-1]:
            self._ready.append((ready, []))
        if decisions:
            self._ready.append((decisions[-1], tickets))
        else:
            self._release(tickets)
        self._strip(group)
        self._forget_at[trace_id] = now + MEMORY_WINDOWS * self._window

    def _decision(self, nest: Nest, group: _Group) -> Ready | None:
        new = tuple([note for note in nest.members if note.span_id not in group.decided])
        if not new:
            return None
        if len(new) == len(nest.members):
            return Ready(nest, new)
        self.counts["late"] += len(new)
        return Ready(None, new)

    def _strip(self, group: _Group) -> None:
        for span_id, note in group.notes.items():
            spent = note.spent()
            group.notes[span_id] = spent
            self._bytes += spent.size_bytes - note.size_bytes
        group.decided = {span_id for span_id, note in group.notes.items() if note.is_retrieval}

    def _decide_early(self, trace_id: str, now: float) -> None:
        self.counts["early"] += len(self._groups[trace_id].tickets)
        self._decide(trace_id, now)

    def _release(self, tickets: Iterable[_Ticket]) -> None:
        for ticket in tickets:
            ticket.open -= 1
            if not ticket.open:
                self._tickets.get(ticket.stream, {}).pop(ticket, None)

    def _forget(self, trace_id: str) -> None:
        del self._forget_at[trace_id]
        for note in self._groups.pop(trace_id).notes.values():
            self._discard(note)

    def _discard(self, note: Note) -> None:
        self._spans -= 1
        self._bytes -= note.size_bytes

    def _keep_bounds(self, now: float) -> None:
        while self._spans > self._max_spans or self._bytes > self._max_bytes:
            if not self._forget_at:
                self._decide_early(next(iter(self._due)), now)
            self._forget(next(iter(self._forget_at)))
