import pytest

from detectors.deciders import Cusum, CusumConfig, CusumState


def test_steps_worked_by_hand() -> None:
    """S: .2 - .1 = .1; then 0; then .4, .8 -> the limit .75."""
    decider = Cusum(CusumConfig(allowance=0.1, limit=0.75))
    assert decider.update(-0.2).evidence == pytest.approx(0.1 / 0.75)
    assert decider.update(0.3).evidence == 0
    assert decider.update([-0.5, -0.5]).raised == (1,)
    assert decider.state == CusumState(0.75, alarm=True, values=4)


def test_an_alarm_ends_below_half_of_the_limit_and_all_starts_anew() -> None:
    decider = Cusum(CusumConfig(allowance=0.0, limit=1.0))
    decider.update([-1.0, 0.5])
    assert decider.state == CusumState(0.5, alarm=True, values=2)
    assert not decider.update(0.25).alarm
    assert decider.state == CusumState(0.0, alarm=False, values=3)


@pytest.mark.parametrize(("key", "value"), [("allowance", -0.1), ("limit", 0.0), ("limit", float("nan"))])
def test_a_wrong_configuration_names_its_key(key: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{key}: expected"):
        CusumConfig(**{"allowance": 0.1, "limit": 1.0, key: value})
