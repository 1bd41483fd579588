"""What made the evidence of an assessment: which scorer with which calibration, and whether all of it worked."""

from collections.abc import Mapping

from detectors.records import Assessment, Reason

NO_SCORER = "none"
UNCALIBRATED = "none"
_BROKEN = frozenset((Reason.SCORER_UNAVAILABLE, Reason.LEXICAL_UNAVAILABLE, Reason.MEASURE_FAILED))


def scorer_version(versions: Mapping[str, str]) -> str:
    """The scorer and its calibration: where either changes, scores no longer mean what they meant."""
    calibration = versions["calibration"]
    return versions["scorer"] if calibration == UNCALIBRATED else f"{versions['scorer']} {calibration}"


def broken(assessment: Assessment, scorer: str) -> bool:
    """Whether evidence is missing because a part of ours did not work; a scorer that nobody wanted is none."""
    found = _BROKEN.intersection(assessment.abstentions.values())
    if scorer == NO_SCORER:
        found = found - {Reason.SCORER_UNAVAILABLE}
    return bool(found)
