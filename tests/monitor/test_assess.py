"""The left half of the flow: measures over a batch, and the risk on top."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from scipy.special import expit
from structlog.testing import capture_logs

from detectors.measures.served_list import ServedList
from detectors.records import Assessment, Findings, Missed, Reason, Retrieval, Tier, Weights
from detectors.reference import Normalisation, QuantileSketch
from detectors.risk import Curve, Prior, Target, bases
from detectors.scenarios import Classifier
from detectors.signals import UNJUDGED
from monitor.assess import Assessor, Unavailable, rate
from monitor.config import PrivacyConfig
from monitor.prepare import Preparer
from monitor.privacy import Privacy
from tests.builders import ALL_TIERS, assessor, config, corpus, trace
from tests.detectors.fakes import TableScorer

PRIVATE = "Zanzibar-4711"
CHEAP_ONLY = Weights(2.0, None, None)


class Fake:
    """A measure that says what it is told, or raises."""

    def __init__(self, name: str, tier: Tier = Tier.CHEAP, findings: Findings | None = None) -> None:
        self.name = name
        self.tier = tier
        self.signals: tuple[str, ...] = (f"{name}_one", f"{name}_two")
        self.failure = Reason.MEASURE_FAILED
        self.findings = findings or Findings(dict.fromkeys(self.signals, 0.5))
        self.error: Exception | None = None
        self.seen: list[list[str]] = []

    def measure(self, retrievals: Sequence[Retrieval]) -> list[Findings]:
        self.seen.append([retrieval.trace.trace_id for retrieval in retrievals])
        if self.error is not None:
            raise self.error
        return [msgspec.structs.replace(self.findings) for _ in retrievals]


class Events:
    """What an assessor reports of its measures."""

    def __init__(self) -> None:
        self.failed: list[str] = []
        self.succeeded: list[str] = []


def assembled(*measures: Any, events: Events | None = None, **options: Any) -> Assessor:
    settings = config()
    heard = events or Events()
    privacy = Privacy(PrivacyConfig(**options.pop("privacy", {})))
    return Assessor(
        measures,
        Preparer(None, settings.pipeline),
        privacy,
        Classifier(),
        versions={"scorer": "s1"},
        on_failure=heard.failed.append,
        on_success=heard.succeeded.append,
        **options,
    )


def test_a_measure_that_raises_costs_its_own_signals_only() -> None:
    """They abstain with its reason, the others stand, and the failure is heard of until it works again."""
    broken, sound, events = Fake("broken"), Fake("sound"), Events()
    broken.error = RuntimeError("a model fell over")
    broken.failure = Reason.SCORER_UNAVAILABLE
    found = assembled(broken, sound, events=events).assess([(trace("a"), ALL_TIERS), (trace("b"), ALL_TIERS)])
    for assessment in found:
        assert assessment.signals == {"sound_one": 0.5, "sound_two": 0.5}
        assert assessment.abstentions == dict.fromkeys(broken.signals, Reason.SCORER_UNAVAILABLE)
    assert (events.failed, events.succeeded) == (["broken"], ["sound"])


def test_a_measure_that_recovers_is_used_again() -> None:
    flaky, events = Fake("flaky"), Events()
    one = assembled(flaky, events=events)
    flaky.error = RuntimeError
    assert not one.assess([(trace("a"), ALL_TIERS)])[0].signals
    flaky.error = None
    assert one.assess([(trace("b"), ALL_TIERS)])[0].signals == {"flaky_one": 0.5, "flaky_two": 0.5}
    assert (events.failed, events.succeeded) == (["flaky"], ["flaky"])


def test_a_failure_is_logged_once_until_it_ends() -> None:
    """And never with the error's words, which may quote a query."""
    flaky = Fake("flaky")
    one = assembled(flaky)
    with capture_logs() as logs:
        for i, error in enumerate([RuntimeError(PRIVATE), RuntimeError(PRIVATE), None, None, RuntimeError(PRIVATE)]):
            flaky.error = error
            one.assess([(trace(f"t{i}"), ALL_TIERS)])
    assert [(entry["log_level"], entry["measure"]) for entry in logs] == [
        ("error", "flaky"),
        ("info", "flaky"),
        ("error", "flaky"),
    ]
    assert PRIVATE not in str(logs)


