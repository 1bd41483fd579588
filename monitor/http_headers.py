"""Headers of the requests that we send, with the secrets that the configuration names."""

from collections.abc import Sequence

from monitor import secret
from monitor.config_base import Header
from monitor.errors import LeadlineError


def headers_of(headers: Sequence[Header], section: str) -> dict[str, str]:
    """Names and values; `section` is the configuration's.

    Raises
    ------
    LeadlineError
        Where a value cannot be had, or is none.
    """
    return {one.name: one_line(_value(one), one.name, section) for one in headers}


def _value(header: Header) -> str:
    return header.value or secret.either(header.file, header.env, "env", f"the value of {header.name}") or ""


def one_line(text: str, name: str, section: str) -> str:
    """The same text, which can be the value of the header `name`; raises as `headers_of` does."""
    if not text.isprintable() or not text.isascii():
        raise LeadlineError(f"{section}: expected one line of ASCII as the value of the header {name}")
    return text
