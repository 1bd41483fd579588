"""Which pairs are the anchors: those of a file, or a set that was frozen from early traffic."""

from pathlib import Path
from typing import Annotated

import msgspec

from detectors.judging.anchors import Anchor, Candidates, set_version
from detectors.judging.drift import LEAST_ANCHORS
from monitor.config_judge import Anchors
from monitor.errors import LeadlineError
from monitor.judge.store import JudgeStore
from monitor.privacy import Privacy

FROZEN, CANDIDATE = "frozen", "candidate"
_OFFERED = "anchors_offered"


class AnchorSet:
    """The anchors, empty until there are any.

    Parameters
    ----------
    config, store, privacy
        Without a file, texts of traces have to be kept: `privacy.keep_text`. They are redacted before they are.

    Raises
    ------
    LeadlineError
        Where the file cannot be read, or holds something else or too little.
    """

    def __init__(self, config: Anchors, store: JudgeStore, privacy: Privacy) -> None:
        self._store, self._privacy = store, privacy
        self._candidates: Candidates | None = None
        if config.path is not None:
            self.anchors = read_anchors(config.path)
        elif not privacy.keep_text:
            self.anchors = ()
            for kind in (FROZEN, CANDIDATE):
                store.forget_anchors(kind)
        else:
            self.anchors = tuple(map(_decode, store.anchors(FROZEN)))
            if not self.anchors:
                held = map(_decode, store.anchors(CANDIDATE))
                self._candidates = Candidates(config.size, held, int(store.piece(_OFFERED) or 0))

    @property
    def version(self) -> str:
        """Of the set."""
        return set_version(self.anchors)

    @property
    def problem(self) -> str | None:
        """Why there are none yet, or never will be."""
        if self.anchors:
            return None
        if self._candidates is None:
            return (
                "no anchors: privacy.keep_text is off, so that none can be frozen from traffic; expected a file, "
                "judge.anchors.path. That the judge drifts will not be seen"
            )
        return (
            f"no anchors yet: {len(self._candidates)} pairs kept of {self._candidates.offered} judged ones, "
            f"{self._candidates.size} are chosen once there are enough of each grade"
        )

    def offer(self, query: str, passage: str, grade: float) -> bool:
        """Look at a pair of the traffic, with its grade from 0 to 3; whether the set is frozen with it."""
        if self._candidates is None:
            return False
        clean = self._privacy.redact(query), self._privacy.redact(passage)
        anchor = Anchor(*clean, grade=grade)
        gone = self._candidates.offer(anchor)
        if anchor not in gone:
            self._keep(CANDIDATE, anchor)
            for one in gone:
                self._store.forget_anchor(CANDIDATE, one.id)
            self._store.set_piece(_OFFERED, str(self._candidates.offered).encode())
        if not self._candidates.complete:
            return False
        self.anchors, self._candidates = tuple(self._candidates.chosen()), None
        for one in self.anchors:
            self._keep(FROZEN, one)
        self._store.forget_anchors(CANDIDATE)
        return True

    def _keep(self, kind: str, anchor: Anchor) -> None:
        self._store.set_anchor(kind, anchor.id, msgspec.json.encode(anchor))


def _decode(body: bytes) -> Anchor:
    return msgspec.json.decode(body, type=Anchor)


Text = Annotated[str, msgspec.Meta(min_length=1)]
Grade = Annotated[float, msgspec.Meta(ge=0, le=3)]


class _Row(msgspec.Struct, forbid_unknown_fields=True):
    """One line of the file; `grade` is a person's."""

    query: Text
    passage: Text
    grade: Grade | None = None


def read_anchors(path: Path) -> tuple[Anchor, ...]:
    """The pairs of a JSONL file: `query`, `passage` and, where a person gave one, a `grade` from 0 to 3.

    Raises
    ------
    LeadlineError
        One line: the file, the line and what was expected.
    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise LeadlineError(f"{path}: cannot read the anchors: {error.strerror}") from error
    found: dict[str, Anchor] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = msgspec.json.decode(line, type=_Row)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise LeadlineError(f"{path}: line {number}: expected query, passage and perhaps grade: {error}") from error
        anchor = Anchor(row.query, row.passage, human=row.grade)
        if anchor.id in found:
            raise LeadlineError(f"{path}: line {number}: got a pair that was there before, expected different ones")
        found[anchor.id] = anchor
    if len(found) < LEAST_ANCHORS:
        raise LeadlineError(f"{path}: got {len(found)} anchors, expected at least {LEAST_ANCHORS}")
    return tuple(found.values())
