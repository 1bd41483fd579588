"""Assessments of made-up traffic that a judge saw a part of, who is too strict; and what people say of some of them."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import numpy as np

from detectors.records import Assessment, Evidence, Weights
from monitor.calibrating import Verdict
from tests.monitor.kit import assessment

JUDGE = "model-a prompts-1"
DOCUMENTS = ("a", "b", "c", "d", "e")
START = datetime(2026, 11, 23, tzinfo=UTC)


class MadeUp(NamedTuple):
    """`truth` is the mean grade by people over all traces, of 1; `said` that of the judge, had he seen them all."""

    assessments: list[Assessment]
    verdicts: list[Verdict]
    truth: float
    said: float


def made_up(traces: int, seed: int, judge: str = JUDGE, start: datetime = START, people: float = 0.4) -> MadeUp:
    """A trace a second, of which a fifth is judged; people see every document of a share of those."""
    rng = np.random.default_rng(seed)
    found, verdicts, truth, said = [], [], [], []
    for i in range(traces):
        good = np.clip(rng.normal(rng.normal(2.0, 0.7), 0.6, 5), 0, 3)
        human, grades = np.rint(good).astype(int).tolist(), np.rint(np.clip(good - 0.6, 0, 3)).tolist()
        proxy = float(np.clip(good.mean() / 3 + rng.normal(0, 0.1), 0, 1))
        seen = rng.random() < 0.2
        signals = {"mean_relevance": proxy} | ({"context_relevance": sum(grades) / 15} if seen else {})
        found.append(assessment(
            f"{judge} {i}", scenario="negation" if rng.random() < 0.3 else "none", signals=signals,
            weights=Weights(1.0, 2.0, 10.0 if seen else None, 10.0 if seen else None), document_ids=DOCUMENTS,
            evidence=Evidence(grades=dict(zip(DOCUMENTS, grades, strict=True)) if seen else {}),
            versions={"scorer": "s"} | ({"judge": judge} if seen else {}), timestamp=start + timedelta(seconds=i),
        ))  # fmt: skip
        if seen and rng.random() < people:
            verdicts += [Verdict(f"{judge} {i}", key, grade) for key, grade in zip(DOCUMENTS, human, strict=True)]
        truth.append(sum(human) / 15)
        said.append(sum(grades) / 15)
    return MadeUp(found, verdicts, float(np.mean(truth)), float(np.mean(said)))
