"""What is shown and told of the judge's trust: how far it still agrees with itself, and with people."""

from collections.abc import Iterator, Sequence

from detectors.deciders import Abstained
from detectors.judging.agreement import Agreement, Figure, agreement
from detectors.judging.drift import FIRST
from detectors.records import ALL, Alarm
from monitor.config_alerts import JUDGE_DRIFT
from monitor.deciding.deciding import Deciding
from monitor.metrics import Labels
from monitor.notifying.notice import Notice

Sample = tuple[str, Labels, float]

_STREAM = (JUDGE_DRIFT, ALL, ALL)
REMEDY = (
    "pin the judge's model to a dated version, and look at what its server changed; where the judge as it is now is to "
    "stay, raise judge.anchors.version: its first verdicts are taken anew"
)


def judge_samples(deciding: Deciding) -> Iterator[Sample]:
    """The gauges of the version that judged last."""
    version = deciding.judge.current
    if version is None:
        if deciding.settings.judge is not None:
            yield "alarm_abstained", (*_STREAM, Abstained.TOO_FEW_VALUES.value), 1.0
        return
    abstained = version.abstained
    if abstained is not None:
        yield "alarm_abstained", (*_STREAM, abstained.value), 1.0
    else:
        yield "alarm_active", _STREAM, float(version.raised is not None)
    if version.evidence is not None:
        yield "alarm_evidence_ratio", _STREAM, version.evidence
    labels = (version.name,)
    yield "judge_anchors", labels, sum(len(one.first) == FIRST for one in version.anchors.values())
    yield "judge_reference_begun_timestamp_seconds", labels, version.since
    yield from _agreement("judge_anchor", labels, _compared(version.pairs()))
    yield from _agreement("judge_human", labels, _compared(version.human_pairs()))


def _compared(pairs: Sequence[tuple[float, float]]) -> Agreement | None:
    return agreement([one for one, _ in pairs], [other for _, other in pairs])


def _agreement(name: str, labels: Labels, found: Agreement | None) -> Iterator[Sample]:
    if found is None:
        return
    yield from _figure(f"{name}_agreement", "_ratio", labels, found.exact)
    yield from _figure(f"{name}_shift", "", labels, found.shift)
    if found.kappa is not None:
        yield from _figure(f"{name}_kappa", "", labels, found.kappa)


def _figure(name: str, unit: str, labels: Labels, figure: Figure) -> Iterator[Sample]:
    for end, value in zip(("", "_lower", "_upper"), figure, strict=True):
        yield f"{name}{end}{unit}", labels, value


def judge_notice(deciding: Deciding, alarm: Alarm) -> Notice:
    """The alarm with what anchors say that were re-judged since it began; nothing of it where they are too few."""
    since = alarm.since or alarm.at
    with deciding.lock:
        version = deciding.judge.versions.get(alarm.reference)
        pairs = version.pairs(since.timestamp()) if version is not None else []
    found = _compared(pairs)
    if found is None:
        return Notice(alarm=alarm, cause=_cause(None), remedy=REMEDY)
    shift, before = found.shift, sum(normal for normal, _ in pairs) / len(pairs)
    return Notice(
        alarm=alarm, before=before, after=before + shift.value, change=shift.value, low=shift.low, high=shift.high,
        cause=_cause(found), remedy=REMEDY,
    )  # fmt: skip


def _cause(found: Agreement | None) -> str:
    agrees = f" ({found.exact.value:.0%} of its anchors still get the grade that they got first)" if found else ""
    return (
        f"the judge itself has moved{agrees}, not retrieval: do not trust judge_context_relevance, nor anything else "
        "that the judge says, since then; alarms over signals of other kinds do not rest on it and stand as they are"
    )
