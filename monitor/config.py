"""The configuration: YAML, with LEADLINE_ environment variables on top. Unknown keys are errors, never ignored."""

import difflib
import reprlib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from detectors.records import ScoreKind
from monitor.config_alerts import Alert, named_twice
from monitor.config_base import Address, Pattern
from monitor.config_base import Section as _Section
from monitor.config_judge import JudgeConfig
from monitor.config_kafka import KafkaSource
from monitor.config_notify import Notify, called_twice
from monitor.config_phoenix import PhoenixSource
from monitor.config_scenarios import OwnScenarios
from monitor.config_sinks import Sink, written_twice
from monitor.errors import ConfigError
from monitor.otlp.join import MAX_SPANS, WINDOW_SECONDS
from monitor.providers.corpus_files import misfit

Share = Annotated[float, Field(ge=0, le=1)]


class JsonlSource(_Section):
    """Follows a growing file of query traces, one a line; survives rotation and restart."""

    kind: Literal["jsonl"]
    path: Path
    start: Literal["beginning", "end"] = "beginning"

    @property
    def label(self) -> str:
        """What tells it from other sources."""
        return f"{self.kind} {self.path}"


class HttpSource(_Section):
    """`POST /v1/query-traces` and `POST /v1/traces`. A 200 means: in a journal on disk, unless `journal` is off.

    Each of the two journals holds at most `queue_traces` (traces, or requests with spans) and `queue_bytes`; a body,
    and what it expands to, `max_body_bytes`. The spans of one trace are waited for `join_seconds`; at most `join_spans`
    are held.
    """

    kind: Literal["http"]
    journal: bool = True
    queue_traces: int = Field(10_000, ge=1)
    queue_bytes: int = Field(256 * 2**20, ge=1024)
    max_body_bytes: int = Field(16 * 2**20, ge=1024)
    join_seconds: float = Field(WINDOW_SECONDS, gt=0, le=600)
    join_spans: int = Field(MAX_SPANS, ge=1000)

    @property
    def label(self) -> str:
        """What tells it from other sources."""
        return self.kind


Source = Annotated[JsonlSource | HttpSource | KafkaSource | PhoenixSource, Field(discriminator="kind")]


class SampleRates(_Section):
    """The share of traffic that each tier takes. They nest, so that none may be larger than the one before."""

    cheap: Share = 1.0
    scorer: Share = 0.1
    judge: Share | None = None

    @model_validator(mode="after")
    def _nested(self) -> Self:
        if not self.cheap >= self.scorer >= self.judged:
            raise ValueError("expected cheap >= scorer >= judge: the tiers nest")
        return self

    @property
    def judged(self) -> float:
        """The judge's share, where one is configured."""
        return self.judge if self.judge is not None else min(FEW, self.scorer)


FEW = 0.002  # a judge costs money
EVERYTHING = SampleRates(cheap=1.0, scorer=1.0)


class PipelineConfig(_Section):
    """How the traces of one pipeline are read; `default` holds for every pipeline that has no entry of its own.

    `risk_calibration` is a file of `leadline calibrate --risk`, `baseline` one of `leadline baseline`; neither ever
    holds for another pipeline.
    """

    sample: SampleRates = SampleRates()
    depth: int = Field(10, ge=1, le=1000)
    score_kind: ScoreKind = "similarity"
    risk_calibration: Path | None = None
    baseline: Path | None = None


class CorpusConfig(_Section):
    """The source texts that were indexed. `metadata` names the keys that filters of traces may use, `timestamp` the one
    that dates a document.

    The suffix of the path says how it is read; a SQLite database needs its `table`, which may be a view.
    """

    path: Path
    id: str = "_id"
    title: str = "title"
    text: str = "text"
    metadata: tuple[str, ...] = ()
    table: str | None = None
    timestamp: str | None = None

    @model_validator(mode="after")
    def _format_known(self) -> Self:
        if problem := misfit(self.path, self.table):
            raise ValueError(problem)
        return self


class ScorerConfig(_Section):
    """The cross-encoder: `bundled`, a path or a hub id; a calibration of its scores, if not the shipped one."""

    model: str = "bundled"
    backend: Literal["auto", "onnx", "torch"] = "auto"
    pairs_per_second: float = Field(100, gt=0)
    calibration: Path | None = None


class LexicalConfig(_Section):
    """The BM25 engine."""

    engine: Literal["auto", "rank-bm25"] = "auto"


class PrivacyConfig(_Section):
    """What of the traces' text may be stored or sent: everything, redacted by patterns, or none."""

    keep_text: bool = True
    redact: tuple[Pattern, ...] = ()


class QuarantineConfig(_Section):
    """Where records that are no query traces go; without text if `privacy.keep_text` is off."""

    path: Path = Path("quarantine.jsonl")
    max_bytes: int = Field(64 * 2**20, ge=4096)


class StateConfig(_Section):
    """The SQLite file that survives restarts."""

    path: Path = Path("leadline.db")


class ReleasesConfig(_Section):
    """Which attributes of a trace name what it was served by: where one changes, before and after are compared."""

    attributes: tuple[str, ...] = ("index_version", "embedding_model", "model_version")


