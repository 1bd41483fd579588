from datetime import timedelta

import pytest

from detectors.records import ALL
from monitor.calibrating import Verdict
from monitor.estimating.estimating import Collected, Estimated, Estimates, HumanGrades
from tests.monitor.estimating.made_up import JUDGE, START, MadeUp, made_up

OTHER = "model-b prompts-1"


def by_people(verdicts: list[Verdict]) -> HumanGrades:
    grades: dict[tuple[str, str | None], dict[str, int]] = {}
    for one in verdicts:
        grades.setdefault((one.trace_id, one.span_id), {})[one.document_id] = one.grade
    return grades


def estimates(made: MadeUp, human: HumanGrades | None = None, batch: int = 700) -> Estimates:
    collected = Collected(human)
    for start in range(0, len(made.assessments), batch):
        collected.add(made.assessments[start : start + batch])
    return collected.estimates()


def row(found: Estimates, scenario: str = ALL, judge: str = JUDGE) -> Estimated:
    (one,) = (one for one in found.rows if (one.scenario, one.judge) == (scenario, judge))
    return one


@pytest.fixture(scope="module")
def made() -> MadeUp:
    return made_up(4000, seed=1)


def test_what_the_judge_would_say_of_all_traffic(made: MadeUp) -> None:
    """And not what people would: he is too strict. The cross-encoder narrows the interval."""
    found = row(estimates(made))
    one = found.judge_context_relevance
    assert one is not None
    assert one.low <= made.said <= one.high < made.truth
    assert one.high - one.low < 0.8 * (one.classical.high - one.classical.low)
    assert found.judged == one.labelled == sum("judge" in a.versions for a in made.assessments)
    assert (found.people, found.context_relevance, found.agreement) == (0, None, None)


def test_people_correct_the_judge(made: MadeUp) -> None:
    """With the judge as a proxy, by fewer labels than people alone would need."""
    found = row(estimates(made, by_people(made.verdicts)))
    one = found.context_relevance
    assert one is not None
    assert one.low <= made.truth <= one.high
    assert one.high - one.low < one.classical.high - one.classical.low
    assert one.labelled == found.people == len(made.verdicts) / 5
    assert found.agreement is not None
    assert found.agreement.pairs == len(made.verdicts)
    assert found.agreement.shift.low > 0.3  # grades that people give above the judge's


def test_kinds_of_query_are_estimated_apart(made: MadeUp) -> None:
    found = estimates(made)
    assert [one.scenario for one in found.rows] == [ALL, "negation", "none"]
    assert row(found).judged == row(found, "negation").judged + row(found, "none").judged


def test_batches_do_not_matter(made: MadeUp) -> None:
    one, other = (row(estimates(made, batch=size)).judge_context_relevance for size in (100, 4000))
    assert one is not None
    assert other is not None
    assert (one.mean, one.low, one.high) == pytest.approx((other.mean, other.low, other.high))


def test_versions_of_the_judge_are_rows_of_their_own(made: MadeUp) -> None:
    """Each with the traffic of its own hours."""
    later = made_up(2000, seed=2, judge=OTHER, start=START + timedelta(hours=5))
    both = MadeUp([*made.assessments, *later.assessments], [], 0, 0)
    found = estimates(both)
    assert row(found) == row(estimates(made))
    assert row(found, judge=OTHER) == row(estimates(later), judge=OTHER)


def test_a_trace_counts_for_people_only_with_every_document_that_was_judged(made: MadeUp) -> None:
    """A lacking one leaves pairs for the agreement; labels of what was not judged are counted and left."""
    lacking = made.verdicts[1:]
    unjudged = next(one for one in made.assessments if "judge" not in one.versions)
    grades = by_people([*lacking, Verdict(unjudged.trace_id, "a", 3), Verdict("nowhere", "a", 3)])
    found = estimates(made, grades)
    used = len(made.verdicts) // 5 - 1
    assert found.labelled_traces == {"used": used, "partly_labelled": 1, "not_judged": 2}
    assert row(found).people == used
    agreed = row(found).agreement
    assert agreed is not None
    assert agreed.pairs == len(lacking)


def test_too_few_have_no_interval() -> None:
    made = made_up(200, seed=3, people=0.3)
    found = row(estimates(made, by_people(made.verdicts)), "negation")
    assert 0 < found.judged < 50
    assert found.judge_context_relevance is None
    assert found.context_relevance is None
    assert found.effective_samples == pytest.approx(found.judged)