def test_a_tier_sees_what_it_sampled_and_the_rest_abstains() -> None:
    """With the sampler's word for why, in the order of the traces."""
    cheap, scored = Fake("cheap"), Fake("scored", Tier.SCORER)
    one = assembled(cheap, scored, why_not=lambda t, _: Reason.OVER_BUDGET if t.trace_id == "c" else Reason.NOT_SAMPLED)
    found = one.assess([(trace("a"), CHEAP_ONLY), (trace("b"), ALL_TIERS), (trace("c"), CHEAP_ONLY)])
    assert [assessment.trace_id for assessment in found] == ["a", "b", "c"]
    assert (cheap.seen, scored.seen) == ([["a", "b", "c"]], [["b"]])
    assert [assessment.abstentions.get("scored_one") for assessment in found] == [
        Reason.NOT_SAMPLED,
        None,
        Reason.OVER_BUDGET,
    ]
    assert [assessment.weights for assessment in found] == [CHEAP_ONLY, ALL_TIERS, CHEAP_ONLY]


def test_hubs_are_counted_over_what_the_scorers_tier_takes() -> None:
    """50 queries of the cheap tier are none; of 50 that count, each was served the same documents as the next."""
    one = assembled(ServedList())
    for weights in (CHEAP_ONLY, ALL_TIERS):
        one.assess([(trace(query=f"query {i}"), weights) for i in range(49)])
    first, second, cheap = one.assess(
        [(trace(query=f"new {i}"), weights) for i, weights in enumerate((ALL_TIERS, ALL_TIERS, CHEAP_ONLY))]
    )
    assert first.abstentions["hub_share"] == Reason.TOO_FEW_TRACES
    assert second.signals["hub_share"] == 1
    assert cheap.abstentions["hub_share"] == Reason.NOT_SAMPLED


def test_a_measure_without_traces_is_left_alone() -> None:
    """No call, so neither success nor failure."""
    scored, events = Fake("scored", Tier.SCORER), Events()
    assembled(scored, events=events).assess([(trace(), CHEAP_ONLY)])
    assert (scored.seen, events.succeeded, events.failed) == ([], [], [])


def test_nothing_in_nothing_out() -> None:
    assert assembled(Fake("one")).assess([]) == []


def test_every_signal_has_a_value_or_a_reason(tmp_path: Path) -> None:
    """With everything there, and with nothing there."""
    known = corpus(tmp_path)
    batch = [
        (trace("a"), ALL_TIERS),
        (trace("b"), CHEAP_ONLY),
        (trace("c", documents=[]), ALL_TIERS),
        (trace("d", documents=[{"id": "kb-1", "score": 1}]), ALL_TIERS),
        (trace("e", documents=[{"id": "gone"}]), ALL_TIERS),
        (trace("f", query="the of and"), ALL_TIERS),
        (trace("g", query="退款 🎉"), ALL_TIERS),
    ]
    for one in (assessor(known, TableScorer({})), assessor(None, None), assessor(known, None)):
        for assessment in one.assess(batch):
            assert not assessment.signals.keys() & assessment.abstentions.keys()
            assert assessment.signals.keys() | assessment.abstentions.keys() == set(UNJUDGED)


def test_what_is_not_there_is_said() -> None:
    """No corpus, no scorer: reasons, not zeros."""
    bare = assessor(None, None).assess([(trace(), ALL_TIERS)])[0]
    reasons = {name: bare.abstentions.get(name) for name in ("lexical_miss", "best_relevance", "score_gap")}
    assert reasons == {
        "lexical_miss": Reason.NO_CORPUS,
        "best_relevance": Reason.SCORER_UNAVAILABLE,
        "score_gap": None,
    }
    assert bare.signals["score_gap"] == pytest.approx(0.3)


