"""What names a judge."""

import pytest

from detectors.judging import version
from detectors.judging.version import judge_version, prompt_version


def test_a_judge_is_a_model_with_prompts_and_checks() -> None:
    assert judge_version("m") != judge_version("n")
    assert judge_version("m") != judge_version("m", twins=False)
    assert prompt_version() in judge_version("m")


@pytest.mark.parametrize("change", [("CHECKS", 2), ("FRAMES", ("{query}!",)), ("wording", lambda: ["other"])])
def test_another_word_or_check_is_another_version(monkeypatch: pytest.MonkeyPatch, change: tuple[str, object]) -> None:
    before = prompt_version()
    monkeypatch.setattr(version, *change)
    assert prompt_version.__wrapped__() != before
