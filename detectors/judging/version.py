"""The name of a judge: where any part of it changes, its verdicts mean something else and are never mixed."""

from functools import lru_cache
from hashlib import blake2b
from importlib.resources import files

from detectors.judging.prompts import wording
from detectors.judging.twins import FRAMES, PLANTED

CHECKS = 1  # raised where what is believed of a reply changes otherwise than in the words below


@lru_cache
def prompt_version() -> str:
    """Of all that we bring: prompts, words that speak to a judge, twins, checks."""
    words = files("detectors").joinpath("data/judge_words.txt").read_text(encoding="utf-8")
    said = "\0".join((*wording(), words, *FRAMES, *PLANTED, str(CHECKS)))
    return f"p-{blake2b(said.encode(), digest_size=4).hexdigest()}"


def judge_version(model: str, *, twins: bool = True) -> str:
    """Of a model, by the name that its replies bear, with or without the twins of questions."""
    return f"{model} {prompt_version()}" if twins else f"{model} {prompt_version()} without-twins"
