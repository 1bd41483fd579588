"""What each family of evidence says of two recordings, side by side, and which families have no say."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from detectors.change import Sides, evidence_of, known_families, own_rankings
from detectors.estimate import MINIMUM_SAMPLES
from detectors.records import Assessment
from detectors.reference import Normalisation
from detectors.resampling import Floats
from monitor.comparing.pairing import Pairs, Read, Row, pair

REFERENCE = "before"
NOT_KNOWN = "known for too few of the queries"


class Units(NamedTuple):
    """Either side's retrievals by unit: those of one query, side by side where `paired`; else each for itself."""

    before: list[list[Row]]
    after: list[list[Row]]
    paired: bool

    @classmethod
    def of(cls, before: Read, after: Read, pairs: Pairs) -> "Units":
        """Paired where enough queries are on both sides."""
        if len(pairs.before) >= MINIMUM_SAMPLES:
            return cls(pairs.before, pairs.after, paired=True)
        return cls([[row] for row in before.rows], [[row] for row in after.rows], paired=False)

    def columns(self, names: Sequence[str], values: Callable[[Assessment], Mapping[str, float]]) -> Sides:
        """A row a unit, a column a name, the mean over the unit's retrievals; NaN where none has it."""
        before, after = (_columns(units, names, values) for units in (self.before, self.after))
        return Sides(before, after, self.paired)

    def of_scenario(self, sides: Sides, scenario: str) -> Sides:
        """The columns with all but one scenario's rows unknown."""
        before, after = (
            np.where([[rows[0].assessment.scenario == scenario] for rows in units], values, np.nan)
            for units, values in zip((self.before, self.after), (sides.before, sides.after), strict=True)
        )
        return Sides(before, after, self.paired)


def _columns(
    units: Sequence[Sequence[Row]], names: Sequence[str], values: Callable[[Assessment], Mapping[str, float]]
) -> Floats:
    table = np.full((len(units), len(names)), np.nan)
    for number, rows in enumerate(units):
        known = [values(row.assessment) for row in rows]
        for column, name in enumerate(names):
            found = [one[name] for one in known if name in one]
            if found:
                table[number, column] = sum(found) / len(found)
    return table


class Gathered(NamedTuple):
    """The families that may speak and do, a column of `said` each; `left_out` says why others have no say."""

    units: Units
    unmatched: tuple[int, int]
    reference: Normalisation
    families: list[str]
    said: Sides
    left_out: dict[str, str]


def gather(before: Read, after: Read, evidence: Mapping[str, str], depth: int) -> Gathered:
    """Percentiles within BEFORE, frozen, for both sides, of the one signal by which each family speaks.

    A family is left out where it would judge its own like, and where it is known for too few queries.
    """
    pairs = pair(before.rows, after.rows)
    units = Units.of(before, after, pairs)
    reference = Normalisation.of(
        [row.assessment.signals for row in before.rows], version=REFERENCE, depth=depth,
        scorer=before.rows[0].assessment.versions["scorer"],
    )  # fmt: skip
    said = units.columns(list(evidence), lambda one: evidence_of(one, reference, evidence))
    known = known_families(said, list(evidence))
    left_out = {family: NOT_KNOWN for family in evidence if family not in known}
    for name, side in (("BEFORE", before), ("AFTER", after)):
        for family, why in own_rankings([row.assessment for row in side.rows]).items():
            left_out.setdefault(family, f"{name}: {why}")
    families = [family for family in evidence if family not in left_out]
    columns = [list(evidence).index(family) for family in families]
    chosen = Sides(said.before[:, columns], said.after[:, columns], said.paired)
    return Gathered(units, pairs.unmatched, reference, families, chosen, left_out)
