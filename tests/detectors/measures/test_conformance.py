"""What every measure must do, run over every measure there is."""

import inspect
import pkgutil
from collections.abc import Callable
from importlib import import_module
from math import isfinite

import msgspec
import pytest

import detectors.measures
from detectors.measures.answer_type import AnswerType
from detectors.measures.base import Hit, Measure
from detectors.measures.document_age import DocumentAge
from detectors.measures.lexical_check import LexicalCheck
from detectors.measures.lexical_scores import LexicalScores
from detectors.measures.rank_divergence import RankDivergence
from detectors.measures.score_distribution import ScoreDistribution
from detectors.measures.served_list import ServedList
from detectors.records import Findings, Reason, Retrieval
from detectors.signals import SIGNALS, UNJUDGED
from tests.detectors.fakes import TableIndex, TableScorer, as_it_is, retrieval

HITS = [Hit(key, 9.0 - rank, f"passage {key} of order 88-1023") for rank, key in enumerate("aqbrcs")]
RELEVANCE = {"a": 0.9, "b": 0.2, "c": 0.4, "d": 0.3, "e": 0.1, HITS[1].passage: 0.95}

MEASURES: dict[str, Callable[[], Measure]] = {
    "answer_type": AnswerType,
    "document_age": DocumentAge,
    "score_distribution": ScoreDistribution,
    "lexical_check": lambda: LexicalCheck(TableIndex(HITS)),
    "lexical_scores": lambda: LexicalScores(TableIndex(HITS)),
    "served_list": ServedList,
    "rank_divergence": lambda: RankDivergence(TableScorer(RELEVANCE), TableIndex(HITS), as_it_is()),
}

RETRIEVALS: dict[str, Retrieval] = {
    "ordinary": retrieval("abcde", [0.9, 0.8, 0.5, 0.4, 0.2], query="refund policy for order 88-1023"),
    "other": retrieval("dcx", [12.0, 7.5, -3.0], query="sugar-free drinks"),
    "hub": retrieval("abcdef", query="refund", hub_share=0.3),
    "empty list": retrieval("", query="refund"),
    "one document": retrieval("a", [0.7]),
    "two documents": retrieval("ab", [0.7, 0.6]),
    "no scores": retrieval("abc"),
    "constant scores": retrieval("abc", [0.5, 0.5, 0.5]),
    "constant tail": retrieval("abc", [0.9, 0.5, 0.5]),
    "zero scores": retrieval("abc", [0.0, 0.0, 0.0]),
    "tiny scores": retrieval("abc", [3e-300, 2e-300, 1e-300]),
    "huge scores": retrieval("abc", [1e150, 0.0, -1e150]),
    "rising scores": retrieval("abc", [0.1, 0.2, 0.3]),
    "no text": retrieval("abc", [0.9, 0.5, 0.1], texts={"a": None, "b": None, "c": None}),
    "one text missing": retrieval("abc", [0.9, 0.5, 0.1], texts={"b": None}),
    "empty texts": retrieval("abc", [0.9, 0.5, 0.1], texts={"a": "", "b": "", "c": ""}),
    "duplicate ids": retrieval("aaab", [0.9, 0.9, 0.9, 0.1]),
    "empty query": retrieval("abc", [0.9, 0.5, 0.1], query=""),
    "emoji": retrieval("abc", [0.9, 0.5, 0.1], query="🙂🙂", texts={"a": "🙂"}),
    "question": retrieval("abc", query="when was order 88-1023 sent", texts={"a": "It was sent in May 2024."}),
    "cjk": retrieval("abc", [0.9, 0.5, 0.1], query="订单88-1023的退款政策", texts={"a": "退款政策"}),
    "long text": retrieval("abc", [0.9, 0.5, 0.1], query="order 88-1023", texts={"a": "toner refund " * 100_000}),
    "no corpus": retrieval("abc", [0.9, 0.5, 0.1], no_lexical=Reason.NO_CORPUS),
    "unknown filter": retrieval("abc", [0.9, 0.5, 0.1], no_lexical=Reason.FILTER_UNKNOWN, filters={"x": 1}),
    "ids not in corpus": retrieval("abc", [0.9, 0.5, 0.1], no_lexical=Reason.IDS_NOT_IN_CORPUS),
}

every_measure = pytest.mark.parametrize("name", MEASURES)
every_retrieval = pytest.mark.parametrize("case", RETRIEVALS)


