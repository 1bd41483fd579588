"""Calibrations from files: the one that comes with the bundled model, and those of `leadline calibrate`."""

from collections.abc import Mapping
from pathlib import Path

from detectors.calibration import Calibration
from detectors.risk_calibration import RiskCalibration
from monitor.config import PipelineConfig
from monitor.errors import LeadlineError
from monitor.providers.cross_encoder import BUNDLED_DIRECTORY
from monitor.structs import read_struct


def calibration_for(scorer: str, given: Path | None) -> Calibration | None:
    """The given calibration, else the one that comes with the scorer, which only the bundled model has.

    Raises
    ------
    LeadlineError
        Where the given one cannot be read, is none, or was made for another scorer: scores of two models do not mix.
    """
    if given is not None:
        found = read_calibration(given)
        if found.scorer != scorer:
            raise LeadlineError(f"{given}: scorer: got {found.scorer!r}, expected {scorer!r}, the one in use")
        return found
    shipped = read_calibration(BUNDLED_DIRECTORY / "calibration.json")
    return shipped if shipped.scorer == scorer else None


def read_calibration(path: Path) -> Calibration:
    """A calibration from its file.

    Raises
    ------
    LeadlineError
        Where it cannot be read or is none.
    """
    return read_struct(path, Calibration, "calibration", "a calibration as `leadline calibrate` writes it")


def risk_calibrations(
    pipelines: Mapping[str, PipelineConfig], *, prior: str, scorer: str
) -> dict[str, RiskCalibration]:
    """The calibrations of the risk that a configuration names, by pipeline.

    Raises
    ------
    LeadlineError
        Where one cannot be read, is none, or was made for another pipeline, prior or scorer.
    """
    found = {}
    for name, pipeline in pipelines.items():
        path = pipeline.risk_calibration
        if path is None:
            continue
        expected = "a calibration as `leadline calibrate --risk` writes it"
        found[name] = read_struct(path, RiskCalibration, "calibration of the risk", expected)
        for key, needed in (("pipeline", name), ("prior", prior), ("scorer", scorer)):
            got = getattr(found[name], key)
            if got != needed:
                raise LeadlineError(f"{path}: {key}: got {got!r}, expected {needed!r}, the one in use: calibrate again")
    return found
