"""The command line: results on stdout, progress and logs on stderr; nothing heavy is imported before it is needed."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from monitor.errors import LeadlineError

app = typer.Typer(
    name="leadline",
    help="Watches retrieval quality without labels: a sidecar to a search or RAG stack.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

CorpusOption = Annotated[Path | None, typer.Option("--corpus", help="The source texts that were indexed, JSONL.")]
ConfigOption = Annotated[Path | None, typer.Option("--config", help="Configuration (YAML).")]
ScorerOption = Annotated[
    str | None,
    typer.Option("--cross-encoder", help="`bundled`, a path, a hub id, or `none`; default: the configuration's."),
]
ReferenceOption = Annotated[
    str, typer.Option("--reference", help="Normalise against `self` (this file), `shipped`, or a reference FILE.")
]
DepthOption = Annotated[int | None, typer.Option("--depth", min=1, help="How many served documents count.")]


@app.command()
def replay(
    traces: Annotated[Path, typer.Argument(help="Recorded query traces, JSONL.")],
    corpus: CorpusOption = None,
    config: ConfigOption = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write assessments here, JSONL.")] = None,
    metrics: Annotated[Path | None, typer.Option("--metrics", help="Write metrics here, Prometheus text.")] = None,
    reference: ReferenceOption = "self",
    cross_encoder: ScorerOption = None,
    depth: DepthOption = None,
) -> None:
    """Assess a recorded file once: signals, risk, the riskiest queries."""
    from monitor.commands import replay_command  # noqa: PLC0415

    replay_command(
        traces, corpus, config, out=out, metrics=metrics, reference=reference, scorer=cross_encoder, depth=depth
    )


@app.command()
def evaluate(
    context: typer.Context,
    directory: Annotated[
        Path | None, typer.Argument(help="Labelled collection: corpus.jsonl, queries.jsonl, qrels/test.tsv.")
    ] = None,
    traces: Annotated[str, typer.Option("--traces", help="The recording in DIRECTORY to use.")] = "traces.jsonl",
    reference: ReferenceOption = "self",
    cross_encoder: ScorerOption = None,
    depth: DepthOption = None,
    drop_scores: Annotated[bool, typer.Option("--drop-scores", help="As if the traces had no scores.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
    all_under: Annotated[
        Path | None,
        typer.Option("--all", help="Every collection under a folder, each with priors fitted on the others."),
    ] = None,
    report: Annotated[
        Path | None, typer.Option("--report", help="With --all: write the report here (.md), its pictures beside it.")
    ] = None,
) -> None:
    """Measure the monitor itself against labels: does each signal predict real failures?"""
    if all_under is not None:
        _refuse_beside_all(context)
        from monitor.evaluating.command import evaluate_all_command  # noqa: PLC0415

        evaluate_all_command(all_under, report, cross_encoder, as_json=as_json)
        return
    if directory is None or report is not None:
        raise LeadlineError("evaluate: expected DIRECTORY, or --all FOLDER with --report FILE.md")
    from monitor.commands import evaluate_command  # noqa: PLC0415

    evaluate_command(
        directory, traces, reference=reference, scorer=cross_encoder, depth=depth, drop_scores=drop_scores,
        as_json=as_json,
    )  # fmt: skip


def _refuse_beside_all(context: typer.Context) -> None:
    """`--all` measures every recording at every depth by itself."""
    words = {"directory": "DIRECTORY", "traces": "--traces", "reference": "--reference", "depth": "--depth",
             "drop_scores": "--drop-scores"}  # fmt: skip
    for name, word in words.items():
        source = context.get_parameter_source(name)
        if source is not None and source.name != "DEFAULT":
            raise LeadlineError(f"evaluate --all: {word} does not go with it")


@app.command()
def compare(
    before: Annotated[Path, typer.Argument(help="Recorded query traces, JSONL.")],
    after: Annotated[Path, typer.Argument(help="The same queries after the change, or others.")],
    corpus: CorpusOption = None,
    config: ConfigOption = None,
    cross_encoder: ScorerOption = None,
    depth: DepthOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
    report: Annotated[Path | None, typer.Option("--report", help="Write a report here, HTML with pictures.")] = None,
) -> None:
    """Say without labels whether retrieval got better or worse between two recordings; exit status 1 if worse."""
    from monitor.comparing.command import compare_command  # noqa: PLC0415

    raise typer.Exit(
        compare_command(
            before, after, corpus, config, scorer=cross_encoder, depth=depth, report_file=report, as_json=as_json
        )
    )


@app.command()
def backtest(
    traces: Annotated[
        Path | None, typer.Argument(help="Recorded query traces, JSONL; without them traces are made up.")
    ] = None,
    corpus: CorpusOption = None,
    config: ConfigOption = None,
    cross_encoder: ScorerOption = None,
    depth: DepthOption = None,
    fault: Annotated[list[str] | None, typer.Option("--fault", help="Only this one; may be repeated.")] = None,
    smallest_drop: Annotated[
        float | None,
        typer.Option(
            "--smallest-drop", min=0.001, max=0.999, help="That matters, .05 is 5 points; default: by `alerts`."
        ),
    ] = None,
    false_pages: Annotated[
        float | None, typer.Option("--false-pages", min=0.001, help="Acceptable a year; default: by `alerts`.")
    ] = None,
    traces_per_day: Annotated[
        float, typer.Option("--traces-per-day", min=1, help="Of the simulated traffic, after sampling.")
    ] = 1000,
    reference_days: Annotated[int, typer.Option("--reference-days", min=7, help="Make the baseline.")] = 28,
    days: Annotated[int, typer.Option("--days", min=6, help="Are watched after that.")] = 60,
    stacks: Annotated[int, typer.Option("--stacks", min=1, help="How many pipelines are simulated.")] = 50,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Another seed, other traffic and other faults.")] = 0,
    plot: Annotated[Path | None, typer.Option("--plot", help="Draw delays and false alarms here (.png, .svg).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Try alarm settings on simulated traffic of recorded traces: false alarms, and how soon each fault is seen."""
    from detectors.simulated_stack import Simulation  # noqa: PLC0415
    from monitor.backtesting.command import backtest_command  # noqa: PLC0415

    backtest_command(
        traces, corpus, config, scorer=cross_encoder, depth=depth, faults=fault or [],
        smallest_drop=smallest_drop, false_pages=false_pages,
        simulation=Simulation(
            traces_a_day=traces_per_day, reference_days=reference_days, watched_days=days, stacks=stacks, seed=seed
        ),
        plot=plot, as_json=as_json,
    )  # fmt: skip


