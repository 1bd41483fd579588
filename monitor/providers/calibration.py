"""Calibrations from files: the one that comes with the bundled model, and those of `leadline calibrate`."""

from pathlib import Path

from detectors.calibration import Calibration
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
