"""The catalogue, the store behind `/metrics`, and what assessments become there."""

import re
import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics_families
from prometheus_client.parser import text_string_to_metric_families

from detectors.records import Reason, Weights
from detectors.signals import SIGNALS
from monitor.catalogue import CATALOGUE, COUNTED_TO, MAX_PIPELINES, MAX_SERIES, OTHER, PREFIX
from monitor.hit_rate import WINDOW_TRACES
from monitor.metrics import MAX_EXEMPLAR_ID, Metrics, Recorder
from tests.builders import samples
from tests.monitor.kit import assessment
from tests.needs import require

ROOT = Path(__file__).parents[2]


def store() -> Metrics:
    return Metrics(clock=lambda: 1000.0)


def filled() -> Metrics:
    """Something of every metric."""
    metrics = store()
    for spec in CATALOGUE.values():
        labels = ("value",) * len(spec.labels)
        if spec.kind == "counter":
            metrics.inc(spec.name, *labels)
        elif spec.kind == "gauge":
            metrics.set(spec.name, 0.5, *labels)
        elif spec.kind == "histogram":
            metrics.observe(spec.name, [0.5], *labels)
    return metrics


def text(metrics: Metrics) -> str:
    return metrics.exposition()[0].decode()


def test_every_metric_of_the_catalogue_is_exposed_as_it_says() -> None:
    """Name, type and help, read back by Prometheus' own parser."""
    families = {family.name: family for family in text_string_to_metric_families(text(filled()))}
    for spec in CATALOGUE.values():
        name = PREFIX + (spec.name.removesuffix("_total") if spec.kind == "counter" else spec.name)
        family = families.pop(name)
        assert (family.type, family.documentation) == ("gauge" if spec.kind == "info" else spec.kind, spec.help)
        label_names = {label for sample in family.samples for label in sample.labels} - {"le"}
        assert label_names == set(spec.labels)
    assert families == {}


def test_promtool_finds_nothing_wrong() -> None:
    """Names, units and help follow Prometheus' conventions."""
    promtool = require("promtool", "apt-get install prometheus")
    found = subprocess.run(
        [promtool, "check", "metrics"], input=filled().exposition()[0], capture_output=True, check=False
    )
    assert (found.returncode, found.stdout + found.stderr) == (0, b"")


def test_the_catalogue_is_sound() -> None:
    """Counters end in _total and nothing else does; buckets rise, and none is negative, or the sum would be dropped."""
    for spec in CATALOGUE.values():
        assert re.fullmatch(r"[a-z][a-z0-9_]*", spec.name)
        assert spec.name.endswith("_total") == (spec.kind == "counter")
        assert bool(spec.buckets) == (spec.kind == "histogram")
        assert list(spec.buckets) == sorted(set(spec.buckets))
        assert all(bound >= 0 for bound in spec.buckets)
        assert spec.help.endswith(".")
        assert not re.search(r"[\t\n]", spec.help)
    assert {f"signal_{name}" for name in SIGNALS} <= CATALOGUE.keys()


def test_what_the_code_counts_is_in_the_catalogue() -> None:
    """Every literal name that is handed to the store, anywhere in the package."""
    call = re.compile(r"\.(?:inc|set|observe|value)\(\s*\"([a-z0-9_]+)\"")
    used = {name for path in (ROOT / "monitor").rglob("*.py") for name in call.findall(path.read_text())}
    assert len(used) > 10
    assert used <= CATALOGUE.keys()


def test_counters_add_up_and_gauges_are_replaced() -> None:
    metrics = store()
    metrics.inc("scorer_pairs_total", by=3)
    metrics.inc("scorer_pairs_total", by=4)
    metrics.set("queue_traces", 5)
    metrics.set("queue_traces", 2)
    found = text(metrics)
    assert samples(found, "scorer_pairs_total") == {(): 7}
    assert samples(found, "queue_traces") == {(): 2}
    assert (metrics.value("scorer_pairs_total"), metrics.value("config_reloads_total", "done")) == (7, 0)


