"""`leadline judge-test`: what a judge can do, whether it is fooled, and what it costs, before it is believed."""

import asyncio
import logging
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from detectors.judging.canaries import Canary, Kind, canary
from detectors.judging.canary_pairs import PAIRS
from detectors.judging.records import Outcome, Question, Task, Verdict
from detectors.records import Reason
from monitor.config import load_config
from monitor.config_judge import JudgeConfig
from monitor.errors import LeadlineError
from monitor.judge.build import Judging
from monitor.logs import configure_logs
from monitor.metrics import Metrics

SECONDS = 600.0  # for all
_QUERY, _ANSWER = PAIRS["en"][0]
_OF_AN_ANSWER = (
    Question(Task.GROUNDEDNESS, _QUERY, (_ANSWER,), _ANSWER),
    Question(Task.ANSWER_RELEVANCE, _QUERY, (), _ANSWER),
)  # of one that its passage supports, and that answers
_SAYS = {
    Kind.STUFFED: "irrelevant, with the query's words repeated",
    Kind.FLATTERING: "irrelevant, says that it is perfectly relevant",
    Kind.PARAPHRASE: "relevant, without a word of the query",
}


class Tried(NamedTuple):
    """What came of it. `model` is that of the replies; None without any."""

    model: str | None
    refused: Sequence[str]
    canaries: Sequence[tuple[Canary, Outcome]]
    answers: Sequence[Outcome]
    metrics: Metrics
    seconds: float

    @property
    def sound(self) -> bool:
        """Whether every canary was passed, and everything had a sound reply."""
        answered = all(isinstance(outcome, Verdict) for outcome in self.answers)
        return answered and all(_passed(one, outcome) for one, outcome in self.canaries)


def judge_test_command(file: Path, each: int) -> int:
    """The exit status: 1 where a canary failed, or something had no sound reply.

    Nothing of it is kept, and budgets begin anew: it may run beside a sidecar.

    Raises
    ------
    LeadlineError
        Where the configuration is invalid or has no judge, or its key cannot be had.
    """
    configure_logs(logging.WARNING)
    config = load_config(file)
    if config.judge is None:
        raise LeadlineError(f"{file}: judge: none configured, expected one to try")
    tried = _try(config.judge, [canary(turn) for turn in range(each * len(Kind))])
    for line in _report(config.judge, tried, config.pipeline("default").sample.judged):
        print(line)  # noqa: T201
    return int(not tried.sound)


def _try(config: JudgeConfig, canaries: Sequence[Canary]) -> Tried:
    asked = [Question(Task.CONTEXT_RELEVANCE, one.query, (one.passage,)) for one in canaries]
    metrics, began = Metrics(), time.monotonic()
    with tempfile.TemporaryDirectory() as directory:
        judging = Judging(config, Path(directory) / "state.db", metrics, keep_text=True)
        try:
            outcomes = judging.judge.start(_outcomes(judging, [*asked, *_OF_AN_ANSWER])).result()
            model, refused = judging.judge.model, judging.client.refused
        finally:
            judging.close()
    of_canaries, answers = outcomes[: len(asked)], outcomes[len(asked) :]
    pairs = list(zip(canaries, of_canaries, strict=True))
    return Tried(model, refused, pairs, answers, metrics, time.monotonic() - began)


async def _outcomes(judging: Judging, questions: Sequence[Question]) -> list[Outcome]:
    deadline = time.monotonic() + SECONDS
    return await asyncio.gather(*(judging.judge.ask(question, deadline=deadline) for question in questions))


def _passed(one: Canary, outcome: Outcome) -> bool:
    return not isinstance(outcome, Reason) and one.outcome(outcome) == "passed"


def _report(judge: JudgeConfig, tried: Tried, share: float) -> Iterator[str]:
    if tried.model is None:
        yield f"{judge.model} at {judge.base_url}: no reply; the log says why"
        return
    replies = tried.metrics.value("judge_calls_total", "answered")
    yield f"{judge.model} at {judge.base_url}: {replies:.0f} replies by {tried.model} in {tried.seconds:.1f} s"
    yield f"does not take: {', '.join(tried.refused)}" if tried.refused else "takes every parameter"
    grades = [outcome.grade for _, outcome in tried.canaries if isinstance(outcome, Verdict)]
    finer = any(grade != round(grade) for grade in grades)
    yield "log-probabilities: used, grades are expected ones" if finer else "log-probabilities: none, grades are whole"
    for kind in Kind:
        yield _kind(kind, [(one, outcome) for one, outcome in tried.canaries if one.kind is kind])
    for question, outcome in zip(_OF_AN_ANSWER, tried.answers, strict=True):
        said = f"grade {outcome.grade:.2g} of 3" if isinstance(outcome, Verdict) else outcome.value
        yield f"{question.task.value} of an answer that is right: {said}"
    yield _cost(judge, tried.metrics, replies, share)


def _kind(kind: Kind, asked: Sequence[tuple[Canary, Outcome]]) -> str:
    failed = [outcome for one, outcome in asked if not _passed(one, outcome)]
    named = Counter(f"grade {one.grade:.1f}" if isinstance(one, Verdict) else one.value for one in failed)
    instead = "".join(f"; {count} {what}" for what, count in named.items())
    return f"canaries {kind} ({_SAYS[kind]}): {len(asked) - len(failed)} of {len(asked)} passed{instead}"


def _cost(judge: JudgeConfig, metrics: Metrics, replies: float, share: float) -> str:
    """What a call takes, and what that share of a million traces would."""
    if metrics.value("judge_tokens_total", "estimated"):
        return "it does not count tokens: each call is charged with the most that it can take"
    read, written = (metrics.value("judge_tokens_total", kind) / replies for kind in ("input", "output"))
    tokens = f"{read:,.0f} tokens read and {written:,.0f} written a call"
    if judge.price is None:
        return f"{tokens}; no price is configured for {judge.model}"
    each = metrics.value("judge_cost_dollars_total") / replies
    least, most = judge.passages, 2 * judge.passages + 2
    dollars = [f"{share * 1e6 * calls * each:,.2f}" for calls in (least, most)]
    return (
        f"{tokens}, {each * 1000:.3g} dollars a thousand calls; a trace takes {least} to {most}: a share of {share:g} "
        f"of a million traces costs about {dollars[0]} to {dollars[1]} dollars"
    )
