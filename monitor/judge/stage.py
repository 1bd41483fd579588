"""Between rating and sinks: chooses the traces that a judge sees, and asks while the pipeline goes on."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Future
from contextlib import nullcontext
from typing import Any, Protocol

import msgspec
import structlog

from detectors.judging.records import Outcome, Question, Task, Verdict
from detectors.judging.version import judge_version
from detectors.measures.judge import conclude, questions, signals_of
from detectors.records import Assessment, Evidence, Findings, Reason, Retrieval
from monitor.assess import Examined
from monitor.judge.sampling import JudgeSampler
from monitor.judge.underway import Underway, Verdicts
from monitor.logs import describe
from monitor.privacy import Privacy

log = structlog.get_logger()

Asked = Sequence[tuple[Question, Outcome]]
Chosen = tuple[Assessment, Retrieval, list[Question]]


class Asks(Protocol):
    """A judge, as the stage needs it."""

    def start(self, work: Coroutine[Any, Any, Verdicts]) -> "Future[Verdicts]":
        """Run something on the judge's own loop."""
        ...

    async def ask_all(self, questions: Sequence[Question]) -> list[Outcome]:
        """The outcomes of questions about one retrieval, in order; none raises."""
        ...


class JudgeStage:
    """Adds the judge's signals to rated assessments.

    Every assessment gets, for each of its signals, a value or a reason. What is sent is the text without what
    `privacy.redact` matches; quotes are kept only where text is.

    Parameters
    ----------
    at_once
        So many traces are asked about at a time, and the time of a trace begins with its turn; None: all at once, and
        whose time is up before the endpoint had a place for it has no verdict.
    """

    def __init__(
        self, judge: Asks, sampler: JudgeSampler, privacy: Privacy, *,
        tasks: Sequence[Task], passages: int, twins: bool = True,
        at_once: int | None = None, on_judged: Callable[[Asked], None] = lambda _: None,
    ) -> None:  # fmt: skip
        self._judge = judge
        self._sampler = sampler
        self._privacy = privacy
        self._tasks = tuple(tasks)
        self._signals = signals_of(self._tasks)
        self._passages = passages
        self._twins = twins
        self._turns = asyncio.Semaphore(at_once) if at_once is not None else nullcontext()
        self._on_judged = on_judged

    def begin(self, examined: Sequence[Examined]) -> Underway:
        """Choose, and begin to ask."""
        ready: list[Assessment] = []
        chosen: dict[int, Chosen] = {}
        for place, (assessment, retrieval) in enumerate(examined):
            taken = self._sampler.take(assessment, retrieval.trace)
            if isinstance(taken, Reason):
                ready.append(with_findings(assessment, Findings.abstained(self._signals, taken)))
                continue
            weighed = msgspec.structs.replace(assessment, weights=taken)
            asked = questions(self._redacted(retrieval), self._tasks, self._passages)
            if isinstance(asked, Findings):
                ready.append(with_findings(weighed, asked))
            else:
                ready.append(weighed)
                chosen[place] = weighed, retrieval, asked
        return Underway(ready, self._judge.start(self._judged(chosen)) if chosen else None)

    def _redacted(self, retrieval: Retrieval) -> Retrieval:
        redact = self._privacy.redact
        trace = retrieval.trace
        served = tuple(
            msgspec.structs.replace(passage, text=redact(passage.text)) if passage.text else passage
            for passage in retrieval.served[: self._passages]
        )
        answer = None if trace.answer is None else redact(trace.answer)
        return Retrieval(msgspec.structs.replace(trace, query=redact(trace.query), answer=answer), served, None)

    async def _judged(self, chosen: Mapping[int, Chosen]) -> Verdicts:
        found = await asyncio.gather(*(self._one(*one) for one in chosen.values()))
        return dict(zip(chosen, found, strict=True))

    async def _one(self, assessment: Assessment, retrieval: Retrieval, asked: Sequence[Question]) -> Assessment:
        try:
            async with self._turns:
                outcomes = await self._judge.ask_all(asked)
            return self._concluded(assessment, retrieval, list(zip(asked, outcomes, strict=True)))
        except Exception as error:  # noqa: BLE001 - a bug of ours costs this trace's verdicts and nothing else
            log.error("a trace cannot be judged", **describe(error))
            return with_findings(assessment, Findings.abstained(self._signals, Reason.JUDGE_FAILED))

    def _concluded(self, assessment: Assessment, retrieval: Retrieval, pairs: Asked) -> Assessment:
        self._on_judged(pairs)
        models = {outcome.model for _, outcome in pairs if isinstance(outcome, Verdict)}
        if len(models) > 1:  # it was replaced in the middle of the trace, and versions are never mixed
            return with_findings(assessment, Findings.abstained(self._signals, Reason.JUDGE_FAILED))
        judged = with_findings(assessment, conclude(pairs, self._tasks))
        versions = {**judged.versions}
        for model in models:  # one at most
            versions["judge"] = judge_version(model, twins=self._twins)
        return msgspec.structs.replace(judged, versions=versions, evidence=self._evidence(judged, retrieval, pairs))

    def _evidence(self, assessment: Assessment, retrieval: Retrieval, pairs: Asked) -> Evidence:
        """Grade and quote of each passage, by document."""
        graded = [outcome for question, outcome in pairs if question.task is Task.CONTEXT_RELEVANCE]
        verdicts = [
            (passage.key, outcome)
            for passage, outcome in zip(retrieval.served, graded, strict=False)
            if isinstance(outcome, Verdict)
        ]
        quotes = {key: kept for key, one in verdicts if (kept := self._privacy.clean(one.quote))}
        grades = {key: round(one.grade, 4) for key, one in verdicts}
        return msgspec.structs.replace(assessment.evidence, grades=grades, quotes=quotes)


def with_findings(assessment: Assessment, findings: Findings) -> Assessment:
    """An assessment with what one more measure found."""
    return msgspec.structs.replace(
        assessment,
        signals={**assessment.signals, **findings.signals},
        abstentions={**assessment.abstentions, **findings.abstentions},
    )
