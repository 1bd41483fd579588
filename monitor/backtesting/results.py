"""What `leadline backtest --json` prints; its keys are a contract (docs/backtest.md)."""

import msgspec

from detectors.backtest import Backtest
from detectors.simulated_stack import AlarmSettings, Simulation


class Drawn(msgspec.Struct, frozen=True):
    """What the simulation drew from; `recording` and the depths are None where traces were made up."""

    recording: str | None
    traces: int
    rated: int
    scenarios: dict[str, int]
    recorded_depth: int | None
    assessed_depth: int | None


class Report(msgspec.Struct, frozen=True):
    """Everything that was put in, and what came out; `broken` says what each fault is."""

    drawn: Drawn
    settings: AlarmSettings
    simulation: Simulation
    broken: dict[str, str]
    result: Backtest
