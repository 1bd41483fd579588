"""Whether the retrievers' own scores mean the same on both sides."""

from collections.abc import Sequence

import numpy as np

from monitor.comparing.pairing import Row

SAME = 0.01  # of the scores' standard deviation: closer than this, two scores of one document are the same
SAME_SHARE = 0.95


def why_scores_differ(before: Sequence[Sequence[Row]], after: Sequence[Sequence[Row]], *, paired: bool) -> str | None:
    """Why score-shape signals of the two sides cannot be compared; None where they can.

    They can where pipeline and kind of score are the same and documents that were served by both for one query have the
    same score: then model and scale are. A harmless rescaling would move every one of these signals.
    """
    pipelines = [sorted({row.assessment.pipeline for rows in side for row in rows}) for side in (before, after)]
    if pipelines[0] != pipelines[1]:
        return f"pipelines differ: {', '.join(pipelines[0])} against {', '.join(pipelines[1])}"
    if {row.score_kind for rows in before for row in rows} != {row.score_kind for rows in after for row in rows}:
        return "kinds of score differ"
    if not paired:
        return "without pairs nobody can tell whether they are of one scale"
    both = [
        (first.scores[key], second.scores[key])
        for one, other in zip(before, after, strict=True)
        for first, second in zip(one, other, strict=False)
        for key in first.scores.keys() & second.scores.keys()
    ]
    if not both:
        return "no document with a score was served by both for one query"
    old, new = np.array(both, dtype=np.float64).T
    if np.mean(np.abs(new - old) <= SAME * old.std()) < SAME_SHARE:
        return "the same documents have other scores for the same queries: another model or another scale"
    return None
