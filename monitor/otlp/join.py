"""Spans of one trace that come at different times, brought together within a window; then decided, once."""

from collections import Counter, deque
from collections.abc import Callable, Iterable
from math import inf
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


class _Open(NamedTuple):
    """A span that waits: by what it came, and until when."""

    ticket: _Ticket
    due: float


class _Group:
    """What is known of one trace: its spans by id, those that wait (the oldest first), and retrievals decided."""

    def __init__(self) -> None:
        self.notes: dict[str, Note] = {}
        self.open: dict[str, _Open] = {}
        self.decided: set[str] = set()

    def next_due(self) -> float | None:
        """When something has to be decided: links wait as long as any retrieval does, then for their own window."""
        waiting = [one.due for span_id, one in self.open.items() if self.notes[span_id].is_retrieval]
        return min(waiting or [one.due for one in self.open.values()], default=None)


class Ready(NamedTuple):
    """A decision. `nest` is None where all that came was too late; `spent`: spans that must never be assessed alone."""

    nest: Nest | None
    spent: tuple[Note, ...]


class Join:
    """Holds the spans of a retrieval for a window from the first one, and then says what they were.

    Each retrieval of a trace has a window of its own: an agent's later hop is not decided with an earlier one. A span
    that belongs to a retrieval which was decided before it came is late: counted, and never part of another. What was
    decided is remembered for `MEMORY_WINDOWS` windows, and less where a bound is met: then the oldest decided traces
    are forgotten, and after them the oldest undecided ones decided before their time.

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
        self._due: deque[tuple[float, str]] = deque()  # when to look at which trace; what is due may be decided by then
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
        due = now + self._window
        for note in notes:
            self._add(note, _Open(ticket, due))
            if not self._due or self._due[-1] != (due, note.trace_id):
                self._due.append((due, note.trace_id))
        if ticket.open:
            self._tickets.setdefault(stream, {})[ticket] = None
        self._keep_bounds()

    def take(self, limit: int) -> list[Ready]:
        """What can be decided by now, at most `limit`; the spans in it are not open any more."""
        now = self._clock()
        while len(self._ready) < limit and self._due and self._due[0][0] <= now:
            self._decide(self._due.popleft()[1], now)
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
        while self._due:
            self._decide(self._due.popleft()[1], inf)

    def oldest_open(self, stream: str = "") -> Any | None:
        """The position of the oldest `add` of a stream with spans that were not taken yet; None without any.

        What was read before that position is done with and can be committed.
        """
        tickets = self._tickets.get(stream)
        return next(iter(tickets)).position if tickets else None

    def drop(self, stream: str) -> None:
        """Let go of what came by a stream that another reads now, and is not decided yet: it is read again there."""
        self._tickets.pop(stream, None)
        for trace_id, group in self._groups.items():
            for span_id in [span_id for span_id, one in group.open.items() if one.ticket.stream == stream]:
                del group.open[span_id]
                self.open_spans -= 1
                self._discard(group.notes.pop(span_id))
            self._settle(trace_id, group)

    def wait_seconds(self) -> float:
        """How long until something may be decided: 0 where it can be now, infinite where nothing waits."""
        if self._ready:
            return 0.0
        return max(0.0, self._due[0][0] - self._clock()) if self._due else inf

    @property
    def backlog(self) -> int:
        """Decisions that wait to be taken: read no more while there are some."""
        return len(self._ready)

    def _add(self, note: Note, waiting: _Open) -> None:
        group = self._groups.setdefault(note.trace_id, _Group())
        if note.span_id in group.notes:
            self.counts["duplicate"] += note.is_retrieval
            return
        group.notes[note.span_id] = note
        group.open[note.span_id] = waiting
        waiting.ticket.open += 1
        self.open_spans += 1
        self._forget_at.pop(note.trace_id, None)
        self._spans += 1
        self._bytes += note.size_bytes
        if len(group.notes) >= self._max_trace_spans:
            self._decide_early(note.trace_id)
            self._forget(note.trace_id)

    def _decide(self, trace_id: str, until: float) -> None:
        """Decide the retrievals of a trace whose windows are over by then."""
        group = self._groups.get(trace_id)
        due = group.next_due() if group is not None else None
        if group is None or due is None or due > until:
            return
        for nest in find_nests(group.notes):
            new = tuple([note for note in nest.members if note.span_id not in group.decided])
            if new and min(group.open[note.span_id].due for note in new) <= until:
                self._ready.append((self._decision(nest, new), self._close(group, new)))
        if not any(group.notes[span_id].is_retrieval for span_id in group.open):
            over = [group.notes[span_id] for span_id, one in group.open.items() if one.due <= until]
            self._release(self._close(group, over))
        self._settle(trace_id, group)

    def _settle(self, trace_id: str, group: _Group) -> None:
        if not group.open:
            self._forget_at.setdefault(trace_id, self._clock() + MEMORY_WINDOWS * self._window)

    def _decision(self, nest: Nest, new: tuple[Note, ...]) -> Ready:
        if len(new) == len(nest.members):
            return Ready(nest, new)
        self.counts["late"] += len(new)
        return Ready(None, new)

    def _close(self, group: _Group, notes: Iterable[Note]) -> list[_Ticket]:
        """Wait no longer for what belongs to these spans, and keep no text of them."""
        tickets = []
        for note in notes:
            tickets.append(group.open.pop(note.span_id).ticket)
            self.open_spans -= 1
            group.notes[note.span_id] = spent = note.spent()
            self._bytes += spent.size_bytes - note.size_bytes
            if note.is_retrieval:
                group.decided.add(note.span_id)
        return tickets

    def _decide_early(self, trace_id: str) -> None:
        self.counts["early"] += len(self._groups[trace_id].open)
        self._decide(trace_id, inf)

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

    def _keep_bounds(self) -> None:
        while self._spans > self._max_spans or self._bytes > self._max_bytes:
            if not self._forget_at:
                self._decide_early(next(iter(self._groups)))
            self._forget(next(iter(self._forget_at)))
