"""The section `scenarios`: a user's own classes of queries, by patterns."""

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator

from detectors.scenarios import NAMES, NONE
from monitor.config_base import Pattern

MOST = 20  # each is a value of a label in the metrics
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_REPEAT = re.compile(r"[*+]|\{\d*,\d*\}")
_SKIPPED = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)


def _pattern(text: str) -> str:
    if _repeats_within_repeat(text):
        raise ValueError("expected a regular expression without a repeat within a repeat: it may take forever")
    if re.search(text, ""):
        raise ValueError("expected a regular expression that does not match everything")
    return text


def _repeats_within_repeat(text: str) -> bool:
    """Whether a group that repeats holds one that does, as in (a+)+, which takes exponential time."""
    open_groups = [False]  # of each group around here, whether it has held a repeat so far
    position = 0
    while position < len(text):
        skipped = _SKIPPED.match(text, position)
        if skipped:
            position = skipped.end()
            continue
        if text[position] == "(":
            open_groups.append(False)
        elif text[position] == ")":
            held = open_groups.pop()
            if held and _REPEAT.match(text, position + 1):
                return True
            open_groups[-1] |= held
        elif text[position] in "*+{":
            open_groups[-1] |= _REPEAT.match(text, position) is not None
        position += 1
    return False


def _names(scenarios: Mapping[str, object]) -> Mapping[str, object]:
    taken = [name for name in scenarios if name in (*NAMES, NONE)]
    if taken:
        raise ValueError(f"expected names of your own, {taken[0]} is taken")
    odd = [name for name in scenarios if not _NAME.fullmatch(name)]
    if odd:
        raise ValueError(
            f"expected names of at most 40 small letters, digits and '_', a letter first: {odd[0]!r} is none"
        )
    if len(scenarios) > MOST:
        raise ValueError(f"expected at most {MOST} scenarios")
    return scenarios


OwnPattern = Annotated[Pattern, AfterValidator(_pattern)]
OwnScenarios = Annotated[dict[str, tuple[OwnPattern, ...]], AfterValidator(_names)]
