"""Draws every dashboard into docs/dashboards: `make pictures`. Needs Prometheus (with promtool) and matplotlib.

The figures are real, the time is not: two pipelines of the demo's company for ten days, of which the last begins with
a deploy that brings a fault to one of them. The sidecar's clock is set by hand, what it shows is written down every
five minutes, and a Prometheus that has read that is asked what each panel shows.
"""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from math import cos, pi
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep

import httpx2
import msgspec

from dashboards.asking import Prometheus, Span, read
from dashboards.build import BOARDS
from dashboards.pictures import Shown, picture
from dashboards.week import Past
from monitor.config import build_config
from monitor.demo.corpus import build_corpus, write_corpus
from monitor.demo.run import address, free
from monitor.service import Service

FOLDER = Path(__file__).parents[1] / "docs" / "dashboards"
SEED = 7
FAULT = "stale_index"
BROKEN, WELL = "larkmoor-help", "larkmoor-sales"
START = datetime(2026, 11, 2, tzinfo=UTC)
SEEN, DEPLOY, END = (START + timedelta(days=days) for days in (8, 9, 10))
SCRAPE = timedelta(minutes=5)
TRACES_AN_HOUR = {BROKEN: 45, WELL: 20}
SHOWN = {  # of rows that repeat: which are opened
    "signal": ("uncovered_terms", "relevance_share"),
    "scenario": ("none", "identifier"),
    "pipeline": (BROKEN, WELL),
}


class Clock:
    """Stands at the time that one sets."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now.timestamp()


class Recorded:
    """The sidecar, its users, and what it showed."""

    def __init__(self, folder: Path) -> None:
        documents = build_corpus(SEED)
        write_corpus(documents, folder / "corpus.jsonl")
        self.users = {name: Past(documents, SEED + place) for place, name in enumerate((BROKEN, WELL))}
        self.clock = Clock()
        self.service = Service(build_config(_document(folder), "pictures"), clock=self.clock)
        self._client = httpx2.Client(headers={"Content-Type": "application/json"})
        self._sent = 0
        self._exposed = (folder / "metrics.txt").open("wb")

    def serve(self, length: timedelta) -> None:
        """Users ask for so long, by day twice as many as at night; until all is assessed."""
        for name, past in self.users.items():
            share = 1 - cos(2 * pi * self.clock.now.hour / 24) / 3
            count = round(share * TRACES_AN_HOUR[name] * (length / timedelta(hours=1)))
            body = msgspec.json.encode(list(past.traces(name, self.clock.now, length, count)))
            self._client.post(
                address(self.service.ingest_address) + "/v1/query-traces", content=body
            ).raise_for_status()
            self._sent += count
        self.clock.now += length
        _until(lambda: self._evaluated() == self._sent)

    def _evaluated(self) -> float:
        return sum(self.service.metrics.value("traces_total", name, "evaluated") for name in self.users)

    def scrape(self) -> None:
        """Write down what is shown, as of the clock."""
        at = f" {self.clock():.0f}\n".encode()
        text, _ = self.service.metrics.exposition()
        for line in text.splitlines():
            if not line.startswith(b"#"):
                name, _, value = line.rpartition(b" ")
                labels = name[:-1] + b"," if name.endswith(b"}") else name + b"{"
                self._exposed.write(labels + b'job="leadline",instance="leadline:9464"} ' + value + at)

    def close(self) -> None:
        """No more of it."""
        self._exposed.write(b"# EOF\n")
        self._exposed.close()
        self._client.close()


def _document(folder: Path) -> dict[str, object]:
    return {
        "sources": [{"kind": "http"}],
        "corpus": {"path": folder / "corpus.jsonl", "timestamp": "published"},
        "pipelines": {"default": {"sample": {"scorer": 0.08}}},
        "scorer": {"pairs_per_second": 100_000},  # of a clock that jumps
        "alerts": [{"signal": "hit_at_5", "smallest_drop": 0.05}],
        "sinks": [],
        "quarantine": {"path": folder / "quarantine.jsonl"},
        "state": {"path": folder / "leadline.db"},
        "http": {"metrics": "127.0.0.1:0", "ingest": "127.0.0.1:0"},
    }


def _until(ready: Callable[[], bool], timeout_seconds: float = 600) -> None:
    deadline = monotonic() + timeout_seconds
    while not ready():
        if monotonic() > deadline:
            raise TimeoutError
        sleep(0.005)


def record(folder: Path) -> None:
    """Ten days in some minutes; scraped from some hours before what is drawn."""
    recorded = Recorded(folder)
    with recorded.service:
        while recorded.clock.now < SEEN - timedelta(hours=2):
            recorded.serve(timedelta(hours=1))
        while recorded.clock.now < END:
            if recorded.clock.now == DEPLOY:
                recorded.users[BROKEN].break_by(FAULT)
            recorded.serve(SCRAPE)
            recorded.scrape()
    recorded.close()
    command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", f"{folder}/metrics.txt", f"{folder}/tsdb"]
    subprocess.run(command, check=True, capture_output=True)


@contextmanager
def serving(folder: Path) -> Iterator[Prometheus]:
    """A Prometheus over what was recorded."""
    port = next(port for port in range(9490, 9590) if free(port))
    (folder / "prometheus.yml").write_text("")
    command = ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb",
               f"--web.listen-address=127.0.0.1:{port}", "--query.lookback-delta=10m"]  # fmt: skip
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        server = Prometheus(f"http://127.0.0.1:{port}")
        try:
            _until(server.ready, 60)
            yield server
        finally:
            server.close()
            process.terminate()


def main() -> None:
    """Record, and draw."""
    span = Span(SEEN.timestamp(), END.timestamp(), SCRAPE.total_seconds())
    FOLDER.mkdir(exist_ok=True)
    with TemporaryDirectory(prefix="leadline-pictures-") as folder:
        record(Path(folder))
        with serving(Path(folder)) as server:
            for name in BOARDS:
                picture(read(name), Shown(server, span, SHOWN), FOLDER / f"{name}.png")


if __name__ == "__main__":
    main()
