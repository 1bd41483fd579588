"""What the intervals of `judge_context_relevance` are worth: how often they hold the truth, and the judging they save.

    python benchmarks/judge_estimates.py ../shared/collections > tables.md

Coverage is on simulated traces whose truth is known (`detectors/simulated_judging.py`). What the proxy is worth is
measured on labelled collections: the label is the mean grade of the first five documents by people, scaled to [0, 1], a
stand-in for a judge that agrees with them; then of a noisy judge, made of the same grades by a stated confusion. The
proxy is `mean_relevance` by the bundled cross-encoder. Without collections it says so, and prints the coverage alone.
Ten minutes on one core, two where `--cache` has what the cross-encoder said.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.judging.agreement import weighted_kappa
from detectors.ppi import NestedEstimate, nested_estimate, nested_terms
from detectors.simulated_judging import SHAPES, Judged, simulated_judging, true_mean
from monitor.build import Scorer, build_assessor, load_corpus
from monitor.commands import calibrated_scorer, file_config
from monitor.config import EVERYTHING
from monitor.evaluation import Labels, read_labels
from monitor.recording import Recording, assess_all
from monitor.sampling import Sampler

Floats = NDArray[np.float64]

REPETITIONS = 1000
SIZES = (30, 50, 100, 200)
TRACES = 10  # scored, for each that is judged
RHOS, PREFERRING = (0.0, 0.5, 0.9), (0.0, 0.5)
RECORDINGS = ("traces.jsonl", "traces.e5.jsonl")
DEPTH = 5  # a judge grades the first five
HALF_WIDTH = 0.05
NOISE = 0.55  # of the noisy judge's grades are drawn anew from all grades: kappa is 1 less that
SIMULATED_TRACES = 5_000  # a day's, drawn from a collection
DAYS = 20


class Held(NamedTuple):
    """How often intervals held the truth, and their mean half-width, with the proxy and without."""

    held: float
    half: float
    classical_held: float
    classical_half: float


def estimated(judged: Judged) -> NestedEstimate | None:
    terms = nested_terms(judged.labels, judged.weights, judged.proxies, np.ones(len(judged.labels)))
    return nested_estimate(terms.sum(axis=0), minimum=min(SIZES) / 2)


def coverage(shape: str, truth: float, rho: float, labelled: int, preferring: float, seed: int) -> Held:
    rng = np.random.default_rng(seed)
    found: list[tuple[bool, float, bool, float]] = []
    while len(found) < REPETITIONS:
        one = estimated(simulated_judging(SHAPES[shape], rho, labelled * TRACES, labelled, preferring, rng))
        if one is not None:
            alone = one.classical
            found.append((
                one.low <= truth <= one.high, (one.high - one.low) / 2,
                alone.low <= truth <= alone.high, (alone.high - alone.low) / 2,
            ))  # fmt: skip
    return Held(*np.mean(found, axis=0).tolist())


def coverage_table() -> Iterator[str]:
    """Coverage: the mean over correlations and preferences (and the least of these, classical ones among them).
    Half-width: at a correlation of .5, uniform (and the classical one).
    """
    yield "| truth | mean | " + " | ".join(f"{n} judged" for n in SIZES) + " |"
    yield "|---|---|" + "---|" * len(SIZES)
    for shape in SHAPES:
        truth = true_mean(SHAPES[shape], np.random.default_rng(0))
        cells = []
        for n in SIZES:
            settings = [(rho, preferring) for rho in RHOS for preferring in PREFERRING]
            found = {one: coverage(shape, truth, one[0], n, one[1], i) for i, one in enumerate(settings)}
            shown, of = [*found.values()], found[0.5, 0.0]
            least = min(min(h.held, h.classical_held) for h in shown)
            mean = np.mean([h.held for h in shown])
            cells.append(f"{mean:.3f} ({least:.3f}); ±{of.half:.3f} (±{of.classical_half:.3f})")
        yield f"| {shape} | {truth:.2f} | " + " | ".join(cells) + " |"


class Measured(NamedTuple):
    """Of the traces of a recording: grades of the first five documents, NaN where there were fewer, and the proxy."""

    name: str
    grades: Floats
    proxies: Floats

    @property
    def labels(self) -> Floats:
        return np.asarray(np.nanmean(self.grades, axis=1))

    def by_a_noisy_judge(self, rng: np.random.Generator) -> "Measured":
        """Some grades are drawn anew from all grades that there are: the mean stays, and the agreement goes."""
        known = np.isfinite(self.grades)
        anew = rng.choice(self.grades[known], self.grades.shape)
        changed = known & (rng.random(self.grades.shape) < NOISE)
        return self._replace(grades=np.where(changed, anew, self.grades))


def measured(directory: Path, cache: Path | None, scorer: Scorer) -> Iterator[Measured]:
    """Every recording of a collection, by the real assessor; kept in `cache` where there is one."""
    labels = Labels(*read_labels(directory))
    for name in RECORDINGS:
        kept = cache / f"{directory.name}.{name}.npz" if cache is not None else None
        if kept is None or not kept.exists():
            found = _assessed(directory, name, labels, scorer)
            if kept is not None:
                np.savez(kept, grades=found.grades, proxies=found.proxies)
        else:
            found = Measured(f"{directory.name}, {name}", **np.load(kept))
        yield found


def _assessed(directory: Path, name: str, labels: Labels, scorer: Scorer) -> Measured:
    config = file_config(None, directory / "corpus.jsonl", DEPTH, None)
    assessor = build_assessor(
        config, load_corpus(config), None, scorer.model, scorer.name, calibration=scorer.calibration
    )
    grades, proxies = [], []
    for one in assess_all(Recording(directory / name, Sampler(lambda _: EVERYTHING)), assessor):
        known = labels.of(one.query_id, one.query)
        if known and max(known.values()) > 0 and "mean_relevance" in one.signals:
            row = [float(known.get(key, 0)) for key in one.document_ids]
            grades.append(row + [np.nan] * (DEPTH - len(row)))
            proxies.append(one.signals["mean_relevance"])
    found = np.array(grades)
    return Measured(f"{directory.name}, {name}", found / max(1.0, np.nanmax(found)), np.array(proxies))


def calls_needed(one: Measured, rng: np.random.Generator) -> tuple[int, int]:
    """Traces to judge of `SIMULATED_TRACES` for a half-width of `HALF_WIDTH`, with the proxy and without: by bisection
    of the mean half-width over `DAYS` simulated days.
    """
    labels = one.labels
    days = [rng.integers(0, len(labels), SIMULATED_TRACES) for _ in range(DAYS)]
    order = [rng.random(SIMULATED_TRACES) for _ in range(DAYS)]

    def halves(judged: int) -> tuple[float, float]:
        found = []
        for day, u in zip(days, order, strict=True):
            weights = np.where(u < judged / SIMULATED_TRACES, SIMULATED_TRACES / judged, 0.0)
            made = estimated(Judged(labels[day], one.proxies[day], weights))
            if made is not None:
                alone = made.classical
                found.append(((made.high - made.low) / 2, (alone.high - alone.low) / 2))
        with_proxy, without = np.mean(found, axis=0)
        return float(with_proxy), float(without)

    needed = []
    for which in (0, 1):
        least, most = 20, 2000
        while most - least > 1:
            middle = (least + most) // 2
            least, most = (least, middle) if halves(middle)[which] <= HALF_WIDTH else (middle, most)
        needed.append(most)
    return needed[0], needed[1]


def calls_table(recordings: list[Measured]) -> Iterator[str]:
    wanted = f"judged for ±{HALF_WIDTH:g}"
    yield f"| recording | traces | mean | rho | {wanted} | classical | noisy judge: kappa | rho | judged | classical |"
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for i, one in enumerate(recordings):
        rng = np.random.default_rng(i)
        noisy = one.by_a_noisy_judge(rng)
        known = np.isfinite(one.grades)
        agreement = weighted_kappa(*(1.0 * (of.grades[known] > 0) for of in (one, noisy)))
        assert agreement is not None
        cells = []
        for of in (one, noisy):
            with_proxy, without = calls_needed(of, rng)
            cells.append(f"{np.corrcoef(of.labels, of.proxies)[0, 1]:.2f} | {with_proxy} | {without}")
        stand_in = f"{one.name} | {len(one.proxies)} | {one.labels.mean():.2f} | {cells[0]}"
        yield f"| {stand_in} | {agreement.value:.2f} | {cells[1]} |"


def pooled(recordings: list[Measured]) -> Measured:
    """One pipeline that serves all of them, as often each."""
    rng = np.random.default_rng(0)
    rows = [rng.integers(0, len(one.proxies), 1000) for one in recordings]
    grades = np.concatenate([one.grades[row] for one, row in zip(recordings, rows, strict=True)])
    return Measured(
        "all together", grades, np.concatenate([o.proxies[r] for o, r in zip(recordings, rows, strict=True)])
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("collections", type=Path, nargs="?")
    parser.add_argument("--cache", type=Path, help="Keep what the cross-encoder said here.")
    arguments = parser.parse_args()
    directories = sorted(path.parent for path in (arguments.collections or Path()).glob("*/corpus.jsonl"))
    if arguments.collections is not None and directories:
        scorer = calibrated_scorer(file_config(None, None, DEPTH, None))
        recordings = [one for directory in directories for one in measured(directory, arguments.cache, scorer)]
        print("\n".join(calls_table([*recordings, pooled(recordings)])), end="\n\n", flush=True)
    else:
        print("no labelled collections given: coverage alone", file=sys.stderr)
    for line in coverage_table():
        print(line, flush=True)


if __name__ == "__main__":
    main()
