"""What a stack may lack: the depths, and the families of evidence that are gone, in which everything is measured."""

from typing import NamedTuple

import msgspec

from detectors.measures.base import LexicalIndex, PairScorer
from detectors.records import QueryTrace
from monitor.assess import Assessor, Sampled
from monitor.build import Scorer, build_assessor
from monitor.commands import file_config
from monitor.evaluation import without_scores
from monitor.made_by import NO_SCORER
from monitor.providers.corpus import Corpus, resolve

DEPTH = 10


class Variant(NamedTuple):
    """How a recording is assessed. Without a corpus the traces carry their texts, as such a stack's would."""

    name: str
    depth: int = DEPTH
    scores: bool = True
    corpus: bool = True
    scorer: bool = True


FULL = Variant("all evidence, depth 10")
VARIANTS = (
    Variant("all evidence, depth 20", depth=20),  # first: its pairs are a superset of the others'
    FULL,
    Variant("all evidence, depth 5", depth=5),
    Variant("no scores, depth 20", depth=20, scores=False),
    Variant("no scores, depth 10", scores=False),
    Variant("no scores, depth 5", depth=5, scores=False),
    Variant("no corpus, depth 10", corpus=False),
    Variant("no cross-encoder, depth 10", scorer=False),
    Variant("no corpus, no cross-encoder, depth 10", corpus=False, scorer=False),
    Variant("no scores, no corpus, depth 10", scores=False, corpus=False),
    Variant("no scores, no cross-encoder, depth 10", scores=False, scorer=False),
)


class Parts(NamedTuple):
    """What an assessor of one collection is made from."""

    corpus: Corpus
    lexical: LexicalIndex
    scorer: Scorer


def variants(scorer: PairScorer | None) -> list[Variant]:
    """Those that differ: without a scorer, nothing is measured without it once more."""
    return [variant for variant in VARIANTS if variant.scorer or scorer is not None]


def assessor_of(variant: Variant, parts: Parts) -> Assessor:
    """The pipeline's own assessor, without the parts that the variant lacks."""
    config = file_config(None, None, variant.depth, None)
    corpus, lexical = (parts.corpus, parts.lexical) if variant.corpus else (None, None)
    model, name, calibration = parts.scorer if variant.scorer else (None, NO_SCORER, None)
    return build_assessor(config, corpus, lexical, model, name, calibration=calibration)


def as_recorded(variant: Variant, sampled: Sampled, corpus: Corpus) -> Sampled:
    """A trace as a stack of that variant would have recorded it."""
    if not variant.scores:
        sampled = without_scores(sampled)
    return sampled if variant.corpus else _with_texts(sampled, corpus)


def _with_texts(sampled: Sampled, corpus: Corpus) -> Sampled:
    trace, weights = sampled
    documents = []
    for document in trace.documents:
        known = resolve(document, corpus)
        documents.append(msgspec.structs.replace(document, id=known.key, title=None, text=known.text))
    changed: QueryTrace = msgspec.structs.replace(trace, documents=tuple(documents))
    return changed, weights
