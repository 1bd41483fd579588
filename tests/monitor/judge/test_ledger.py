"""The task that watches the judge: a few questions an hour, whatever the judge says, and nothing lost at a restart."""

from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest
from structlog.testing import capture_logs

from detectors.judging.canaries import Kind
from detectors.judging.drift import DriftBudget
from detectors.judging.records import Doubt, Prompt, Question, Reply, Task, Verdict
from detectors.records import Reason
from monitor.config import PrivacyConfig
from monitor.config_judge import JudgeConfig
from monitor.deciding.judge_drift import JudgeDrift, Rejudged
from monitor.judge.judge import Judge
from monitor.judge.ledger import TrustLedger
from monitor.judge.store import JudgeStore
from monitor.metrics import Metrics
from monitor.privacy import Privacy
from tests.monitor.judge.virtual import START, Time

HOUR, DAY = 3600.0, 86400.0
Answer = Callable[[Question], Verdict | Doubt | Reason]


def steady(question: Question) -> Verdict:
    """A judge that reads the grade off the passage, and is fooled by nothing."""
    [passage] = question.passages
    return Verdict(float(passage[-1]) if passage[-1].isdigit() else 0.0, model="m-1")


class Scripted:
    """A judge that says what it is told to say, and remembers what it was asked, when and by when."""

    def __init__(self, time: Time, answer: Answer, takes: float = 0.0) -> None:
        self.time, self.answer, self.takes = time, answer, takes
        self.asked: list[tuple[float, Question, float]] = []

    async def ask(self, question: Question, *, fresh: bool = False, deadline: float) -> Verdict | Doubt | Reason:
        assert fresh
        assert question.task is Task.CONTEXT_RELEVANCE
        self.asked.append((self.time.now, question, deadline))
        if self.takes:
            await self.time.sleep(self.takes)
        return self.answer(question)


def hearing(told: list[Rejudged]) -> Callable[[Rejudged], Awaitable[None]]:
    async def hear(one: Rejudged) -> None:
        told.append(one)

    return hear


class Watch:
    """A ledger of trust with all that it needs, over a store on disk."""

    def __init__(
        self, path: Path, answer: Answer = steady, *, takes: float = 0.0, keep_text: bool = True,
        time: Time | None = None, file: bool = True, canaries: float = 0.0, per_hour: float = 30.0,
    ) -> None:  # fmt: skip
        self.time = time or Time()
        self.metrics = Metrics()
        self.store = JudgeStore(path / "judge.db", self.metrics, days=30, entries=1000)
        self.judge = Scripted(self.time, answer, takes)
        self.told: list[Rejudged] = []
        anchors: dict[str, object] = {"size": 40, "per_hour": per_hour}
        if file:
            lines = [{"query": f"q{i}", "passage": f"p {i % 4}{i} grade {i % 4}", "grade": i % 4} for i in range(40)]
            anchors["path"] = path / "anchors.jsonl"
            (path / "anchors.jsonl").write_bytes(b"\n".join(map(msgspec.json.encode, lines)))
        self.config = JudgeConfig.model_validate(
            {"base_url": "http://x/v1", "model": "m", "anchors": anchors, "canaries_per_hour": canaries}
        )
        self.ledger = TrustLedger(
            self.judge, self.store, self.config, privacy=Privacy(PrivacyConfig(keep_text=keep_text)),
            metrics=self.metrics, on_rejudged=hearing(self.told), clock=self.time.clock, monotonic=self.time.monotonic,
            sleep=self.time.sleep,
        )  # fmt: skip

    def run(self, seconds: float) -> None:
        self.time.run(self.ledger.run(), seconds)

    def count(self, result: str) -> float:
        return self.metrics.value("judge_rejudgements_total", result)


def test_a_few_an_hour_evenly_spread_each_anchor_in_turn(tmp_path: Path) -> None:
    watch = Watch(tmp_path)
    watch.run(4 * HOUR + 1)
    assert len(watch.told) == 120
    assert np.allclose(np.diff([when for when, _, _ in watch.judge.asked]), 120)
    for start in (0, 40, 80):
        assert len({one.anchor for one in watch.told[start : start + 40]}) == 40
    assert [one.anchor for one in watch.told[:40]] != [one.anchor for one in watch.told[40:80]]
    assert watch.told[0].time == START + 120
    assert all(deadline == when + 60 for when, _, deadline in watch.judge.asked)
    assert watch.count("judged") == 120


def test_what_is_handed_on_is_what_was_said(tmp_path: Path) -> None:
    watch = Watch(tmp_path)
    watch.run(2 * HOUR)
    assert all(one.grade == one.human for one in watch.told)
    [version] = {one.version for one in watch.told}
    assert version.startswith("m-1 p-")
    assert version.endswith(".1")


