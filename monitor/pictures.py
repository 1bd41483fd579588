"""Pictures for people, drawn with matplotlib, which only these need (`pip install 'leadline[pictures]'`)."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from detectors.calibration import Bin
from monitor.errors import LeadlineError


def load_pyplot() -> Any:
    """Matplotlib without a display.

    Raises
    ------
    LeadlineError
        Where it is not installed.
    """
    try:
        import matplotlib as mpl  # noqa: PLC0415 - optional
    except ImportError as error:
        raise LeadlineError("a picture needs matplotlib: pip install 'leadline[pictures]'") from error
    mpl.use("agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415

    return plt


def save(figure: Any, path: Path) -> None:
    """Write a figure and close it.

    Raises
    ------
    LeadlineError
        Where the file cannot be written.
    """
    try:
        figure.savefig(path, dpi=120)
    except (OSError, ValueError) as error:
        raise LeadlineError(f"{path}: cannot write the picture: {error}") from error
    finally:
        load_pyplot().close(figure)


def draw_reliability(
    path: Path, title: str, curves: Mapping[str, Sequence[Bin]], *, outcome: str = "was relevant"
) -> None:
    """A reliability diagram: predicted probability against the share that had the outcome, with 95% intervals.

    Raises
    ------
    LeadlineError
        Where matplotlib is missing, or cannot write the file.
    """
    figure, axes = load_pyplot().subplots(figsize=(5.2, 5.2), layout="constrained")
    axes.plot([0, 1], [0, 1], color="0.6", linewidth=1, linestyle="--", label="perfect")
    for (name, bins), marker in zip(curves.items(), "so^v", strict=False):
        x, y = [found.probability for found in bins], [found.relevant for found in bins]
        below = [max(0.0, found.relevant - found.low) for found in bins]
        above = [max(0.0, found.high - found.relevant) for found in bins]
        axes.errorbar(x, y, yerr=[below, above], marker=marker, markersize=4, linewidth=1.2, capsize=2, label=name)
    axes.set(xlim=(0, 1), ylim=(0, 1), title=title, xlabel="said probability", ylabel=f"share that {outcome}")
    axes.legend(loc="upper left", frameon=False)
    save(figure, path)
