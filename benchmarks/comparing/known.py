"""Pairs of recordings whose true change of the hit rate is known, assessed: for the benchmark and for the fit.

Scores and assessments, which cost minutes to make, are kept in a folder.
"""

import pickle
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.change import differences, shipped_scale
from detectors.change_fit import KnownChange
from detectors.labels import RELEVANT
from detectors.measures.base import HEAD
from detectors.records import Assessment, QueryTrace
from monitor.assess import Assessor
from monitor.build import build_assessor, build_index
from monitor.commands import file_config
from monitor.comparing.evidence import gather
from monitor.comparing.pairing import Read, row_of
from monitor.config import EVERYTHING
from monitor.evaluation import Labels, read_labels
from monitor.providers.calibration import calibration_for
from monitor.providers.corpus import read_corpus
from monitor.providers.cross_encoder import CrossEncoderScorer
from monitor.recording import BATCH_TRACES, Recording
from monitor.sampling import Sampler
from monitor.sinks.jsonl import encode_line

sys.path.append(str(Path(__file__).parents[2]))
from benchmarks.comparing.derived import CHANGES, MADE, ONCE, World

RECORDINGS = {"MiniLM": "traces.jsonl", "e5": "traces.e5.jsonl"}
DEPTH = 10
BLOCK = 2000  # pairs scored before they are saved


class Known(NamedTuple):
    """Two sides of one collection, and what the labels say: after less before, -1, 0 or 1, of every labelled query."""

    collection: str
    retriever: str
    change: str
    before: Read
    after: Read
    truth: NDArray[np.float64]

    @property
    def error(self) -> float:
        return float(self.truth.std() / len(self.truth) ** 0.5)

    def seen(self) -> KnownChange:
        """What the families say of it beside the truth."""
        gathered = gather(self.before, self.after, shipped_scale().evidence, DEPTH)
        found = zip(gathered.families, differences(gathered.said), strict=True)
        said = {family: one.difference for family, one in found if one is not None}
        return KnownChange(self.collection, said, float(self.truth.mean()), self.error)


class KeptScorer:
    """The bundled cross-encoder over a table of scores that is kept in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._model = CrossEncoderScorer("bundled", "auto", cached_scores=0)
        self.name = self._model.name
        self._known: dict[tuple[str, str], float] = pickle.loads(path.read_bytes()) if path.exists() else {}  # noqa: S301

    def score(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float64]:
        new = [pair for pair in dict.fromkeys(pairs) if pair not in self._known]
        for start in range(0, len(new), BLOCK):
            block = new[start : start + BLOCK]
            self._known |= zip(block, self._model.score(block).tolist(), strict=True)
            self._path.write_bytes(pickle.dumps(self._known, protocol=5))
        return np.array([self._known[pair] for pair in pairs])


def known_changes(directory: Path, kept: Path) -> Iterator[Known]:
    """All changes of one collection."""
    collection = _Collection(directory, kept)
    for name, (before, after) in CHANGES.items():
        for retriever in RECORDINGS:
            yield collection.known(name, retriever, (retriever, before), (retriever, after))
    for name, (before, after) in ONCE.items():
        yield collection.known(name, "-", ("MiniLM", before), ("MiniLM", after))
    yield collection.known("MiniLM to e5", "-", ("MiniLM", "unchanged"), ("e5", "unchanged"))
    yield collection.known("e5 to MiniLM", "-", ("e5", "unchanged"), ("MiniLM", "unchanged"))


class _Collection:
    def __init__(self, directory: Path, kept: Path) -> None:
        self._directory, self._kept = directory, kept
        kept.mkdir(parents=True, exist_ok=True)
        corpus = read_corpus(directory / "corpus.jsonl")
        index = build_index(corpus)
        assert index is not None
        self._scorer = KeptScorer(kept / f"{directory.name}.pkl")
        self._world = World(corpus, index, self._scorer)
        self._labels = Labels(*read_labels(directory))
        self._recorded = {name: _traces(directory / file) for name, file in RECORDINGS.items()}
        self._sides: dict[tuple[str, str], Read] = {}

    def known(self, change: str, retriever: str, before: tuple[str, str], after: tuple[str, str]) -> Known:
        sides = [self._side(*one) for one in (before, after)]
        hits = [
            {row.query_id: hit for row in side.rows if (hit := self._hit(row.assessment)) is not None} for side in sides
        ]
        truth = [hits[1][query] - float(hits[0][query]) for query in hits[0] if query in hits[1]]
        return Known(self._directory.name, retriever, change, *sides, np.array(truth))

    def _hit(self, assessment: Assessment) -> float | None:
        grades = self._labels.of(assessment.query_id, assessment.query) or {}
        if not any(grade >= RELEVANT for grade in grades.values()):
            return None
        return float(any(grades.get(key, 0) >= RELEVANT for key in assessment.document_ids[:HEAD]))

    def _side(self, retriever: str, made: str) -> Read:
        if (retriever, made) not in self._sides:
            file = self._kept / f"{self._directory.name}.{retriever}.{made}.jsonl"
            traces = MADE[made](self._recorded[retriever], self._world)
            if not file.exists():
                file.write_bytes(b"".join(map(encode_line, self._assess(traces))))
            assessments = [msgspec.json.decode(line, type=Assessment) for line in file.read_bytes().splitlines()]
            rows = [row_of(*one) for one in zip(traces, assessments, strict=True)]
            self._sides[retriever, made] = Read(rows, {}, [])
        return self._sides[retriever, made]

    def _assess(self, traces: Sequence[QueryTrace]) -> Iterator[Assessment]:
        assessor = self._assessor()
        weights = Sampler(lambda _: EVERYTHING).weights(traces[0])
        assert weights is not None
        for start in range(0, len(traces), BATCH_TRACES):
            yield from assessor.assess([(trace, weights) for trace in traces[start : start + BATCH_TRACES]])

    def _assessor(self) -> Assessor:
        config = file_config(None, None, DEPTH, None)
        name = self._scorer.name
        calibration = calibration_for(name, None)
        corpus, index, scorer = self._world
        return build_assessor(config, corpus, index, scorer, name, calibration=calibration)


def _traces(path: Path) -> list[QueryTrace]:
    recording = Recording(path, Sampler(lambda _: EVERYTHING))
    return [trace for batch in recording.batches() for trace, _ in batch]
