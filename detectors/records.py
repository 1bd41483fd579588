"""The records that flow through leadline: what comes in, what a measure sees, what goes out.

Field by field, the formats of query traces and assessments are a contract with users (docs/formats.md).
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Literal

import msgspec

ScoreKind = Literal["similarity", "distance"]
Identity = tuple[str, str, str]
"""Pipeline, trace id, span id or an empty string: what deduplication and sampling go by."""
NO_TIMESTAMP = datetime.min.replace(tzinfo=UTC)


class Tier(StrEnum):
    """How much a signal costs, and so which share of the traffic gets it. The tiers nest: cheap, scorer, judge."""

    CHEAP = "cheap"
    SCORER = "scorer"
    JUDGE = "judge"


class Reason(StrEnum):
    """Why a signal abstained. An abstention is never zero and never OK: it is counted."""

    NO_SCORES = "no_scores"
    CONSTANT_SCORES = "constant_scores"
    NO_TEXT = "no_text"
    TOO_FEW_DOCUMENTS = "too_few_documents"
    NO_CORPUS = "no_corpus"
    IDS_NOT_IN_CORPUS = "ids_not_in_corpus"
    FILTER_UNKNOWN = "filter_unknown"
    NO_QUERY_TERMS = "no_query_terms"
    NOT_APPLICABLE = "not_applicable"
    UNSUPPORTED_LANGUAGE = "unsupported_language"
    SCORER_UNAVAILABLE = "scorer_unavailable"
    LEXICAL_UNAVAILABLE = "lexical_unavailable"
    NOT_SAMPLED = "not_sampled"
    OVER_BUDGET = "over_budget"
    JUDGE_FAILED = "judge_failed"
    JUDGE_REFUSED = "judge_refused"
    JUDGE_UNPROVEN = "judge_unproven"
    NO_ANSWER = "no_answer"
    MEASURE_FAILED = "measure_failed"
    NO_EVIDENCE = "no_evidence"
    NO_CALIBRATION = "no_calibration"
    TOO_FEW_TRACES = "too_few_traces"
    NO_TIMESTAMP = "no_timestamp"


class RetrievedDocument(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One served document as it stands in a trace: it has an `id` or a `text`, perhaps both."""

    id: str | None = None
    score: float | None = None
    text: str | None = None
    title: str | None = None
    parent_id: str | None = None


