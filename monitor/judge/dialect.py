"""What of a request an endpoint understands: it is asked for everything, and less once it has refused some of it."""

import re
from collections.abc import Mapping
from typing import Any

import structlog

from detectors.judging.records import Prompt

log = structlog.get_logger()

SEED = 1
TOP_CHOICES = (20, 5)  # of each token; some endpoints give no more than five
_COMPLAINT = re.compile(
    r"unsupported|not (?:currently |yet )?(?:supported|permitted|allowed|available|enabled|implemented)|unavailable|"
    r"unknown|unrecogni[sz]ed|unexpected|invalid|does not support|doesn't support|not one of|must be|extra|disabled"
)
_TOO_LONG = re.compile(r"too (?:large|long)|context (?:length|window|size)|maximum context")

Parameters = Mapping[str, object]
Levels = tuple[int, ...]


class Dialect:
    """The body of a request, as far as the endpoint is known to take it.

    Each part has alternatives, the best first; where an endpoint refuses one by name, the next is used from then on.
    An endpoint that ignores a part says nothing, and nothing is learnt: see what came back.
    """

    def __init__(self, model: str, max_output_tokens: int) -> None:
        self._model = model
        self._parts: tuple[tuple[Parameters, ...], ...] = (
            ({"response_format": {"type": "json_schema"}}, {"response_format": {"type": "json_object"}}, {}),
            ({"max_completion_tokens": max_output_tokens}, {"max_tokens": max_output_tokens}),
            ({"temperature": 0}, {}),
            ({"seed": SEED}, {}),
            (*({"logprobs": True, "top_logprobs": count} for count in TOP_CHOICES), {}),
        )
        self._levels = [0] * len(self._parts)

    def body(self, prompt: Prompt, *, log_probabilities: bool) -> tuple[dict[str, Any], Levels]:
        """The body, and which alternatives are in it."""
        body: dict[str, Any] = {
            "model": self._model,
            "messages": [{"role": message.role, "content": message.content} for message in prompt.messages],
        }
        for alternatives, level in zip(self._parts, self._levels, strict=True):
            body.update(alternatives[level])
        if not log_probabilities:
            body.pop("logprobs", None)
            body.pop("top_logprobs", None)
        if body.get("response_format") == {"type": "json_schema"}:
            schema = {"name": prompt.schema_name, "strict": True, "schema": prompt.schema}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        return body, tuple(self._levels)

    @property
    def refused(self) -> list[str]:
        """The parameters that the endpoint did not take as they were asked for first."""
        parts = zip(self._parts, self._levels, strict=True)
        return [next(iter(alternatives[0])) for alternatives, level in parts if level > 0]

    def concede(self, levels: Levels, parameter: str | None, complaint: str) -> str | None:
        """What of a body with these alternatives an endpoint refused; it is not asked for again.

        Parameters
        ----------
        parameter
            What the endpoint names as the culprit; None where it names none.
        complaint
            All that it says, in small letters.

        Returns
        -------
        str or None
            The parameter; None where none was refused that can be done without.
        """
        for part, alternatives in enumerate(self._parts):
            level = levels[part]
            name = next((one for one in alternatives[level] if _blames(one, parameter, complaint)), None)
            if name is not None and level + 1 < len(alternatives):
                if self._levels[part] == level:  # else a call at the same time was told before
                    self._levels[part] += 1
                    instead = ", ".join(alternatives[level + 1]) or "nothing"
                    log.warning("the judge's endpoint does not take a parameter", parameter=name, instead=instead)
                return name
        return None


def _blames(name: str, parameter: str | None, complaint: str) -> bool:
    if _TOO_LONG.search(complaint) or not _COMPLAINT.search(complaint):
        return False
    if parameter:
        return parameter.split(".")[0] == name
    return re.search(rf"\b{name}\b", complaint) is not None
