"""What is known of one pipeline beside its windows."""

import msgspec

from detectors.baseline import Baseline
from monitor.deciding.releases import Comparison, Release, Releases
from monitor.deciding.streams import SavedStream, Streams

SCALES = 5  # whose frozen baselines of a measure are kept: a scorer or judge that comes back finds its own


class SavedPipeline(msgspec.Struct, frozen=True):
    """All that is kept of a pipeline beside its windows."""

    newest: float
    hour: int
    scale: str
    releases: tuple[Release, ...]
    comparison: Comparison | None
    baselines: dict[str, dict[str, Baseline]]
    streams: dict[str, dict[str, SavedStream]]
    judge: str = ""


class PipelineState:
    """The newest time of a pipeline's traces and the hour that it is in; what its risks are made by, who judges,
    its releases, the baselines that were frozen for it (by scale or judge, and measure), and its streams (by alert).
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.newest = 0.0
        self.hour = 0
        self.scale = ""
        self.judge = ""
        self.releases = Releases(name)
        self.frozen: dict[str, dict[str, Baseline]] = {}
        self.streams: dict[str, Streams] = {}

    def freeze(self, baseline: Baseline) -> None:
        """Keep a baseline from now on."""
        self.frozen.setdefault(baseline.scale, {})[baseline.measure] = baseline
        others = [scale for scale, of in self.frozen.items() if baseline.measure in of and scale != baseline.scale]
        for scale in others[: max(0, len(others) + 1 - SCALES)]:
            del self.frozen[scale][baseline.measure]
        self.frozen = {scale: of for scale, of in self.frozen.items() if of}

    def saved(self) -> SavedPipeline:
        """All that `restored` needs."""
        known = tuple(self.releases.known.values())
        streams = {name: streams.saved() for name, streams in self.streams.items()}
        return SavedPipeline(
            self.newest, self.hour, self.scale, known, self.releases.comparison, self.frozen, streams, self.judge
        )

    @classmethod
    def restored(cls, name: str, saved: SavedPipeline) -> "PipelineState":
        """As it was, but for its streams, which have to be equipped."""
        state = cls(name)
        state.newest, state.hour, state.scale, state.judge = saved.newest, saved.hour, saved.scale, saved.judge
        state.releases = Releases(name, saved.releases, saved.comparison)
        state.frozen = {scale: dict(measures) for scale, measures in saved.baselines.items()}
        return state
