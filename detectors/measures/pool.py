"""Served documents and BM25's together: which of them is likeliest the right one."""

from collections.abc import Mapping, Sequence

import numpy as np

from detectors.measures.base import HEAD
from detectors.ranking import top_one


def shares(served: Sequence[str], evidence: Mapping[str, float]) -> tuple[float, float]:
    """Were one document of the pool the right one, the probabilities that it is among the first five, and the first.

    Parameters
    ----------
    served
        Keys in served order; one that comes twice has one share.
    evidence
        Of every document of the pool, the served ones too, in logits.

    Examples
    --------
    >>> shares(["a", "b"], {"a": 0.0, "b": 0.0, "c": 0.0, "d": 0.0})
    (0.5, 0.25)
    """
    share = dict(zip(evidence, top_one(np.array([*evidence.values()])).tolist(), strict=True))
    return min(1.0, sum(share[key] for key in dict.fromkeys(served[:HEAD]))), share[served[0]]
