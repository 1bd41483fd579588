"""Puts an assessor together from a configuration: which measures there are, and what each is given."""

from collections.abc import Callable
from typing import NamedTuple

from detectors.calibration import Calibration
from detectors.measures import lexical_check, lexical_scores, rank_divergence
from detectors.measures.answer_type import AnswerType
from detectors.measures.base import LexicalIndex, Measure, PairScorer
from detectors.measures.document_age import DocumentAge
from detectors.measures.lexical_check import LexicalCheck
from detectors.measures.lexical_scores import LexicalScores
from detectors.measures.rank_divergence import RankDivergence
from detectors.measures.score_distribution import ScoreDistribution
from detectors.measures.served_list import ServedList
from detectors.records import QueryTrace, Reason, Tier
from detectors.scenarios import Classifier
from monitor.assess import Assessor, Unavailable
from monitor.config import Config
from monitor.made_by import UNCALIBRATED
from monitor.prepare import Preparer
from monitor.privacy import Privacy
from monitor.providers.corpus import Corpus, CorpusFormat, read_corpus
from monitor.providers.vocabulary import vocabulary_of


class Scorer(NamedTuple):
    """A cross-encoder, the name that its assessments carry, and what its scores mean; without one, none of it."""

    model: PairScorer | None
    name: str
    calibration: Calibration | None


def load_corpus(config: Config) -> Corpus | None:
    """The configured corpus, read whole; None where none is configured."""
    if config.corpus is None:
        return None
    c = config.corpus
    return read_corpus(c.path, CorpusFormat(c.id, c.title, c.text, c.metadata, c.table, c.timestamp))


def build_index(corpus: Corpus | None) -> LexicalIndex | None:
    """BM25 over the corpus; None without one."""
    from monitor.providers.lexical import Bm25Index  # noqa: PLC0415 - only where there is a corpus to index

    return Bm25Index(corpus) if corpus is not None else None


def build_measures(
    index: LexicalIndex | None, scorer: PairScorer | None, calibration: Calibration | None = None
) -> list[Measure]:
    """Every measure of leadline, in the order in which they run. A new one is a line here."""
    lexical: list[Measure] = (
        [LexicalCheck(index), LexicalScores(index)]
        if index is not None
        else [
            Unavailable("lexical_check", Tier.CHEAP, lexical_check.SIGNALS, Reason.NO_CORPUS),
            Unavailable("lexical_scores", Tier.CHEAP, lexical_scores.SIGNALS, Reason.NO_CORPUS),
        ]
    )
    ranks: Measure = (
        RankDivergence(scorer, index, calibration)
        if scorer is not None
        else Unavailable("rank_divergence", Tier.SCORER, rank_divergence.SIGNALS, Reason.SCORER_UNAVAILABLE)
    )
    return [ScoreDistribution(), AnswerType(), DocumentAge(), *lexical, ServedList(), ranks]


def build_assessor(
    config: Config,
    corpus: Corpus | None,
    index: LexicalIndex | None,
    scorer: PairScorer | None,
    scorer_name: str,
    *,
    calibration: Calibration | None = None,
    on_failure: Callable[[str], None] = lambda _: None,
    on_success: Callable[[str], None] = lambda _: None,
    why_not: Callable[[QueryTrace, Tier], Reason] = lambda *_: Reason.NOT_SAMPLED,
) -> Assessor:
    """An assessor with all measures over `corpus`, its `index` and `scorer`, whose `calibration` it is."""
    return Assessor(
        build_measures(index, scorer, calibration),
        Preparer(corpus, config.pipeline),
        Privacy(config.privacy),
        Classifier(config.scenarios, vocabulary_of(corpus)),
        versions={
            "scorer": scorer_name,
            "calibration": calibration.version if calibration is not None else UNCALIBRATED,
        },
        attributes=tuple(dict.fromkeys((*config.attributes, *config.releases.attributes))),
        on_failure=on_failure,
        on_success=on_success,
        why_not=why_not,
    )
