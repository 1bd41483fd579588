"""Deciders: each turns a stream of numbers into an alarm, and none knows which measure it is fed."""

from detectors.deciders.base import Abstained, Decider, Verdict
from detectors.deciders.cusum import Cusum, CusumConfig, CusumState
from detectors.deciders.esr import ESR, EsrConfig, EsrState
from detectors.deciders.threshold import Threshold, ThresholdConfig, ThresholdState

__all__ = [
    "ESR",
    "Abstained",
    "Cusum",
    "CusumConfig",
    "CusumState",
    "Decider",
    "EsrConfig",
    "EsrState",
    "Threshold",
    "ThresholdConfig",
    "ThresholdState",
    "Verdict",
]