class HttpConfig(_Section):
    """Where the sidecar listens: metrics and health, and traces."""

    metrics: Address = "127.0.0.1:9464"
    ingest: Address = "127.0.0.1:4318"


class Config(BaseSettings):
    """The whole configuration; config/leadline.yaml is the annotated default."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        env_prefix="LEADLINE_",
        env_nested_delimiter="__",
        nested_model_default_partial_update=True,
    )

    sources: tuple[Source, ...] = ()
    sinks: tuple[Sink, ...] = ()
    corpus: CorpusConfig | None = None
    pipelines: dict[str, PipelineConfig] = {"default": PipelineConfig()}
    attributes: tuple[str, ...] = ()
    scenarios: OwnScenarios = {}
    scorer: ScorerConfig | None = ScorerConfig()
    lexical: LexicalConfig = LexicalConfig()
    judge: JudgeConfig | None = None
    alerts: tuple[Alert, ...] = (Alert(),)
    releases: ReleasesConfig = ReleasesConfig()
    notify: tuple[Notify, ...] = ()
    privacy: PrivacyConfig = PrivacyConfig()
    quarantine: QuarantineConfig | None = QuarantineConfig()
    state: StateConfig = StateConfig()
    http: HttpConfig = HttpConfig()

    @model_validator(mode="after")
    def _sources_differ(self) -> Self:
        names = [source.label for source in self.sources]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"sources: got {name} twice, expected sources that differ")
        return self

    @model_validator(mode="after")
    def _sinks_differ(self) -> Self:
        if name := written_twice(self.sinks):
            raise ValueError(f"sinks: got {name} twice, expected sinks that differ")
        return self

    @model_validator(mode="after")
    def _alerts_differ(self) -> Self:
        if name := named_twice(self.alerts):
            raise ValueError(f"alerts: got two of the name {name}, expected a name of its own for each")
        return self

    @model_validator(mode="after")
    def _destinations_differ(self) -> Self:
        if name := called_twice(self.notify):
            raise ValueError(f"notify: got two of the name {name}, expected a name of its own for each")
        return self

    @property
    def wants_answers(self) -> bool:
        """Whether anything is made of what was answered: else sources read none of it out of spans."""
        return self.judge is not None and self.judge.wants_answers

    def pipeline(self, name: str) -> PipelineConfig:
        """The settings of a pipeline: its own, else those of `default`."""
        return self.pipelines.get(name) or self.pipelines.get("default") or PipelineConfig()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over the file."""
        del settings_cls, dotenv_settings, file_secret_settings
        return env_settings, init_settings


def load_config(path: Path) -> Config:
    """Read and validate a configuration file.

    Raises
    ------
    ConfigError
        One line: file, key, value and what was expected.
    """
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: expected YAML: {' '.join(str(error).split())}") from error
    if document is not None and not (isinstance(document, dict) and all(isinstance(key, str) for key in document)):
        raise ConfigError(f"{path}: expected keys and values, got {type(document).__name__}")
    return build_config(document or {}, str(path))


def build_config(document: dict[str, Any], origin: str) -> Config:
    """A configuration from plain values; errors name `origin`."""
    for key in document:
        if key.startswith("_"):  # pydantic-settings has parameters of such names
            raise ConfigError(f"{origin}: {key}: unknown key{_suggestion(key)}")
    try:
        return Config(**document)
    except ValidationError as error:
        raise ConfigError(f"{origin}: {_one_line(error)}") from error
    except SettingsError as error:
        field = str(error).split('"')[1]
        variable = f"{Config.model_config.get('env_prefix', '')}{field}".upper()
        raise ConfigError(f"{variable}: expected JSON in this environment variable") from error


def _one_line(error: ValidationError) -> str:
    first = error.errors()[0]
    key = _key(first["loc"])
    expected = _expected(first)
    if first["type"] == "extra_forbidden":
        return f"{key}: unknown key{_suggestion(str(first['loc'][-1]))}"
    if first["type"] == "missing":
        return f"{key}: missing, expected a value"
    if first["type"] == "union_tag_invalid":
        return f"{key}.kind: got {first['ctx']['tag']!r}, expected {first['ctx']['expected_tags']}"
    return f"{key}: got {reprlib.repr(first['input'])}, {expected}" if key else expected


def _key(location: tuple[int | str, ...]) -> str:
    """Dotted, without the tag that pydantic puts after the place in a list of unions."""
    parts = location[:2] + location[3:] if location[:1] in {("sources",), ("sinks",), ("notify",)} else location
    return ".".join(map(str, parts))


def _expected(error: ErrorDetails) -> str:
    message = error["msg"].removeprefix("Value error, ").replace("Input should be", "expected")
    return message if "expected" in message else f"expected: {message}"


def _suggestion(key: str) -> str:
    sections: list[type[BaseModel]] = [Config, *_below(_Section)]
    known = [name for section in sections for name in section.model_fields]
    close = difflib.get_close_matches(key, known, n=1)
    return f", did you mean {close[0]}?" if close else ""


def _below(section: type[_Section]) -> list[type[_Section]]:
    return [found for child in section.__subclasses__() for found in (child, *_below(child))]
