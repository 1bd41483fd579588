"""`leadline evaluate`: the monitor itself against the labels of a collection in BEIR's layout."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from detectors.estimate import weighted_mean
from detectors.evaluate import evaluate_signals
from detectors.labels import FAILURE_KINDS, Judged, against_labels, graded, ndcg
from detectors.measures.base import LexicalIndex
from detectors.records import Assessment, QueryTrace
from detectors.risk import shipped_prior
from monitor.assess import Assessor, Sampled
from monitor.errors import LeadlineError
from monitor.recording import Recording, References

NDCG_DEPTH = 10

Qrels = dict[str, dict[str, int]]


class Evaluation(msgspec.Struct, frozen=True):
    """What `leadline evaluate --json` prints; its keys are a contract (docs/formats.md)."""

    collection: str
    traces: int
    skipped: dict[str, int]
    reference: str
    failure_rate: dict[str, float | None]
    estimated_failure_rate: dict[str, dict[str, float] | None]
    ndcg_at_10: dict[str, float | None]
    signals: dict[str, dict[str, Any]]
    risk: dict[str, Any]
    risk_at_1: dict[str, Any]
    kendall_tau: dict[str, float | None]


def read_labels(directory: Path) -> tuple[Qrels, dict[str, list[str]]]:
    """Grades by query id and document id, and the query ids of each query text.

    Raises
    ------
    LeadlineError
        With file, line and what was expected.
    """
    return _read_qrels(directory / "qrels" / "test.tsv"), _read_queries(directory / "queries.jsonl")


def _read_qrels(path: Path) -> Qrels:
    qrels: Qrels = {}
    for number, line in _lines(path):
        fields = line.rstrip("\r\n").split("\t")
        if number == 1 and fields[-1:] == ["score"]:
            continue
        try:
            query, document, grade = fields
            qrels.setdefault(query, {})[document] = int(grade)
        except ValueError as error:
            raise LeadlineError(f"{path}:{number}: expected query id, document id and a whole grade by tabs") from error
    return qrels


def _read_queries(path: Path) -> dict[str, list[str]]:
    ids: dict[str, list[str]] = {}
    for number, line in _lines(path):
        try:
            row = msgspec.json.decode(line, type=dict[str, Any])
            ids.setdefault(row["text"].strip(), []).append(str(row["_id"]))
        except (msgspec.DecodeError, KeyError, AttributeError) as error:
            raise LeadlineError(f"{path}:{number}: expected a JSON object with _id and text") from error
    return ids


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        with path.open(encoding="utf-8-sig") as lines:
            yield from ((number, line) for number, line in enumerate(lines, start=1) if line.strip())
    except OSError as error:
        raise LeadlineError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise LeadlineError(f"{path}: expected UTF-8 text") from error


class Labels:
    """Finds the grades for a trace: by its `query_id`, else by its query's text where that is one query's only."""

    def __init__(self, qrels: Qrels, ids_by_text: Mapping[str, Sequence[str]]) -> None:
        self._qrels = qrels
        self._ids_by_text = ids_by_text

    def query(self, query_id: str | None, query: str | None) -> str | None:
        """The id of a query that has labels; None where it is not known."""
        if query_id is None:
            ids = self._ids_by_text.get((query or "").strip(), ())
            query_id = ids[0] if len(ids) == 1 else None
        return query_id if query_id in self._qrels else None

    def of(self, query_id: str | None, query: str | None) -> dict[str, int] | None:
        """Grades by document id; None where the query is not known."""
        known = self.query(query_id, query)
        return self._qrels[known] if known is not None else None


def evaluate(
    directory: Path, recording: Recording, assessor: Assessor, index: LexicalIndex | None, *,
    reference: str, depth: int, drop_scores: bool,
) -> Evaluation:  # fmt: skip
    """Assess a recording and hold the assessments against the labels.

    Raises
    ------
    LeadlineError
        Where labels or traces cannot be read, or no trace has labels.
    """
    unrated: list[Assessment] = []
    for batch in recording.batches():
        unrated += assessor.assess([without_scores(s) for s in batch] if drop_scores else batch)
    skipped = {name: count for name, count in recording.counts().items() if name != "evaluated"}
    return judge(directory, unrated, index, reference=reference, depth=depth, skipped=skipped)


def judge(
    directory: Path, unrated: Sequence[Assessment], index: LexicalIndex | None, *,
    reference: str, depth: int, skipped: Mapping[str, int],
) -> Evaluation:  # fmt: skip
    """Rate the assessments of a recording and hold them against the labels.

    Raises
    ------
    LeadlineError
        Where labels cannot be read, or no trace has any.
    """
    labels = Labels(*read_labels(directory))
    references = References(reference, unrated, depth=lambda _: depth)
    left_out = Counter(skipped)
    judged: list[Judged] = []
    orders = Orders(index)
    for assessment in references.rate(unrated, shipped_prior()):
        qrels = labels.of(assessment.query_id, assessment.query)
        known = against_labels(assessment, qrels) if qrels is not None else None
        if qrels is None or known is None:
            left_out["unknown_query" if qrels is None else "no_relevant_document"] += 1
            continue
        judged.append(known)
        orders.add(assessment, qrels, known)
    if not judged:
        raise LeadlineError(f"{directory}: no trace has labels here, expected query ids or texts of queries.jsonl")
    return _result(directory.resolve().name, judged, dict(left_out), ", ".join(references.versions), orders)


def without_scores(sampled: Sampled) -> Sampled:
    """A trace as a stack would have recorded it whose retriever gives no scores."""
    trace, weights = sampled
    bare = tuple(msgspec.structs.replace(document, score=None) for document in trace.documents)
    replaced: QueryTrace = msgspec.structs.replace(trace, documents=bare)
    return replaced, weights


class Orders:
    """nDCG@10 of the served order, of the cross-encoder's order of the same documents, and of BM25's own list."""

    def __init__(self, index: LexicalIndex | None) -> None:
        self._index = index
        self._values: dict[str, list[float]] = {"served": [], "cross_encoder": [], "bm25": []}

    def add(self, assessment: Assessment, qrels: Mapping[str, int], judged: Judged) -> None:
        served, relevance = assessment.document_ids, assessment.evidence.relevance
        self._values["served"].append(judged.ndcg_at_10)
        if len(relevance) == len(served):
            order = np.argsort(-np.array(relevance), kind="stable")
            self._add("cross_encoder", [served[i] for i in order], qrels)
        if self._index is not None and assessment.query is not None:
            hits = self._index.search(assessment.query, NDCG_DEPTH, None).hits
            self._add("bm25", [hit.key for hit in hits], qrels)

    def _add(self, name: str, order: Sequence[str], qrels: Mapping[str, int]) -> None:
        self._values[name].append(ndcg(graded(order, qrels), qrels.values(), NDCG_DEPTH))

    def means(self) -> dict[str, float | None]:
        return {name: float(np.mean(values)) if values else None for name, values in self._values.items()}


def _result(
    collection: str, judged: list[Judged], skipped: dict[str, int], reference: str, orders: Orders
) -> Evaluation:
    skills = evaluate_signals(judged)
    estimates = {
        "no_relevant_at_5": _estimate([(q.risk, q.level_errors.get("risk")) for q in judged]),
        "no_relevant_at_1": _estimate([(q.risk_at_1, q.level_errors.get("risk_at_1")) for q in judged]),
        "ndcg_below_half": None,  # no risk speaks of it
    }
    return Evaluation(
        collection=collection,
        traces=len(judged),
        skipped=skipped,
        reference=reference,
        failure_rate=skills.failure_rate,
        estimated_failure_rate={kind: estimates[kind] for kind in FAILURE_KINDS},
        ndcg_at_10=orders.means(),
        signals=msgspec.to_builtins(skills.signals),
        risk=msgspec.to_builtins(skills.risk),
        risk_at_1=msgspec.to_builtins(skills.risk_at_1),
        kendall_tau=skills.kendall_tau,
    )


def _estimate(rated: Sequence[tuple[float | None, float | None]]) -> dict[str, float] | None:
    """The mean of the risks, each with the error of its level."""
    risks = [risk for risk, _ in rated if risk is not None]
    errors = [error for _, error in rated if error is not None]
    estimate = weighted_mean(risks, np.ones(len(risks)), level_error=errors)
    return {"mean": estimate.mean, "low": estimate.low, "high": estimate.high} if estimate is not None else None
