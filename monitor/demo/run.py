"""`leadline demo`: a stack, the sidecar beside it, healthy traffic, then a fault, and what the monitor saw of it."""

import logging
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from urllib.parse import urlunsplit

from rich.console import Console
from rich.live import Live

from detectors.records import Assessment
from monitor.config import Config, build_config
from monitor.demo.corpus import DemoDocument, build_corpus, write_corpus
from monitor.demo.faults import FAULTS, Fault
from monitor.demo.queries import QueryStream
from monitor.demo.retriever import DenseRetriever
from monitor.demo.stack import PIPELINE, Stack, Truth
from monitor.demo.verdict import Verdict, compare
from monitor.demo.view import Act, Scene, live_view, plain_line, print_report
from monitor.errors import LeadlineError
from monitor.logs import configure_logs
from monitor.normalisation import TRACES as LEARNING_TRACES
from monitor.service import Service
from monitor.sinks.memory import MemorySink

ONCE_TRACES = 600  # of healthy and of broken traffic each, in a finite run
HEALTHY_SECONDS = 45
QUERIES_PER_SECOND = 8
SCORER_SHARE = 0.3
POST_TRACES = 50
KEPT = 20_000
WAIT_SECONDS = 600
VIEW_SECONDS = 0.5
PLAIN_LINE_SECONDS = 10


class Demo:
    """The stack and the sidecar, and the acts played so far."""

    def __init__(
        self, service: Service, documents: list[DemoDocument], fault: Fault, seed: int, kept: MemorySink
    ) -> None:
        self._service = service
        self._documents = documents
        self._seed = seed
        self._kept = kept
        self._healthy = DenseRetriever.fit(documents)
        self.fault = fault
        self.acts: list[Act] = []
        self.sent = 0
        stream, ingest = QueryStream(documents, seed), address(service.ingest_address)
        self.stack = Stack(self._healthy, stream, ingest, Random(seed))

    def begin(self, name: str) -> None:
        """A new act; what was sent until now is assessed first, so that it counts for the act before."""
        self.wait()
        self.stack.truth = Truth()
        self.acts.append(Act(name, self.sent, self.stack.truth))

    def break_retriever(self) -> None:
        """The fault strikes."""
        self.begin("broken")
        self.stack.retriever = self.fault.apply(self._healthy, self._documents, self._seed)

    def serve(self, count: int) -> None:
        """Traffic as fast as the sidecar takes it."""
        while count > 0:
            batch = min(count, POST_TRACES)
            self.stack.serve(batch)
            self.sent += batch
            count -= batch

    def wait(self) -> None:
        """Until everything sent is assessed.

        Raises
        ------
        LeadlineError
            Where it is not within `WAIT_SECONDS`.
        """
        deadline = time.monotonic() + WAIT_SECONDS
        while len(self.assessed) < self.sent:
            if time.monotonic() > deadline:
                raise LeadlineError(f"demo: {len(self.assessed)} of {self.sent} traces assessed after {WAIT_SECONDS} s")
            time.sleep(0.05)

    @property
    def assessed(self) -> list[Assessment]:
        """Every assessment so far, in order."""
        return self._kept.recent()

    def of_act(self, index: int) -> list[Assessment]:
        """What was assessed of an act."""
        end = self.acts[index + 1].first if index + 1 < len(self.acts) else None
        return self.assessed[self.acts[index].first : end]

    def verdict(self) -> Verdict | None:
        """The broken act beside the healthy one; None before the fault."""
        return compare(self.of_act(1), self.of_act(2)) if len(self.acts) > 2 else None

    def scene(self) -> Scene:
        """All that a view shows."""
        return Scene(
            fault=self.fault,
            acts=self.acts,
            assessed=self.assessed,
            queued=self.sent - len(self.assessed),
            estimate=self._service.recorder.hit_at_5(PIPELINE),
            riskiest=self._service.recent.riskiest(5),
            verdict=self.verdict(),
            metrics_url=address(self._service.metrics_address) + "/metrics",
        )


