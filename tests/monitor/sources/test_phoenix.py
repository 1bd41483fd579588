"""Phoenix in odd states: what is read, what is read again, and what is never lost.

tests/phoenix has the real one.
"""

from collections.abc import Iterator
from math import inf
from pathlib import Path
from typing import Any

import msgspec
import pytest

from monitor.config_phoenix import PhoenixSource as PhoenixConfig
from monitor.errors import LeadlineError
from monitor.metrics import Metrics, Recorder
from monitor.otlp.assembler import Assembler
from monitor.otlp.join import Join
from monitor.sources.base import Batch, Position
from monitor.sources.phoenix import OVERLAP_SECONDS, PhoenixSource, build_client
from monitor.sources.phoenix_client import RECENT_SPANS, PageTooLarge, PhoenixClient, PhoenixError
from tests.monitor.otlp.kit import new_id
from tests.monitor.sources.phoenix_server import PROJECT, Server, row, server

POLL, WINDOW = 5.0, 15.0
NOON = 1795608000.0  # of the day on which the spans started


class Sidecar:
    """A source in as many lives as a test wants, with a clock that it moves."""

    def __init__(self, phoenix: Server, *, answers: bool = False, **keys: Any) -> None:
        self.answers = answers
        self.config = PhoenixConfig(kind="phoenix", url=phoenix.url, project=PROJECT, poll_seconds=POLL, **keys)
        self.now = NOON + 60
        self.metrics = Metrics()
        self.source = self._source()

    def _source(self) -> PhoenixSource:
        join = Join(self._time, window_seconds=WINDOW)
        assembler = Assembler("phoenix", join, self.metrics, Recorder(self.metrics))
        client = PhoenixClient(self.config.url, self.config.project, timeout_seconds=0.5, page_bytes=100_000)
        return PhoenixSource(
            self.config, client, assembler, self.metrics, answers=self.answers, clock=self._time, monotonic=self._time
        )

    def _time(self) -> float:
        return self.now

    def restart(self, position: Position | None) -> None:
        """As after a crash: nothing but the saved position is left."""
        self.source.close()
        self.source = self._source()
        self.source.open(msgspec.json.decode(msgspec.json.encode(position)) if position is not None else None)

    def poll(self, limit: int = 100) -> Batch:
        return self.source.poll(limit, 0.0)

    def polls(self, seconds: float) -> list[Batch]:
        """One every poll for so long."""
        found = []
        for _ in range(int(seconds / POLL)):
            self.now += POLL
            found.append(self.poll())
        return found


def ids(batches: list[Batch]) -> list[str | None]:
    return [trace.span_id for batch in batches for trace in batch.traces]


def number(batch: Batch) -> int:
    assert batch.position is not None
    found: int = batch.position["mark"]["number"]
    return found


@pytest.fixture(params=[True, False], ids=["sorts", "newest first"])
def phoenix(request: pytest.FixtureRequest) -> Iterator[Server]:
    """One that can sort, and one of before 20.16."""
    with server(sorts=request.param) as started:
        yield started


@pytest.fixture
def older() -> Iterator[Server]:
    with server(sorts=False) as started:
        yield started


@pytest.fixture
def sidecar(phoenix: Server) -> Iterator[Sidecar]:
    made = Sidecar(phoenix, start="beginning")
    made.source.open(None)
    yield made
    made.source.close()


def test_a_smaller_number_that_comes_to_light_later_is_read(phoenix: Server, sidecar: Sidecar) -> None:
    """Two servers over one PostgreSQL: 11 is committed after 12, and within the overlap."""
    first = phoenix.add(10, 12)
    sidecar.poll()
    late = phoenix.add(11)
    assert sorted(map(str, ids(sidecar.polls(2 * WINDOW)))) == sorted(first + late)


def test_however_seldom_it_is_asked(phoenix: Server, sidecar: Sidecar) -> None:
    """Every span is read over once before no smaller number is expected."""
    first = phoenix.add(10, 12)
    sidecar.poll()
    late = phoenix.add(11)
    sidecar.now += 100 * OVERLAP_SECONDS
    assert sorted(map(str, ids([sidecar.poll(), *sidecar.polls(WINDOW)]))) == sorted(first + late)


def test_after_the_overlap_it_is_not(phoenix: Server, sidecar: Sidecar) -> None:
    """That is where the guarantee ends, as the docstring says."""
    first = phoenix.add(10, 12)
    sidecar.poll()
    sidecar.polls(OVERLAP_SECONDS)
    phoenix.add(11)
    assert ids(sidecar.polls(2 * WINDOW)) == first