class QueryTrace(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A query and the ranked documents that were served for it.

    `documents` is what the user got; `candidates`, where the stack reranks, is the retriever's list before it.
    `timestamp` is the time of the query; a decoder sets it to the time of arrival where the trace has none.
    """

    trace_id: str
    query: str
    documents: tuple[RetrievedDocument, ...]
    timestamp: datetime = NO_TIMESTAMP
    span_id: str | None = None
    pipeline: str = "default"
    query_id: str | None = None
    top_k: int | None = None
    score_kind: ScoreKind | None = None
    candidates: tuple[RetrievedDocument, ...] | None = None
    filters: dict[str, Any] | None = None
    attributes: dict[str, Any] | None = None
    answer: str | None = None

    @property
    def identity(self) -> Identity:
        """Which retrieval this is."""
        return self.pipeline, self.trace_id, self.span_id or ""


class Passage(msgspec.Struct, frozen=True, gc=False):
    """A document made ready for measuring.

    `key` is what it is compared by: its id in the corpus where it was found there, else its own id, else a hash of its
    text. `text` is title, full stop, text, or None where neither the trace nor the corpus has it. `newer` is the share
    of the corpus's dated documents that are newer than this one; None where it has no date.
    """

    key: str
    text: str | None = None
    in_corpus: bool = False
    newer: float | None = None


class Retrieval(msgspec.Struct, frozen=True):
    """A query trace made ready for measuring: no deeper than the pipeline's depth, texts and corpus ids resolved.

    `scores` are None unless every served document has a finite one; higher is better (distances are negated).
    `no_lexical` says why nothing can be concluded from the corpus, where that is so. `hub_share` is the
    largest share of the pipeline's last different queries that was served one of the first five documents among its own
    first five; None while they are too few, or where the trace was sampled for the cheap tier alone.
    """

    trace: QueryTrace
    served: tuple[Passage, ...]
    scores: tuple[float, ...] | None
    no_lexical: Reason | None = Reason.NO_CORPUS
    hub_share: float | None = None

    @property
    def query(self) -> str:
        return self.trace.query


class Missed(msgspec.Struct, frozen=True, gc=False):
    """A document that was not served and, by the evidence of `why`, should have been."""

    id: str
    why: str


class Findings(msgspec.Struct):
    """What one measure, or all of them together, found out about one retrieval.

    `relevance` is the second ranker's score of each served document, in served order; empty where there is none.
    """

    signals: dict[str, float] = {}
    abstentions: dict[str, Reason] = {}
    missed: list[Missed] = []
    relevance: list[float] = []

    def merge(self, other: "Findings") -> None:
        """Add what another measure found."""
        self.signals.update(other.signals)
        self.abstentions.update(other.abstentions)
        if other.missed:
            named = {missed.id for missed in self.missed}
            self.missed.extend(missed for missed in other.missed if missed.id not in named)
        self.relevance = other.relevance or self.relevance

    @classmethod
    def abstained(cls, names: Sequence[str], reason: Reason) -> "Findings":
        """Nothing but abstentions, one for each name."""
        return cls(abstentions=dict.fromkeys(names, reason))


class Weights(msgspec.Struct, frozen=True):
    """Inverse sampling probability per tier; None where the tier did not take this trace.

    The judge may prefer some traces, with known probabilities. `judge_uniform` is the weight of those that would have
    been taken without any preference: a uniform sample, for whoever cannot use weights.
    """

    cheap: float | None = 1.0
    scorer: float | None = None
    judge: float | None = None
    judge_uniform: float | None = None

    def of(self, tier: Tier) -> float | None:
        """The weight that a mean over signals of `tier` has to use."""
        weight: float | None = getattr(self, tier)
        return weight


class Rated(msgspec.Struct, frozen=True):
    """A probability of failure, and the standard deviation of what more traces would not mend in a mean of such:
    how far the level of what it rests on is off between collections.
    """

    probability: float
    level_error: float


class Risk(msgspec.Struct, frozen=True):
    """Two probabilities of failure, the families of evidence behind them, and the signals that drove them.

    `at_5`: none of the first five served documents is relevant; `at_1`: the first is not. `drivers` come strongest
    first.
    """

    at_5: Rated
    at_1: Rated
    basis: str
    drivers: tuple[str, ...]


class Evidence(msgspec.Struct, frozen=True):
    """What a person can check: documents that were missed, and the second ranker's score of each served one.

    Of an LLM judge, by document: the grade from 0 to 3, and the words that it rests on.
    """

    missed: list[Missed] = []
    relevance: list[float] = []
    grades: dict[str, float] = {}
    quotes: dict[str, str] = {}


class Assessment(msgspec.Struct, frozen=True, kw_only=True):
    """All that leadline has to say about one retrieval: the seam between per-trace work and everything after it.

    `risk_basis` names the families of evidence behind the two risks, joined with `+`; `level_errors` holds, for each of
    them, the standard deviation of its level's error, which no number of traces mends. Where a calibration of the
    pipeline's own made the risks, `prior_risks` holds what they were before.
    """

    schema: int = 1
    trace_id: str
    span_id: str | None
    timestamp: datetime
    pipeline: str
    query_id: str | None
    scenario: str
    scenarios: tuple[str, ...]
    weights: Weights
    risk: float | None
    risk_at_1: float | None
    risk_basis: str = ""
    level_errors: dict[str, float] = {}
    prior_risks: dict[str, float] = {}
    drivers: tuple[str, ...]
    signals: dict[str, float]
    abstentions: dict[str, Reason]
    evidence: Evidence
    versions: dict[str, str]
    document_ids: tuple[str, ...]
    attributes: dict[str, str]
    query: str | None


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """A decider has raised an alarm over a stream, or it has ended.

    `alarm` is the name of the alert, `scenario` the kind of query or ALL. `at` is the time of the trace that decided,
    `since` that of the last one before which the evidence was low, where that is known. `evidence` is a share of its
    limit. `reference` is the version of the baseline that the stream fell from, empty where there is none.
    """

    alarm: str
    pipeline: str
    scenario: str
    state: Literal["raised", "resolved"]
    why: Literal["evidence", "new_reference", "alert_removed"] = "evidence"
    at: datetime
    since: datetime | None
    evidence: float | None
    signal: str
    reference: str = ""


ALL = "_all"
"""In place of a scenario: every trace of the pipeline."""
