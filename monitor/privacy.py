"""What of a trace's text may leave: for everything that stores or sends text."""

import re
from collections.abc import Sequence

from monitor.config import PrivacyConfig

REDACTED = "[redacted]"


class Privacy:
    """Applies `privacy.keep_text` and `privacy.redact`."""

    def __init__(self, config: PrivacyConfig) -> None:
        self.keep_text = config.keep_text
        self._patterns: Sequence[re.Pattern[str]] = [re.compile(pattern) for pattern in config.redact]

    def clean(self, text: str | None) -> str | None:
        """The text as it may be stored or sent; None where none may."""
        if text is None or not self.keep_text:
            return None
        return self.redact(text)

    def redact(self, text: str) -> str:
        """The text without what the patterns match: for what an operator asked to keep by name."""
        for pattern in self._patterns:
            text = pattern.sub(REDACTED, text)
        return text
