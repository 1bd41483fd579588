"""Collections of `tests.labelled`, assessed with a scorer that costs nothing."""

from pathlib import Path

from monitor.build import Scorer
from monitor.evaluating.assessing import Assessed, assess_collection
from monitor.evaluating.collections import find_collections
from tests import labelled
from tests.detectors.fakes import TableScorer

NO_SCORER = Scorer(None, "none", None)


def table_scorer() -> Scorer:
    return Scorer(TableScorer(labelled.relevance()), "table", None)


def assess(folder: Path, scorer: Scorer) -> list[Assessed]:
    """All recordings under a folder."""
    return [one for found in find_collections(folder) for one in assess_collection(found, scorer, lambda _: None)]