def test_without_money_or_a_judge_the_next_anchor_waits(tmp_path: Path) -> None:
    """Counted, and no anchor is passed over."""
    refusing = iter([Reason.OVER_BUDGET] * 10 + [Reason.JUDGE_FAILED] * 5)
    watch = Watch(tmp_path, lambda question: next(refusing, None) or steady(question))
    watch.run(15 * 120 + 1)
    assert watch.told == []
    assert len({question.query for _, question, _ in watch.judge.asked}) == 1
    assert watch.count("skipped") == 15
    watch.run(40 * 120 + 1)
    assert len({one.anchor for one in watch.told}) == 40


def test_a_reply_that_is_no_verdict_is_counted_and_the_round_goes_on(tmp_path: Path) -> None:
    watch = Watch(tmp_path, lambda question: Doubt.NO_QUOTE if question.query == "q7" else steady(question))
    watch.run(41 * 120)
    assert watch.count("doubted") >= 1
    assert len({one.anchor for one in watch.told}) == 39


def test_a_slow_judge_is_not_asked_in_bursts(tmp_path: Path) -> None:
    """Each answer takes five minutes where one is due every two."""
    watch = Watch(tmp_path, takes=300.0)
    watch.run(HOUR)
    times = [when for when, _, _ in watch.judge.asked]
    assert np.allclose(np.diff(times), 300)


def test_a_restart_goes_on_in_the_round(tmp_path: Path) -> None:
    first = Watch(tmp_path)
    first.run(25 * 120 + 1)
    first.store.close()
    second = Watch(tmp_path, time=first.time)
    second.run(15 * 120 + 1)
    anchors = [one.anchor for one in (*first.told, *second.told)]
    assert len(anchors) == len(set(anchors)) == 40


def test_another_model_is_another_version_and_begins_with_a_whole_round(tmp_path: Path) -> None:
    model = ["m-1"]
    watch = Watch(tmp_path, lambda question: msgspec.structs.replace(steady(question), model=model[0]))
    watch.run(55 * 120 + 1)
    model[0] = "m-2"
    with capture_logs() as logs:
        watch.run(41 * 120 + 1)
    assert [entry["event"] for entry in logs] == ["another judge answers, its first verdicts are taken"]
    after = [one for one in watch.told if one.version.startswith("m-2 ")]
    assert len(after) == 41
    assert len({one.anchor for one in after[1:]}) == 40


def test_what_it_hands_on_is_what_the_right_half_watches(tmp_path: Path) -> None:
    """Ten rounds, and a judge that becomes half a grade stricter."""
    rng, stricter = np.random.default_rng(0), [False]

    def answer(question: Question) -> Verdict:
        verdict = steady(question)
        lower = stricter[0] and verdict.grade > 0 and rng.random() < 2 / 3
        return msgspec.structs.replace(verdict, grade=verdict.grade - lower)

    watch = Watch(tmp_path, answer)
    watch.run(10 * 40 * 120)
    stricter[0] = True
    watch.run(3 * 40 * 120)
    machine = JudgeDrift(DriftBudget())
    [alarm] = machine.take(watch.told)
    assert alarm.state == "raised"
    assert 0 < alarm.at.timestamp() - START - 10 * 40 * 120 < 40 * 120


def test_anchors_are_frozen_from_the_traffic_and_then_re_judged(tmp_path: Path) -> None:
    watch = Watch(tmp_path, file=False)
    with capture_logs() as logs:
        watch.run(HOUR)
        assert watch.judge.asked == []
        assert watch.ledger.problem is not None
        for i in range(40):
            watch.ledger.offer(f"query {i}", f"passage {i % 4}", Verdict(float(i % 4)))
        watch.run(HOUR)
    assert watch.ledger.problem is None
    assert len(watch.told) == 30
    assert [entry["event"] for entry in logs] == ["the judge is not watched", "anchors frozen from traffic"]


def test_without_text_it_abstains_says_why_and_still_asks_canaries(tmp_path: Path) -> None:
    watch = Watch(tmp_path, file=False, keep_text=False, canaries=6.0)
    with capture_logs() as logs:
        watch.run(2 * HOUR + 1)
    assert watch.told == []
    assert watch.ledger.problem is not None
    assert "privacy.keep_text" in watch.ledger.problem
    assert "privacy.keep_text" in logs[0]["why"]
    assert len(watch.judge.asked) == 12


def test_nothing_is_asked_that_is_not_wanted(tmp_path: Path) -> None:
    watch = Watch(tmp_path, per_hour=0.0)
    watch.run(DAY)
    assert watch.judge.asked == []


