"""What the commands do, once their words are parsed."""

import errno
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from detectors.calibration import Method
from detectors.measures.base import LexicalIndex
from detectors.records import Assessment
from detectors.risk import shipped_prior
from monitor import report
from monitor.assess import Assessor
from monitor.build import Scorer, build_assessor, build_index, load_corpus
from monitor.calibrating import Judgements, calibrate
from monitor.calibrating_risk import LabelledTraces, calibrate_risk
from monitor.catalogue import CATALOGUE, PREFIX, catalogue_page
from monitor.config import EVERYTHING, Config, CorpusConfig, PipelineConfig, ScorerConfig, build_config, load_config
from monitor.errors import LeadlineError
from monitor.evaluation import evaluate
from monitor.logs import configure_logs
from monitor.made_by import NO_SCORER
from monitor.pictures import draw_reliability, load_pyplot
from monitor.providers.calibration import calibration_for
from monitor.providers.cross_encoder import CACHED_SCORES, CrossEncoderScorer
from monitor.recording import SELF, Recording, References, assess_all
from monitor.replay import replay
from monitor.sampling import Sampler


def replay_command(
    traces: Path, corpus: Path | None, config_file: Path | None, *,
    out: Path | None, metrics: Path | None, reference: str, scorer: str | None, depth: int | None,
) -> None:  # fmt: skip
    """`leadline replay`."""
    configure_logs(logging.WARNING)
    look_for(traces)
    config = file_config(config_file, corpus, depth, scorer)
    assessor, _ = file_assessor(config)
    with progress(traces) as on_read:
        recording = Recording(traces, Sampler(lambda name: config.pipeline(name).sample), on_read)
        summary, references = replay(recording, assessor, config, reference=reference, out=out, metrics_out=metrics)
    for problem in recording.problems[: report.PROBLEMS]:
        print(problem.describe(traces), file=sys.stderr)  # noqa: T201
    report.print_replay(console(), summary, recording, references.versions, shipped_prior())


def evaluate_command(
    directory: Path, traces: str, *,
    reference: str, scorer: str | None, depth: int | None, drop_scores: bool, as_json: bool,
) -> None:  # fmt: skip
    """`leadline evaluate`."""
    configure_logs(logging.WARNING)
    look_for(directory / traces)
    config = file_config(None, directory / "corpus.jsonl", depth, scorer)
    assessor, index = file_assessor(config)
    with progress(directory / traces) as on_read:
        recording = Recording(directory / traces, Sampler(lambda _: EVERYTHING), on_read)
        result = evaluate(
            directory, recording, assessor, index,
            reference=reference, depth=config.pipeline("default").depth, drop_scores=drop_scores,
        )  # fmt: skip
    encoded = msgspec.json.encode(result)
    if as_json:
        print(msgspec.json.format(encoded, indent=1).decode())  # noqa: T201
    else:
        report.print_evaluation(console(), msgspec.json.decode(encoded))


def calibrate_command(
    collections: Sequence[Path], assessments: Path | None, verdicts: Path | None, *,
    out: Path, picture: Path | None, method: Method, traces: Sequence[str],
    config_file: Path | None, scorer: str | None, depth: int | None, relevant_from: int,
) -> None:  # fmt: skip
    """`leadline calibrate`, of a scorer."""
    configure_logs(logging.WARNING)
    _look_for_labels(collections, traces, assessments, verdicts)
    if picture is not None:
        load_pyplot()  # before anything is scored for nothing
    judgements = Judgements(relevant_from)
    cross_encoder = file_scorer(file_config(config_file, None, depth, scorer)) if collections else None
    for directory in collections:
        assessor = _served_only(file_config(config_file, directory / "corpus.jsonl", depth, scorer), cross_encoder)
        for name in traces:
            with progress(directory / name) as on_read:
                recording = Recording(directory / name, Sampler(lambda _: EVERYTHING), on_read)
                judgements.add_collection(directory, assess_all(recording, assessor))
    if assessments is not None and verdicts is not None:
        judgements.add_verdicts(assessments, verdicts)
    result = calibrate(judgements, method)
    out.write_bytes(msgspec.json.format(msgspec.json.encode(result.calibration), indent=1) + b"\n")
    if picture is not None:
        title = f"{result.calibration.scorer}, {result.calibration.version}"
        draw_reliability(picture, title, {"scores": result.bare.bins, "calibrated, held out": result.held_out.bins})
    report.print_calibration(console(), result, judgements.left_out, out)


def calibrate_risk_command(
    pipeline: str, collections: Sequence[Path], assessments: Path | None, verdicts: Path | None, *,
    out: Path, traces: Sequence[str], config_file: Path | None, scorer: str | None, depth: int | None,
    relevant_from: int,
) -> None:  # fmt: skip
    """`leadline calibrate --risk PIPELINE`."""
    configure_logs(logging.WARNING)
    _look_for_labels(collections, traces, assessments, verdicts)
    labelled = LabelledTraces(pipeline, relevant_from)
    for directory in collections:
        config = file_config(config_file, directory / "corpus.jsonl", depth, scorer)
        assessor, _ = file_assessor(config)
        for name in traces:
            labelled.add_collection(directory, _rated(directory / name, config, assessor))
    if assessments is not None and verdicts is not None:
        labelled.add_verdicts(assessments, verdicts)
    result = calibrate_risk(labelled)
    out.write_bytes(msgspec.json.format(msgspec.json.encode(result.calibration), indent=1) + b"\n")
    report.print_risk_calibration(console(), result, labelled.left_out, out)


