"""The section `notify`: where alarms are sent."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from detectors.records import ALL
from monitor.config_base import BaseUrl, Header, Section, Url

OWN_LABELS = ("alertname", "pipeline", "scenario", "signal", "monitor")


def _labels(labels: dict[str, str]) -> dict[str, str]:
    for name in labels:
        if not re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*", name) or name in OWN_LABELS:
            raise ValueError(f"expected names of letters, digits and '_' that are none of {', '.join(OWN_LABELS)}")
    return labels


class Destination(Section):
    """What every destination has. `alarms` and `pipelines` name those that it is told of; empty: all."""

    kind: str
    name: str = Field("", pattern=r"^[a-z0-9_-]*$", max_length=60)
    labels: Annotated[dict[str, str], AfterValidator(_labels)] = Field({})
    alarms: tuple[str, ...] = ()
    pipelines: tuple[str, ...] = ()
    timeout_seconds: float = Field(10.0, gt=0, le=60)
    ca_file: Path | None = None

    @property
    def called(self) -> str:
        """Its name in metrics, logs and the queue; a URL may be a secret."""
        return self.name or self.kind

    def wants(self, alarm: str, pipeline: str) -> bool:
        """Whether it is told of such an alarm; one that concerns every pipeline is every destination's."""
        return (not self.alarms or alarm in self.alarms) and (not self.pipelines or pipeline in {ALL, *self.pipelines})


class Webhook(Destination):
    """Alertmanager's webhook format, version 4, by POST to a URL; signed, where there is a secret to sign with.

    `notices_per_hour`: beyond, alarms wait for a moment and go together in one notice.
    """

    kind: Literal["webhook"]
    url: Url | None = None
    url_file: Path | None = None
    url_env: str | None = None
    headers: tuple[Header, ...] = ()
    secret_file: Path | None = None
    secret_env: str | None = None
    notices_per_hour: int = Field(60, ge=2, le=3600)

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        if sum(given is not None for given in (self.url, self.url_file, self.url_env)) != 1:
            raise ValueError("expected url, url_file or url_env, one of the three")
        if self.secret_file is not None and self.secret_env is not None:
            raise ValueError("expected secret_file or secret_env, one of the two")
        return self


class Alertmanager(Destination):
    """An Alertmanager, told every `resend_seconds` what stands; `url` is without `/api/v2/alerts`.

    Log in with `username` and a password, or with a token.
    """

    kind: Literal["alertmanager"]
    url: BaseUrl
    resend_seconds: float = Field(60.0, ge=1, le=600)
    username: str | None = None
    password_file: Path | None = None
    password_env: str | None = None
    token_file: Path | None = None
    token_env: str | None = None

    @model_validator(mode="after")
    def _one_login(self) -> Self:
        given = [one for one in ("password_file", "password_env", "token_file", "token_env") if getattr(self, one)]
        if len(given) > 1 or (self.username is not None) != (given[:1] in (["password_file"], ["password_env"])):
            raise ValueError("expected username with password_file or password_env, or token_file, or token_env")
        return self


Notify = Annotated[Webhook | Alertmanager, Field(discriminator="kind")]


def called_twice(destinations: Sequence[Destination]) -> str | None:
    """A name that two of them have."""
    names = [one.called for one in destinations]
    return next((name for name in names if names.count(name) > 1), None)
