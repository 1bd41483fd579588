"""The configuration of a Kafka source, what is read, and of all that speaks to brokers."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
    ValidationInfo,
    field_validator,
    model_validator,
)

from monitor.config_base import Address, Named, Pattern, Section
from monitor.otlp.join import MAX_SPANS, WINDOW_SECONDS

Setting = StrictBool | StrictInt | StrictStr

# Of kafka-python's consumer, what the keys of this section stand for or what `monitor/sources/kafka.py` relies on.
SET_HERE = frozenset(
    "bootstrap_servers bootstrap_timeout_ms group_id auto_offset_reset enable_auto_commit auto_commit_interval_ms "
    "allow_auto_create_topics consumer_timeout_ms partition_assignment_strategy max_poll_records kafka_client "
    "key_deserializer value_deserializer "
    "security_protocol ssl_context ssl_check_hostname ssl_cafile ssl_certfile ssl_keyfile ssl_crlfile ssl_password "
    "ssl_ciphers sasl_mechanism sasl_plain_username sasl_plain_password metrics_enabled socks5_proxy".split()
)
OBJECTS = frozenset({"api_version", "sasl_kerberos_name", "sasl_oauth_token_provider"})  # YAML cannot hold them


def _topic(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,249}", name) or name in {".", ".."}:
        raise ValueError("expected the name of a topic: letters, digits, '.', '_' and '-', at most 249 of them")
    return name


Topic = Annotated[str, AfterValidator(_topic)]


def _check_setting(name: str, value: Setting, defaults: Mapping[str, Any]) -> None:
    default = defaults.get(name)
    if name not in defaults or name in OBJECTS or not (default is None or isinstance(default, bool | int | str)):
        raise ValueError(f"expected plain settings of kafka-python's KafkaConsumer, {name} is none")
    if default is not None and type(value) is not type(default):
        raise ValueError(f"expected {type(default).__name__} for {name}")


class TlsConfig(Section):
    """TLS to the brokers; `ca_file` null trusts what the system trusts. Files are PEM.

    A client certificate, where the brokers want one: `cert_file`, `key_file`, and a file with the key's password.
    """

    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    key_password_file: Path | None = None
    check_hostname: bool = True

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.cert_file is None and (self.key_file or self.key_password_file) is not None:
            raise ValueError("expected cert_file beside key_file and key_password_file")
        return self


class SaslConfig(Section):
    """User and password at the brokers. The password is in a file or in an environment variable, never here."""

    mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]
    username: str
    password_file: Path | None = None
    password_env: str | None = None

    @model_validator(mode="after")
    def _one_password(self) -> Self:
        if (self.password_file is None) == (self.password_env is None):
            raise ValueError("expected password_file or password_env, one of the two")
        return self


class Brokers(Section):
    """Where the brokers are and how they are spoken to."""

    bootstrap_servers: tuple[Address, ...] = Field(min_length=1)
    tls: TlsConfig | None = None
    sasl: SaslConfig | None = None


class KafkaSource(Named, Brokers):
    """Reads topics as a member of a consumer group: more sidecars of the same `group_id` share the partitions.

    `encoding` is what a record holds: a query trace, or spans as OpenTelemetry's collector writes them. Those of one
    trace are waited for `join_seconds`; at most `join_spans` are held.
    `client` hands further settings to kafka-python's KafkaConsumer by its names (`session_timeout_ms`, `client_rack`).
    With `start: end` what is written to a new topic or partition before it is found is not read either.
    """

    kind: Literal["kafka"]
    topics: tuple[Topic, ...] = ()
    topic_pattern: Pattern | None = None
    group_id: str = Field("leadline", min_length=1)
    encoding: Literal["json", "otlp_proto", "otlp_json"] = "json"
    join_seconds: float = Field(WINDOW_SECONDS, gt=0, le=600)
    join_spans: int = Field(MAX_SPANS, ge=1000)
    start: Literal["beginning", "end"] = "beginning"
    max_record_bytes: int = Field(16 * 2**20, ge=1024)
    dead_letter_topic: Topic | None = None
    client: dict[str, Setting] = Field({})

    @property
    def label(self) -> str:
        """What tells it from other sources."""
        return f"{self.kind} {self.group_id}/{self.topic_pattern or ','.join(self.topics)}"

    @field_validator("dead_letter_topic")
    @classmethod
    def _no_circle(cls, topic: str | None, read: ValidationInfo) -> str | None:
        pattern = read.data.get("topic_pattern")
        if topic is not None and (topic in read.data.get("topics", ()) or (pattern and re.match(pattern, topic))):
            raise ValueError("expected a topic that is not read")
        return topic

    @field_validator("client")
    @classmethod
    def _known(cls, settings: dict[str, Setting]) -> dict[str, Setting]:
        if not settings:
            return settings
        from kafka import KafkaConsumer  # noqa: PLC0415 - heavy, and rarely asked for

        for name, value in settings.items():
            if name in SET_HERE:
                raise ValueError(f"expected no {name}: other keys stand for it")
            _check_setting(name, value, KafkaConsumer.DEFAULT_CONFIG)
        return settings

    @model_validator(mode="after")
    def _joins_spans(self) -> Self:
        if self.encoding == "json" and (self.join_seconds, self.join_spans) != (WINDOW_SECONDS, MAX_SPANS):
            raise ValueError("expected encoding otlp_proto or otlp_json beside join_seconds and join_spans")
        return self

    @model_validator(mode="after")
    def _topics_or_pattern(self) -> Self:
        if bool(self.topics) == (self.topic_pattern is not None):
            raise ValueError("expected topics or topic_pattern, one of the two")
        return self
