"""The sections of the report behind its headline: probabilities, scenarios, abstentions, variants, every signal."""

from detectors.labels import FAILURE_KINDS
from detectors.outcomes import BASELINES, LEVELS, RISKS
from detectors.signals import SIGNALS
from monitor.evaluating import report_words
from monitor.evaluating.results import RecordingFigures, Scoreboard
from monitor.evaluating.tables import NONE, doubly_ranged, plain, ranged, share, table

TOO_FEW = "too few"


def _picture(what: str, path: str) -> list[str]:
    return [f"![{what}]({path})", ""]


def coverage(board: Scoreboard, pictures: dict[str, str]) -> list[str]:
    """Risk-coverage."""
    lines = ["## Keeping only what it calls safe", "", *_picture("Risk-coverage curves", pictures["coverage"])]
    lines.append(report_words.COVERAGE)
    rows = []
    for kind in LEVELS:
        for r in board.recordings:
            found = r.coverage[kind]
            if found is not None:
                reached = (found.constant - found.area.value) / (found.constant - found.oracle)
                cells = [ranged(found.area, 3), plain(found.oracle, 3), plain(found.constant, 3), share(reached)]
                rows.append([f"`{RISKS[kind]}`", r.collection, r.recording, *cells])
    return [*lines, *table(("risk", "collection", "recording", "AURC", "oracle", "constant", "reached"), rows)]


def probabilities(board: Scoreboard, pictures: dict[str, str]) -> list[str]:
    """Brier skill and reliability."""
    rows = [
        [r.collection, r.recording, *(ranged(r.brier_skill[kind]) for kind in LEVELS),
         *(plain(r.precision_of_riskiest[kind]) for kind in LEVELS)]
        for r in board.recordings
    ]  # fmt: skip
    for group, by_kind in board.skills.items():
        means = [f"**{doubly_ranged(by_kind[kind].brier_skill)}**" for kind in LEVELS]
        rows.append(["**mean**", group, *means, *[NONE] * len(LEVELS)])
    head = [f"Brier skill of `{RISKS[kind]}`" for kind in LEVELS]
    riskiest = [f"failures in riskiest 10% by `{RISKS[kind]}`" for kind in LEVELS]
    picture = _picture("Reliability, all recordings together", pictures["reliability"])
    return ["## As a probability", "", *picture, *table(("collection", "recording", *head, *riskiest), rows)]


def levels(board: Scoreboard, pictures: dict[str, str]) -> list[str]:
    """Estimated failure rates against true ones."""
    lines = ["## The level", "", *_picture("Estimated and true failure rates", pictures["levels"])]
    lines.append(report_words.LEVELS)
    rows = []
    for kind in LEVELS:
        for r in board.recordings:
            level = r.level[kind]
            if level is not None:
                held = "yes" if level.low <= level.true <= level.high else "**no**"
                stated = f"{plain(level.estimated, 3)} ({plain(level.low)} to {plain(level.high)})"
                cells = [plain(level.true, 3), stated, plain(level.estimated - level.true, 3), held]
                rows.append([f"`{RISKS[kind]}`", r.collection, r.recording, *cells])
    lines += table(("risk", "collection", "recording", "true", "estimated", "error", "interval holds it"), rows)
    means = [
        [f"`{RISKS[kind]}`", group, plain(e.mean_absolute, 3), plain(e.root_mean_square, 3), plain(e.bias, 3),
         f"{e.covered} of {e.recordings}"]
        for group, by_kind in board.skills.items() for kind in LEVELS if (e := by_kind[kind].level) is not None
    ]  # fmt: skip
    return [*lines, *table(("risk", "recordings", "mean error", "rms", "bias", "intervals that hold"), means)]


def scenarios(board: Scoreboard) -> list[str]:
    """Per scenario."""
    rows = []
    for name, by_kind in board.scenarios.items():
        for kind in FAILURE_KINDS:
            f = by_kind[kind]
            auroc = TOO_FEW if f.auroc is None else ranged(f.auroc)
            skill = TOO_FEW if f.auroc is None and kind in LEVELS else ranged(f.brier_skill)
            row = [name, f"`{kind}`", str(f.traces), f"{f.failures} ({share(f.failure_rate)})", auroc, skill]
            rows.append([*row, ranged(f.bias, 3), share(f.abstained)])
    head = ("scenario", "failure", "traces", "failures", "AUROC", "Brier skill", "estimated less true", "abstained")
    return ["## By scenario", "", report_words.SCENARIOS, *table(head, rows)]


