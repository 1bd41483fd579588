"""What a stack may lack: the depths, and the families of evidence that are gone, in which everything is measured."""

from typing import Any, NamedTuple

import msgspec

from detectors.calibration import Calibration
from detectors.measures.base import LexicalIndex, PairScorer
from detectors.records import QueryTrace, RetrievedDocument
from monitor.assess import Assessor, Sampled
from monitor.build import build_assessor
from monitor.commands import file_config
from monitor.normalisation import NO_SCORER
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
    """What an assessor of one collection is made from; `scorer` is None where there is none."""

    corpus: Corpus
    lexical: LexicalIndex
    scorer: PairScorer | None
    scorer_name: str
    calibration: Calibration | None


def variants(scorer: PairScorer | None) -> list[Variant]:
    """Those that differ: without a scorer, nothing is measured without it once more."""
    return [variant for variant in VARIANTS if variant.scorer or scorer is not None]


def assessor_of(variant: Variant, parts: Parts) -> Assessor:
    """The pipeline's own assessor, without the parts that the variant lacks."""
    config = file_config(None, None, variant.depth, None)
    corpus, lexical = (parts.corpus, parts.lexical) if variant.corpus else (None, None)
    if variant.scorer and parts.scorer is not None:
        return build_assessor(config, corpus, lexical, parts.scorer, parts.scorer_name, calibration=parts.calibration)
    return build_assessor(config, corpus, lexical, None, NO_SCORER)


def as_recorded(variant: Variant, sampled: Sampled, corpus: Corpus) -> Sampled:
    """A trace as a stack of that variant would have recorded it."""
    trace, weights = sampled
    documents = [_as_recorded(variant, document, corpus) for document in trace.documents]
    changed: QueryTrace = msgspec.structs.replace(trace, documents=tuple(documents))
    return changed, weights


def _as_recorded(variant: Variant, document: RetrievedDocument, corpus: Corpus) -> RetrievedDocument:
    changes: dict[str, Any] = {} if variant.scores else {"score": None}
    if not variant.corpus:
        known = resolve(document, corpus)
        changes |= {"id": known.key, "title": None, "text": known.text}
    changed: RetrievedDocument = msgspec.structs.replace(document, **changes)
    return changed
