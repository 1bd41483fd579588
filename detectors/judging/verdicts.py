"""When a reply is believed."""

from collections.abc import Mapping
from typing import Any

from detectors.judging.evidence import doubt_of_quote
from detectors.judging.reading import expected_grade, grade_of, read_object
from detectors.judging.records import BEST_GRADE, Doubt, Outcome, Prompt, Question, Reply, Task, Verdict
from detectors.records import Reason

LEAST_PROVEN = 0.5  # of the claims of an answer have to have a verdict that holds


def verdict_of(question: Question, prompt: Prompt, reply: Reply) -> Outcome:
    """The verdict of a reply; why it is none; or why there is nothing to judge.

    A grade above 0 is believed with a quote that stands in what was read and says more than the query does
    (`evidence`). A grade of 0 needs none: nothing that a passage could say in its own favour leads there.
    """
    found = read_object(reply, prompt.nonce)
    if isinstance(found, Doubt):
        return found
    if reply.finish_reason == "length":
        return Doubt.MALFORMED
    if question.task is Task.GROUNDEDNESS:
        return _grounded(prompt, found, reply.model)
    grade, quote = grade_of(found.get("grade")), found.get("quote")
    if isinstance(grade, Doubt) or not isinstance(quote, str):
        return Doubt.MALFORMED
    if grade > 0 and (doubt := doubt_of_quote(quote, prompt.read[0], question.query)):
        return doubt
    expected = expected_grade(reply)
    return Verdict(float(grade) if expected is None else expected, quote if grade else "", reply.model)


def _grounded(prompt: Prompt, found: Mapping[str, Any], model: str) -> Outcome:
    """The share of supported statements among those that claim anything, as a grade.

    A statement that is called supported without a quote that proves it is left out. A judge that calls the planted one
    supported is not believed in anything.
    """
    entries = found.get("statements")
    if not isinstance(entries, list) or len(entries) != prompt.statements:
        return Doubt.MALFORMED
    supported = unsupported = unproven = 0
    quotes = []
    for number, entry in enumerate(entries, 1):
        said = _statement(entry, number, prompt)
        if said is None:
            return Doubt.MALFORMED
        verdict, passage, quote = said
        if number == prompt.planted:
            if verdict == "supported":
                return Doubt.FOOLED
        elif verdict == "unsupported":
            unsupported += 1
        elif verdict == "supported":
            doubt = doubt_of_quote(quote, passage, "")
            unproven += doubt is not None
            supported += doubt is None
            quotes += [quote] if doubt is None else []
    claims = supported + unsupported + unproven
    if not claims:
        return Reason.NOT_APPLICABLE
    proven = supported + unsupported
    if proven < LEAST_PROVEN * claims:
        return Doubt.QUOTE_NOT_FOUND
    return Verdict(BEST_GRADE * supported / proven, " … ".join(quotes), model)


def _statement(entry: object, number: int, prompt: Prompt) -> tuple[str, str, str] | None:
    """Verdict, passage and quote of one entry; None where it is none of this statement."""
    if not isinstance(entry, dict) or entry.get("statement") != number:
        return None
    verdict, passage, quote = entry.get("verdict"), entry.get("passage"), entry.get("quote")
    if verdict not in {"supported", "unsupported", "no_claim"} or not isinstance(quote, str):
        return None
    if verdict != "supported":
        return verdict, "", ""
    if not isinstance(passage, int) or not 1 <= passage <= len(prompt.read):
        return verdict, "", ""  # it names no passage: nothing proves it
    return verdict, prompt.read[passage - 1], quote
