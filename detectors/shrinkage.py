"""Empirical Bayes: effects that are known from few values are drawn to what they have in common."""

import numpy as np

from detectors.moments import Floats


def shrunk_cells(raw: Floats, precision: Floats) -> tuple[Floats, Floats]:
    """Mean and standard error of each cell of a table, both in [0, 1]: shapes (rows, columns).

    A cell's mean is the table's, and what its row, its column and it itself add, each of the three shrunk to 0 as
    `shrunk` says. Backfits rows and columns, then cells.
    """
    mean = (precision * raw).sum() / precision.sum()
    of_row, of_column = np.zeros((len(raw), 1)), np.zeros((1, raw.shape[1]))
    for _ in range(10):  # settles to under 1e-4 in three
        of_row, row_variance = _shrunk_effects(raw - mean - of_column, precision, axis=1)
        of_column, column_variance = _shrunk_effects(raw - mean - of_row, precision, axis=0)
    additive = mean + of_row + of_column
    used = len(raw) + raw.shape[1] - 1
    of_cell, cell_variance = shrunk(raw - additive, precision, used)
    error = np.sqrt(1 / precision.sum() + row_variance + column_variance + cell_variance)
    return np.clip(additive + of_cell, 0.0, 1.0).round(5), error.round(5)  # five digits, so that a file is readable


def _shrunk_effects(left: Floats, precision: Floats, axis: int) -> tuple[Floats, Floats]:
    total = precision.sum(axis=axis, keepdims=True)
    summed = (precision * left).sum(axis=axis, keepdims=True)
    return shrunk(np.divide(summed, total, out=np.zeros(total.shape), where=total > 0), total, 1)


def shrunk(effects: Floats, precision: Floats, used: int = 0) -> tuple[Floats, Floats]:
    """Effects drawn to 0 by how well they are known, and the variances of what results (empirical Bayes).

    between = max(0, (sum p d^2 - (k - used)) / sum p), over the k effects d that were seen, each of precision p;
    mean = d between p / (1 + between p);  variance = between / (1 + between p).

    Parameters
    ----------
    effects, precision
        Of one shape; a precision, the inverse variance of an effect's error, is 0 where nothing was seen.
    used
        Degrees of freedom that went into the centre.

    References
    ----------
    DerSimonian, Laird: Meta-analysis in clinical trials (1986); Morris: Parametric empirical Bayes inference (1983).

    Examples
    --------
    >>> mean, variance = shrunk(np.array([0.2, -0.2, 0.0]), np.array([100.0, 100.0, 0.0]))
    >>> mean.round(3), variance.round(4)
    (array([ 0.15, -0.15,  0.  ]), array([0.0075, 0.0075, 0.03  ]))
    """
    free = max(0, int((precision > 0).sum()) - used)
    between = max(0.0, float(((precision * effects**2).sum() - free) / precision.sum()))
    return effects * between * precision / (1 + between * precision), between / (1 + between * precision)
