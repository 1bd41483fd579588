"""Which normalisation reference rates a trace: the shipped one, until a pipeline has its own."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import blake2b

import msgspec

from detectors.records import Assessment
from detectors.reference import Normalisation
from detectors.risk import shipped_normalisation
from monitor.made_by import broken
from monitor.state import ReferenceKey, Sample

TRACES = 500
MAX_REFERENCES = 100  # names of pipelines come with the traffic

Frozen = tuple[ReferenceKey, Normalisation]


class Normalisations:
    """References by pipeline, scorer and depth. Collects `traces` samples for each, builds it from them, keeps it."""

    def __init__(
        self,
        frozen: Mapping[ReferenceKey, Normalisation] | None = None,
        samples: Iterable[Sample] = (),
        *,
        traces: int = TRACES,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._frozen = dict(frozen or {})
        self._traces = traces
        self._clock = clock
        self._samples: dict[ReferenceKey, list[dict[str, float]]] = {}
        for key, signals in samples:
            self._samples.setdefault(key, []).append(signals)

    def of(self, key: ReferenceKey) -> Normalisation:
        """The key's own reference, or the shipped one."""
        return self._frozen.get(key) or shipped_normalisation()

    def learn(self, assessments: Sequence[tuple[ReferenceKey, Assessment]]) -> tuple[list[Sample], list[Frozen]]:
        """Take what is new to learn from; gives the samples that were taken and the references that became complete."""
        samples: list[Sample] = []
        frozen: list[Frozen] = []
        for key, assessment in assessments:
            if not self._wanted(key) or not _is_sample(assessment, key):
                continue
            collected = self._samples.setdefault(key, [])
            collected.append(assessment.signals)
            samples.append((key, assessment.signals))
            if len(collected) == self._traces:
                self._frozen[key] = self._build(key)
                frozen.append((key, self._frozen[key]))
        return samples, frozen

    def _wanted(self, key: ReferenceKey) -> bool:
        if key in self._frozen:
            return False
        return key in self._samples or len(self._frozen) + len(self._samples) < MAX_REFERENCES

    def _build(self, key: ReferenceKey) -> Normalisation:
        built = Normalisation.of(self._samples.pop(key), version="", depth=key.depth, scorer=key.scorer)
        content = blake2b(msgspec.json.encode(built.sketches), digest_size=4).hexdigest()
        day = datetime.fromtimestamp(self._clock(), UTC).date()
        return msgspec.structs.replace(built, version=f"{key.pipeline}-{day}-{content}")


def _is_sample(assessment: Assessment, key: ReferenceKey) -> bool:
    """Whether it shows what normal looks like: something was measured, and nothing of ours was broken."""
    return bool(assessment.signals) and not broken(assessment, key.scorer)
