"""The left half of the flow: query traces in, assessments out. Everything here is per trace."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import msgspec
import structlog

from detectors.measures.base import Measure
from detectors.records import Assessment, Evidence, Findings, Missed, QueryTrace, Reason, Retrieval, Tier, Weights
from detectors.reference import Normalisation
from detectors.risk import EMPTY_RESULT, Prior, assess_risk, shipped_normalisation
from detectors.risk_calibration import RiskCalibration
from detectors.scenarios import Classifier, primary
from detectors.text import identifiers
from monitor.logs import describe
from monitor.made_by import scorer_version
from monitor.prepare import Preparer
from monitor.privacy import Privacy
from monitor.providers.corpus import TextSource

log = structlog.get_logger()

Sampled = tuple[QueryTrace, Weights]
Examined = tuple[Assessment, Retrieval]


class Unavailable:
    """Stands in for a measure whose model or data is not there: its signals abstain with the reason."""

    def __init__(self, name: str, tier: Tier, signals: tuple[str, ...], reason: Reason) -> None:
        self.name, self.tier, self.signals, self.failure = name, tier, signals, reason

    def measure(self, retrievals: Sequence[Retrieval]) -> list[Findings]:
        return [Findings.abstained(self.signals, self.failure) for _ in retrievals]


class Assessor:
    """Runs the measures over batches and builds assessments.

    A measure that raises costs its own signals and nothing else: they abstain, and `on_failure` hears of it.
    """

    def __init__(
        self,
        measures: Sequence[Measure],
        preparer: Preparer,
        privacy: Privacy,
        classifier: Classifier,
        *,
        versions: Mapping[str, str],
        attributes: Sequence[str] = (),
        on_failure: Callable[[str], None] = lambda _: None,
        on_success: Callable[[str], None] = lambda _: None,
        why_not: Callable[[QueryTrace, Tier], Reason] = lambda *_: Reason.NOT_SAMPLED,
    ) -> None:
        self._measures = measures
        self._preparer = preparer
        self._privacy = privacy
        self._classifier = classifier
        self._versions = dict(versions)
        self._attributes = attributes
        self._on_failure = on_failure
        self._on_success = on_success
        self._why_not = why_not
        self._failing: set[str] = set()

    @property
    def scorer(self) -> str:
        """The scorer and its calibration, by which references and calibrations of the risk are kept."""
        return scorer_version(self._versions)

    @property
    def measures(self) -> frozenset[str]:
        """The names of the measures that it runs."""
        return frozenset(measure.name for measure in self._measures)

    def assess(self, sampled: Sequence[Sampled]) -> list[Assessment]:
        """One assessment for each sampled trace, in order, without risk: `rate` adds it."""
        return [assessment for assessment, _ in self.examine(sampled)]

    def examine(self, sampled: Sequence[Sampled]) -> list[Examined]:
        """The same, each with what it was made of."""
        retrievals = self._preparer.prepare([trace for trace, _ in sampled])
        for i, (_, weights) in enumerate(sampled):
            if weights.scorer is not None:
                retrievals[i] = self._preparer.with_hubs(retrievals[i])
        findings = [Findings() for _ in sampled]
        for measure in self._measures:
            taken = [i for i, (_, weights) in enumerate(sampled) if weights.of(measure.tier) is not None]
            for i, found in zip(taken, self._run(measure, [retrievals[i] for i in taken]), strict=True):
                findings[i].merge(found)
            for i in set(range(len(sampled))).difference(taken):
                findings[i].merge(Findings.abstained(measure.signals, self._why_not(sampled[i][0], measure.tier)))
        return [(self._assessment(r, w, f), r) for r, (_, w), f in zip(retrievals, sampled, findings, strict=True)]

    def take_texts(self) -> Counter[tuple[str, TextSource]]:
        """Served documents since the last call, by pipeline and by where their text came from."""
        taken, self._preparer.texts = self._preparer.texts, Counter()
        return taken

    def _run(self, measure: Measure, retrievals: list[Retrieval]) -> list[Findings]:
        if not retrievals:
            return []
        try:
            found = measure.measure(retrievals)
        except Exception as error:  # noqa: BLE001 - the one place where a failing measure is kept from the others
            if measure.name not in self._failing:
                log.error("measure fails, its signals abstain", measure=measure.name, **describe(error))
                self._failing.add(measure.name)
            self._on_failure(measure.name)
            return [Findings.abstained(measure.signals, measure.failure) for _ in retrievals]
        if measure.name in self._failing:
            log.info("measure works again", measure=measure.name)
            self._failing.remove(measure.name)
        self._on_success(measure.name)
        return found

    def _assessment(self, retrieval: Retrieval, weights: Weights, findings: Findings) -> Assessment:
        trace = retrieval.trace
        scenarios = self._classifier.classify(trace.query)
        attributes = trace.attributes or {}
        return Assessment(
            trace_id=trace.trace_id,
            span_id=trace.span_id,
            timestamp=trace.timestamp,
            pipeline=trace.pipeline,
            query_id=trace.query_id,
            scenario=primary(scenarios),
            scenarios=tuple(scenarios),
            weights=weights,
            risk=None,
            risk_at_1=None,
            drivers=(),
            signals=findings.signals,
            abstentions=findings.abstentions,
            evidence=Evidence(
                self._missed(trace.query, findings.missed), [round(score, 6) for score in findings.relevance]
            ),
            versions=self._versions,
            document_ids=tuple([passage.key for passage in retrieval.served]),
            attributes={n: self._privacy.redact(str(attributes[n])) for n in self._attributes if n in attributes},
            query=self._privacy.clean(trace.query),
        )

    def _missed(self, query: str, missed: Sequence[Missed]) -> list[Missed]:
        """Its words may quote the query, folded so that a pattern may miss them: what is gone from the query goes.

        Without the right to keep text its ids remain.
        """
        kept = self._privacy.clean(query)
        hidden = set(identifiers(query)).difference(identifiers(kept)) if kept not in (None, query) else set()
        whys = ["" if hidden.intersection(identifiers(m.why)) else self._privacy.clean(m.why) or "" for m in missed]
        return [Missed(m.id, why) for m, why in zip(missed, whys, strict=True)]


def rate(
    assessment: Assessment, reference: Normalisation, prior: Prior, calibration: RiskCalibration | None = None
) -> Assessment:
    """The assessment with its risks. An empty result is the worst failure and needs no evidence.

    `calibration` is that of the pipeline. It holds for percentiles of the pipeline's own traffic: risks by the shipped
    reference stay the prior's.
    """
    empty = not assessment.document_ids
    risk = EMPTY_RESULT if empty else assess_risk(assessment.signals, reference, prior, assessment.scenarios)
    versions = {**assessment.versions, "normalisation": reference.version, "prior": prior.version}
    if risk is None:
        abstentions = {**assessment.abstentions, **dict.fromkeys(("risk", "risk_at_1"), Reason.NO_EVIDENCE)}
        return msgspec.structs.replace(assessment, abstentions=abstentions, versions=versions)
    prior_risks = {}
    if calibration is not None and reference.version != shipped_normalisation().version:
        versions["risk_calibration"] = calibration.version
        if not empty:
            prior_risks = {"risk": risk.at_5.probability, "risk_at_1": risk.at_1.probability}
            risk = calibration.applied(risk)
    return msgspec.structs.replace(
        assessment,
        risk=risk.at_5.probability,
        risk_at_1=risk.at_1.probability,
        risk_basis=risk.basis,
        level_errors={"risk": risk.at_5.level_error, "risk_at_1": risk.at_1.level_error},
        prior_risks=prior_risks,
        drivers=risk.drivers,
        versions=versions,
    )
