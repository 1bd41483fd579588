"""The section `alerts`: what is watched, and how many false pages a year are acceptable."""

import re
from collections.abc import Sequence
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from detectors.signals import SIGNALS
from monitor.config_base import Section

HIT = "hit_at_5"
JUDGE_DRIFT = "judge_drift"  # the alarm over the judge, which no alert of another kind may be called
WATCHABLE = (HIT, *(name for name, spec in SIGNALS.items() if spec.bounded))


class Alert(Section):
    """One alert, over every pipeline and every kind of query.

    `smallest_drop` is the smallest change for the worse that matters, in points of the watched mean; a decider
    `threshold` has a `limit` instead and promises no number of false pages.
    """

    signal: str = HIT
    name: str = ""
    decider: Literal["e_detector", "cusum", "threshold"] = "e_detector"
    smallest_drop: float = Field(0.05, gt=0, lt=1)
    false_pages_per_year: float = Field(4.0, gt=0, allow_inf_nan=False)
    limit: float | None = Field(None, gt=0, lt=1)

    @field_validator("signal")
    @classmethod
    def _bounded(cls, signal: str) -> str:
        if signal not in WATCHABLE:
            raise ValueError(f"expected one of {', '.join(WATCHABLE)}: values in [0, 1]")
        return signal

    @field_validator("name")
    @classmethod
    def _plain(cls, name: str) -> str:
        if not re.fullmatch(r"[a-z0-9_]{0,60}", name):
            raise ValueError("expected at most 60 small letters, digits and '_'")
        if name == JUDGE_DRIFT:
            raise ValueError(f"expected another name: {JUDGE_DRIFT} is the alarm over the judge")
        return name

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if (self.decider == "threshold") != (self.limit is not None):
            raise ValueError("expected a limit beside decider threshold, and only there")
        return self

    @property
    def called(self) -> str:
        """Its name in metrics and alarms."""
        return self.name or self.signal


def named_twice(alerts: Sequence[Alert]) -> str | None:
    """A name that two of them have."""
    names = [alert.called for alert in alerts]
    return next((name for name in names if names.count(name) > 1), None)
