"""The configuration of sinks: where assessments go."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from monitor.config_base import Header, Named, Section, Url
from monitor.config_kafka import Brokers, Topic
from monitor.config_phoenix import PhoenixServer


class JsonlSink(Named, Section):
    """Appends assessments to a file, one a line.

    Before it would grow beyond `max_bytes` it is renamed to `.1`, that one to `.2`, up to `keep` of them; the oldest
    is replaced. Null: it grows.
    """

    kind: Literal["jsonl"]
    path: Path
    max_bytes: int | None = Field(None, ge=4096)
    keep: int = Field(5, ge=1, le=1000)

    @property
    def label(self) -> str:
        """What tells it from other sinks."""
        return f"{self.kind} {self.path}"


class KafkaSink(Named, Brokers):
    """Assessments as records of a topic, with the pipeline as key."""

    kind: Literal["kafka"]
    topic: Topic

    @property
    def label(self) -> str:
        """What tells it from other sinks."""
        return f"{self.kind} {self.bootstrap_servers[0]}/{self.topic}"


class OtlpSink(Named, Section):
    """Verdicts as spans of the kind EVALUATOR, over OTLP/HTTP; `url` is the whole one, mostly with `/v1/traces`.

    `headers` are those of each request; what is secret goes there, the URL is in metrics and logs.
    """

    kind: Literal["otlp"]
    url: Url
    headers: tuple[Header, ...] = ()
    timeout_seconds: float = Field(10.0, gt=0, le=60)
    ca_file: Path | None = None

    @property
    def label(self) -> str:
        """What tells it from other sinks."""
        return f"{self.kind} {self.url}"


class PhoenixSink(Named, PhoenixServer):
    """Verdicts as annotations of the spans that an Arize Phoenix has."""

    kind: Literal["phoenix"]

    @property
    def label(self) -> str:
        """What tells it from other sinks."""
        return f"{self.kind} {self.url}"


Sink = Annotated[JsonlSink | KafkaSink | OtlpSink | PhoenixSink, Field(discriminator="kind")]


def written_twice(sinks: Sequence[Named]) -> str | None:
    """What two of them are."""
    labels = [sink.label for sink in sinks]
    return next((label for label in labels if labels.count(label) > 1), None)
