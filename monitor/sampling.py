"""Which traces are assessed, and how far: three nested tiers by a hash of the identity."""

from collections.abc import Callable
from hashlib import blake2b

from detectors.records import QueryTrace, Reason, Tier, Weights
from monitor.config import SampleRates

DOMAIN = b"leadline-sample-v1"  # a new version draws a new sample


def draw(trace: QueryTrace) -> float:
    """A number in [0, 1) that depends on the trace's identity alone: every replica and every replay draws the same."""
    digest = blake2b("\0".join(trace.identity).encode(), digest_size=8, key=DOMAIN).digest()
    return int.from_bytes(digest, "big") / 2**64


class Sampler:
    """Nested tiers from one draw: what the scorer sees is a random part of what the cheap measures see.

    The weight of a tier is one over the rate that was in force, whatever the reason for that rate.
    """

    def __init__(self, rates: Callable[[str], SampleRates]) -> None:
        self._rates = rates
        self.scorer_share = 1.0  # of the configured scorer rate; the budget sets it

    def weights(self, trace: QueryTrace) -> Weights | None:
        """The weights of the tiers that take this trace, but for the judge's (`JudgeSampler`); None where none does."""
        rates = self._rates(trace.pipeline)
        u = draw(trace)
        if u >= rates.cheap:
            return None
        scorer = rates.scorer * self.scorer_share
        return Weights(1 / rates.cheap, 1 / scorer if u < scorer else None)

    def why_not(self, trace: QueryTrace, tier: Tier) -> Reason:
        """Why a tier did not take a trace: its configured rate would have, or not."""
        if tier is not Tier.SCORER or self.scorer_share == 1.0:  # only the scorer has a budget
            return Reason.NOT_SAMPLED
        return Reason.OVER_BUDGET if draw(trace) < self._rates(trace.pipeline).scorer else Reason.NOT_SAMPLED


class PairBudget:
    """Sets the scorer's share of traffic so that its work stays within a budget of pairs a second, slowly.

    Every `PERIOD_SECONDS` it compares the pairs that full rates would have asked for with what the budget allows.
    The rate holds for a whole period, so that weights are exact and no trace's fate depends on its neighbours'.
    """

    PERIOD_SECONDS = 30.0
    FLOOR = 0.001

    def __init__(self, sampler: Sampler, pairs_per_second: float, clock: Callable[[], float]) -> None:
        self._sampler = sampler
        self._budget = pairs_per_second
        self._clock = clock
        self._began = clock()
        self._pairs = 0

    def spend(self, pairs: int) -> None:
        """Note pairs that were asked for; at the end of a period set the share for the next."""
        self._pairs += pairs
        elapsed = self._clock() - self._began
        if elapsed < self.PERIOD_SECONDS:
            return
        demand = self._pairs / elapsed / self._sampler.scorer_share
        share = self._budget / demand if demand > self._budget else 1.0
        self._sampler.scorer_share = max(self.FLOOR, (self._sampler.scorer_share + share) / 2 if share < 1 else 1.0)
        self._began, self._pairs = self._clock(), 0