def test_a_crash_repeats_what_was_not_done_with_and_nothing_else(phoenix: Server, sidecar: Sidecar) -> None:
    """The position stays before what waits for other spans, however far the mark moves on."""
    first = phoenix.add(1)
    sidecar.poll()
    later = phoenix.add(2)
    before, after = sidecar.polls(POLL)[-1], sidecar.polls(WINDOW - POLL)[-1]
    assert (ids([before]), ids([after]), number(after)) == ([], first, 0)
    sidecar.restart(before.position)
    assert ids([sidecar.poll(), *sidecar.polls(WINDOW)]) == first + later
    last = sidecar.polls(WINDOW)[-1]
    assert number(last) == 2
    sidecar.restart(last.position)
    assert ids([sidecar.poll(), *sidecar.polls(WINDOW)]) == []


def test_what_is_done_with_is_not_read_after_a_restart(phoenix: Server, sidecar: Sidecar) -> None:
    first = phoenix.add(1, 2)
    sidecar.poll()
    batches = sidecar.polls(2 * WINDOW)
    assert (ids(batches), number(batches[-1])) == (first, 2)
    sidecar.restart(batches[-1].position)
    later = phoenix.add(3)
    assert ids([sidecar.poll(), *sidecar.polls(WINDOW)]) == later


def test_at_the_end_is_kept_over_a_restart(phoenix: Server) -> None:
    """What comes after the first start is read, even if nothing was before the next one."""
    phoenix.add(1)
    sidecar = Sidecar(phoenix)
    sidecar.source.open(None)
    position = sidecar.poll().position
    later = phoenix.add(2)
    sidecar.restart(position)
    assert ids([sidecar.poll(), *sidecar.polls(WINDOW)]) == later
    sidecar.source.close()


def test_the_beginning_of_an_empty_project_is_kept_over_a_restart(phoenix: Server) -> None:
    """With `start: end` too: when it began there was nothing."""
    sidecar = Sidecar(phoenix)
    sidecar.source.open(None)
    position = sidecar.poll().position
    first = phoenix.add(1)
    sidecar.restart(position)
    assert ids([sidecar.poll(), *sidecar.polls(WINDOW)]) == first
    sidecar.source.close()


@pytest.mark.parametrize("rows", [[1], [1, 2, 7], []])
def test_another_database_is_read_from_its_beginning(phoenix: Server, sidecar: Sidecar, rows: list[int]) -> None:
    """Its numbers are smaller, or the span at the mark is another one; and only the last hour of it."""
    phoenix.add(7)
    sidecar.poll()
    position = sidecar.polls(2 * WINDOW)[-1].position
    phoenix.rows.clear()
    new = phoenix.add(*rows)
    sidecar.restart(position)
    found = [sidecar.poll(), *sidecar.polls(WINDOW)]
    assert ids(found) == new
    assert phoenix.asked[-1]["start_time"] == "2026-11-25T11:00:00.000001+00:00"
    assert found[-1].position is not None
    assert found[-1].position["since"] is not None


def test_a_clock_that_is_ahead_hides_nothing_of_another_database(phoenix: Server, sidecar: Sidecar) -> None:
    """What is read again goes by our own clock then."""
    phoenix.add(6, 7)
    phoenix.rows[7]["start_time"] = "2099-01-01T00:00:00+00:00"
    sidecar.poll()
    sidecar.polls(2 * WINDOW)
    phoenix.rows.clear()
    phoenix.add(1)
    sidecar.polls(POLL)
    assert phoenix.asked[-1]["start_time"] == "2026-11-25T11:01:00+00:00"