def _one(name: str, case: str) -> Findings:
    (found,) = MEASURES[name]().measure([RETRIEVALS[case]])
    return found


def test_every_measure_of_the_package_is_here() -> None:
    """A measure is a class with `signals` and `measure` in a module of detectors.measures."""
    modules = [
        import_module(f"detectors.measures.{module.name}")
        for module in pkgutil.iter_modules(detectors.measures.__path__)
        if module.name != "base"
    ]
    classes = {
        cls
        for module in modules
        for _, cls in inspect.getmembers(module, inspect.isclass)
        if cls.__module__ == module.__name__ and hasattr(cls, "measure") and hasattr(cls, "signals")
    }
    assert classes == {type(make()) for make in MEASURES.values()}


def test_every_signal_belongs_to_one_measure() -> None:
    computed = [signal for make in MEASURES.values() for signal in make().signals]
    assert sorted(computed) == sorted(UNJUDGED)


@every_measure
def test_a_measure_bears_the_name_of_its_module_and_the_tier_of_its_signals(name: str) -> None:
    measure = MEASURES[name]()
    assert measure.name == name == type(measure).__module__.rsplit(".", 1)[-1]
    assert {SIGNALS[signal].tier for signal in measure.signals} == {measure.tier}
    assert isinstance(measure.failure, Reason)


@every_measure
def test_an_empty_batch_gives_no_findings(name: str) -> None:
    assert MEASURES[name]().measure([]) == []


@every_measure
@every_retrieval
def test_every_signal_has_a_value_or_a_reason_and_never_both(name: str, case: str) -> None:
    found = _one(name, case)
    assert set(found.signals) | set(found.abstentions) == set(MEASURES[name]().signals)
    assert not set(found.signals) & set(found.abstentions)
    assert all(isinstance(reason, Reason) for reason in found.abstentions.values())


@every_measure
@every_retrieval
def test_a_value_is_a_finite_float(name: str, case: str) -> None:
    """NaN is an abstention; a numpy float would not encode as JSON."""
    assert all(type(value) is float and isfinite(value) for value in _one(name, case).signals.values())


@every_measure
@every_retrieval
def test_a_signal_with_buckets_up_to_one_stays_within_zero_and_one(name: str, case: str) -> None:
    """All but raw scores and lengths are shares; one outside its range would hide in the histogram's last bucket."""
    raw = {"top_score", "score_gap", "score_z", "score_spread", "served_length"}
    found = {signal: value for signal, value in _one(name, case).signals.items() if signal not in raw}
    assert all(0 <= value <= 1 for value in found.values()), found


@every_measure
def test_a_batch_is_the_same_as_one_by_one(name: str) -> None:
    """In both orders: nothing carries over from one retrieval to the next."""
    cases = list(RETRIEVALS)
    alone = {case: _one(name, case) for case in cases}
    for order in (cases, cases[::-1]):
        batch = MEASURES[name]().measure([RETRIEVALS[case] for case in order])
        assert batch == [alone[case] for case in order]


@every_measure
def test_measuring_twice_gives_the_same(name: str) -> None:
    measure, batch = MEASURES[name](), list(RETRIEVALS.values())
    assert measure.measure(batch) == measure.measure(batch)


@every_measure
def test_findings_share_nothing(name: str) -> None:
    """The pipeline merges into them: one trace's evidence must not show up in another's."""
    one, other = MEASURES[name]().measure([RETRIEVALS["no corpus"], RETRIEVALS["no corpus"]])
    before = msgspec.json.encode(other)
    one.signals["x"] = 1.0
    one.abstentions["y"] = Reason.NO_TEXT
    one.missed.clear()
    assert msgspec.json.encode(other) == before


@every_measure
def test_the_input_is_left_as_it_was(name: str) -> None:
    batch = list(RETRIEVALS.values())
    before = msgspec.json.encode(batch)
    MEASURES[name]().measure(batch)
    assert msgspec.json.encode(batch) == before


@every_measure
@every_retrieval
def test_evidence_names_only_documents_that_were_not_served(name: str, case: str) -> None:
    served = {passage.key for passage in RETRIEVALS[case].served}
    missed = _one(name, case).missed
    assert all(missed_document.why for missed_document in missed)
    assert not served & {missed_document.id for missed_document in missed}
