"""PLACEHOLDER to be written after the attack suite."""

from typing import NamedTuple

from detectors.judging.records import Doubt, Question


class Defences(NamedTuple):
    fence: bool = True
    quote: bool = True


def doubt_of_quote(quote: str, passage: str, query: str, defences: Defences) -> Doubt | None:
    raise NotImplementedError


def suspicious(question: Question, passage: str, quote: str) -> bool:
    raise NotImplementedError
