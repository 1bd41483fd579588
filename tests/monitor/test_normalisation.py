"""The pipeline's own normalisation: when it begins, what goes into it, that it never changes."""

import msgspec
import numpy as np

from detectors.records import Assessment, Reason
from detectors.reference import Normalisation
from detectors.risk import shipped_normalisation, shipped_prior
from monitor.assess import rate
from monitor.demo.faults import FAULTS
from monitor.demo.retriever import Retriever
from monitor.normalisation import Normalisations
from monitor.state import ReferenceKey
from tests.builders import ALL_TIERS
from tests.monitor.kit import assessment
from tests.monitor.knowledge_base import SCORER, SEED, KnowledgeBase, SharedWords, assessor

KEY = ReferenceKey("default", "model", 10)


def several(count: int, start: int = 0) -> list[tuple[ReferenceKey, Assessment]]:
    return [(KEY, assessment(str(i), signals={"score_gap": i / 1000})) for i in range(start, start + count)]


def test_shipped_until_500_traces_then_frozen() -> None:
    """The 500th completes it; what comes after changes nothing."""
    references = Normalisations(clock=lambda: 1_795_000_000.0)
    assert references.learn(several(499))[1] == []
    assert references.of(KEY) is shipped_normalisation()
    samples, frozen = references.learn(several(30, 499))
    assert len(samples) == 1
    ((key, own),) = frozen
    assert (key, own.traces, own.depth, own.scorer) == (KEY, 500, 10, "model")
    assert own.version.startswith("default-2026-11-18-")
    assert own.sketches["score_gap"].knots[-1] == 0.499
    assert references.learn(several(600, 2000)) == ([], [])
    assert references.of(KEY) is own


def test_a_new_scorer_or_depth_starts_a_new_one() -> None:
    """Percentiles of one model say nothing about another."""
    references = Normalisations(traces=20)
    references.learn(several(20))
    assert references.of(KEY) is not shipped_normalisation()
    assert references.of(KEY._replace(scorer="other")) is shipped_normalisation()
    assert references.of(KEY._replace(depth=5)) is shipped_normalisation()


def test_goes_on_where_a_restart_interrupted_it() -> None:
    """The same samples in two lives give the same reference as in one."""
    whole, first = Normalisations(traces=100, clock=lambda: 0.0), Normalisations(traces=100, clock=lambda: 0.0)
    whole.learn(several(100))
    samples, _ = first.learn(several(40))
    second = Normalisations({}, samples, traces=100, clock=lambda: 0.0)
    _, frozen = second.learn(several(60, 40))
    assert frozen == [(KEY, whole.of(KEY))]
    third = Normalisations(dict(frozen))
    assert msgspec.json.decode(msgspec.json.encode(third.of(KEY)), type=Normalisation) == whole.of(KEY)


def test_a_trace_that_met_a_broken_part_of_ours_is_no_sample() -> None:
    """A model that was down for the first hour must not be missing from the reference for ever."""
    references = Normalisations()
    broken = assessment("x", signals={"score_gap": 0.1}, abstentions={"regret": Reason.SCORER_UNAVAILABLE})
    empty = assessment("y", signals={})
    assert references.learn([(KEY, broken), (KEY, empty)]) == ([], [])
    without_scorer = KEY._replace(scorer="none")
    assert len(references.learn([(without_scorer, broken)])[0]) == 1


def test_pipelines_beyond_the_bound_stay_with_the_shipped_one() -> None:
    """Their names come with the traffic."""
    references = Normalisations()
    for number in range(150):
        references.learn([(KEY._replace(pipeline=str(number)), assessment("x", signals={"score_gap": 0.1}))])
    assert len(references._samples) == 100


def test_a_lasting_fault_keeps_the_risk_up() -> None:
    """3,000 traces after a filter hid half of the documents it is what it was right after: the traffic of the fault
    has not become the new normal.
    """
    base, references = KnowledgeBase(), Normalisations()
    key, measures = ReferenceKey("default", SCORER, 10), assessor(base.corpus, SharedWords())

    def mean_risk(count: int, retriever: Retriever) -> float:
        unrated = measures.assess([(trace, ALL_TIERS) for trace in base.serve(count, retriever)])
        rated = [rate(one, references.of(key), shipped_prior()) for one in unrated]
        references.learn([(key, one) for one in rated])
        return float(np.mean([one.risk for one in rated if one.risk is not None]))

    mean_risk(500, base.retriever)
    frozen = references.of(key)
    healthy = mean_risk(500, base.retriever)
    faulty = FAULTS["hidden_filter"].apply(base.retriever, base.documents, SEED)
    right_after, _, later = mean_risk(500, faulty), mean_risk(2500, faulty), mean_risk(500, faulty)
    assert references.of(key) is frozen is not shipped_normalisation()
    assert right_after > healthy + 0.06
    assert abs(later - right_after) < 0.03
