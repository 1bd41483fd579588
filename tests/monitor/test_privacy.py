"""What of a text may leave."""

import pytest

from monitor.config import PrivacyConfig
from monitor.privacy import Privacy


def test_keeps_everything_by_default() -> None:
    privacy = Privacy(PrivacyConfig())
    assert privacy.clean("mail ann@example.org") == "mail ann@example.org"
    assert privacy.clean(None) is None


def test_without_the_right_to_keep_text_nothing_is_left() -> None:
    assert Privacy(PrivacyConfig(keep_text=False)).clean("hello") is None


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("mail ann@example.org and bob@example.org", "mail [redacted] and [redacted]"),
        ("card 4111111111111111, by ann@example.org", "card [redacted], by [redacted]"),
        ("nothing to hide", "nothing to hide"),
        ("", ""),
    ],
)
def test_every_match_of_every_pattern_is_replaced(text: str, kept: str) -> None:
    privacy = Privacy(PrivacyConfig(redact=(r"\S+@[\w.]+", r"\d{16}")))
    assert privacy.clean(text) == kept
    assert privacy.redact(text) == kept


def test_what_was_asked_for_by_name_is_redacted_even_without_text() -> None:
    """Attributes are no text of the query; a pattern holds for them all the same."""
    assert Privacy(PrivacyConfig(keep_text=False, redact=("ann",))).redact("user ann") == "user [redacted]"
