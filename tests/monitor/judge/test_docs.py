"""docs/judge.md says what is sent."""

import pytest

from detectors.judging.prompts import instructions
from detectors.judging.records import Task
from tests.monitor.kit import ROOT


@pytest.mark.parametrize("task", Task)
def test_the_prompts_are_in_the_docs_word_for_word(task: Task) -> None:
    assert f"```\n{instructions(task)}\n```" in (ROOT / "docs" / "judge.md").read_text(encoding="utf-8")
