"""A question's way through memory, endpoint, checks and twins, with the real client before a scripted server."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from detectors.judging.records import Doubt, Outcome, Question, Task, Verdict
from detectors.records import Reason
from monitor.judge.build import Judging
from monitor.metrics import Metrics
from tests.monitor.judge.kit import PASSAGE, judge_config
from tests.monitor.judge.server import (
    MODEL,
    Answer,
    Body,
    JudgeServer,
    completion,
    cut,
    error,
    false_quote,
    filtered,
    is_twin,
    other_schema,
    plain,
    prose,
    refusal,
    serving,
    slow,
    truncated,
    verdict,
)  # fmt: skip

QUOTE = "returned within 30 days"
ASKED = Question(Task.CONTEXT_RELEVANCE, "how long can I return shoes", (PASSAGE,))


def honest(request: Body) -> Answer:
    """Grade 2 for what it is asked, 0 for its twin."""
    said = verdict(request, 0, "") if is_twin(request) else verdict(request)
    return completion(request, said, log_probabilities=False)


def obeying(request: Body) -> Answer:
    """Grade 3 for whatever it is asked."""
    return completion(request, verdict(request, 3), log_probabilities=False)


@contextmanager
def judging(directory: Path, server: JudgeServer, **settings: Any) -> Iterator[Judging]:
    settings = {"attempts": 1, **settings}
    one = Judging(judge_config(server.url, **settings), directory / "state.db", Metrics(), keep_text=True)
    try:
        yield one
    finally:
        one.close()


def ask(one: Judging, *questions: Question, **settings: Any) -> list[Outcome]:
    """At once."""

    async def go() -> list[Outcome]:
        deadline = time.monotonic() + settings.pop("seconds", 20)
        return await asyncio.gather(*(one.judge.ask(q, deadline=deadline, **settings) for q in questions))

    return one.judge.start(go()).result(30)


@pytest.fixture
def server() -> Iterator[JudgeServer]:
    with serving(honest) as one:
        yield one


def test_a_verdict_costs_its_call_once(tmp_path: Path, server: JudgeServer) -> None:
    """And that of its twin; after a restart neither."""
    with judging(tmp_path, server) as one:
        assert ask(one, ASKED) == [Verdict(2.0, QUOTE, MODEL)]
        assert ask(one, ASKED) == [Verdict(2.0, QUOTE, MODEL)]
    with judging(tmp_path, server) as one:
        assert ask(one, ASKED) == [Verdict(2.0, QUOTE, MODEL)]
        assert one.judge.model == MODEL
    assert len(server.asked) == 2


def test_the_same_question_is_asked_once_at_a_time(tmp_path: Path, server: JudgeServer) -> None:
    server.default = slow(0.05, honest)
    with judging(tmp_path, server) as one:
        assert ask(one, *[ASKED] * 5) == [Verdict(2.0, QUOTE, MODEL)] * 5
    assert len(server.asked) == 2


def test_a_fresh_verdict_is_none_of_memory(tmp_path: Path, server: JudgeServer) -> None:
    """So is that of its twin."""
    with judging(tmp_path, server) as one:
        ask(one, ASKED)
        ask(one, ASKED, fresh=True)
    assert len(server.asked) == 3


def test_verdicts_of_another_model_are_forgotten(tmp_path: Path, server: JudgeServer) -> None:
    """What the endpoint calls the model counts, not what it was asked for."""
    with judging(tmp_path, server, twins=False) as one:
        ask(one, ASKED)
        server.default = lambda request: completion(request, verdict(request, 1), model="other")
        ask(one, Question(Task.CONTEXT_RELEVANCE, "another", (PASSAGE,)))
        (outcome,) = ask(one, ASKED)
    assert isinstance(outcome, Verdict)
    assert outcome.model == "other"


def test_a_passage_that_is_graded_for_anything_has_fooled_the_judge(tmp_path: Path, server: JudgeServer) -> None:
    """That is kept, too."""
    server.default = obeying
    with judging(tmp_path, server) as one:
        assert ask(one, ASKED) == [Doubt.FOOLED]
        assert ask(one, ASKED) == [Doubt.FOOLED]
    assert len(server.asked) == 2


def test_a_twin_is_asked_only_of_high_grades(tmp_path: Path, server: JudgeServer) -> None:
    """And not where twins are off."""
    server.default = lambda request: completion(request, verdict(request, 1), log_probabilities=False)
    with judging(tmp_path, server) as one:
        ask(one, ASKED)
    server.default = obeying
    with judging(tmp_path, server, twins=False) as one:
        assert ask(one, Question(Task.CONTEXT_RELEVANCE, "other", (PASSAGE,))) == [Verdict(3.0, QUOTE, MODEL)]
    assert len(server.asked) == 2


def test_what_was_not_tried_is_not_believed(tmp_path: Path, server: JudgeServer) -> None:
    """Where the call for the twin fails, the verdict waits for another time."""
    server.script.extend([honest, error(500)])
    with judging(tmp_path, server) as one:
        assert ask(one, ASKED) == [Reason.JUDGE_FAILED]
        assert ask(one, ASKED) == [Verdict(2.0, QUOTE, MODEL)]


@pytest.mark.parametrize(
    ("script", "outcome"),
    [
        (prose, Doubt.MALFORMED), (truncated, Doubt.MALFORMED), (other_schema, Doubt.MALFORMED),
        (false_quote, Doubt.QUOTE_NOT_FOUND), (refusal, Doubt.REFUSED), (filtered, Doubt.REFUSED),
        (cut, Reason.JUDGE_FAILED), (error(500), Reason.JUDGE_FAILED), (error(429), Reason.JUDGE_FAILED),
        (error(400, "context length exceeded"), Reason.JUDGE_FAILED), (error(401), Reason.JUDGE_FAILED),
    ],
)  # fmt: skip
def test_whatever_goes_wrong_is_an_outcome(
    tmp_path: Path, server: JudgeServer, script: Callable[[Body], Answer], outcome: Outcome
) -> None:
    server.script.append(script)
    with judging(tmp_path, server) as one:
        assert ask(one, ASKED) == [outcome]


def test_a_server_that_ignores_response_format_is_read_all_the_same(tmp_path: Path, server: JudgeServer) -> None:
    """It never says so: JSON in prose, no log-probabilities, no count of tokens."""
    server.default = plain
    with judging(tmp_path, server, twins=False) as one:
        assert ask(one, ASKED) == [Verdict(2.0, QUOTE, MODEL)]


def test_log_probabilities_make_the_grade_finer(tmp_path: Path, server: JudgeServer) -> None:
    """Worked by hand: .7 on 2 and .1 each on 0, 1 and 3."""
    server.default = lambda request: completion(request, verdict(request))
    with judging(tmp_path, server, twins=False) as one:
        (outcome,) = ask(one, ASKED)
    assert isinstance(outcome, Verdict)
    assert outcome.grade == pytest.approx(0.7 * 2 + 0.1 * 1 + 0.1 * 3)


def test_failures_are_not_kept(tmp_path: Path, server: JudgeServer) -> None:
    server.script.extend([prose, refusal])
    with judging(tmp_path, server) as one:
        assert [ask(one, ASKED)[0] for _ in range(3)] == [Doubt.MALFORMED, Doubt.REFUSED, Verdict(2.0, QUOTE, MODEL)]


def test_beyond_the_budget_nothing_is_asked(tmp_path: Path, server: JudgeServer) -> None:
    with judging(tmp_path, server, tokens_per_hour=500) as one:
        assert ask(one, ASKED) == [Reason.OVER_BUDGET]
    assert not server.asked


def test_nothing_waits_beyond_its_deadline(tmp_path: Path, server: JudgeServer) -> None:
    server.default = slow(5, honest)
    with judging(tmp_path, server) as one:
        began = time.monotonic()
        assert ask(one, ASKED, seconds=0.2) == [Reason.JUDGE_FAILED]
        assert time.monotonic() - began < 4


def test_closing_gives_up_what_is_being_asked(tmp_path: Path, server: JudgeServer) -> None:
    server.default = slow(30, honest)
    with judging(tmp_path, server) as one:
        waiting = one.judge.start(one.judge.ask_all([ASKED]))
    assert waiting.cancelled()


def test_quotes_are_kept_only_where_text_is(tmp_path: Path, server: JudgeServer) -> None:
    config = judge_config(server.url)
    for expected in (QUOTE, ""):
        one = Judging(config, tmp_path / "state.db", Metrics(), keep_text=False)
        assert ask(one, ASKED) == [Verdict(2.0, expected, MODEL)]  # the second time from memory
        one.close()
