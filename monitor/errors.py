"""Errors that reach a user, each as one line that names what is wrong and what was expected."""


class LeadlineError(Exception):
    """Bad usage or input; the command ends with status 2 and this line."""


class ConfigError(LeadlineError):
    """A configuration that cannot be used: names the file, the key, the value and what was expected."""


class MalformedTrace(Exception):  # noqa: N818 - it names a thing that arrives, not a bug
    """A record that is no query trace. Permanent: quarantined with this reason, never retried."""


class SinkBusy(Exception):  # noqa: N818 - it asks to come again, nothing is wrong
    """A sink that cannot take more just now."""

    def __init__(self, retry_after_seconds: float) -> None:
        super().__init__(f"busy, retry after {retry_after_seconds:g} s")
        self.retry_after_seconds = retry_after_seconds
