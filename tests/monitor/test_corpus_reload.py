"""A running sidecar whose corpus changes under it."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from monitor.service import Service
from tests.builders import encoded, write_corpus
from tests.monitor.kit import assessed, config, follow, lines, trace, wait_for


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.corpus_watch.LOOK_SECONDS", 0.05)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return write_corpus(tmp_path / "corpus.jsonl", {"a": "text of a"})


@pytest.fixture
def service(tmp_path: Path, corpus: Path) -> Iterator[Service]:
    with Service(settings(tmp_path, path=str(corpus))) as running:
        yield running


def settings(directory: Path, **corpus: Any) -> Any:
    return config(directory, sources=follow(directory / "traces.jsonl"), corpus=corpus)


def documents(service: Service) -> float:
    return service.metrics.value("corpus_documents")


def texts(service: Service) -> dict[str, float]:
    kinds = ("trace", "corpus", "parent", "missing")
    return {kind: service.metrics.value("documents_total", "default", kind) for kind in kinds}


def serve(directory: Path, trace_id: str, *served: dict[str, str]) -> None:
    before = len(assessed(directory))
    with (directory / "traces.jsonl").open("ab") as file:
        file.write(lines([trace(trace_id, documents=list(served))]))
    wait_for(lambda: len(assessed(directory)) > before)


def test_served_documents_are_counted_by_where_their_text_came_from(tmp_path: Path, service: Service) -> None:
    serve(tmp_path, "t", {"id": "a"}, {"id": "a#1", "parent_id": "a"}, {"id": "a", "text": "own"}, {"id": "gone"})
    wait_for(lambda: texts(service) == {"trace": 1, "corpus": 1, "parent": 1, "missing": 1})
    assert service.metrics.value("component_last_success_timestamp_seconds", "corpus") > 0


def test_a_corpus_replaced_by_rename_is_in_use_for_the_next_traces(
    tmp_path: Path, corpus: Path, service: Service
) -> None:
    serve(tmp_path, "before", {"id": "new"})
    wait_for(lambda: texts(service)["missing"] == 1)
    write_corpus(tmp_path / "next.jsonl", {"a": "text of a", "new": "text of new"}).replace(corpus)
    wait_for(lambda: documents(service) == 2)
    serve(tmp_path, "after", {"id": "new"})
    wait_for(lambda: texts(service)["corpus"] == 1)


def test_a_broken_corpus_keeps_the_old_one_until_it_is_mended(tmp_path: Path, corpus: Path, service: Service) -> None:
    """Rewritten in place; counted and said once for one file; the sidecar stays ready."""
    with corpus.open("ab") as file:
        file.write(b'{"_id": "b"')
    wait_for(lambda: service.metrics.value("component_failures_total", "corpus") == 1)
    serve(tmp_path, "t", {"id": "a"})
    wait_for(lambda: texts(service)["corpus"] == 1)
    assert f"{corpus}:2: expected a JSON object" in service.health.notes()["corpus"]
    assert service.health.problems() == []
    with corpus.open("ab") as file:
        file.write(b', "text": "text of b"}\n')
    wait_for(lambda: documents(service) == 2)
    wait_for(lambda: "corpus" not in service.health.notes())
    assert service.metrics.value("component_failures_total", "corpus") == 1


def test_a_file_is_not_read_while_it_is_being_written(corpus: Path, service: Service) -> None:
    """Half a line would be refused: no two looks agree before it is whole."""
    rest = list(encoded({"_id": "b", "text": "text of b"}) + b"\n")

    def write_more() -> bool:
        with corpus.open("ab") as file:
            file.write(bytes([rest.pop(0)]))
        return not rest

    wait_for(write_more)
    wait_for(lambda: documents(service) == 2)
    assert service.metrics.value("component_failures_total", "corpus") == 0


def test_without_traffic_reloads_do_not_pile_up(tmp_path: Path, corpus: Path, service: Service) -> None:
    for count in (2, 3, 4):
        write_corpus(tmp_path / "next.jsonl", {f"d{i}": "x" for i in range(count)}).replace(corpus)
        wait_for(lambda count=count: documents(service) == count)  # type: ignore[misc]
    assert service._pipeline is not None
    assert service._pipeline._swaps.qsize() == 1


def test_a_corpus_that_goes_away_and_comes_back_is_in_use_throughout(corpus: Path, service: Service) -> None:
    away = corpus.rename(corpus.with_name("away.jsonl"))
    wait_for(lambda: service.metrics.value("component_failures_total", "corpus") == 1)
    assert "No such file or directory" in service.health.notes()["corpus"]
    os.utime(away.rename(corpus))
    wait_for(lambda: "corpus" not in service.health.notes())
    assert documents(service) == 1


def test_a_commit_to_a_database_in_wal_mode_is_noticed(tmp_path: Path) -> None:
    """It changes the log beside the database and not the database."""
    path = tmp_path / "corpus.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = wal")
        database.execute("CREATE TABLE documents (_id, text)")
        database.execute("INSERT INTO documents VALUES ('a', 'text of a')")
        with Service(settings(tmp_path, path=str(path), table="documents")) as service:
            assert documents(service) == 1
            database.execute("INSERT INTO documents VALUES ('b', 'text of b')")
            wait_for(lambda: documents(service) == 2)