@app.command()
def calibrate(
    collections: Annotated[
        list[Path] | None, typer.Argument(help="Labelled collections, each with its recording (as for `evaluate`).")
    ] = None,
    verdicts: Annotated[
        Path | None, typer.Option("--verdicts", help="Verdicts on served documents, JSONL; with --assessments.")
    ] = None,
    assessments: Annotated[
        Path | None, typer.Option("--assessments", help="What the jsonl sink wrote of the same traces.")
    ] = None,
    risk: Annotated[
        str | None, typer.Option("--risk", metavar="PIPELINE", help="Calibrate the risk of this pipeline, no scorer.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="Write the calibration here, JSON.")] = Path("calibration.json"),
    picture: Annotated[
        Path | None, typer.Option("--picture", help="Draw the reliability diagram here (.png, .svg).")
    ] = None,
    method: Annotated[
        Literal["platt", "isotonic"], typer.Option("--method", help="`isotonic` needs more pairs.")
    ] = "platt",
    traces: Annotated[
        list[str], typer.Option("--traces", help="A recording in each collection to use; may be repeated.")
    ] = ["traces.jsonl"],  # noqa: B006 - typer copies it
    config: ConfigOption = None,
    cross_encoder: ScorerOption = None,
    depth: DepthOption = None,
    relevant_from: Annotated[int, typer.Option("--relevant-from", min=1, help="Lowest grade that is relevant.")] = 1,
) -> None:
    """Make probabilities of a cross-encoder's scores, from labelled collections or from verdicts.

    With --risk: make the prior's risk a pipeline's own instead, from as few as 20 labelled traces.
    """
    from monitor.commands import calibrate_command, calibrate_risk_command  # noqa: PLC0415

    if risk is not None:
        calibrate_risk_command(
            risk, collections or [], assessments, verdicts, out=out, traces=traces, config_file=config,
            scorer=cross_encoder, depth=depth, relevant_from=relevant_from,
        )  # fmt: skip
        return
    calibrate_command(
        collections or [], assessments, verdicts, out=out, picture=picture, method=method, traces=traces,
        config_file=config, scorer=cross_encoder, depth=depth, relevant_from=relevant_from,
    )  # fmt: skip


@app.command()
def baseline(
    pipeline: Annotated[str, typer.Argument(help="Whose.")],
    assessments: Annotated[
        list[Path] | None, typer.Argument(help="What the jsonl sink wrote; without it, the state of --config is read.")
    ] = None,
    config: ConfigOption = None,
    since: Annotated[str | None, typer.Option("--since", help="Not before this time, ISO 8601 with a zone.")] = None,
    until: Annotated[str | None, typer.Option("--until", help="And not after this one; whole hours.")] = None,
    signal: Annotated[
        list[str] | None, typer.Option("--signal", help="May be repeated; default: what the alerts watch.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="Write the baseline here, JSON.")] = Path("baseline.json"),
) -> None:
    """Freeze what is normal for a pipeline, from a time when all was well; a running sidecar is not disturbed."""
    from monitor.planning.command import baseline_command  # noqa: PLC0415

    baseline_command(pipeline, assessments or [], config, since=since, until=until, signals=signal or [], out=out)


@app.command()
def estimate(
    assessments: Annotated[list[Path], typer.Argument(help="What the jsonl sink wrote, of a sidecar with a judge.")],
    labels: Annotated[
        Path | None, typer.Option("--labels", help="Grades 0 to 3 by people, JSONL as for `calibrate --verdicts`.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Say what a judge would make of all recorded traffic from what it judged of it, and what people make of that."""
    from monitor.estimating.command import estimate_command  # noqa: PLC0415

    estimate_command(assessments, labels, as_json=as_json)


@app.command()
def doctor(
    source: Annotated[
        str,
        typer.Argument(
            help="A file (query traces, or OTLP), kafka://HOST:PORT/TOPIC, listen://HOST:PORT for an exporter, or "
            "http://HOST:PORT/PROJECT of a Phoenix."
        ),
    ],
    corpus: CorpusOption = None,
    config: ConfigOption = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="Look at about so many retrievals.")] = 500,
    seconds: Annotated[float, typer.Option("--seconds", min=1, help="How long to listen.")] = 60,
    cross_encoder: Annotated[
        str | None,
        typer.Option("--cross-encoder", help="Load and run it: `bundled`, a path, a hub id; `none`: do without one."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Say what each measure can do with the traces that a stack really emits, and which setting would help."""
    from monitor.doctor.command import doctor_command  # noqa: PLC0415

    doctor_command(source, corpus, config, limit=limit, seconds=seconds, scorer=cross_encoder, as_json=as_json)


@app.command()
def run(config: Annotated[Path, typer.Option("--config", help="Configuration (YAML).")]) -> None:
    """Run the sidecar until SIGTERM; SIGHUP reloads the configuration."""
    from monitor.commands import run_command  # noqa: PLC0415

    raise typer.Exit(run_command(config))


@app.command()
def demo(
    once: Annotated[bool, typer.Option("--once", help="Run as a finite job and print a report.")] = False,
    fault: Annotated[
        str, typer.Option("--fault", help="What breaks in the retriever; `none` for nothing.")
    ] = "stale_index",
    seed: Annotated[int, typer.Option("--seed", help="Another seed, another company and other users.")] = 1,
) -> None:
    """An embedded stack with the sidecar beside it: healthy traffic, then a fault. No network, no downloads."""
    from monitor.demo.run import demo_command  # noqa: PLC0415

    raise typer.Exit(demo_command(once=once, fault=fault, seed=seed))


@app.command()
def check(file: Annotated[Path, typer.Argument(help="Configuration (YAML).")]) -> None:
    """Validate a configuration, and say what its alerts will see; exit status 1 with one line if it is invalid."""
    from monitor.planning.command import check_command  # noqa: PLC0415

    raise typer.Exit(check_command(file))


@app.command()
def notify_test(config: Annotated[Path, typer.Option("--config", help="Configuration (YAML).")]) -> None:
    """Send a test notice to every destination; exit status 1 if one did not take it."""
    from monitor.notifying.command import notify_test_command  # noqa: PLC0415

    raise typer.Exit(notify_test_command(config))


@app.command()
def judge_test(
    config: Annotated[Path, typer.Option("--config", help="Configuration (YAML).")],
    canaries: Annotated[int, typer.Option(help="Of each of the three kinds.", min=1, max=100)] = 5,
) -> None:
    """Ask the LLM judge what is known: what it can do, is fooled by and costs; exit status 1 if it fails a canary."""
    from monitor.judge.command import judge_test_command  # noqa: PLC0415

    raise typer.Exit(judge_test_command(config, canaries))


@app.command()
def assets(
    directory: Annotated[Path, typer.Argument(help="Written to, in folders as in the repository; made if need be.")],
    force: Annotated[bool, typer.Option("--force", help="Replace files that were changed.")] = False,
) -> None:
    """Write dashboards, Prometheus rules, runbook and the annotated configuration."""
    from monitor.assets import assets_command  # noqa: PLC0415

    assets_command(directory, force=force)


@app.command()
def metrics(
    markdown: Annotated[bool, typer.Option("--markdown", help="As a page: docs/metrics.md.")] = False,
) -> None:
    """Print every metric: name, type, unit, labels, help."""
    from monitor.commands import metrics_command  # noqa: PLC0415

    metrics_command(markdown=markdown)


def main() -> None:
    """The `leadline` command: bad input ends it with one line on stderr and status 2."""
    try:
        app()
    except LeadlineError as error:
        print(f"leadline: {error}", file=sys.stderr)  # noqa: T201 - the one place that speaks to the user of an error
        sys.exit(2)
    except OSError as error:
        print(f"leadline: {error}", file=sys.stderr)  # noqa: T201 - a full disk, say
        sys.exit(2)


if __name__ == "__main__":
    main()
