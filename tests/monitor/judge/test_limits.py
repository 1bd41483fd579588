"""The rate, the pause that an endpoint asks for, and the breaker."""

import pytest

from monitor.judge.errors import JudgeUnavailable
from monitor.judge.limits import Breaker, Turnstile
from tests.monitor.judge.kit import Time


def test_turns_are_evenly_spaced_and_none_is_saved_up() -> None:
    time = Time(100.0)
    turnstile = Turnstile(2.0, time)
    assert [turnstile.book(200) for _ in range(3)] == [0, 0.5, 1.0]
    time.now += 60
    assert [turnstile.book(200) for _ in range(2)] == [0, 0.5]


def test_a_turn_that_would_come_too_late_is_not_taken() -> None:
    time = Time(100.0)
    turnstile = Turnstile(1.0, time)
    assert turnstile.book(102) == 0
    assert turnstile.book(101) is None
    assert turnstile.book(102) == 1


def test_without_a_rate_only_a_pause_holds_back() -> None:
    time = Time(100.0)
    turnstile = Turnstile(None, time)
    assert [turnstile.book(200) for _ in range(3)] == [0, 0, 0]
    turnstile.hold_off(5)
    turnstile.hold_off(2)  # a shorter one ends no longer one
    assert turnstile.held
    assert turnstile.book(104) is None
    assert turnstile.book(200) == 5
    time.now += 5
    assert not turnstile.held


def fail(breaker: Breaker, times: int) -> list[bool]:
    return [breaker.failed(trial=breaker.enter()) for _ in range(times)]


def test_failures_in_a_row_open_it_and_one_success_starts_the_count_anew() -> None:
    breaker = Breaker(Time())
    assert not any(fail(breaker, Breaker.FAILURES - 1))
    assert breaker.succeeded() is False
    assert fail(breaker, Breaker.FAILURES) == [False] * (Breaker.FAILURES - 1) + [True]
    with pytest.raises(JudgeUnavailable):
        breaker.enter()


def test_the_pause_doubles_up_to_ten_minutes() -> None:
    time = Time()
    breaker = Breaker(time)
    fail(breaker, Breaker.FAILURES)
    pauses = []
    for _ in range(8):
        began = time()
        while True:
            time.now += 0.5
            try:
                trial = breaker.enter()
                break
            except JudgeUnavailable:
                continue
        pauses.append(time() - began)
        assert trial
        assert breaker.failed(trial=trial) is False
    assert pauses == [15, 30, 60, 120, 240, 480, 600, 600]


def test_a_single_call_is_on_trial() -> None:
    time = Time()
    breaker = Breaker(time)
    breaker.failed(trial=breaker.enter(), for_all=True)
    time.now += Breaker.FIRST_SECONDS
    assert breaker.enter()
    with pytest.raises(JudgeUnavailable):
        breaker.check()
    breaker.abandoned(trial=True)
    assert breaker.enter()
    assert breaker.succeeded()
    assert not breaker.enter()


def test_calls_that_were_under_way_when_it_opened_make_no_pause_longer() -> None:
    time = Time()
    breaker = Breaker(time)
    trials = [breaker.enter() for _ in range(20)]
    assert [breaker.failed(trial=trial) for trial in trials].count(True) == 1
    time.now += Breaker.FIRST_SECONDS
    assert breaker.enter()
