"""The shape of the served scores: evidence from the trace alone."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from detectors.records import Findings, Reason, Retrieval, Tier

Floats = NDArray[np.float64]

SIGNALS = ("top_score", "score_gap", "score_z", "score_spread", "score_entropy")
MINIMUM_DOCUMENTS = 3
CONSTANT = 1e-9  # a spread below this share of the largest score is rounding, not a difference


def score_shape(scores: Floats) -> Floats:
    """Five numbers that describe how a list's scores fall off.

    What they conclude: where one document stands out, something was probably found; where all are alike, the
    retriever saw no difference. What they cannot see: whether what stands out is right, and whatever was not served.

    With s sorted to fall, over k documents:
    top = s1; gap = s1 - sk; z = (s1 - mean(s2..sk)) / sd(s2..sk), NaN where the tail is constant; spread = sd(s1..sk);
    entropy = -sum w log w / log(k - 1) with w = (s - sk) / sum(s - sk), which no scale or offset changes.

    Parameters
    ----------
    scores
        Higher is better, finite; shape (traces, k) with k >= 3.

    Returns
    -------
    Floats
        Shape (traces, 5), in the order of `SIGNALS`; NaN throughout where all k are equal. O(traces * k log k).

    Examples
    --------
    >>> score_shape(np.array([[0.9, 0.5, 0.4, 0.3]])).round(3).tolist()
    [[0.9, 0.6, 6.124, 0.228, 0.773]]

    Notes
    -----
    Gap and z: "Magnitude Mirage", arXiv 2609.15578. Spread: NQC without its collection term, which cosine has not.
    """
    falling = -np.sort(-scores, axis=1)
    top, last = falling[:, 0], falling[:, -1]
    gap = top - last
    constant = gap <= CONSTANT * np.maximum(np.abs(top), np.abs(last))
    tail = falling[:, 1:]
    tail_spread = tail.std(axis=1)
    tail_spread[tail_spread <= CONSTANT * np.maximum(np.abs(top), np.abs(last))] = np.nan
    rise = falling[:, :-1] - last[:, None]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        share = rise / rise.sum(axis=1, keepdims=True)
        terms = share * np.log(np.where(share > 0, share, 1.0))
        entropy = -terms.sum(axis=1) / np.log(scores.shape[1] - 1)
        shape = np.stack([top, gap, (top - tail.mean(axis=1)) / tail_spread, falling.std(axis=1), entropy], axis=1)
    shape[constant] = np.nan
    shape[~np.isfinite(shape)] = np.nan  # scores whose squares no double can hold
    return shape


class ScoreDistribution:
    """`score_shape` over a batch, one numpy call for all traces of a length."""

    name = "score_distribution"
    tier = Tier.CHEAP
    signals: tuple[str, ...] = SIGNALS
    failure = Reason.MEASURE_FAILED

    def measure(self, retrievals: Sequence[Retrieval]) -> list[Findings]:
        findings: list[Findings] = [Findings()] * len(retrievals)
        by_length: dict[int, list[int]] = defaultdict(list)
        for i, retrieval in enumerate(retrievals):
            if retrieval.scores is not None and len(retrieval.scores) >= MINIMUM_DOCUMENTS:
                by_length[len(retrieval.scores)].append(i)
            else:
                enough = len(retrieval.served) >= MINIMUM_DOCUMENTS
                reason = Reason.NO_SCORES if enough else Reason.TOO_FEW_DOCUMENTS
                findings[i] = Findings.abstained(SIGNALS, reason)
        for members in by_length.values():
            shapes = score_shape(np.array([retrievals[i].scores for i in members]))
            for i, values in zip(members, shapes.tolist(), strict=True):
                findings[i] = _finding(values)
        return findings


def _finding(values: list[float]) -> Findings:
    signals = {name: value for name, value in zip(SIGNALS, values, strict=True) if value == value}  # noqa: PLR0124
    if len(signals) == len(SIGNALS):
        return Findings(signals)
    missing = {name: Reason.CONSTANT_SCORES for name in SIGNALS if name not in signals}
    return Findings(signals, missing)
