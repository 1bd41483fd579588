"""Deploy markers: a new index or model begins a comparison of before and after, and never a new baseline."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from detectors.change import shipped_scale
from detectors.mix import Decomposition, Part, decompose
from monitor.config_alerts import HIT
from monitor.deciding.baselines import stratum_of, summed_by
from monitor.deciding.observation import Evidence
from monitor.deciding.windows import Row, WindowKey

ENOUGH_TRACES = 1000  # effective, of a new release: then it is compared
LONGEST_HOURS = 24  # or after so long, with what there is
MOST = 20  # of a pipeline at a time: names come with the traffic
OTHER = "_other"
_PART_HOURS = 6  # of the day, within which levels are taken to be alike


class Event(msgspec.Struct, frozen=True):
    """Something was deployed: from `time` on (seconds since 1970) `release` is served, in one pipeline or in all."""

    release: str
    time: float
    pipeline: str | None = None


class Release(msgspec.Struct, frozen=True):
    """What is being served, by its label; `since` is the time of its first trace, `until` of its last."""

    label: str
    since: float
    until: float
    traces: int


class Verdict(msgspec.Struct, frozen=True):
    """What a comparison found: the changes of quality that each family of evidence shows, and what of them is mix.

    `verdict` is `better`, `worse`, `no difference shown` or `too few traces`.
    """

    verdict: str
    why: str
    change: Decomposition | None = None
    families: dict[str, Part] = {}


class Comparison(msgspec.Struct, frozen=True):
    """Of a release with the one before it; `verdict` is None while its traces are being waited for."""

    pipeline: str
    before: str
    after: str
    since: float
    verdict: Verdict | None = None


class Releases:
    """The releases of one pipeline, in the order in which their first traces came, and the comparison of the last."""

    def __init__(self, pipeline: str, releases: Iterable[Release] = (), comparison: Comparison | None = None) -> None:
        self.pipeline = pipeline
        self.known = {one.label: one for one in releases}
        self.comparison = comparison
        self._labels = set(self.known)

    def label(self, label: str) -> str:
        """A label to count by: beyond `MOST` they are all OTHER."""
        if label not in self._labels and len(self._labels) >= MOST:
            return OTHER
        self._labels.add(label)
        return label

    def add(self, label: str, first: float, last: float, traces: int) -> bool:
        """Count traces of a release; whether it is new, and a comparison with the one before begins."""
        seen = self.known.get(label)
        if seen is not None:
            until = max(seen.until, last)
            self.known[label] = Release(label, min(seen.since, first), until, seen.traces + traces)
            return False
        before = max(self.known.values(), key=lambda one: one.until, default=None)
        self.known[label] = Release(label, first, last, traces)
        if before is None or not label:  # a trace that says nothing is no deploy
            return False
        self.comparison = Comparison(self.pipeline, before.label, label, first)
        return True

    @property
    def due(self) -> bool:
        """Whether the comparison that waits has waited enough."""
        if self.comparison is None or self.comparison.verdict is not None:
            return False
        after = self.known[self.comparison.after]
        return after.traces >= ENOUGH_TRACES or after.until - after.since >= LONGEST_HOURS * 3600

    def forget(self, before: float) -> None:
        """Let go of releases that nothing has been seen of since a time; the last one stays."""
        last = max(self.known.values(), key=lambda one: one.until, default=None)
        compared = {self.comparison.before, self.comparison.after} if self.comparison else set()
        gone = [one.label for one in self.known.values() if one.until < before and one is not last]
        for label in gone:
            if label not in compared:
                del self.known[label]
        self._labels = set(self.known)


def judge(comparison: Comparison, rows: Sequence[Row]) -> Comparison:
    """The comparison with its verdict, from windows that hold both releases.

    Quality within scenarios and parts of the day, by the risk and by each family of evidence that does not rest on the
    retriever's scores (`detectors/change.py`): of two models' scores nothing can be concluded. A verdict needs the risk
    and at least one family to show a difference of one sign, and none to show the other. How much it is, the risk
    understates: it is fitted to rank traces (docs/comparing.md).
    """
    before, after = (_rows_of(rows, label) for label in (comparison.before, comparison.after))
    change = _change(before, after, HIT)
    if change is None:
        return _judged(comparison, Verdict("too few traces", "fewer than 30 effective samples on a side"))
    measures = shipped_scale().evidence
    found = {family: _change(before, after, measure) for family, measure in measures.items()}
    families = {family: one.quality for family, one in found.items() if one is not None}
    return _judged(comparison, _verdict(change, families))


def _judged(comparison: Comparison, verdict: Verdict) -> Comparison:
    return msgspec.structs.replace(comparison, verdict=verdict)


def _rows_of(rows: Sequence[Row], label: str) -> list[Row]:
    return [row for row in rows if row[0].release == label and row[0].evidence != Evidence.DEGRADED]


def _change(before: Sequence[Row], after: Sequence[Row], measure: str) -> Decomposition | None:
    """Over the parts of the day that both sides have, or over all where they share none."""
    shared = {_part(key) for key, _ in before} & {_part(key) for key, _ in after}

    def name(key: WindowKey) -> str:
        return f"{stratum_of(key)} {_part(key)}" if shared else stratum_of(key)

    sides = ([row for row in rows if not shared or _part(row[0]) in shared] for rows in (before, after))
    return decompose(*(summed_by(name, rows, measure) for rows in sides))


def _part(key: WindowKey) -> int:
    return key.hour % 24 // _PART_HOURS


def _verdict(change: Decomposition, families: Mapping[str, Part]) -> Verdict:
    sign = _sign(change.quality)
    signs = {family: _sign(part) for family, part in families.items()}
    against = [family for family, one in signs.items() if one == -sign and sign]
    behind = [family for family, one in signs.items() if one == sign and sign]
    if not sign:
        word, why = "no difference shown", "the interval of the change in hit_at_5 holds zero"
    elif against:
        word, why = "no difference shown", f"the evidence disagrees: {', '.join(against)} shows the opposite"
    elif not behind:
        word, why = "no difference shown", "only scores of the retriever moved, and those of two models do not compare"
    else:
        word, why = ("better" if sign > 0 else "worse"), f"hit_at_5 and {', '.join(behind)} moved the same way"
    return Verdict(word, why, change, dict(families))


def _sign(part: Part) -> int:
    return int(part.low > 0) - int(part.high < 0)
