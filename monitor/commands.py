"""What the commands do, once their words are parsed."""

import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from detectors.measures.base import LexicalIndex
from detectors.risk import shipped_prior
from monitor import report
from monitor.assess import Assessor
from monitor.build import build_assessor, build_index, load_corpus
from monitor.config import EVERYTHING, Config, CorpusConfig, PipelineConfig, build_config, load_config
from monitor.errors import ConfigError
from monitor.evaluation import evaluate
from monitor.logs import configure_logs
from monitor.metrics import CATALOGUE, PREFIX
from monitor.providers.cross_encoder import CrossEncoderScorer
from monitor.recording import Recording
from monitor.replay import replay
from monitor.sampling import Sampler

NO_SCORER = "none"


def replay_command(
    traces: Path, corpus: Path | None, config_file: Path | None, *,
    out: Path | None, metrics: Path | None, reference: str, scorer: str, depth: int | None,
) -> None:  # fmt: skip
    """`leadline replay`."""
    configure_logs(logging.WARNING)
    config = file_config(config_file, corpus, depth)
    assessor, _ = file_assessor(config, scorer)
    with progress(traces) as on_read:
        recording = Recording(traces, Sampler(lambda name: config.pipeline(name).sample), on_read)
        summary, references = replay(recording, assessor, config, reference=reference, out=out, metrics_out=metrics)
    for problem in recording.problems[: report.PROBLEMS]:
        print(problem.describe(traces), file=sys.stderr)  # noqa: T201
    report.print_replay(console(), summary, recording, references.versions, shipped_prior())


def evaluate_command(
    directory: Path, traces: str, *,
    reference: str, scorer: str, depth: int | None, drop_scores: bool, as_json: bool,
) -> None:  # fmt: skip
    """`leadline evaluate`."""
    configure_logs(logging.WARNING)
    config = file_config(None, directory / "corpus.jsonl", depth)
    assessor, index = file_assessor(config, scorer)
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


def run_command(config_file: Path) -> int:
    """`leadline run`."""
    from monitor.service import run  # noqa: PLC0415 - starts what the other commands do without

    return run(load_config(config_file), config_file)


def check_command(file: Path) -> int:
    """`leadline check`: 0 or 1."""
    try:
        load_config(file)
    except ConfigError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    print(f"{file}: valid")  # noqa: T201
    return 0


def metrics_command() -> None:
    """`leadline metrics`: tab-separated, a line each."""
    for spec in CATALOGUE.values():
        labels = ",".join(spec.labels)
        print(PREFIX + spec.name, spec.kind, spec.unit or "-", labels or "-", spec.help, sep="\t")  # noqa: T201


def file_config(config_file: Path | None, corpus: Path | None, depth: int | None) -> Config:
    """The configuration for a recorded file: all of it is assessed unless a configuration says otherwise."""
    config = load_config(config_file) if config_file is not None else build_config({}, "command line")
    pipelines = {"default": PipelineConfig(), **config.pipelines}
    if config_file is None:
        pipelines["default"] = PipelineConfig(sample=EVERYTHING)
    if depth is not None:
        pipelines = {name: pipeline.model_copy(update={"depth": depth}) for name, pipeline in pipelines.items()}
    layout = config.corpus
    if corpus is not None:
        layout = layout.model_copy(update={"path": corpus}) if layout is not None else CorpusConfig(path=corpus)
    return config.model_copy(update={"pipelines": pipelines, "corpus": layout})


def file_assessor(config: Config, scorer: str) -> tuple[Assessor, LexicalIndex | None]:
    """An assessor, and its index, with the scorer loaded: a model that is not there ends the command."""
    cross_encoder = CrossEncoderScorer(scorer).loaded() if scorer != NO_SCORER else None
    name = cross_encoder.name if cross_encoder is not None else NO_SCORER
    corpus = load_corpus(config)
    index = build_index(corpus)
    return build_assessor(config, corpus, index, cross_encoder, name), index


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
