"""What a sidecar holds in memory while a million traces go through it from Kafka: aim flat once its windows are full.

The cheap measures only, every trace, jsonl sink, commits on. The largest of the windows is that of deduplication, full
after 200,000 traces; what is compared is the resident memory after that. Needs Java and Maven, as kafka_load.py.
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from common import generated_lines, lines_in

sys.path.append(str(Path(__file__).parents[1]))

from tests.e2e.broker import Broker, broker
from tests.monitor import kit

STEP = 100_000
STEPS = 10
FULL = 3  # steps until every window is full, and one to spare
LONGEST_SECONDS = 300.0


def resident_megabytes(pid: int) -> float:
    """Of a process, now."""
    status = Path(f"/proc/{pid}/status").read_text()
    kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))
    return int(kilobytes) / 1024


def renamed(lines: list[bytes], step: int) -> Iterator[bytes]:
    """The same traces under other ids."""
    own = f'"trace_id": "{step:08x}'.encode()
    return (line.replace(b'"trace_id": "00000000', own, 1) for line in lines)


def grown(running: Broker, directory: Path) -> list[float]:
    """Resident megabytes after each step."""
    topic = running.create("memory", 4)
    section = {"kind": "kafka", "bootstrap_servers": [running.address], "topics": [topic], "group_id": uuid4().hex}
    lines = generated_lines(STEP)
    found: list[float] = []
    written = lines_in(directory / "out.jsonl")
    with kit.sidecar(directory, sources=[section]) as started:
        for step in range(STEPS):
            running.produce(topic, list(renamed(lines, step)))
            kit.wait_for(lambda: written() >= (len(found) + 1) * STEP, LONGEST_SECONDS)
            found.append(resident_megabytes(started.process.pid))
            print(f"{len(found) * STEP:>9} traces: {found[-1]:.0f} MB")
    return found


def main() -> None:
    try:
        with tempfile.TemporaryDirectory() as name, broker(Path(name)) as running:
            found = grown(running, Path(name))
    except pytest.skip.Exception as skipped:
        print(f"skipped: {skipped}")
        return
    after = found[FULL - 1 :]
    slope = max(after) - after[0]
    print(f"from {FULL * STEP} traces on: at most {slope:+.0f} MB over {after[0]:.0f} MB, at last {after[-1]:.0f} MB")


if __name__ == "__main__":
    main()