def test_stands_in_for_what_is_missing() -> None:
    stand_in = Unavailable("lexical", Tier.CHEAP, ("a", "b"), Reason.NO_CORPUS)
    found = assembled(stand_in).assess([(trace(), ALL_TIERS)])[0]
    assert found.abstentions == {"a": Reason.NO_CORPUS, "b": Reason.NO_CORPUS}


def test_carries_what_the_trace_says_of_itself() -> None:
    one = trace("a", span_id="s", query_id="q7", pipeline="shop", query="orders after 2020, not paid, INV-2041")
    found = assembled(Fake("one")).assess([(one, ALL_TIERS)])[0]
    assert (found.trace_id, found.span_id, found.query_id, found.pipeline) == ("a", "s", "q7", "shop")
    assert found.timestamp == one.timestamp
    assert (found.scenario, found.scenarios) == ("identifier", ("identifier", "negation", "temporal"))
    assert found.document_ids == ("kb-1", "kb-2", "kb-3", "kb-4")
    assert found.versions == {"scorer": "s1"}


def test_scenarios_are_the_users_first_and_know_the_corpus(tmp_path: Path) -> None:
    """A word is jargon because three documents hold it and general texts do not."""
    known = corpus(tmp_path, {f"kb-{i}": "Reset the phylloquinator." for i in range(1, 5)})
    asked = trace(query="refund for a phylloquinator, not paid")
    found = assessor(known, scenarios={"money": ["REFUND"]}).assess([(asked, ALL_TIERS)])[0]
    assert (found.scenario, found.scenarios) == ("money", ("money", "negation", "jargon"))
    assert assessor(None).assess([(asked, ALL_TIERS)])[0].scenarios == ("negation",)


def test_attributes_are_an_allow_list() -> None:
    """As text, and redacted like all text."""
    one = trace(attributes={"index_version": 42, "user": "ann@example.org", "secret": "x"})
    privacy = {"redact": [r"\S+@\S+"]}
    found = assembled(Fake("one"), attributes=("index_version", "user", "absent"), privacy=privacy).assess(
        [(one, ALL_TIERS)]
    )
    assert found[0].attributes == {"index_version": "42", "user": "[redacted]"}


SPEAKING = {"kb-1": "Nothing here.", "kb-2": "Nothing there.", "kb-9": f"All about {PRIVATE} and its price."}


def everything_kept(directory: Path, privacy: dict[str, Any]) -> str:
    """The encoded assessment of a query whose identifier only a document that was missed holds."""
    known = corpus(directory, SPEAKING)
    one = trace(query=f"price of {PRIVATE}", documents=[{"id": "kb-1"}, {"id": "kb-2"}], answer=PRIVATE)
    scorer = TableScorer({SPEAKING["kb-9"]: 0.9}, default=0.1)
    found = assessor(known, scorer, privacy=privacy).assess([(one, ALL_TIERS)])[0]
    assert "kb-9" in {missed.id for missed in found.evidence.missed}
    return msgspec.json.encode(found).decode()


def test_by_default_the_query_and_the_evidence_speak(tmp_path: Path) -> None:
    """Or the two tests below would find nothing to hide."""
    assert everything_kept(tmp_path, {}).lower().count(PRIVATE.lower()) == 2


def test_without_the_right_to_keep_text_none_is_in_the_assessment(tmp_path: Path) -> None:
    kept = everything_kept(tmp_path, {"keep_text": False}).lower()
    assert not [word for word in ("zanzibar", "4711", "price") if word in kept]


