"""What a comparison comes to; field by field what `--json` prints (docs/comparing.md)."""

from typing import Literal

import msgspec

from detectors.change import Difference

Verdict = Literal["better", "worse", "no difference shown"]
NOT_SHOWN: Verdict = "no difference shown"
HEADLINE = "hit_at_5"


class Part(msgspec.Struct, frozen=True):
    """The queries of one scenario. `hit_at_5` is None below the minimum sample."""

    queries: int
    hit_at_5: Difference | None
    verdict: Verdict


class Document(msgspec.Struct, frozen=True):
    """A document that came or went, with the cross-encoder's score where there is one."""

    id: str
    relevance: float | None


class QueryChange(msgspec.Struct, frozen=True):
    """One query that changed much: by how much (percentiles of BEFORE, in [-1, 1]), and what of its first five was
    gained and lost.
    """

    query: str
    scenario: str
    change: float
    gained: list[Document]
    lost: list[Document]


class Comparison(msgspec.Struct, frozen=True):
    """All of it. `change` holds `hit_at_5`, where it can be told, and every signal that can be compared.

    `families` is each family's own mean difference of percentiles, `left_out` why something has no say. `paired` is the
    number of queries on both sides, 0 where each recording is taken for itself. `changes_by_query` are percentiles of
    BEFORE.
    """

    traces: dict[str, int]
    paired: int
    change: dict[str, Difference]
    verdict: Verdict
    why: str
    scenarios: dict[str, Part]
    families: dict[str, Difference]
    left_out: dict[str, str]
    unmatched: dict[str, int]
    skipped: dict[str, dict[str, int]]
    reference: str
    calibration: str
    scenario_confidence: float
    improved: list[QueryChange]
    worsened: list[QueryChange]
    changes_by_query: list[float]
