"""An answer cut into statements: by us, so that a judge can leave none out."""

import re

MOST_STATEMENTS = 12
SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]”’»]*\s+|(?<=[\u3002\uff01\uff1f\uff1b])|\n+")
_LETTER = re.compile(r"[^\W\d_]")


def statements(answer: str) -> list[str]:
    r"""Its sentences and lines that have words in them, the first `MOST_STATEMENTS` of them.

    An abbreviation may cut a sentence in two; both halves are judged then.

    >>> statements("Refunds take 30 days. See the shop:\n- Berlin\n- Bonn")
    ['Refunds take 30 days.', 'See the shop:', 'Berlin', 'Bonn']
    """
    parts = (part.strip().lstrip("-*•# ").strip() for part in SENTENCE_END.split(answer))
    return [part for part in parts if _LETTER.search(part)][:MOST_STATEMENTS]
