from pathlib import Path

import numpy as np
import pytest

from monitor.backtesting.made_up import SCENARIO_DROP, made_up
from monitor.backtesting.pools import Pools, assessed
from monitor.commands import file_config
from tests.labelled import GOOD, LATE, QUERIES, write_collections


def pools(folder: Path, *names: str, corpus: bool = True) -> Pools:
    directory = write_collections(folder, "c", "traces") / "c"
    known = directory / "corpus.jsonl" if corpus else None
    return assessed(directory / "traces.jsonl", file_config(None, known, None, "none"), names, seed=0)


def test_a_fault_that_changes_nothing_leaves_every_number_as_it_was(tmp_path: Path) -> None:
    """Both are rated by one reference, the healthy recording's: without texts there are none to cut."""
    found = pools(tmp_path, "truncated_chunks", corpus=False)
    assert np.array_equal(found.faults["truncated_chunks"].hits, found.healthy.hits)
    assert np.array_equal(found.faults["truncated_chunks"].scenarios, found.healthy.scenarios)


def test_missing_documents_lower_the_number_of_the_queries_that_they_answered(tmp_path: Path) -> None:
    """And the truth is that of the labels: 14 of 24 queries find their answer."""
    found = pools(tmp_path, "hidden_filter", "truncated_chunks", "typos")
    healthy, hidden = found.healthy, found.faults["hidden_filter"]
    assert healthy.truth.mean() == pytest.approx(len([*GOOD, *LATE]) / QUERIES)
    assert set(hidden.truth - healthy.truth) == {-1.0, 0.0}
    lost, kept = hidden.truth < healthy.truth, (hidden.truth == 1) & (healthy.truth == 1)
    fell = healthy.hits - hidden.hits
    assert fell[lost].mean() > fell[kept].mean() + 0.05
    assert np.isnan(found.faults["truncated_chunks"].truth).all()
    assert np.isnan(found.faults["typos"].truth).all()


def test_made_up_traces_fall_by_as_much_as_their_name_says() -> None:
    found = made_up(seed=0)
    healthy = found.healthy
    fell = {name: healthy.hits - pool.hits for name, pool in found.faults.items()}
    assert fell["drop_3"] == pytest.approx(np.minimum(0.03, healthy.hits))
    negation = healthy.scenarios == "negation"
    assert fell[SCENARIO_DROP][~negation].max() == 0
    assert fell[SCENARIO_DROP][negation].mean() == pytest.approx(0.2, abs=0.01)
    assert np.array_equal(made_up(seed=0).healthy.hits, healthy.hits)
    assert not np.array_equal(made_up(seed=1).healthy.hits, healthy.hits)
