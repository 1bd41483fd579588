"""Is the judge still the one that gave the first verdicts? Re-judged anchors in, an alarm of its own out.

A judge is a version: model, prompts and set of anchors. Another one starts anew and nothing of the two is ever mixed.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import msgspec
import numpy as np

from detectors.deciders import ESR, Abstained, EsrState
from detectors.judging.drift import FIRST, DriftBudget, Reference, Side, drift_configs, reference_of, residuals
from detectors.judging.records import BEST_GRADE
from detectors.records import ALL, Alarm
from monitor.config_alerts import JUDGE_DRIFT
from monitor.deciding.streams import SavedStream, Turn, Values, Watched, Why

SIGNAL = "anchor_shift"
VERSIONS = 3  # that are remembered: a judge that comes back finds its own reference
_DECIDER = "e_detector"


class Rejudged(msgspec.Struct, frozen=True, array_like=True):
    """One verdict on an anchor, past every cache, at `time` (seconds since 1970), by a `version` of the judge.

    `grade` and the grade that a person gave, where one did, are from 0 to 3.
    """

    time: float
    version: str
    anchor: str
    grade: float
    human: float | None = None


class Judged(msgspec.Struct, frozen=True, array_like=True):
    """What is known of one anchor: its first verdicts, up to `FIRST`, the last one after them, a person's, and when it
    was judged last.
    """

    first: tuple[float, ...] = ()
    last: float | None = None
    human: float | None = None
    time: float = 0.0

    def with_verdict(self, one: Rejudged) -> "Judged":
        """After one verdict more."""
        if len(self.first) < FIRST:
            return Judged((*self.first, one.grade), None, one.human, one.time)
        return Judged(self.first, one.grade, one.human, one.time)

    @property
    def normal(self) -> float:
        """Its reference."""
        return sum(self.first) / len(self.first)


class SavedVersion(msgspec.Struct, frozen=True, kw_only=True):
    """All that is remembered of a version of the judge; `since` is the time of its first verdict."""

    since: float
    anchors: dict[str, Judged] = {}
    reference: Reference | None = None
    sides: dict[str, SavedStream] = {}
    raised: float | None = None
    began: float | None = None


class SavedJudge(msgspec.Struct, frozen=True):
    """All that `JudgeDrift.restore` needs: versions in the order in which they were last begun."""

    versions: dict[str, SavedVersion]


class Version:
    """The watch over one version. `raised` is when its alarm was, and `began` since when what it is about."""

    def __init__(self, name: str, budget: DriftBudget, saved: SavedVersion) -> None:
        self.name, self.since = name, saved.since
        self.anchors = dict(saved.anchors)
        self.reference = saved.reference
        self.raised, self.began = saved.raised, saved.began
        self.sides = {side: Watched() for side in Side}
        for side, stream in saved.sides.items():
            self.sides[Side(side)].restore(stream)
        self.plan(budget)

    def saved(self) -> SavedVersion:
        """All that it remembers."""
        sides = {side.value: s.saved(_DECIDER, self.name) for side, s in self.sides.items() if s.state is not None}
        return SavedVersion(
            since=self.since, anchors=self.anchors, reference=self.reference, sides=sides, raised=self.raised,
            began=self.began,
        )  # fmt: skip

    def plan(self, budget: DriftBudget) -> None:
        """Make the detectors, or make them anew from what they remember."""
        self._budget = budget
        configs = drift_configs(budget, self.reference) if self.reference is not None else {}
        for side, stream in self.sides.items():
            config = configs.get(side, Abstained.TOO_FEW_VALUES)
            state = stream.state if isinstance(stream.state, EsrState) else None
            stream.use(config if isinstance(config, Abstained) else ESR(config, state))

    @property
    def abstained(self) -> Abstained | None:
        """Why nothing watches; None while a side does."""
        sides = list(self.sides.values())
        return None if any(one.decider is not None for one in sides) else sides[0].abstained

    @property
    def evidence(self) -> float | None:
        """Of the side that has most."""
        known = [one.evidence for one in self.sides.values() if one.evidence is not None]
        return max(known, default=None)

    def take(self, one: Rejudged) -> Iterator[Turn]:
        """Take in a verdict; whether an alarm comes or goes with it."""
        known = self.anchors.get(one.anchor, Judged())
        self.anchors[one.anchor] = known.with_verdict(one)
        if len(known.first) < FIRST:
            return
        if self.reference is None:
            self._freeze()
        if self.reference is None:
            return
        for side, stream in self.sides.items():
            residual = residuals(side, [one.grade], [known.normal], self.reference.moved)
            fed = Values(np.array([one.time]), (), residual, np.ones(1))
            stream.watch(fed.times, -residual - self._budget.smallest_shift / BEST_GRADE / 2)
            for _ in stream.update(fed):
                pass  # what counts is whether a side stands
        yield from self._turn(one.time)

    def _freeze(self) -> None:
        """An anchor comes after its first verdicts, so all others had theirs: a round is over."""
        whole = [judged.first for judged in self.anchors.values() if len(judged.first) == FIRST]
        made = reference_of(whole)
        self.reference = made if isinstance(made, Reference) else None
        self.plan(self._budget)

    def _turn(self, time: float) -> Iterator[Turn]:
        standing = [one for one in self.sides.values() if one.raised is not None and one.decider is not None]
        if standing and self.raised is None:
            calm = standing[0].calm
            self.raised, self.began = time, None if calm is None else min(calm, time)
            yield "raised"
        elif self.raised is not None and not standing:
            self.raised = self.began = None
            yield "resolved"

    def pairs(self, since: float = 0.0) -> list[tuple[float, float]]:
        """Reference and last verdict of each anchor that was re-judged since then."""
        return [(a.normal, a.last) for a in self.anchors.values() if a.last is not None and a.time >= since]

    def human_pairs(self) -> list[tuple[float, float]]:
        """A person's grade and the judge's last of each anchor that has both."""
        last = [(a.human, a.normal if a.last is None else a.last) for a in self.anchors.values()]
        return [(human, grade) for human, grade in last if human is not None]


class JudgeDrift:
    """Every version of the judge that is remembered, the one that judged last at the end.

    Without a budget nothing is watched, and nothing remembered.
    """

    def __init__(self, budget: DriftBudget | None) -> None:
        self._budget = budget
        self.versions: dict[str, Version] = {}

    @property
    def current(self) -> Version | None:
        """The version that judged last."""
        return next(reversed(self.versions.values()), None)

    def take(self, rejudged: Sequence[Rejudged]) -> Iterator[Alarm]:
        """Take in verdicts on anchors, in their order."""
        for one in rejudged:
            if self._budget is None:
                return
            yield from self._switch(one, self._budget)
            version = self.versions[one.version]
            began = version.began
            for turn in version.take(one):
                yield _alarm(version, turn, one.time, began if turn == "resolved" else version.began)

    def _switch(self, one: Rejudged, budget: DriftBudget) -> Iterator[Alarm]:
        """To the version that judged; a reference that was drifted away from is not come back to."""
        current = self.current
        if current is not None and current.name != one.version and current.raised is not None:
            yield _alarm(current, "resolved", one.time, current.began, "new_reference")
            del self.versions[current.name]
        if current is None or current.name != one.version:
            known = self.versions.pop(one.version, None)
            self.versions[one.version] = known or Version(one.version, budget, SavedVersion(since=one.time))
            while len(self.versions) > VERSIONS:
                del self.versions[next(iter(self.versions))]

    def use(self, budget: DriftBudget | None) -> Iterator[Alarm]:
        """Another configuration."""
        self._budget = budget
        if budget is None:
            current = self.current
            if current is not None and current.raised is not None:
                last = max(stream.last for stream in current.sides.values())
                yield _alarm(current, "resolved", last, current.began, "alert_removed")
            self.versions = {}
        else:
            for version in self.versions.values():
                version.plan(budget)

    def standing(self) -> Iterator[Alarm]:
        """The alarm that stands, as it was raised, if one does."""
        current = self.current
        if current is not None and current.raised is not None:
            yield _alarm(current, "raised", current.raised, current.began)

    def saved(self) -> SavedJudge:
        """All that it remembers."""
        return SavedJudge({name: version.saved() for name, version in self.versions.items()})

    def restore(self, saved: SavedJudge) -> None:
        """Be what was saved; nothing, without a budget."""
        budget, versions = self._budget, saved.versions
        self.versions = {} if budget is None else {name: Version(name, budget, one) for name, one in versions.items()}


def _alarm(version: Version, state: Turn, at: float, began: float | None, why: Why = "evidence") -> Alarm:
    return Alarm(
        alarm=JUDGE_DRIFT, pipeline=ALL, scenario=ALL, state=state, why=why, at=datetime.fromtimestamp(at, UTC),
        since=None if began is None else datetime.fromtimestamp(began, UTC), evidence=version.evidence, signal=SIGNAL,
        reference=version.name,
    )  # fmt: skip
