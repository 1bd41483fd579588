"""How far another ranker's scores of the served documents are from the retriever's own."""

from collections.abc import Sequence

import numpy as np

from detectors.ranking import pearson
from detectors.records import Findings, Reason

MINIMUM_DOCUMENTS = 3  # two scores always agree, or disagree, wholly


def score_discordance(signal: str, own: Sequence[float] | None, other: Sequence[float]) -> Findings:
    """`signal` = (1 - r) / 2, with r Pearson's correlation of the scores: 0 they agree, .5 unrelated, 1 opposed."""
    if len(other) < MINIMUM_DOCUMENTS:
        return Findings.abstained([signal], Reason.TOO_FEW_DOCUMENTS)
    if own is None:
        return Findings.abstained([signal], Reason.NO_SCORES)
    r = pearson(np.array(own), np.array(other))
    return Findings({signal: (1 - r) / 2}) if r == r else Findings.abstained([signal], Reason.CONSTANT_SCORES)  # noqa: PLR0124
