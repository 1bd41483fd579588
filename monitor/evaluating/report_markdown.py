"""The report of `leadline evaluate --all`: what a stranger needs to know first, then the figures behind it."""

from collections.abc import Sequence

from detectors.labels import FAILURE_KINDS
from detectors.outcomes import BASELINES, RISKS
from monitor.evaluating import report_details, report_words
from monitor.evaluating.report_words import KINDS
from monitor.evaluating.results import RecordingFigures, Scoreboard, Skills
from monitor.evaluating.tables import NONE, doubly_ranged, plain, ranged, share, table

SOLID = 25  # failures from which one recording's AUROC is worth a judgement


def report(board: Scoreboard, pictures: dict[str, str]) -> str:
    """The whole report; `pictures` are paths relative to it, by name."""
    sections = [
        *_head(board),
        *_in_short(board),
        *_collections(board),
        *_by_recording(board, pictures),
        *_against_baselines(board),
        *_schemes(board),
        *_retrievers(board),
        *report_details.coverage(board, pictures),
        *report_details.probabilities(board, pictures),
        *report_details.levels(board, pictures),
        *report_details.scenarios(board),
        *report_details.abstentions(board),
        *report_details.variants(board),
        *report_details.emptied(board, pictures),
        *report_details.signals(board),
        *report_details.rankings(board),
    ]
    return "\n".join(sections).rstrip() + "\n"


def _head(board: Scoreboard) -> list[str]:
    words = report_words.HEAD.format(
        recordings=len(board.recordings),
        collections=len({r.collection for r in board.recordings}),
        traces=sum(r.traces for r in board.recordings),
        folder=board.folder,
        scorer=board.scorer,
        prior=report_words.PRIORS[board.scheme],
        repetitions=board.repetitions,
    )
    return ["# How well it foretells failures", "", words]


def _in_short(board: Scoreboard) -> list[str]:
    group = board.widest
    rows = [_short_row(board, group, kind) for kind in FAILURE_KINDS]
    head = ("failure", "predictor", "AUROC", "best baseline", "less it", "Brier skill", "level off by", "weakest")
    words = report_words.IN_SHORT.format(baselines=", ".join(f"`{name}`" for name in BASELINES), solid=SOLID)
    return ["## In short", "", *table(head, rows), words]


def _short_row(board: Scoreboard, group: str, kind: str) -> list[str]:
    skills, best = board.skills[group][kind], board.best_baseline[kind]
    baseline = f"`{best}` {ranged(board.means[group][kind][best])}" if best else NONE
    gain = doubly_ranged(board.advantage[group][kind][best]) if best else NONE
    return [
        KINDS[kind], f"`{RISKS[kind]}`", doubly_ranged(skills.auroc), baseline, gain, doubly_ranged(skills.brier_skill),
        plain(skills.level.mean_absolute, 3) if skills.level else NONE, _weakest(board.recordings, kind),
    ]  # fmt: skip


def _weakest(recordings: Sequence[RecordingFigures], kind: str) -> str:
    solid = [
        (figure.value, r) for r in recordings
        if r.failures[kind] >= SOLID and (figure := r.auroc[kind][RISKS[kind]]) is not None
    ]  # fmt: skip
    if not solid:
        return NONE
    value, found = min(solid, key=lambda pair: pair[0])
    return f"{plain(value)} {found.collection}, {found.recording}"


def _collections(board: Scoreboard) -> list[str]:
    rows = [
        [
            r.collection, r.recording, f"{r.documents:,}", str(r.traces),
            *(f"{r.failures[kind]} ({share(r.failures[kind] / r.traces)})" for kind in FAILURE_KINDS),
            ", ".join(f"{count} {reason}" for reason, count in r.skipped.items()) or NONE,
        ]
        for r in board.recordings
    ]  # fmt: skip
    head = ("collection", "recording", "documents", "traces", *(KINDS[kind] for kind in FAILURE_KINDS), "skipped")
    return ["## What it was tried on", "", *table(head, rows)]


def _by_recording(board: Scoreboard, pictures: dict[str, str]) -> list[str]:
    lines = ["## The risk on each recording", "", f"![AUROC by recording]({pictures['auroc']})", ""]
    lines.append(report_words.RECORDINGS)
    for kind in FAILURE_KINDS:
        risk, best = RISKS[kind], board.best_baseline[kind]
        names = (risk, *BASELINES)
        rows = [
            [r.collection, r.recording, str(r.failures[kind]), *(ranged(r.auroc[kind][name]) for name in names),
             ranged(r.advantage[kind])]
            for r in board.recordings
        ]  # fmt: skip
        for group, by_kind in board.means.items():
            means = [ranged(by_kind[kind][name], 3) for name in names]
            gain = ranged(board.advantage[group][kind][best], 3) if best else NONE
            rows.append(["**mean**", f"**{group}**", "", *(f"**{cell}**" for cell in (*means, gain))])
        head = ("collection", "recording", "failures", *(f"`{name}`" for name in names), f"`{risk}` less `{best}`")
        lines += [f"**{KINDS[kind]}**", "", *table(head, rows)]
    return lines


def _against_baselines(board: Scoreboard) -> list[str]:
    lines = ["## Against single signals", "", report_words.BASELINES]
    for kind in FAILURE_KINDS:
        rows = [
            [f"`{name}`{' (best signal)' if name == board.best_signal[kind] else ''}", group,
             ranged(board.means[group][kind][name], 3), doubly_ranged(gain)]
            for group, by_kind in board.advantage.items() for name, gain in by_kind[kind].items()
        ]  # fmt: skip
        lines += [f"**{KINDS[kind]}**", "", *table(("signal", "recordings", "AUROC", f"`{RISKS[kind]}` less it"), rows)]
    return lines


def _schemes(board: Scoreboard) -> list[str]:
    rows = [
        [scheme, f"{KINDS[kind]}", *_skill_cells(skills)]
        for scheme, by_kind in board.schemes.items()
        for kind, skills in by_kind.items()
    ]
    head = ("fitted on", "failure", "AUROC", "Brier skill", "level off by", "rms", "interval held")
    return ["## By what the prior was fitted on", "", report_words.SCHEMES, *table(head, rows)]


def _skill_cells(skills: Skills) -> list[str]:
    """AUROC, Brier skill and the error of the level, five cells."""
    level = skills.level
    off = [NONE] * 3
    if level is not None:
        held = f"{level.covered} of {level.recordings}"
        off = [plain(level.mean_absolute, 3), plain(level.root_mean_square, 3), held]
    return [doubly_ranged(skills.auroc), doubly_ranged(skills.brier_skill), *off]


def _retrievers(board: Scoreboard) -> list[str]:
    if not board.retriever_differences:
        return []
    names = list(dict.fromkeys(r.collection for r in board.recordings))
    rows = [
        [f"{d.one} less {d.other}", KINDS[d.kind], doubly_ranged(d.mean),
         *(ranged(d.by_collection.get(name)) for name in names)]
        for d in board.retriever_differences
    ]  # fmt: skip
    head = ("recordings", "failure", "mean difference", *names)
    return ["## Between retrievers", "", report_words.RETRIEVERS, *table(head, rows)]