@pytest.mark.parametrize("pattern", [r"[A-Z]\w+-\d{4}", r"-\d+", r"Zanzi\w*", r"(?i)zanzibar-4711"])
def test_what_is_redacted_is_not_in_the_evidence_either(tmp_path: Path, pattern: str) -> None:
    """Evidence quotes identifiers in folded form, which a pattern for the original does not match."""
    kept = everything_kept(tmp_path, {"redact": [pattern]})
    assert PRIVATE.lower() not in kept.lower()
    assert "price of " in kept


def test_evidence_that_quotes_nothing_redacted_stays(tmp_path: Path) -> None:
    assert "holds zanzibar-4711" in everything_kept(tmp_path, {"redact": ["price"]})


def test_evidence_is_of_the_measures() -> None:
    findings = Findings({}, {}, [Missed("kb-9", "rank 1 of BM25, not served")], [0.1234567, 0.5])
    found = assembled(Fake("one", findings=findings)).assess([(trace(), ALL_TIERS)])[0]
    assert found.evidence.missed == [Missed("kb-9", "rank 1 of BM25, not served")]
    assert found.evidence.relevance == [0.123457, 0.5]


FAMILIES = {"score": ("score_gap",), "lexical": ("lexical_miss",), "scorer": ("regret",)}


def target(level_error: float) -> Target:
    line = Curve(4.0, 0.0, level_error)
    return Target({"score_gap": 1.0, "lexical_miss": 1.0, "regret": 1.0}, dict.fromkeys(bases(FAMILIES), line))


REFERENCE = Normalisation(
    "n1", 10, "s1", 100, {name: QuantileSketch((0.0, 0.5, 1.0)) for name in ("score_gap", "lexical_miss", "regret")}
)


PRIOR = Prior("p1", FAMILIES, {}, target(0.05), target(0.07), REFERENCE)


def unrated(**changes: Any) -> Assessment:
    return assembled(Fake("one", findings=Findings(changes.pop("signals", {})))).assess(
        [(trace(**changes), ALL_TIERS)]
    )[0]


def test_the_risk_is_the_priors() -> None:
    """A small gap is bad: percentile .25, turned .75; a missed share of .5 is undecided: 4 * .125 in logits."""
    rated = rate(unrated(signals={"score_gap": 0.25, "lexical_miss": 0.5}), REFERENCE, PRIOR)
    assert (rated.risk, rated.risk_at_1) == (pytest.approx(expit(0.5)), pytest.approx(expit(0.5)))
    assert (rated.risk_basis, rated.level_errors) == ("score+lexical", {"risk": 0.05, "risk_at_1": 0.07})
    assert rated.drivers == ("score_gap",)
    assert rated.versions == {"scorer": "s1", "normalisation": "n1", "prior": "p1"}


def test_without_evidence_a_risk_abstains() -> None:
    """None is not 0 and not .5."""
    nothing = rate(unrated(), REFERENCE, PRIOR)
    assert (nothing.risk, nothing.risk_at_1, nothing.drivers, nothing.level_errors) == (None, None, (), {})
    assert nothing.abstentions["risk"] == nothing.abstentions["risk_at_1"] == Reason.NO_EVIDENCE


def test_a_query_that_negates_is_rated_without_the_cross_encoder() -> None:
    signals = {"score_gap": 0.25, "regret": 1.0}
    negated = rate(unrated(signals=signals, query="shoes without laces"), REFERENCE, PRIOR)
    assert negated.scenarios == ("negation",)
    assert negated.risk_basis == "score"
    assert rate(unrated(signals=signals, query="shoes with laces"), REFERENCE, PRIOR).risk_basis == "score+scorer"


def test_an_empty_result_is_the_worst_failure() -> None:
    """Whatever the signals, and there are none."""
    rated = rate(unrated(documents=[]), REFERENCE, PRIOR)
    assert (rated.risk, rated.risk_at_1, rated.drivers) == (1.0, 1.0, ("empty_result",))
    assert "risk" not in rated.abstentions