def test_a_histogram_counts_up_to_and_including_a_bound() -> None:
    """Cumulative; what lies above all bounds, or below zero, is counted too."""
    metrics = store()
    metrics.observe("signal_missed_identifiers", [-0.5, 0.0, 7.0], "shop")
    metrics.observe("signal_missed_identifiers", [0.25, 0.3, 1.0], "shop")
    found = text(metrics)
    assert samples(found, "signal_missed_identifiers_bucket", "le") == {
        ("0.0",): 2, ("0.25",): 3, ("0.5",): 4, ("0.75",): 4, ("1.0",): 5, ("+Inf",): 6,
    }  # fmt: skip
    assert samples(found, "signal_missed_identifiers_sum", "pipeline") == {("shop",): pytest.approx(8.05)}
    assert samples(found, "signal_missed_identifiers_count", "pipeline") == {("shop",): 6}


def test_components_say_when_they_last_worked_and_how_often_not() -> None:
    metrics = store()
    metrics.succeeded("jsonl:out")
    metrics.failed("jsonl:out")
    metrics.failed("jsonl:out")
    found = text(metrics)
    assert samples(found, "component_last_success_timestamp_seconds", "component") == {("jsonl:out",): 1000}
    assert samples(found, "component_failures_total", "component") == {("jsonl:out",): 2}
    assert samples(found, "component_last_failure_timestamp_seconds", "component") == {("jsonl:out",): 1000}
    assert samples(found, "start_timestamp_seconds") == {(): 1000}
    assert samples(found, "build_info", "version") == {(version("leadline"),): 1}


def test_hooks_run_before_a_collection() -> None:
    metrics = store()
    metrics.on_collect(lambda: metrics.set("queue_traces", 9))
    assert samples(text(metrics), "queue_traces") == {(): 9}


def test_names_from_traffic_are_escaped() -> None:
    metrics = store()
    name = 'sh"op\n\\ü'
    Recorder(metrics).decided(name, "evaluated", 3)
    assert samples(text(metrics), "traces_total", "pipeline", "decision") == {(name, "evaluated"): 3}


def test_an_assessment_is_counted_once_in_everything_it_says() -> None:
    metrics = store()
    recorder = Recorder(metrics)
    one = assessment(
        "a", pipeline="shop", scenario="identifier", risk=0.25, weights=Weights(4.0),
        signals={"score_gap": 0.3}, abstentions={"lexical_miss": Reason.NO_CORPUS},
    )  # fmt: skip
    recorder.assessed([one, one])
    recorder.decided("shop", "duplicate")
    found = text(metrics)
    assert samples(found, "traces_total", "pipeline", "decision") == {
        ("shop", "evaluated"): 2,
        ("shop", "duplicate"): 1,
    }
    assert samples(found, "abstentions_total", "signal", "reason") == {("lexical_miss", "no_corpus"): 2}
    assert samples(found, "signal_score_gap_sum", "pipeline") == {("shop",): pytest.approx(0.6)}
    assert samples(found, "risk_count", "pipeline", "scenario") == {("shop", "identifier"): 2}
    assert samples(found, "risk_weighted_total", "pipeline", "scenario") == {("shop", "identifier"): 2.0}
    assert samples(found, "risk_weight_total", "pipeline", "scenario") == {("shop", "identifier"): 8.0}


def test_without_a_risk_nothing_is_said_of_it() -> None:
    metrics = store()
    Recorder(metrics).assessed([assessment("a", risk=None)])
    found = text(metrics)
    assert not samples(found, "risk_count")
    assert not samples(found, "risk_weight_total")
    assert samples(found, "traces_total", "decision") == {("evaluated",): 1}


def test_the_hit_rate_is_estimated_over_the_last_traces() -> None:
    """1 - mean risk, with the prior's error in its interval; absent while there are too few."""
    metrics = store()
    recorder = Recorder(metrics)
    recorder.assessed([assessment(f"old{i}", risk=1.0) for i in range(29)])
    assert recorder.hit_at_5("default") is None
    assert not samples(text(metrics), "hit_at_5_ratio")
    recorder.assessed([assessment(f"new{i}", risk=0.25) for i in range(WINDOW_TRACES)])
    found = text(metrics)
    assert samples(found, "hit_at_5_ratio", "pipeline") == {("default",): 0.75}
    assert samples(found, "hit_at_5_lower_ratio", "pipeline")["default",] == pytest.approx(0.75 - 1.96 * 0.1, abs=1e-4)
    assert samples(found, "hit_at_5_upper_ratio", "pipeline")["default",] == pytest.approx(0.75 + 1.96 * 0.1, abs=1e-4)
    assert samples(found, "effective_samples", "pipeline") == {("default",): WINDOW_TRACES}


