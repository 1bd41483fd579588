"""What is missing makes the risk less sure, or silent: with the real measures, over the demo's company.

Whatever is taken away, it is the same traces that are looked at.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pytest

from detectors.records import Assessment, QueryTrace, Reason
from detectors.reference import Normalisation
from detectors.risk import shipped_prior
from monitor.assess import rate
from monitor.providers.corpus import Corpus
from tests.monitor.knowledge_base import KnowledgeBase, SharedWords, assess

TRACES = 300
EVERYTHING = "score+lexical+scorer"
TEXT_ALONE = "first_answer_type"  # counted among what the corpus says, and measured without one
FAMILIES = {
    family: [name for name in members if name != TEXT_ALONE] for family, members in shipped_prior().families.items()
}


class Stack(NamedTuple):
    """What of a stack leadline gets to see."""

    traces: Callable[[KnowledgeBase, list[QueryTrace]], list[QueryTrace]]
    corpus: bool = True
    scorer: bool = True


class Missing(NamedTuple):
    """What a stack without something is rated by, and the reason that the signals of a family abstain with."""

    stack: Stack
    basis: str
    reasons: dict[str, Reason]


def changed(traces: list[QueryTrace], change: Callable[[Any], dict[str, Any]]) -> list[QueryTrace]:
    """The same with every document changed."""
    replace = msgspec.structs.replace
    return [replace(t, documents=tuple(replace(d, **change(d)) for d in t.documents)) for t in traces]


def as_served(_: KnowledgeBase, traces: list[QueryTrace]) -> list[QueryTrace]:
    return traces


def without_scores(_: KnowledgeBase, traces: list[QueryTrace]) -> list[QueryTrace]:
    return changed(traces, lambda _: {"score": None})


def with_texts(base: KnowledgeBase, traces: list[QueryTrace]) -> list[QueryTrace]:
    return changed(traces, lambda document: {"text": base.texts[document.id]})


def under_other_ids(_: KnowledgeBase, traces: list[QueryTrace]) -> list[QueryTrace]:
    return changed(traces, lambda document: {"id": f"chunk-{document.id}"})


def in_chunks(base: KnowledgeBase, traces: list[QueryTrace]) -> list[QueryTrace]:
    """Neither id nor text is one of the corpus."""
    return changed(
        traces, lambda document: {"id": f"chunk-{document.id}", "text": base.texts[document.id].rpartition(" ")[0]}
    )


MISSING = {
    "no scores": Missing(Stack(without_scores), "lexical+scorer", {"score": Reason.NO_SCORES}),
    "no text": Missing(
        Stack(under_other_ids), "score", {"lexical": Reason.IDS_NOT_IN_CORPUS, "scorer": Reason.NO_TEXT}
    ),
    "no corpus": Missing(Stack(with_texts, corpus=False), "score+scorer", {"lexical": Reason.NO_CORPUS}),
    "no cross-encoder": Missing(Stack(as_served, scorer=False), "score+lexical", {"scorer": Reason.SCORER_UNAVAILABLE}),
    "ids not in the corpus": Missing(Stack(in_chunks), "score+scorer", {"lexical": Reason.IDS_NOT_IN_CORPUS}),
    "scores only": Missing(
        Stack(as_served, corpus=False, scorer=False),
        "score",
        {"lexical": Reason.NO_CORPUS, "scorer": Reason.SCORER_UNAVAILABLE},
    ),
}


class Bench:
    """A company, traces of its users that have all evidence, and a reference of its own for every stack."""

    def __init__(self) -> None:
        self.base = KnowledgeBase()
        self.traces = self.base.serve(TRACES)
        whole = self.rated(Stack(as_served))
        self.whole = {one.trace_id: one for one in whole if one.risk_basis == EVERYTHING}

    def rated(self, stack: Stack) -> list[Assessment]:
        corpus: Corpus | None = self.base.corpus if stack.corpus else None
        unrated = assess(stack.traces(self.base, self.traces), corpus, SharedWords() if stack.scorer else None)
        reference = Normalisation.of([one.signals for one in unrated], version="own", depth=10, scorer="")
        return [rate(one, reference, shipped_prior()) for one in unrated]

    def without(self, missing: Missing) -> list[Assessment]:
        """The traces that have all evidence, without some of it."""
        return [one for one in self.rated(missing.stack) if one.trace_id in self.whole]


@pytest.fixture(scope="module")
def bench() -> Bench:
    return Bench()


def spread(assessments: Sequence[Assessment]) -> tuple[float, float]:
    risks = np.array([(one.risk, one.risk_at_1) for one in assessments], dtype=np.float64)
    return tuple(risks.std(axis=0).tolist())


def level_errors(basis: str) -> dict[str, float]:
    prior = shipped_prior()
    return {"risk": prior.at_5.curves[basis].level_error, "risk_at_1": prior.at_1.curves[basis].level_error}


def test_with_everything_it_rests_on_everything(bench: Bench) -> None:
    assert len(bench.whole) > 0.7 * TRACES
    assert all(one.level_errors == level_errors(EVERYTHING) for one in bench.whole.values())


@pytest.mark.parametrize("name", MISSING)
def test_the_risk_rests_on_what_is_left_and_says_so(name: str, bench: Bench) -> None:
    found = bench.without(MISSING[name])
    basis = MISSING[name].basis
    assert {one.risk_basis for one in found} == {basis}
    assert all(one.level_errors == level_errors(basis) for one in found)


@pytest.mark.parametrize("name", MISSING)
def test_the_risk_is_drawn_to_the_average(name: str, bench: Bench) -> None:
    """Over the same traces it differs less from one to the next: what is missing may not make it bolder."""
    at_5, at_1 = spread(bench.without(MISSING[name]))
    whole_at_5, whole_at_1 = spread(list(bench.whole.values()))
    assert 0 < at_5 < whole_at_5
    assert 0 < at_1 < whole_at_1


@pytest.mark.parametrize("name", MISSING)
def test_what_is_missing_abstains_with_its_reason_and_is_no_number(name: str, bench: Bench) -> None:
    for one in bench.without(MISSING[name]):
        for family, reason in MISSING[name].reasons.items():
            assert one.signals.keys().isdisjoint(FAMILIES[family])
            assert {one.abstentions[signal] for signal in FAMILIES[family]} == {reason}
        assert one.signals.keys().isdisjoint(one.abstentions)
        assert not set(one.drivers).intersection(one.abstentions)


@pytest.mark.parametrize("name", MISSING)
def test_a_missing_signal_is_not_taken_for_the_value_0(name: str, bench: Bench) -> None:
    """As if each missing signal had been measured and were 0, the risks would be others."""
    [one, *_] = bench.without(MISSING[name])
    reference = Normalisation.of([whole.signals for whole in bench.whole.values()], version="own", depth=10, scorer="")
    zeros = {signal: 0.0 for family in MISSING[name].reasons for signal in FAMILIES[family]}
    imputed = rate(msgspec.structs.replace(one, signals={**one.signals, **zeros}), reference, shipped_prior())
    left_out = rate(one, reference, shipped_prior())
    assert imputed.risk_basis == EVERYTHING != left_out.risk_basis
    assert imputed.risk != left_out.risk


def test_a_query_that_negates_does_without_the_cross_encoder(bench: Bench) -> None:
    """Its signals are measured and shown, and the risk rests on the others."""
    found = [one for one in bench.rated(Stack(as_served)) if "negation" in one.scenarios]
    assert len(found) >= 5
    assert {one.risk_basis for one in found} <= {"score+lexical", "lexical"}
    assert all("relevance_contrast" in one.signals for one in found)


def test_were_all_queries_to_negate_the_risk_would_be_less_sure(bench: Bench) -> None:
    signals = [one.signals for one in bench.whole.values()]
    reference = Normalisation.of(signals, version="own", depth=10, scorer="")
    plain = [rate(one, reference, shipped_prior()) for one in bench.whole.values()]
    negated = [
        rate(msgspec.structs.replace(one, scenarios=("negation",)), reference, shipped_prior())
        for one in bench.whole.values()
    ]
    assert {one.risk_basis for one in negated} == {"score+lexical"}
    assert all(one.level_errors == level_errors("score+lexical") for one in negated)
    assert all(after < before for after, before in zip(spread(negated), spread(plain), strict=True))


def test_with_nothing_at_all_the_risk_abstains(bench: Bench) -> None:
    found = bench.rated(Stack(without_scores, corpus=False, scorer=False))
    assert {(one.risk, one.risk_at_1, one.risk_basis) for one in found} == {(None, None, "")}
    assert all(one.level_errors == {} for one in found)
    known = shipped_prior().at_5.weights.keys() | shipped_prior().at_1.weights.keys()
    assert all(known.isdisjoint(one.signals) for one in found)
    assert {one.abstentions[name] for one in found for name in ("risk", "risk_at_1")} == {Reason.NO_EVIDENCE}
