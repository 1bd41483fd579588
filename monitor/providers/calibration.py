"""Calibrations from files: the one that comes with the bundled model, and those of `leadline calibrate`."""

from pathlib import Path

import msgspec

from detectors.calibration import Calibration
from monitor.errors import LeadlineError
from monitor.providers.cross_encoder import BUNDLED_DIRECTORY


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
    try:
        return msgspec.json.decode(path.read_bytes(), type=Calibration)
    except OSError as error:
        raise LeadlineError(f"{path}: cannot read the calibration: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise LeadlineError(f"{path}: expected a calibration as `leadline calibrate` writes it: {error}") from error