def test_the_hit_rate_of_each_kind_of_query_has_its_own_window() -> None:
    """One that is rare reaches further back than the pipeline's; one with too few traces has no series, not 0."""
    metrics = store()
    recorder = Recorder(metrics)
    recorder.assessed([assessment(f"n{i}", risk=0.6, scenario="negation") for i in range(30)])
    recorder.assessed([assessment(f"j{i}", risk=0.9, scenario="jargon") for i in range(29)])
    recorder.assessed([assessment(f"o{i}", risk=0.25, weights=Weights(2.0)) for i in range(WINDOW_TRACES + 5)])
    found = text(metrics)
    assert samples(found, "hit_at_5_ratio", "pipeline") == {("default",): 0.75}
    labels = ("pipeline", "scenario")
    assert samples(found, "scenario_hit_at_5_ratio", *labels) == {
        ("default", "negation"): pytest.approx(0.4), ("default", "none"): 0.75
    }  # fmt: skip
    half = 1.96 * 0.1
    low, high = (samples(found, f"scenario_hit_at_5_{end}_ratio", *labels) for end in ("lower", "upper"))
    assert low["default", "negation"] == pytest.approx(0.4 - half, abs=1e-4)
    assert high["default", "none"] == pytest.approx(0.75 + half, abs=1e-4)
    assert samples(found, "scenario_effective_samples", *labels) == {
        ("default", "negation"): 30, ("default", "none"): WINDOW_TRACES
    }  # fmt: skip


def test_an_estimate_that_is_lost_leaves_no_gauge_behind() -> None:
    """A trace of great weight came: the window is worth less than the minimum."""
    metrics = store()
    recorder = Recorder(metrics)
    recorder.assessed([assessment(f"t{i}") for i in range(40)])
    assert samples(text(metrics), "scenario_hit_at_5_ratio", "scenario") == {("none",): 0.5}
    recorder.assessed([assessment("heavy", weights=Weights(1000.0))])
    found = text(metrics)
    for name in ("hit_at_5_ratio", "hit_at_5_lower_ratio", "hit_at_5_upper_ratio", "effective_samples"):
        assert samples(found, name) == samples(found, f"scenario_{name}") == {}


def test_pipelines_do_not_know_each_other() -> None:
    recorder = Recorder(store())
    recorder.assessed(
        [assessment(f"{name}{i}", pipeline=name, risk=r) for i in range(40) for name, r in (("a", 0.1), ("b", 0.9))]
    )
    means = [estimate.mean for name in "ab" if (estimate := recorder.hit_at_5(name))]
    assert means == [pytest.approx(0.9), pytest.approx(0.1)]


def test_pipelines_are_bounded() -> None:
    """Their names come with the traffic: beyond the bound they share a label, and are counted under it."""
    metrics = store()
    recorder = Recorder(metrics)
    names = [f"p{i}" for i in range(MAX_PIPELINES + 50)]
    recorder.assessed([assessment(name, pipeline=name) for name in names])
    found = samples(text(metrics), "traces_total", "pipeline")
    assert len(found) == MAX_PIPELINES + 1
    assert found[OTHER,] == 50
    assert sum(found.values()) == len(names)
    assert samples(text(metrics), "pipelines") == {(): MAX_PIPELINES + 50}
    assert recorder.pipeline("p0") == "p0"


def wanted(metrics: Metrics, name: str) -> float:
    """Series that a metric would have."""
    return samples(text(metrics), "metric_series", "metric")[PREFIX + name,]


def test_what_is_counted_beyond_the_cap_goes_to_other() -> None:
    """Nothing is lost, and a series that is there stays its own."""
    metrics = store()
    for i in range(MAX_SERIES + 7):
        metrics.inc("component_failures_total", f"c{i}", by=2)
    metrics.inc("component_failures_total", "c0")
    found = samples(text(metrics), "component_failures_total", "component")
    assert len(found) == MAX_SERIES + 1
    assert (found["c0",], found[OTHER,]) == (3, 14)
    assert wanted(metrics, "component_failures_total") == MAX_SERIES + 7


