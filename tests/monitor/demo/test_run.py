"""The demo as a finite job, in a process of its own."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

# The same acts, with fewer broken and healthy queries, few of them scored.
QUICK = """
import sys
from monitor.demo import run
run.ONCE_TRACES, run.SCORER_SHARE = 150, 0.05
sys.exit(run.demo_command(once=True, fault="none", seed=1))
"""


def finished(*command: str) -> str:
    """What it prints: nothing on stderr, status 0, and no later than any machine needs."""
    found = subprocess.run(
        [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False, timeout=500
    )
    assert (found.returncode, found.stderr) == (0, "")
    return found.stdout


@pytest.mark.timeout(600)
def test_the_fault_is_named_and_seen() -> None:
    """1,700 queries through the whole sidecar, a third of them scored: what broke, what was true, what it saw."""
    text = finished("-m", "monitor.cli", "demo", "--once")
    assert "the newest fifth of the documents is missing" in text
    healthy, broken = (float(value) for value in re.findall(r"true hit@5 (0\.\d+)", text))
    assert broken < healthy - 0.1
    assert "retrieval got worse" in text
    [seen] = re.findall(r"lexical_miss (0\.\d+) to (0\.\d+)", text)
    assert float(seen[1]) > float(seen[0])
    assert "Riskiest recent queries" in text


@pytest.mark.timeout(600)
def test_without_a_fault_nothing_is_seen() -> None:
    """Exit status 0 says so: an alarm would be false."""
    text = finished("-c", QUICK)
    assert "Nothing was broken." in text
    assert "retrieval got worse" not in text
