"""What is likely behind a drop, by which signals moved with it, and the cheapest thing to do about it.

A rule is one signal that a kind of fault moves and hardly anything else does; the first that fits counts. They were
read off eight faults injected into four public collections (docs/notifications.md has what they say of those).
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from detectors.estimate import MINIMUM_SAMPLES
from detectors.moments import Moments

SURE = 3.0  # standard errors that a mean must have moved by


class Cause(NamedTuple):
    """A sentence for what is likely wrong, and one for what to do first."""

    cause: str
    remedy: str


class Rule(NamedTuple):
    """`least` is the smallest move of the signal's mean, in its standard deviations before, with its sign; `by` the
    smallest in its own units.
    """

    signal: str
    least: float
    by: float
    cause: Cause


RULES = (
    Rule(
        "near_duplicates", 0.5, 0.03,
        Cause(
            "the served documents repeat each other: some were indexed more than once",
            "remove the duplicates from the index, and look at what the last indexing run wrote twice",
        ),
    ),
    Rule(
        "served_length", -1.0, 0.0,
        Cause(
            "the served texts are much shorter than before: chunking or truncation changed",
            "compare the lengths of chunks with the source texts, and index again with the former chunking",
        ),
    ),
    Rule(
        "unknown_terms", 0.4, 0.02,
        Cause(
            "queries use words that the corpus does not have: another language, misspellings or a new subject; the "
            "index may be well",
            "read some of the worst queries; rewrite or translate them before the search, or add texts that answer",
        ),
    ),
    Rule(
        "document_age", 0.3, 0.02,
        Cause(
            "the served documents are older than before: newer ones are missing from the index",
            "compare the newest document in the index with the newest source text, and run the indexing job",
        ),
    ),
    Rule(
        "lexical_miss", 0.12, 0.01,
        Cause(
            "documents that BM25 finds are no longer served: part of the corpus is missing, hidden by a filter, lost "
            "by the approximate index or embedded by another model",
            "look up by id what `evidence.missed` of the worst traces names: index again what is not in the index; "
            "else check filters, the index's recall and the model's version; fusion with BM25 helps meanwhile",
        ),
    ),
)  # fmt: skip


def likely_cause(before: Mapping[str, Moments], after: Mapping[str, Moments]) -> Cause | None:
    """The first rule that fits how signals moved.

    Parameters
    ----------
    before, after
        Sums of each signal (scalars) over the traffic before a drop and since.

    Returns
    -------
    Cause or None
        None where none fits, or there are too few traces on a side to say.

    Examples
    --------
    >>> before = {"served_length": Moments.of([900.0, 1100.0] * 50, [1.0] * 100)}
    >>> after = {"served_length": Moments.of([300.0, 400.0] * 50, [1.0] * 100)}
    >>> likely_cause(before, after).cause
    'the served texts are much shorter than before: chunking or truncation changed'
    """
    return next((rule.cause for rule in RULES if _fits(rule, before.get(rule.signal), after.get(rule.signal))), None)


def _fits(rule: Rule, before: Moments | None, after: Moments | None) -> bool:
    if before is None or after is None or min(float(before.effective), float(after.effective)) < MINIMUM_SAMPLES:
        return False
    moved = float(after.mean - before.mean) * np.sign(rule.least)
    error = float(np.hypot(_spread(before) / np.sqrt(before.effective), _spread(after) / np.sqrt(after.effective)))
    return bool(moved > max(abs(rule.least) * _spread(before), rule.by, SURE * error))


def _spread(moments: Moments) -> float:
    """Standard deviation."""
    return float(np.sqrt(max(0.0, float(moments.powers / moments.weight - moments.mean**2))))
