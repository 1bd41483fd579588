"""What every section of the configuration is made of."""

import re
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, model_validator


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"expected a regular expression: {error}") from error
    return text


def _address(text: str) -> str:
    host, _, port = text.rpartition(":")
    if not host or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise ValueError("expected HOST:PORT with a port up to 65535")
    return text


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc or parts.query:
        raise ValueError("expected http:// or https://, a host, perhaps a port and a path, and no password")
    return text


Pattern = Annotated[str, AfterValidator(_pattern)]
Address = Annotated[str, AfterValidator(_address)]
Url = Annotated[str, AfterValidator(_url)]
BaseUrl = Annotated[Url, AfterValidator(lambda text: text.rstrip("/"))]  # to which a path is added


class Named:
    """Of the section of a source or sink: `label` tells it from others, `name` is that in metrics and state."""

    @property
    def label(self) -> str:
        raise NotImplementedError

    @property
    def name(self) -> str:
        return self.label.replace(" ", ":")


class Section(BaseModel):
    """Unknown keys are errors; nothing changes once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _header(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", name):
        raise ValueError("expected the name of a header")
    return name


class Header(Section):
    """A header of each request; what is secret in a file or in an environment variable."""

    name: Annotated[str, AfterValidator(_header)]
    value: str | None = None
    file: Path | None = None
    env: str | None = None

    @model_validator(mode="after")
    def _one_value(self) -> Self:
        if sum(given is not None for given in (self.value, self.file, self.env)) != 1:
            raise ValueError("expected value, file or env, one of the three")
        return self