def abstentions(board: Scoreboard) -> list[str]:
    """Who abstained, why, and on what."""
    rows = []
    for name, found in board.abstentions.items():
        why = ", ".join(f"{count} {reason}" for reason, count in found.reasons.items()) or NONE
        failed = plain(found.failed_abstained), plain(found.failed_known)
        rows.append([f"`{name}`", share(found.share), why, *failed])
    head = ("predictor", "abstained", "why", "failed there", "failed elsewhere")
    return ["## What abstained", "", report_words.ABSTENTIONS, *table(head, rows)]


def variants(board: Scoreboard) -> list[str]:
    """What a stack may lack."""
    lines = ["## What a stack may lack", "", report_words.VARIANTS]
    for kind in FAILURE_KINDS:
        rows = []
        for name, by_kind in board.variants.items():
            found = by_kind[kind]
            level = found.skills.level
            off = plain(level.mean_absolute, 3) if level is not None else NONE
            auroc, less = doubly_ranged(found.skills.auroc), ranged(found.less, 3)
            rows.append([name, auroc, less, doubly_ranged(found.skills.brier_skill), off, share(found.abstained)])
        head = ("evidence", f"AUROC, `{kind}`", "less", "Brier skill", "level off by", "abstained")
        lines += table(head, rows)
    return lines


def emptied(board: Scoreboard, pictures: dict[str, str]) -> list[str]:
    """Nothing to find."""
    lines = ["## Nothing to find", "", *_picture("Risk with and without something to find", pictures["emptied"])]
    lines.append(report_words.EMPTIED)
    for kind in LEVELS:
        found = board.emptied[kind]
        rows = [
            [r.collection, r.recording, ranged(r.auroc[RISKS[kind]]), plain(r.risk_emptied), plain(r.risk_intact),
             plain(r.risk_successes), ranged(r.above), f"{r.short} of {r.queries}"]
            for r in found.recordings
        ]  # fmt: skip
        rows.append(
            ["**mean**", "", doubly_ranged(found.auroc[RISKS[kind]]), "", "", "", doubly_ranged(found.above), ""]
        )
        measured = f"AUROC of `{RISKS[kind]}`", "mean risk", "intact", "intact successes", "above", "short"
        lines += table(("collection", "recording", *measured), rows)
    head = ("signal", *(f"AUROC, beside `{RISKS[kind]}`" for kind in LEVELS))
    rows = [[f"`{n}`", *(doubly_ranged(board.emptied[kind].auroc[n]) for kind in LEVELS)] for n in BASELINES]
    return [*lines, "The baselines on the same:", "", *table(head, rows)]


def signals(board: Scoreboard) -> list[str]:
    """AUROC of every signal by collection."""
    lines = ["## Every signal", ""]
    for kind in FAILURE_KINDS:
        for retriever in board.retrievers:
            of = [r for r in board.recordings if r.recording == retriever]
            names = [name for name in (*SIGNALS, RISKS[kind]) if any(r.auroc[kind][name] for r in of)]
            rows = [
                [f"`{name}`", *(_value(r, kind, name) for r in of), _mean(board, retriever, kind, name)]
                for name in names
            ]
            lines += [f"**AUROC, `{kind}`, {retriever}**", "", *table(("", *(r.collection for r in of), "mean"), rows)]
    return lines


def _value(of: RecordingFigures, kind: str, name: str) -> str:
    figure = of.auroc[kind][name]
    return plain(figure.value) if figure is not None else NONE


def _mean(board: Scoreboard, retriever: str, kind: str, name: str) -> str:
    mean = board.means[retriever][kind][name]
    return plain(mean.value) if mean is not None else NONE


def rankings(board: Scoreboard) -> list[str]:
    """NDCG of the three rankings."""
    rows = [[r.collection, r.recording, *(plain(value) for value in r.ndcg_at_10.values())] for r in board.recordings]
    return [
        "## The rankings themselves",
        "",
        report_words.RANKINGS,
        *table(("collection", "recording", "served", "cross-encoder", "BM25"), rows),
        f"The whole run took {board.seconds / 60:.0f} minutes.",
    ]
