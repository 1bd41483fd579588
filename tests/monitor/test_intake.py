"""The queue between sources and assessment: bounded, and fair about it."""

from threading import Thread

from detectors.records import QueryTrace
from monitor.intake import Delivery, Intake
from monitor.sources.base import Batch, Malformed, Position
from tests.monitor.kit import wait_for


class Origin:
    def __init__(self, name: str = "s", *, durable: bool = True) -> None:
        self.name = name
        self.durable = durable

    def acknowledge(self, position: Position) -> None:
        raise NotImplementedError


def delivery(count: int, origin: Origin | None = None, size_bytes: int = 0) -> Delivery:
    traces = tuple(QueryTrace(trace_id=str(i), query="q", documents=()) for i in range(count))
    return Delivery(origin or Origin(), Batch(traces, {"n": count}, size_bytes=size_bytes))


def put(intake: Intake, *deliveries: Delivery) -> None:
    for one in deliveries:
        intake.put(one, intake.reserve(one.batch.records, 0.0))


def test_nobody_reads_without_room() -> None:
    """What is reserved counts, and comes back when it was not needed."""
    intake = Intake(capacity_records=10)
    assert intake.reserve(8, 0.0) == 8
    assert intake.reserve(8, 0.0) == 2
    assert intake.reserve(8, 0.0) == 0
    intake.give_back(2)
    intake.put(delivery(3), 8)
    assert intake.reserve(100, 0.0) == 7


def test_bytes_count_too() -> None:
    """A few huge traces hold sources back as many small ones do."""
    intake = Intake(capacity_bytes=100)
    put(intake, delivery(1, size_bytes=150))
    assert intake.reserve(1, 0.0) == 0
    intake.take(10, 0.0)
    assert intake.reserve(1, 0.0) == 1


def test_batches_are_taken_together_up_to_the_limit() -> None:
    """Whole batches, at least one."""
    intake = Intake()
    put(intake, delivery(3), delivery(3), delivery(3), delivery(50))
    assert [len(d.batch.traces) for d in intake.take(7, 0.0)] == [3, 3]
    assert [len(d.batch.traces) for d in intake.take(7, 0.0)] == [3]
    assert [len(d.batch.traces) for d in intake.take(7, 0.0)] == [50]


def test_a_moment_of_patience_gathers_small_batches() -> None:
    """So that their pairs share one call of the scorer."""
    intake = Intake()
    put(intake, delivery(1))
    taken: list[Delivery] = []
    thread = Thread(target=lambda: taken.extend(intake.take(3, 5.0)))
    thread.start()
    put(intake, delivery(1), delivery(1))
    thread.join(2.0)
    assert len(taken) == 3


def test_a_batch_of_malformed_records_takes_room_as_well() -> None:
    """Or a file of rubbish would fill the memory."""
    intake = Intake(capacity_records=2)
    intake.put(Delivery(Origin(), Batch((), {}, (Malformed("r", b"", {}),) * 2)), intake.reserve(2, 0.0))
    assert intake.reserve(1, 0.0) == 0


def test_closing_lets_go_of_what_can_be_read_again() -> None:
    """What cannot is still there to take; then nothing is."""
    intake = Intake()
    put(intake, delivery(1, Origin("kept")), delivery(2, Origin("only here", durable=False)))
    intake.close()
    assert [d.origin.name for d in intake.take(10, 1.0)] == ["only here"]
    assert intake.take(10, 1.0) == []


def test_closing_wakes_whoever_waits() -> None:
    """The assessing thread ends."""
    intake = Intake()
    thread = Thread(target=intake.take, args=(1, 0.0))
    thread.start()
    intake.close()
    wait_for(lambda: not thread.is_alive())