def test_a_histogram_is_capped_by_all_of_its_series() -> None:
    """15 for each set of labels: buckets, +Inf, sum and count."""
    metrics = store()
    each = len(CATALOGUE["risk"].buckets) + 3
    fit = MAX_SERIES // each
    for i in range(fit + 4):
        metrics.observe("risk", [0.5, 0.6], "shop", f"s{i}")
    found = samples(text(metrics), "risk_count", "pipeline", "scenario")
    assert len(found) == fit + 1
    assert found[OTHER, OTHER] == 8
    assert wanted(metrics, "risk") == (fit + 4) * each


def test_a_gauge_beyond_the_cap_is_left_out_and_counted() -> None:
    """It would be of no series: neither a sum nor the last one is true of the others."""
    metrics = store()
    for i in range(MAX_SERIES + 3):
        metrics.set("component_last_success_timestamp_seconds", i, f"c{i}")
    metrics.set("component_last_success_timestamp_seconds", 99, "c0")
    found = samples(text(metrics), "component_last_success_timestamp_seconds", "component")
    assert len(found) == MAX_SERIES
    assert found["c0",] == 99
    assert wanted(metrics, "component_last_success_timestamp_seconds") == MAX_SERIES + 3


def test_of_too_many_alarms_those_that_stand_are_shown() -> None:
    metrics = store()
    gauges = {("a", "p", f"s{i}"): float(i >= MAX_SERIES) for i in range(MAX_SERIES + 5)}
    metrics.replace("alarm_active", gauges)
    metrics.replace("watched_traces_total", {("a", "p", f"o{i}"): 1.0 for i in range(MAX_SERIES + 5)})
    found = text(metrics)
    assert sum(samples(found, "alarm_active", "scenario").values()) == 5
    assert len(samples(found, "alarm_active", "scenario")) == MAX_SERIES
    assert samples(found, "watched_traces_total", "outcome")[OTHER,] == 5
    assert wanted(metrics, "alarm_active") == wanted(metrics, "watched_traces_total") == MAX_SERIES + 5
    metrics.replace("alarm_active", {("a", "p", "s"): 1.0})
    assert wanted(metrics, "alarm_active") == 1


def test_what_is_beyond_is_counted_within_bounds() -> None:
    """Ids in place of names: what is remembered of them does not grow for ever."""
    recorder = Recorder(metrics := store())
    for i in range(MAX_PIPELINES + COUNTED_TO + 5):
        recorder.pipeline(f"p{i}")
    assert samples(text(metrics), "pipelines") == {(): MAX_PIPELINES + COUNTED_TO}


def openmetrics(metrics: Metrics) -> str:
    accept = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"  # as Prometheus asks
    content, content_type = metrics.exposition(accept)
    assert content_type.startswith("application/openmetrics-text; version=1.0.0")
    return content.decode()


def test_each_bucket_names_the_last_trace_in_it() -> None:
    """In OpenMetrics, of risk and signals; the text format has no place for it."""
    metrics = store()
    risks = {"low": 0.01, "first": 0.55, "last": 0.56, "x" * (MAX_EXEMPLAR_ID + 1): 0.95}
    gaps = {name: {"score_gap": risk} for name, risk in risks.items() if name != "last"}
    traces = [assessment(name, risk=risk, signals=gaps.get(name, {})) for name, risk in risks.items()]
    Recorder(metrics).assessed(traces)
    found = {
        (sample.name, sample.labels["le"]): sample.exemplar
        for family in openmetrics_families(openmetrics(metrics)) for sample in family.samples if sample.exemplar
    }  # fmt: skip
    assert {place: one.labels["trace_id"] for place, one in found.items()} == {
        ("leadline_risk_bucket", "0.02"): "low", ("leadline_risk_bucket", "0.6"): "last",
        ("leadline_signal_score_gap_bucket", "0.01"): "low", ("leadline_signal_score_gap_bucket", "0.6"): "first",
    }  # fmt: skip
    exemplar = found["leadline_risk_bucket", "0.6"]
    assert (exemplar.value, float(exemplar.timestamp)) == (0.56, 1000)
    assert "trace_id" not in text(metrics)


def test_both_formats_say_the_same() -> None:
    """Read by two parsers: every sample, but for OpenMetrics' name of an info."""
    metrics = filled()
    plain, open_ = ({(s.name, *sorted(s.labels.items())): s.value for family in families for s in family.samples}
                    for families in (text_string_to_metric_families(text(metrics)),
                                     openmetrics_families(openmetrics(metrics))))  # fmt: skip
    assert plain == open_
