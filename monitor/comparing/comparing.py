"""Two assessed recordings in, one comparison out."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from detectors.change import ChangeScale, Difference, Sides, combined, differences
from detectors.estimate import MINIMUM_SAMPLES
from detectors.measures import score_distribution
from detectors.records import Assessment
from detectors.resampling import CONFIDENCE, Floats
from detectors.risk import Prior
from detectors.signals import SIGNALS
from monitor.assess import rate
from monitor.comparing.evidence import REFERENCE, Gathered, gather
from monitor.comparing.pairing import Read
from monitor.comparing.queries import most_changed
from monitor.comparing.results import HEADLINE, NOT_SHOWN, Comparison, Part, Verdict
from monitor.comparing.scores import why_scores_differ

OF_SCORES = {*score_distribution.SIGNALS, "lexical_score_discordance", "score_discordance"}  # of the retriever's own
VERDICTS: dict[int, Verdict] = {1: "better", -1: "worse", 0: NOT_SHOWN}


def compare(before: Read, after: Read, *, prior: Prior, scale: ChangeScale, depth: int) -> Comparison:
    """Whether AFTER is better or worse than BEFORE, by how much, for which scenarios.

    The reference is BEFORE's own, frozen, for both sides. Where too few queries are on both sides, each recording is
    taken for itself: that takes thousands of queries, and other queries are another difference.
    """
    gathered = gather(before, after, scale.evidence, depth)
    return _Comparing(gathered, prior, scale).comparison(before, after)


class _Comparing:
    def __init__(self, gathered: Gathered, prior: Prior, scale: ChangeScale) -> None:
        self._gathered = gathered
        self._units = gathered.units
        self._scale = scale
        self._prior = prior
        self._combined = combined(gathered.said, gathered.families, scale.scales)
        self._levels = self._units.columns([HEADLINE], self._level).before

    def _level(self, assessment: Assessment) -> dict[str, float]:
        risk = rate(assessment, self._gathered.reference, self._prior).risk
        return {HEADLINE: 1 - risk} if risk is not None else {}

    def comparison(self, before: Read, after: Read) -> Comparison:
        units = self._units
        families = self._by_family()
        headline = self._headline(self._combined, self._levels, 1)
        verdict, why = self._verdict(headline, families)
        scenarios, confidence = self._scenarios()
        by_query = self._by_query()
        improved, worsened = most_changed(units.before, units.after, by_query)
        signals, no_scores = self._signals()
        return Comparison(
            traces={"before": len(before.rows), "after": len(after.rows)},
            paired=len(units.before) if units.paired else 0,
            change=({HEADLINE: headline} if headline is not None else {}) | signals,
            verdict=verdict,
            why=why,
            scenarios=scenarios,
            families=families,
            left_out=self._gathered.left_out | no_scores,
            unmatched=dict(zip(("before", "after"), self._gathered.unmatched, strict=True)),
            skipped={"before": before.skipped, "after": after.skipped},
            reference=REFERENCE,
            calibration=self._scale.version,
            scenario_confidence=confidence,
            improved=improved,
            worsened=worsened,
            changes_by_query=[round(change, 6) for change in by_query[~np.isnan(by_query)].tolist()],
        )

    def _by_family(self) -> dict[str, Difference]:
        found = zip(self._gathered.families, differences(self._gathered.said), strict=True)
        return {family: difference for family, difference in found if difference is not None}

    def _by_query(self) -> Floats:
        """Each query's change as a percentile of BEFORE, in [-1, 1]: of one query a hit rate says nothing."""
        if not self._units.paired or not self._gathered.families:
            return np.empty(0)
        whole = sum(self._scale.scales["+".join(self._gathered.families)].factors.values())
        return np.clip((self._combined.after - self._combined.before)[:, 0] / whole, -1, 1)

    def _headline(self, sides: Sides, levels: Floats, comparisons: int) -> Difference | None:
        """The change of the hit rate, from the level that the prior gives BEFORE.

        The level gives way where it leaves no room: what was bad from the first day looks average by its own reference.
        """
        if not self._gathered.families:
            return None
        error = self._scale.scales["+".join(self._gathered.families)].error
        [found] = differences(sides, error=error, comparisons=comparisons, limit=1.0)
        if found is None:
            return None
        change = found.difference
        level = float(np.clip(np.nanmean(levels), max(0.0, -change), min(1.0, 1 - change)))
        return Difference(level, level + change, change, found.low, found.high)

    def _verdict(self, headline: Difference | None, families: Mapping[str, Difference]) -> tuple[Verdict, str]:
        if headline is None:
            return NOT_SHOWN, self._why_nothing()
        said = ", ".join(f"{family} {found.difference:+.3f}" for family, found in families.items())
        if not headline.direction:
            return NOT_SHOWN, f"the interval {headline.low:+.3f} to {headline.high:+.3f} holds zero"
        if not _agree(headline.direction, [found.difference for found in families.values()]):
            return NOT_SHOWN, f"the families of evidence disagree: {said}"
        alone = " alone" if len(families) == 1 else ""
        return VERDICTS[headline.direction], f"the interval leaves out zero; by {said}{alone}, percentiles of BEFORE"

    def _why_nothing(self) -> str:
        if self._gathered.families:
            return f"fewer than {MINIMUM_SAMPLES} retrievals that can be compared"
        return "no evidence: " + "; ".join(f"{family}: {why}" for family, why in self._gathered.left_out.items())

    def _scenarios(self) -> tuple[dict[str, Part], float]:
        """The headline for every scenario of BEFORE, most queries first, and the confidence of each interval."""
        counts = Counter(rows[0].assessment.scenario for rows in self._units.before)
        looked_at = max(1, sum(count >= MINIMUM_SAMPLES for count in counts.values()))
        parts = {name: self._part(name, count, looked_at) for name, count in counts.most_common()}
        return parts, 1 - (1 - CONFIDENCE) / looked_at

    def _part(self, scenario: str, queries: int, looked_at: int) -> Part:
        of = self._units.of_scenario
        levels = of(Sides(self._levels, self._combined.after, self._units.paired), scenario).before
        headline = self._headline(of(self._combined, scenario), levels, looked_at)
        if headline is None:
            return Part(queries, None, NOT_SHOWN)
        said = [found.difference for found in differences(of(self._gathered.said, scenario)) if found is not None]
        return Part(queries, headline, VERDICTS[headline.direction] if _agree(headline.direction, said) else NOT_SHOWN)

    def _signals(self) -> tuple[dict[str, Difference], dict[str, str]]:
        """Every signal that means the same on both sides, and why those of the retrievers' scores do not."""
        units = self._units
        why = why_scores_differ(units.before, units.after, paired=units.paired)
        names = [name for name in SIGNALS if why is None or name not in OF_SCORES]
        found = differences(units.columns(names, lambda one: one.signals))
        known = {name: change for name, change in zip(names, found, strict=True) if change is not None}
        return known, {"score": why} if why is not None else {}


def _agree(direction: int, families: Sequence[float]) -> bool:
    return all(found * direction >= 0 for found in families)
