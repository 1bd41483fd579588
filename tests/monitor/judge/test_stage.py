"""The stage between rating and sinks, beside a judge that answers at once."""

import asyncio
from collections.abc import Coroutine, Sequence
from concurrent.futures import Future
from typing import Any

from detectors.judging.records import Outcome, Question, Task, Verdict
from detectors.records import Reason, Weights
from monitor.config import PrivacyConfig, SampleRates
from monitor.judge.sampling import JudgeSampler
from monitor.judge.stage import Asked, JudgeStage
from monitor.judge.underway import Verdicts
from monitor.privacy import Privacy
from tests.detectors.fakes import retrieval
from tests.monitor.kit import assessment

RATES = SampleRates(cheap=1.0, scorer=1.0, judge=1.0)
SEEN = assessment("a", weights=Weights(1.0, 1.0))


class AtOnce:
    """Grades everything 3."""

    def start(self, work: Coroutine[Any, Any, Verdicts]) -> "Future[Verdicts]":
        done: Future[Verdicts] = Future()
        done.set_result(asyncio.run(work))
        return done

    async def ask_all(self, questions: Sequence[Question]) -> list[Outcome]:
        return [Verdict(3.0, "words", f"m{i % self.models}") for i, _ in enumerate(questions)]

    models = 1


def stage(judge: AtOnce, **settings: Any) -> JudgeStage:
    sampler = JudgeSampler(lambda _: RATES, lambda: 1.0)
    tasks = (Task.CONTEXT_RELEVANCE,)
    return JudgeStage(judge, sampler, Privacy(PrivacyConfig()), tasks=tasks, passages=5, **settings)


def test_a_mistake_of_ours_costs_the_verdicts_of_its_trace_and_nothing_else() -> None:
    """Also one of whoever hears of them: the assessment goes out with a reason."""

    def broken(asked: Asked) -> None:
        raise ValueError(len(asked))

    (found,) = stage(AtOnce(), on_judged=broken).begin([(SEEN, retrieval("ab"))]).assessments()
    assert found.abstentions["context_relevance"] is Reason.JUDGE_FAILED
    assert found.signals.keys() == SEEN.signals.keys()


def test_a_trace_that_two_models_judged_has_no_verdict() -> None:
    """Versions are never mixed."""
    judge = AtOnce()
    judge.models = 2
    (found,) = stage(judge).begin([(SEEN, retrieval("ab"))]).assessments()
    assert found.abstentions["context_relevance"] is Reason.JUDGE_FAILED
    (one,) = stage(AtOnce()).begin([(SEEN, retrieval("ab"))]).assessments()
    assert one.signals["context_relevance"] == 1.0
