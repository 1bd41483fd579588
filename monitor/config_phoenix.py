"""The configuration of a Phoenix source, and of all that speaks to a Phoenix."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from monitor.config_base import BaseUrl, Named, Section
from monitor.otlp.join import MAX_SPANS, WINDOW_SECONDS


def _project(name: str) -> str:
    if not name or set(name) & set("/?#"):
        raise ValueError("expected the name of a project, without '/', '?' and '#'")
    return name


class PhoenixServer(Section):
    """Where a Phoenix is. Where it wants a key, that is in a file or in an environment variable, never here."""

    url: BaseUrl
    api_key_file: Path | None = None
    api_key_env: str | None = None
    ca_file: Path | None = None

    @model_validator(mode="after")
    def _one_key(self) -> Self:
        if self.api_key_file is not None and self.api_key_env is not None:
            raise ValueError("expected api_key_file or api_key_env, one of the two")
        return self


class PhoenixSource(Named, PhoenixServer):
    """Asks an Arize Phoenix every `poll_seconds` for the spans that one project got; the project is the pipeline.

    The spans of a trace are waited for `join_seconds` beyond the next poll; at most `join_spans` are held.
    """

    kind: Literal["phoenix"]
    project: Annotated[str, AfterValidator(_project)] = "default"
    start: Literal["beginning", "end"] = "end"
    poll_seconds: float = Field(5.0, gt=0, le=3600)
    page_spans: int = Field(500, ge=1, le=1000)
    join_seconds: float = Field(WINDOW_SECONDS, gt=0, le=600)
    join_spans: int = Field(MAX_SPANS, ge=1000)

    @property
    def label(self) -> str:
        """What tells it from other sources."""
        return f"{self.kind} {self.url}/{self.project}"
