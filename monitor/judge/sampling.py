"""Which assessed traces the judge sees: a random nested sample, perhaps with a preference for uncertain ones."""

import math
from collections import defaultdict
from collections.abc import Callable

import msgspec

from detectors.records import Assessment, QueryTrace, Reason, Weights
from monitor.config import SampleRates
from monitor.sampling import draw

HALF_LIFE_TRACES = 1000
_KEEP = 0.5 ** (1 / HALF_LIFE_TRACES)
TYPICAL = 0.3  # the preference that is taken for the mean before there was any traffic


class JudgeSampler:
    """Takes a trace where its draw, that of the other tiers, is below its probability of being judged.

    With r the rate in force and s the share that prefers, the probability is

        pi = r (1 - s) + r s g / mean g,  g = sqrt(risk (1 - risk)),

    and no more than the scorer's rate, so that the tiers stay nested. g is the standard deviation of what the risk
    leaves open: the variance of a mean that uses the risk as a proxy is smallest for probabilities like it (Zrnic,
    Candes: Active statistical inference, 2403.03208). The mean is that of the traces before, so that a trace has no
    part in it; whatever it is, the weight 1 / pi keeps means unbiased. r (1 - s) is the least that any trace gets:
    those below it are a uniform sample.

    Parameters
    ----------
    rates
        The configured sampling of a pipeline.
    share
        What budgets allow of the judge's rate just now.
    uncertain_share
        s, from 0 (uniform) up.
    """

    def __init__(
        self, rates: Callable[[str], SampleRates], share: Callable[[], float], uncertain_share: float = 0.0
    ) -> None:
        self._rates = rates
        self._share = share
        self._preferring = uncertain_share
        self._means: dict[str, float] = defaultdict(lambda: TYPICAL)

    def take(self, assessment: Assessment, trace: QueryTrace) -> Weights | Reason:
        """The weights of a trace that is taken, or why it is not."""
        weights = assessment.weights
        if weights.scorer is None:
            return Reason.NOT_SAMPLED
        full = self._rates(trace.pipeline).judged
        most, share = 1 / weights.scorer, self._share()
        weight = self._preference(assessment) if self._preferring else 1.0
        u = draw(trace)
        least = min(most, full * share * (1 - self._preferring))
        pi = min(most, full * share * (1 - self._preferring + self._preferring * weight))
        if u < pi:
            uniform = 1 / least if u < least else None
            return msgspec.structs.replace(weights, judge=1 / pi, judge_uniform=uniform)
        return Reason.OVER_BUDGET if share < 1 and u < min(most, pi / share if share else full) else Reason.NOT_SAMPLED

    def _preference(self, assessment: Assessment) -> float:
        """How much more than the mean is open about a trace."""
        if assessment.risk is None:
            return 1.0
        spread = math.sqrt(max(0.0, assessment.risk * (1 - assessment.risk)))
        mean = self._means[assessment.pipeline]
        self._means[assessment.pipeline] = _KEEP * mean + (1 - _KEEP) * spread
        return spread / mean if mean > 0 else 1.0