def test_canaries_are_counted_by_what_became_of_them(tmp_path: Path) -> None:
    """A judge that gives everything the highest grade is fooled by two kinds in three."""
    watch = Watch(tmp_path, lambda _: Verdict(3.0, model="m"), per_hour=0.0, canaries=6.0)
    watch.run(DAY + 1)
    found = {
        (kind, result): watch.metrics.value("judge_canaries_total", kind, result)
        for kind in Kind
        for result in ("passed", "failed", "unanswered", "skipped")
    }
    assert {key: count for key, count in found.items() if count} == {
        (Kind.STUFFED, "failed"): 48, (Kind.FLATTERING, "failed"): 48, (Kind.PARAPHRASE, "passed"): 48,
    }  # fmt: skip
    assert watch.metrics.value("judge_canary_passed_ratio", Kind.STUFFED) == 0
    assert watch.metrics.value("judge_canary_passed_upper_ratio", Kind.STUFFED) < 0.1
    assert watch.metrics.value("judge_canary_passed_lower_ratio", Kind.PARAPHRASE) > 0.9


def test_canaries_that_are_not_answered_say_nothing_of_the_judge(tmp_path: Path) -> None:
    replies = iter([Reason.OVER_BUDGET, Doubt.REFUSED] * 60)
    watch = Watch(tmp_path, lambda _: next(replies), per_hour=0.0, canaries=6.0)
    watch.run(20 * 600 + 1)
    assert sum(watch.metrics.value("judge_canaries_total", kind, "skipped") for kind in Kind) == 10
    assert sum(watch.metrics.value("judge_canaries_total", kind, "unanswered") for kind in Kind) == 10
    assert "leadline_judge_canary_passed_ratio" not in {family.name for family in watch.metrics.collect()}


def test_canaries_are_made_of_the_users_own_queries_and_remembered(tmp_path: Path) -> None:
    """At a restart their share that passed is shown at once, and they are not the same ones again."""
    first = Watch(tmp_path, per_hour=0.0, canaries=6.0)
    first.run(DAY + 1)
    first.store.close()
    second = Watch(tmp_path, per_hour=0.0, canaries=6.0)
    assert second.metrics.value("judge_canary_passed_ratio", Kind.STUFFED) > 0
    second.run(600 * 6 + 1)
    asked = Counter(question.query for _, question, _ in (*first.judge.asked, *second.judge.asked))
    assert len([query for query in asked if query.startswith("q")]) > 10


def test_what_breaks_is_seen_and_does_not_end_the_watch(tmp_path: Path) -> None:
    broken = iter([True, True, False])

    def answer(question: Question) -> Verdict:
        if next(broken, False):
            raise RuntimeError("no")
        return steady(question)

    watch = Watch(tmp_path, answer)
    with capture_logs() as logs:
        watch.run(4 * 120 + 1)
    assert [entry["event"] for entry in logs] == ["watching the judge fails, trying again"]
    assert watch.metrics.value("component_failures_total", "judge_anchors") == 2
    assert len(watch.told) == 2


@pytest.mark.parametrize("grade", [0.5, 2.25])
def test_expected_grades_go_through_as_they_are(tmp_path: Path, grade: float) -> None:
    watch = Watch(tmp_path, lambda _: Verdict(grade, model="m"))
    watch.run(121)
    assert watch.told[0].grade == grade


class Endpoint:
    """Replies as the schema wants it: the grade that ends the passage, one less once it is stricter."""

    def __init__(self) -> None:
        self.model, self.lower, self.calls = "m-1", 0, 0

    async def complete(self, prompt: Prompt, *, deadline: float) -> Reply:
        assert deadline > 0
        self.calls += 1
        [passage] = prompt.read
        grade = max(0, int(passage[-1]) - self.lower)
        said = {"nonce": prompt.nonce, "quote": passage if grade else "", "grade": grade}
        return Reply(msgspec.json.encode(said).decode(), self.model)


def test_the_judge_itself_is_asked_past_its_memory(tmp_path: Path) -> None:
    """The same question again reaches the endpoint, and another model makes another version."""
    watch, endpoint = Watch(tmp_path), Endpoint()
    judge = Judge(endpoint, watch.store, model="m", longest_passage=1000, deadline_seconds=60, twins=False)
    told: list[Rejudged] = []
    ledger = TrustLedger(
        judge, watch.store, watch.config, privacy=Privacy(PrivacyConfig()), metrics=watch.metrics,
        on_rejudged=hearing(told),
    )  # fmt: skip

    async def two_rounds() -> None:
        for _ in range(80):
            await ledger.rejudge()

    try:
        judge.start(two_rounds()).result(20)
        endpoint.model, endpoint.lower = "m-2", 1
        judge.start(two_rounds()).result(20)
    finally:
        judge.close()
    assert endpoint.calls == 160
    first, second = told[:80], told[80:]
    assert {one.version.split()[0] for one in first} == {"m-1"}
    assert {one.version.split()[0] for one in second} == {"m-2"}
    assert all(one.grade == one.human for one in first)
    assert all(one.grade == max(0, (one.human or 0) - 1) for one in second)
