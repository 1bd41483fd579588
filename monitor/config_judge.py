"""The section `judge`: the language model that grades what was served, and what it may cost."""

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from detectors.judging.records import Task
from monitor.config_base import BaseUrl, Header, Section


class Price(Section):
    """Dollars for a million tokens; cached input costs as much as other input where it has no price of its own."""

    input_per_million: float = Field(ge=0, le=10_000)
    cached_input_per_million: float | None = Field(None, ge=0, le=10_000)
    output_per_million: float = Field(ge=0, le=10_000)


class Cache(Section):
    """How long verdicts are kept, and how many at most."""

    days: float = Field(30, gt=0, le=3650)
    entries: int = Field(200_000, ge=1)


class Anchors(Section):
    """The questions that are asked again all day: of a file, or frozen from early traffic; so many, so often.

    Another `version` takes the first verdicts anew. An alarm `judge_drift` is for a mean grade that moved by
    `smallest_shift` or more.
    """

    path: Path | None = None
    size: int = Field(100, ge=30, le=10_000)
    per_hour: float = Field(30, ge=0, le=3600)
    version: int = Field(1, ge=1)
    smallest_shift: float = Field(0.25, gt=0, le=1)
    false_alarms_per_year: float = Field(1.0, gt=0, allow_inf_nan=False)


class JudgeConfig(Section):
    """An endpoint that speaks OpenAI's chat completions. Where it wants a key, that is in a file or in the environment.

    Budgets hold by the clock's hour and day, UTC. A trace is given up `deadline_seconds` after the first call for it.
    """

    base_url: BaseUrl
    model: str = Field(min_length=1)
    api_key_file: Path | None = None
    api_key_env: str | None = None
    headers: tuple[Header, ...] = ()
    ca_file: Path | None = None
    tasks: tuple[Task, ...] = Field(tuple(Task), min_length=1)
    passages: int = Field(5, ge=1, le=100)
    max_passage_characters: int = Field(6000, ge=100)
    max_output_tokens: int = Field(1000, ge=16)
    timeout_seconds: float = Field(30.0, gt=0, le=600)
    deadline_seconds: float = Field(60.0, gt=0, le=3600)
    attempts: int = Field(3, ge=1, le=10)
    concurrency: int = Field(8, ge=1, le=1000)
    calls_per_minute: float | None = Field(None, gt=0)
    prices: dict[str, Price] = Field({})
    dollars_per_hour: float | None = Field(None, gt=0)
    dollars_per_day: float | None = Field(None, gt=0)
    tokens_per_hour: int | None = Field(None, ge=1)
    tokens_per_day: int | None = Field(None, ge=1)
    uncertain_share: float = Field(0.0, ge=0, le=0.9)
    twins: bool = True
    canaries_per_hour: float = Field(6, ge=0, le=3600)
    anchors: Anchors = Anchors()
    cache: Cache = Cache()

    @model_validator(mode="after")
    def _one_key(self) -> Self:
        if self.api_key_file is not None and self.api_key_env is not None:
            raise ValueError("expected api_key_file or api_key_env, one of the two")
        return self

    @model_validator(mode="after")
    def _priced(self) -> Self:
        if self.model not in self.prices and (self.dollars_per_hour or self.dollars_per_day):
            raise ValueError(f"expected a price for {self.model} beside a budget in dollars")
        return self

    @property
    def wants_answers(self) -> bool:
        """Whether it grades more than what was served."""
        return any(task is not Task.CONTEXT_RELEVANCE for task in self.tasks)

    @property
    def price(self) -> Price | None:
        """Of the model; None where it is not known."""
        return self.prices.get(self.model)
