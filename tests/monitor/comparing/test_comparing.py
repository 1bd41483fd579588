"""The verdict, over numbers where they say it best, and over the demo's company with the real measures."""

import numpy as np
import pytest

from detectors.change import shipped_scale
from detectors.records import QueryTrace
from monitor.build import build_index
from monitor.comparing.results import HEADLINE, NOT_SHOWN
from tests.monitor.comparing.kit import Company, compared, even, read, row, rows
from tests.monitor.knowledge_base import KnowledgeBase

SCORER = shipped_scale().scales["lexical+scorer"].factors["scorer"]


@pytest.fixture(scope="module")
def company() -> Company:
    return Company(150)


def as_served(_: KnowledgeBase, trace: QueryTrace) -> dict[str, float]:
    return {d.id or "": d.score or 0.0 for d in trace.documents}


def half_hidden(base: KnowledgeBase, trace: QueryTrace) -> dict[str, float]:
    found = base.retriever.search(trace.query, 40)
    gone = {document.id for document in base.documents[::2]}
    return {key: score for key, score in found if key not in gone}


def rescaled(_: KnowledgeBase, trace: QueryTrace) -> dict[str, float]:
    return {d.id or "": float(np.exp(3 * (d.score or 0.0))) for d in trace.documents}


class Bm25:
    """BM25's own ranking."""

    def __init__(self, base: KnowledgeBase) -> None:
        self._index = build_index(base.corpus)

    def __call__(self, _: KnowledgeBase, trace: QueryTrace) -> dict[str, float]:
        assert self._index is not None
        return {hit.key: hit.score for hit in self._index.search(trace.query, 10, None).hits}


def test_identical_recordings_are_exactly_equal(company: Company) -> None:
    found = company.compare(company.traces, company.traces)
    change = found.change[HEADLINE]
    assert (change.difference, change.low, change.high, found.verdict) == (0, 0, 0, NOT_SHOWN)
    assert all((c.difference, c.low, c.high) == (0, 0, 0) for c in found.change.values())
    assert "score_gap" in found.change
    assert (found.improved, found.worsened, found.left_out) == ([], [], {})


def test_another_scale_of_scores_is_no_difference(company: Company) -> None:
    """And what hangs on the scale is left out, with why."""
    found = company.compare(company.traces, company.serving(rescaled))
    change = found.change[HEADLINE]
    assert (change.difference, change.low, change.high, found.verdict) == (0, 0, 0, NOT_SHOWN)
    assert "score_gap" not in found.change
    assert all((c.difference, c.low, c.high) == (0, 0, 0) for c in found.change.values())
    assert "another scale" in found.left_out["score"]


def test_a_hidden_half_is_worse_and_found_again_better(company: Company) -> None:
    hidden = company.serving(half_hidden)
    worse = company.compare(company.traces, hidden)
    assert worse.verdict == "worse"
    assert all(change.high < 0 for change in worse.families.values())
    assert worse.families.keys() == {"lexical", "scorer"}
    assert worse.change[HEADLINE].high < -0.05
    assert worse.scenarios["none"].verdict == "worse"
    assert worse.worsened[0].change < -0.5
    assert company.compare(hidden, company.traces).verdict == "better"


@pytest.mark.parametrize(("corpus", "scorer", "families"), [(True, False, {"lexical"}), (False, True, set())])
def test_it_goes_by_what_there_is(company: Company, corpus: bool, scorer: bool, families: set[str]) -> None:
    """Without a corpus these traces have no text for a scorer to read either."""
    found = company.compare(company.traces, company.serving(half_hidden), corpus=corpus, scorer=scorer)
    assert found.families.keys() == families
    assert found.verdict == ("worse" if families else NOT_SHOWN)
    assert {"lexical", "scorer"}.difference(families) <= found.left_out.keys()


def test_bm25_alone_is_not_called_better_by_its_own_word(company: Company) -> None:
    """Whichever side it is: the one witness left would be lexical, and may not speak."""
    bm25 = company.serving(Bm25(company.base))
    for before, after, side in ((company.traces, bm25, "AFTER"), (bm25, company.traces, "BEFORE")):
        found = company.compare(before, after, scorer=False)
        assert found.verdict == NOT_SHOWN
        assert found.left_out["lexical"].startswith(f"{side}: its lists are BM25's own")
        assert found.why.startswith("no evidence")
        assert HEADLINE not in found.change


