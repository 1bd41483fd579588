"""Answer type: does the first document hold the kind of thing that the question asks for?"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from detectors.records import Findings, Reason, Retrieval, Tier

SIGNALS = ("first_answer_type",)
READ_CHARACTERS = 500  # of a query
_WORD = re.compile(r"\w+")
_MONTHS = (
    "January|February|March|April|May|June|July|August|September|October|November|December"
    "|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec"
)
_NUMBER = re.compile(
    r"\d[\d.,]*|[零一二三四五六七八九十百千万亿]{2,}"
    r"|\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|hundred|thousand|million|billion|half)\b",
    re.IGNORECASE,
)
_DATE = re.compile(
    rf"\b1\d{{3}}\b|\b20\d\d\b|\b(?:{_MONTHS})\b|\d+\s*[年月日]|\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b"
    r"|\b(?:century|\d\d(?:\d\d)?s)\b"
)
_NAME = re.compile(r"(?<!^)(?<![.!?:] )\b[A-Z][\w-]+")  # where a sentence begins, a capital says nothing


class Asked(NamedTuple):
    """A kind of question: what it looks like, and what an answer to it holds."""

    question: re.Pattern[str]
    answer: re.Pattern[str]


ASKED = {
    "date": Asked(
        re.compile(
            r"\bwhen\s+(?:was|is|did|were|does|do|will|are|has|had)\b|^when\b"
            r"|\b(?:what|which)\s+(?:year|date|day|month|decade|century)\b|什么时候|何时|哪一?年|几月",
            re.IGNORECASE,
        ),
        _DATE,
    ),
    "number": Asked(
        re.compile(
            r"\bhow\s+(?:many|much|long|far|tall|old|big|high|large|fast|often|deep|hot|heavy|wide)\b"
            r"|\bwhat\s+(?:is\s+the\s+)?(?:percentage|percent|number|population|size|amount)\b|多少|多大|多高|多长|几[个次人]",
            re.IGNORECASE,
        ),
        _NUMBER,
    ),
    "name": Asked(
        re.compile(
            r"^(?:who|whose|whom|where)\b|\b(?:who|where)\s+(?:was|is|were|are|did|do|does|wrote|invented)\b"
            r"|\b(?:what|which)\s+(?:city|country|state|county|island|continent|person)\b"
            r"|\bwhat\s+(?:is|was)\s+the\s+name\b",
            re.IGNORECASE,
        ),
        _NAME,
    ),
}


def asked_for(query: str) -> str | None:
    """The kind of thing that a question asks for: `date`, `number` or `name`; None where it cannot be told.

    >>> asked_for("who wrote Hamlet"), asked_for("How many moons has Mars?"), asked_for("refund policy")
    ('name', 'number', None)
    """
    query = query[:READ_CHARACTERS].strip()
    return next((kind for kind, asked in ASKED.items() if asked.question.search(query)), None)


def holds(kind: str, passage: str, query: str) -> bool:
    """Whether a passage holds something of a kind that is not already in the question.

    >>> holds("date", "Hamlet was written around 1600.", "when was Hamlet written")
    True
    >>> holds("name", "It is the best known play of all.", "who wrote Hamlet")
    False
    """
    known = set(_WORD.findall(query.lower()))
    found = (match.group() for match in ASKED[kind].answer.finditer(passage))
    return any(known.isdisjoint(_WORD.findall(one.lower())) for one in found)


class AnswerType:
    """Whether the first served document could answer a question for a date, a number or a name.

    1 where it holds such a thing that the question itself does not, else 0. Question classification as in factoid
    question answering (Li, Roth: Learning question classifiers, COLING 2002), by patterns. It is for sentences and
    short passages, where the words of the question are everywhere but in the answer; a long passage holds everything.
    Names are known by their capitals, so they abstain in text without any. English, and Chinese for dates and numbers.
    O(length of the first document), for such questions only.
    """

    name = "answer_type"
    tier = Tier.CHEAP
    signals: tuple[str, ...] = SIGNALS
    failure = Reason.MEASURE_FAILED

    def measure(self, retrievals: Sequence[Retrieval]) -> list[Findings]:
        return [self._measure(retrieval) for retrieval in retrievals]

    def _measure(self, retrieval: Retrieval) -> Findings:
        if not retrieval.served:
            return Findings.abstained(SIGNALS, Reason.TOO_FEW_DOCUMENTS)
        passage = retrieval.served[0].text
        if passage is None:
            return Findings.abstained(SIGNALS, Reason.NO_TEXT)
        kind = asked_for(retrieval.query)
        if kind is None or (kind == "name" and passage == passage.lower()):
            return Findings.abstained(SIGNALS, Reason.NOT_APPLICABLE)
        return Findings({"first_answer_type": float(holds(kind, passage, retrieval.query))})