def _rated(traces: Path, config: Config, assessor: Assessor) -> Iterator[Assessment]:
    """Everything in a recording, rated by the prior against the recording itself."""
    with progress(traces) as on_read:
        unrated = list(assess_all(Recording(traces, Sampler(lambda _: EVERYTHING), on_read), assessor))
    references = References(SELF, unrated, depth=lambda name: config.pipeline(name).depth)
    return references.rate(unrated, shipped_prior())


def run_command(config_file: Path) -> int:
    """`leadline run`."""
    from monitor.running import run  # noqa: PLC0415 - starts what the other commands do without

    return run(load_config(config_file), config_file)


def metrics_command(*, markdown: bool) -> None:
    """`leadline metrics`: tab-separated, a line each; or as a page."""
    if markdown:
        print(catalogue_page(), end="")  # noqa: T201
        return
    for spec in CATALOGUE.values():
        labels = ",".join(spec.labels)
        print(PREFIX + spec.name, spec.kind, spec.unit or "-", labels or "-", spec.help, sep="\t")  # noqa: T201


def _look_for_labels(
    collections: Sequence[Path], traces: Sequence[str], assessments: Path | None, verdicts: Path | None
) -> None:
    if (assessments is None) != (verdicts is None):
        raise LeadlineError("calibrate: --verdicts and --assessments go together")
    if not collections and verdicts is None:
        raise LeadlineError("calibrate: expected labelled collections, or --verdicts with --assessments")
    for directory in collections:
        for name in traces:
            look_for(directory / name)


def look_for(path: Path) -> None:
    """Before a model is loaded for nothing."""
    if not path.exists():
        raise LeadlineError(f"{path}: cannot be read: {os.strerror(errno.ENOENT)}")


def file_config(config_file: Path | None, corpus: Path | None, depth: int | None, scorer: str | None) -> Config:
    """The configuration for a recorded file, with what the command line says on top.

    All of the file is assessed unless a configuration says otherwise.
    """
    config = load_config(config_file) if config_file is not None else build_config({}, "command line")
    pipelines = {"default": PipelineConfig(), **config.pipelines}
    if config_file is None:
        pipelines["default"] = PipelineConfig(sample=EVERYTHING)
    if depth is not None:
        pipelines = {name: pipeline.model_copy(update={"depth": depth}) for name, pipeline in pipelines.items()}
    layout = config.corpus
    if corpus is not None:
        layout = layout.model_copy(update={"path": corpus}) if layout is not None else CorpusConfig(path=corpus)
    changed: dict[str, object] = {"pipelines": pipelines, "corpus": layout}
    if scorer is not None:
        changed["scorer"] = ScorerConfig(model=scorer) if scorer != NO_SCORER else None
    return config.model_copy(update=changed)


def look_for_folder(file: Path) -> None:
    """Of a file that is written at the end, before anything is scored for nothing."""
    if not file.parent.is_dir():
        raise LeadlineError(f"{file}: cannot be written: no folder {file.parent}")


def file_scorer(config: Config, cached_scores: int = CACHED_SCORES) -> CrossEncoderScorer | None:
    """The configured scorer, loaded: a model that is not there ends the command."""
    scorer = config.scorer
    if scorer is None:
        return None
    return CrossEncoderScorer(scorer.model, scorer.backend, cached_scores=cached_scores).loaded()


def calibrated_scorer(config: Config, cached_scores: int = CACHED_SCORES) -> Scorer:
    """The same with its name and its calibration."""
    model = file_scorer(config, cached_scores)
    name = model.name if model is not None else NO_SCORER
    return Scorer(model, name, calibration_for(name, config.scorer.calibration if config.scorer is not None else None))


def file_assessor(config: Config) -> tuple[Assessor, LexicalIndex | None]:
    """An assessor, and its index, with the scorer loaded."""
    [assessor], index = file_assessors(config, 1)
    return assessor, index


def file_assessors(
    config: Config, count: int, cached_scores: int = CACHED_SCORES
) -> tuple[list[Assessor], LexicalIndex | None]:
    """So many assessors of the same parts, and their index: what one has seen of its ids is nothing to the others."""
    scorer = calibrated_scorer(config, cached_scores)
    corpus = load_corpus(config)
    index = build_index(corpus)
    found = [
        build_assessor(config, corpus, index, scorer.model, scorer.name, calibration=scorer.calibration)
        for _ in range(count)
    ]
    return found, index


def _served_only(config: Config, cross_encoder: CrossEncoderScorer | None) -> Assessor:
    """An assessor without an index: nothing but the served documents is scored."""
    name = cross_encoder.name if cross_encoder is not None else NO_SCORER
    return build_assessor(config, load_corpus(config), None, cross_encoder, name)


def console() -> Console:
    """Where results go: as wide as the terminal, or 110 columns where there is none."""
    return Console(width=None if sys.stdout.isatty() else 110, highlight=False)


@contextmanager
def progress(path: Path) -> Iterator[Callable[[int], None]]:
    """A progress bar over the bytes of a file on a terminal's stderr, silence elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    size = os.stat(path).st_size if path.exists() else None  # noqa: PTH116
    columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(f"assessing {path.name}", total=size)
        yield lambda count: bar.advance(task, count)


@contextmanager
def steps() -> Iterator[Callable[[str], None]]:
    """Says on stderr what is being done: in place on a terminal, a line for each step elsewhere."""
    began = time.monotonic()
    if sys.stderr.isatty():
        with Console(stderr=True).status("") as status:
            yield status.update
    else:
        yield lambda step: print(f"{time.monotonic() - began:6.0f} s  {step}", file=sys.stderr)  # noqa: T201