def demo_command(*, once: bool, fault: str, seed: int) -> int:
    """`leadline demo`; the exit status: 1 where a finite run did not see its fault, or saw one that was not there."""
    if fault not in FAULTS:
        raise LeadlineError(f"--fault: got {fault!r}, expected one of {', '.join(FAULTS)}")
    configure_logs(logging.WARNING)
    console = Console(width=None if sys.stdout.isatty() else 110, highlight=False)
    with TemporaryDirectory(prefix="leadline-demo-") as folder:
        documents = build_corpus(seed)
        write_corpus(documents, Path(folder) / "corpus.jsonl")
        kept = MemorySink(KEPT)
        with Service(demo_config(Path(folder), once=once), sinks=[kept]) as service:
            demo = Demo(service, documents, FAULTS[fault], seed, kept)
            return _once(demo, console) if once else _live(demo, console)


def demo_config(folder: Path, *, once: bool) -> Config:
    """The sidecar's configuration, in a folder that goes with the demo. The usual ports where they are free."""
    metrics, ingest = (f"127.0.0.1:{port if free(port) and not once else 0}" for port in (9464, 4318))
    return build_config(
        {
            "sources": [{"kind": "http"}],
            "corpus": {"path": folder / "corpus.jsonl"},
            "pipelines": {"default": {"sample": {"cheap": 1.0, "scorer": SCORER_SHARE}}},
            "scorer": {"pairs_per_second": 100_000},  # the demo's traffic is its own
            "quarantine": {"path": folder / "quarantine.jsonl"},
            "state": {"path": folder / "leadline.db"},
            "http": {"metrics": metrics, "ingest": ingest},
        },
        "demo",
    )


def free(port: int) -> bool:
    """Whether nobody listens on a loopback port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def address(bound: tuple[str, int] | None) -> str:
    """The URL of an address that the service is bound to."""
    assert bound is not None, "the demo has both"
    return urlunsplit(("http", f"{bound[0]}:{bound[1]}", "", "", ""))


def _once(demo: Demo, console: Console) -> int:
    demo.begin("learning")
    demo.serve(LEARNING_TRACES)
    demo.begin("healthy")
    demo.serve(ONCE_TRACES)
    demo.break_retriever()
    demo.serve(ONCE_TRACES)
    demo.wait()
    scene = demo.scene()
    print_report(console, scene)
    assert scene.verdict is not None
    return int(scene.verdict.seen == (demo.fault.name == "none"))


def _live(demo: Demo, console: Console) -> int:
    with _view(demo, console) as refresh, suppress(KeyboardInterrupt):
        _play(demo, refresh)
    print_report(console, demo.scene())
    return 0


def _play(demo: Demo, refresh: Callable[[], None]) -> None:
    """All acts, and the last one until Ctrl-C."""
    demo.begin("learning")
    for _ in range(LEARNING_TRACES // POST_TRACES):
        demo.serve(POST_TRACES)
        refresh()
    demo.begin("healthy")
    _trickle(demo, refresh, until=time.monotonic() + HEALTHY_SECONDS)
    demo.break_retriever()
    _trickle(demo, refresh, until=float("inf"))


def _trickle(demo: Demo, refresh: Callable[[], None], until: float) -> None:
    """Users one by one, at their own pace."""
    due = time.monotonic()
    while due < until:
        demo.serve(1)
        refresh()
        due += 1 / QUERIES_PER_SECOND
        time.sleep(max(0.0, due - time.monotonic()))


@contextmanager
def _view(demo: Demo, console: Console) -> Iterator[Callable[[], None]]:
    """A full picture twice a second on a terminal, a line every ten seconds elsewhere."""
    period = VIEW_SECONDS if console.is_terminal else PLAIN_LINE_SECONDS
    due = 0.0
    with Live(console=console, auto_refresh=False, transient=True) if console.is_terminal else nullcontext() as live:

        def refresh() -> None:
            nonlocal due
            if time.monotonic() < due:
                return
            due = time.monotonic() + period
            if live is not None:
                live.update(live_view(demo.scene()), refresh=True)
            else:
                console.print(plain_line(demo.scene()))

        yield refresh