def test_what_is_known_of_the_overlap_is_bounded(
    phoenix: Server, sidecar: Sidecar, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many come at once; the mark moves on before its time then."""
    monkeypatch.setattr("monitor.sources.phoenix.OVERLAP_SPANS", 3)
    spans = phoenix.add(*range(1, 11))
    sidecar.poll()
    assert len(sidecar.source._known) == len(sidecar.source._after) == 3
    batches = sidecar.polls(WINDOW)
    assert (ids(batches), number(batches[-1])) == (spans, 10)


def test_what_retention_deletes_does_not_matter(phoenix: Server, sidecar: Sidecar) -> None:
    """The span at the mark is gone, and there are later ones."""
    phoenix.add(1, 2)
    sidecar.poll()
    sidecar.polls(2 * WINDOW)
    phoenix.rows.clear()
    later = phoenix.add(3)
    found = sidecar.polls(2 * WINDOW)
    assert ids(found) == later
    assert "start_time" not in phoenix.asked[-1]


def test_the_number_of_a_deleted_span_may_come_again_at_once(phoenix: Server, sidecar: Sidecar) -> None:
    first = phoenix.add(1)
    sidecar.poll()
    again = phoenix.add(1)
    assert ids(sidecar.polls(2 * WINDOW)) == first + again


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((503, b"wait"), "expected 200 from Phoenix, got 503"),
        ((429, b""), "expected 200 from Phoenix, got 429"),
        ((403, b""), "expected a key that may read this project, got 403"),
        ((404, b"Not Found"), "expected 200 from Phoenix, got 404"),
        ((200, b"<!DOCTYPE html>"), "expected a page of spans as Phoenix sends them"),
        ((200, b'{"data": [{"id": "UHJvamVjdDox"}]}'), "expected a page of spans as Phoenix sends them"),
    ],
)
def test_an_answer_that_is_none_is_raised_and_costs_nothing(
    phoenix: Server, sidecar: Sidecar, answer: tuple[int, bytes], message: str
) -> None:
    """In one line for the log; the next poll asks for the same."""
    spans = phoenix.add(1)
    phoenix.answers.append(answer)
    with pytest.raises(PhoenixError) as caught:
        sidecar.poll()
    assert caught.value.strerror == f"{phoenix.url}/v1/projects/{PROJECT}/spans: {message}"
    assert ids([sidecar.poll(), *sidecar.polls(WINDOW)]) == spans


def test_nobody_there_is_raised(phoenix: Server, sidecar: Sidecar) -> None:
    phoenix.shutdown()
    phoenix.server_close()
    with pytest.raises(PhoenixError, match="refused"):
        sidecar.poll()


@pytest.mark.parametrize(
    ("version", "got"), [("11.5.0", "11.5.0"), ("9.6.1", "9.6.1"), ("", "one that names no version")]
)
def test_a_phoenix_that_mixes_projects_up_is_refused(older: Server, version: str, got: str) -> None:
    """By all that reads; one that does not say what it is could be one of them."""
    older.add(1)
    older.version = version
    with PhoenixClient(older.url, PROJECT) as asking:
        for read in (asking.page, asking.newest, lambda: asking.recent(1)):
            with pytest.raises(PhoenixError, match=r"expected Phoenix 11\.6 or later, older ones mix") as caught:
                read()
            assert str(caught.value).endswith(f"got {got}")


NUMBERS = {
    "one": [1],
    "alone": list(range(1, 61)),
    "beside others": list(range(7, 3000, 53)),
    "after others": list(range(1_000_000, 1_000_060)),
    "before others": [*range(1, 60), 1_000_000],
    "in turns": [*range(1, 40), *range(1000, 1_000_000, 99_999), *range(2_000_000, 2_000_040)],
}


@pytest.mark.parametrize("numbers", NUMBERS.values(), ids=NUMBERS)
@pytest.mark.parametrize("limit", [1, 3, 50, 1000])
@pytest.mark.parametrize("from_number", [0, 20, 2000])
def test_newest_first_is_turned(older: Server, numbers: list[int], limit: int, from_number: int) -> None:
    """Every span from a number on, once, in order, however other projects' lie in between."""
    older.add(*numbers)
    found: list[int] = []
    place: int | None = from_number
    with PhoenixClient(older.url, PROJECT) as asking:
        while place is not None:
            page = asking.page(place, limit)
            assert len(page.stored) <= limit
            assert place < (page.next_number or inf)
            found += [one.number for one in page.stored]
            place = page.next_number
    assert found == [number for number in numbers if number >= from_number]


def test_newest_first_is_read_from_the_end_while_it_is_quiet(older: Server) -> None:
    """One small page a poll, however much is stored."""
    older.add(*range(1, 1001))
    with PhoenixClient(older.url, PROJECT) as asking:
        assert [one.number for one in asking.page(999, 500).stored] == [999, 1000]
    assert [request["limit"] for request in older.asked] == [str(RECENT_SPANS)]


def test_newest_first_is_turned_in_few_requests(older: Server) -> None:
    """Of a server where one span in fifty is this project's."""
    older.add(*range(1, 1_000_000, 50))
    place: int | None = 0
    with PhoenixClient(older.url, PROJECT) as asking:
        while place is not None:
            place = asking.page(place, 1000).next_number
    assert len(older.asked) <= 4 * len(older.rows) / 1000


def test_a_page_that_is_too_large_is_asked_for_in_parts(phoenix: Server) -> None:
    """And a span that is too large alone is taken all the same."""
    sidecar = Sidecar(phoenix, start="beginning", page_spans=40)
    sidecar.source.open(None)
    phoenix.add(*range(1, 61))
    for one in phoenix.rows.values():
        one["name"] = "x" * 4000
    phoenix.rows[30]["name"] = "x" * 200_000
    failures = 0
    while sidecar.source.lag() != {"seconds": 0}:
        try:
            sidecar.poll()
        except PageTooLarge:
            failures += 1
    assert 1 <= failures < 10
    read = sidecar.metrics.value("otlp_spans_total", sidecar.source.name, "openinference", "retriever")
    assert read == len(phoenix.rows)
    sidecar.source.close()


def test_what_is_no_sound_span_costs_itself_only(phoenix: Server, sidecar: Sidecar) -> None:
    """Whoever posts spans to Phoenix by hand may give them any id; the batch keeps to its limit."""
    phoenix.add(1)
    odd = {"trace_id": "run-1", "span_id": "1"}
    phoenix.rows |= {2: row(context=odd), 3: row(context=odd), 4: row(attributes=[])}
    batches = [sidecar.poll(2), sidecar.poll(2), *sidecar.polls(WINDOW)]
    assert [len(batch.malformed) for batch in batches[:2]] == [2, 1]
    assert number(batches[0]) == 0
    reasons = [bad.reason for batch in batches for bad in batch.malformed]
    assert reasons == ["traceId: expected 32 hex digits"] * 2 + ["expected a span as Phoenix sends it"]
    assert len(ids(batches)) == 1


def test_the_limit_holds_and_nothing_is_read_while_decisions_wait(phoenix: Server, sidecar: Sidecar) -> None:
    """And a limit of zero hands over nothing."""
    spans = phoenix.add(*range(1, 26))
    sidecar.poll()
    sidecar.now += WINDOW
    assert sidecar.poll(0).records == 0
    before = len(phoenix.asked)
    batches = [sidecar.poll(10)]
    for _ in range(2):
        sidecar.now += POLL
        batches.append(sidecar.poll(10))
    assert [batch.records for batch in batches] == [10, 10, 5]
    assert ids(batches) == spans
    assert len(phoenix.asked) == before + 1


def test_the_lag_is_the_age_of_what_was_read_last(phoenix: Server) -> None:
    """Unknown before the first page, zero after the last one."""
    sidecar = Sidecar(phoenix, start="beginning", page_spans=2)
    sidecar.source.open(None)
    assert sidecar.source.lag() == {}
    phoenix.add(1, 2, 3)
    sidecar.poll()
    assert sidecar.source.lag() == {"seconds": 59}
    sidecar.poll()
    assert sidecar.source.lag() == {"seconds": 0}
    sidecar.source.close()
    sidecar.source.close()


@pytest.mark.parametrize("answers", [True, False])
def test_answers_are_read_and_model_calls_asked_for_where_they_are_wanted(phoenix: Server, answers: bool) -> None:
    sidecar = Sidecar(phoenix, start="beginning", answers=answers)
    sidecar.source.open(None)
    root = new_id()
    phoenix.rows |= {
        1: row(context={"trace_id": "a" * 32, "span_id": new_id()}, parent_id=root),
        2: row(context={"trace_id": "a" * 32, "span_id": root}, span_kind="CHAIN", attributes={"output.value": "x"}),
    }
    found = [trace.answer for batch in [sidecar.poll(), *sidecar.polls(2 * WINDOW)] for trace in batch.traces]
    assert found == ["x" if answers else None]
    sidecar.source.close()
    with build_client(sidecar.config, answers=answers) as asking:
        asking.page(0, 10)
    assert ("LLM" in phoenix.asked[-1]["span_kind"].split(",")) is answers


def test_a_key_that_is_not_there_ends_the_start_in_one_line(tmp_path: Path) -> None:
    plain = {"kind": "phoenix", "url": "http://localhost:6006"}
    with pytest.raises(LeadlineError, match=r"^api_key_env: expected an API key in the environment as LEADLINE_NONE$"):
        build_client(PhoenixConfig.model_validate({**plain, "api_key_env": "LEADLINE_NONE"}))
    missing = tmp_path / "key"
    with pytest.raises(LeadlineError, match=f"^{missing}: expected an API key in this file: .*No such file"):
        build_client(PhoenixConfig.model_validate({**plain, "api_key_file": missing}))
    with pytest.raises(LeadlineError, match=f"^ca_file: expected certificates in PEM in {missing}: "):
        build_client(PhoenixConfig.model_validate({**plain, "ca_file": missing}))
