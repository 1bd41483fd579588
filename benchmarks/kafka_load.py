"""One sidecar on one core against a bare consumer and `json.loads`, same topic: aim at least half its records a second.

The sidecar runs with the cheap measures only, sampling rate 1, the jsonl sink, and commits on. Both sides use
`kafka-python[crc32c]`, and are timed from the first records to the last.
"""

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from common import generated_lines, lines_in
from kafka import KafkaConsumer

sys.path.append(str(Path(__file__).parents[1]))

from tests.e2e.broker import Broker, broker
from tests.monitor import kit

RECORDS = 40_000
PARTITIONS = 4
ROUNDS = 3
TEXT = "Orders that were paid by card are refunded within five days, to the same card. " * 2
SHAPES = {
    "20 ids and scores": lambda: generated_lines(RECORDS),
    "10 ids, scores and texts": lambda: generated_lines(RECORDS, documents=10, text=TEXT),
}


def sidecar(running: Broker, topic: str) -> float:
    """Records a second, as they appear in the sink."""
    section = {"kind": "kafka", "bootstrap_servers": [running.address], "topics": [topic], "group_id": uuid4().hex}
    with tempfile.TemporaryDirectory() as name, kit.sidecar(Path(name), sources=[section]) as started:
        os.sched_setaffinity(started.process.pid, {0})
        written = lines_in(Path(name) / "out.jsonl")

        def count() -> int:
            time.sleep(0.02)
            return written()

        return _rate(count)


def bare(running: Broker, topic: str) -> float:
    """Records a second of a loop that does nothing else."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {0})
    consumer = KafkaConsumer(
        topic, bootstrap_servers=running.address, group_id=uuid4().hex, enable_auto_commit=False,
        auto_offset_reset="earliest",
    )  # fmt: skip
    read = 0

    def poll() -> int:
        nonlocal read
        for records in consumer.poll(200).values():
            for record in records:
                json.loads(record.value)
            read += len(records)
        return read

    try:
        return _rate(poll)
    finally:
        consumer.close()
        os.sched_setaffinity(0, before)


def _rate(count: Callable[[], int]) -> float:
    while not (first := count()):
        pass
    began = time.perf_counter()
    while (last := count()) < RECORDS:
        pass
    return (last - first) / (time.perf_counter() - began)


def compare(running: Broker, shape: str, lines: list[bytes]) -> None:
    """In turns, on records of one shape."""
    topic = running.create("load", PARTITIONS)
    running.produce(topic, lines)
    rounds = [(sidecar(running, topic), bare(running, topic)) for _ in range(ROUNDS)]
    ratios = [ours / peer for ours, peer in rounds]
    ours, peer = (statistics.median(side) for side in zip(*rounds, strict=True))
    print(
        f"one sidecar against a bare consumer and json.loads, {shape}, {len(lines[0])} bytes: throughput ratio "
        f"{statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f} in {ROUNDS} rounds); "
        f"ours {ours:.0f}/s, peer {peer:.0f}/s"
    )


def main() -> None:
    try:
        with tempfile.TemporaryDirectory() as name, broker(Path(name)) as running:
            for shape, lines in SHAPES.items():
                compare(running, shape, lines())
    except pytest.skip.Exception as skipped:
        print(f"skipped: {skipped}")
        return


if __name__ == "__main__":
    main()
