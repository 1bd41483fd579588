"""The section `alerts`: what is watched, and how many false pages a year are acceptable."""

from collections.abc import Sequence
from typing import Literal, Self

from pydantic import Field, model_validator

from detectors.signals import SIGNALS
from monitor.config_base import Section

HIT = "hit_at_5"


class Alert(Section):
    """One alert, over every pipeline and every kind of query.

    `smallest_drop` is the smallest change for the worse that matters, in points of the watched mean; a decider
    `threshold` has a `limit` instead and promises no number of false pages.
    """

    signal: str = HIT
    name: str = Field("", pattern=r"^[a-z0-9_]*$", max_length=60)
    decider: Literal["e_detector", "cusum", "threshold"] = "e_detector"
    smallest_drop: float = Field(0.05, gt=0, lt=1)
    false_pages_per_year: float = Field(4.0, gt=0, allow_inf_nan=False)
    limit: float | None = Field(None, gt=0, lt=1)

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.signal != HIT and not (self.signal in SIGNALS and SIGNALS[self.signal].bounded):
            raise ValueError(
                f"signal: got {self.signal!r}, expected {HIT} or a signal with values in [0, 1]: {BOUNDED}"
            )
        if (self.decider == "threshold") != (self.limit is not None):
            raise ValueError("limit: expected with decider threshold, and only there")
        return self

    @property
    def called(self) -> str:
        """Its name in metrics and alarms."""
        return self.name or self.signal


BOUNDED = ", ".join(name for name, spec in SIGNALS.items() if spec.bounded)


def named_twice(alerts: Sequence[Alert]) -> str | None:
    """A name that two of them have."""
    names = [alert.called for alert in alerts]
    return next((name for name in names if names.count(name) > 1), None)