def test_a_reranker_is_not_judged_by_itself(company: Company) -> None:
    texts = company.base.texts

    def reranked(_: KnowledgeBase, trace: QueryTrace) -> dict[str, float]:
        keys = [d.id or "" for d in trace.documents]
        scores = company.scorer.score([(trace.query, texts[key]) for key in keys])
        return dict(zip(keys, scores.tolist(), strict=True))

    found = company.compare(company.traces, company.serving(reranked))
    assert "own order" in found.left_out["scorer"]
    assert found.families.keys() == {"lexical"}


def test_the_size_is_the_mean_difference_of_percentiles_times_the_factor() -> None:
    """The lexical family has no part in it where the shipped factor says so."""
    after = [max(0.0, value - 0.1) for value in even()]
    found = compared(rows(even(), even()), rows(after, after))
    expected = found.families["scorer"].difference * SCORER
    lexical = found.families["lexical"].difference * shipped_scale().scales["lexical+scorer"].factors["lexical"]
    assert found.change[HEADLINE].difference == pytest.approx(expected + lexical)
    assert found.families["scorer"].difference == pytest.approx(-0.095, abs=0.01)


def test_families_that_disagree_give_no_verdict() -> None:
    better, worse = [value + 0.3 for value in even()], [value - 0.3 for value in even()]
    found = compared(rows(even(), even()), rows(better, worse))
    assert found.verdict == NOT_SHOWN
    assert found.why.startswith("the families of evidence disagree: lexical +")


def test_too_few_queries_are_said_to_be() -> None:
    found = compared(rows(even(20), even(20)), rows([0.0] * 20, [0.0] * 20))
    assert (found.verdict, found.paired, found.change) == (NOT_SHOWN, 0, {})


def test_without_common_queries_the_sides_are_taken_for_themselves() -> None:
    """And it takes more of them: what is certain in pairs is not without."""
    before = rows(even(), even())
    lower = [max(0.0, value - 0.08) for value in even()]
    strangers = [r._replace(text=f"other {r.text}") for r in rows(lower, lower)]
    assert compared(before, rows(lower, lower)).verdict == "worse"
    found = compared(before, strangers)
    assert (found.paired, found.verdict, found.unmatched) == (0, NOT_SHOWN, {"before": 100, "after": 100})
    nothing = [r._replace(text=f"other {r.text}") for r in rows([0.0] * 100, [0.0] * 100)]
    assert compared(before, nothing).verdict == "worse"


def test_scenarios_have_wider_intervals_and_verdicts_of_their_own() -> None:
    """A fall in one of two kinds of query, told apart; a kind of few queries is not looked at."""
    sinking, steady = rows(even(), even(), scenario="numeric"), rows(even(), even())
    few = rows(even(10), even(10), scenario="temporal")
    before = [
        *sinking,
        *(r._replace(text=f"steady {r.text}") for r in steady),
        *(r._replace(text=f"few {r.text}") for r in few),
    ]
    sunk = rows([0.0] * 100, [0.0] * 100, scenario="numeric")
    found = compared(before, [*sunk, *before[100:]])
    assert {name: part.verdict for name, part in found.scenarios.items()} == {
        "numeric": "worse", "none": NOT_SHOWN, "temporal": NOT_SHOWN
    }  # fmt: skip
    assert found.scenarios["temporal"].hit_at_5 is None
    assert found.scenario_confidence == pytest.approx(0.975)


def test_an_empty_result_counts_as_the_worst() -> None:
    after = [row(f"q{i}", signals={}, document_ids=()) for i in range(100)]
    assert compared(rows(even(), even()), after).verdict == "worse"


@pytest.mark.parametrize(("value", "sign"), [(2.0, 1), (-1.0, -1)])
def test_the_level_gives_way_to_the_change(value: float, sign: int) -> None:
    """Everything above, or below, all that was seen: both levels stay rates, and differ by the change."""
    change = compared(rows(even(), even()), rows([value] * 100, [value] * 100)).change[HEADLINE]
    assert change.difference * sign > 0.8
    assert 0 <= min(change.before, change.after) <= max(change.before, change.after) <= 1
    assert change.after - change.before == pytest.approx(change.difference)
    assert -1 <= change.low <= change.high <= 1


def test_what_was_left_out_of_a_side_is_said() -> None:
    side = rows(even(), even())
    assert read(side).skipped == {}
    assert compared(side, side[:60]).unmatched == {"before": 40, "after": 0}
