"""Verdicts as annotations of the judged spans in an Arize Phoenix. A repeat takes the place of the one before."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import httpx2
import msgspec

from detectors.records import Assessment
from monitor import secret
from monitor.config_sinks import PhoenixSink as PhoenixConfig
from monitor.sinks.posting import Posting
from monitor.sinks.verdict import Judged, Skipped, judged, verdicts
from monitor.tls import trusting

PATH = "/v1/span_annotations"
TIMEOUT_SECONDS = 10.0
ANNOTATOR = "leadline"

Annotations = Mapping[str, list[dict[str, Any]]]


class PhoenixSink:
    """Two annotations a span, one for each risk, with the identifier `leadline`.

    A span that Phoenix does not have is counted as `unknown_span`, and its annotations are left to Phoenix, which waits
    ten minutes for it.

    Raises
    ------
    LeadlineError
        Where the API key or the certificates cannot be had.
    """

    def __init__(self, config: PhoenixConfig, skipped: Skipped, clock: Callable[[], float] = time.time) -> None:
        self.name = config.name
        self._skipped, self._clock = skipped, clock
        key = secret.either(config.api_key_file, config.api_key_env, "api_key_env", "an API key")
        headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {key}"} if key else {})}
        url, tls = config.url + PATH, trusting(config.ca_file)
        self._posting = Posting(url, headers, timeout_seconds=TIMEOUT_SECONDS, tls=tls)
        self.close = self._posting.close

    def write(self, batch: Sequence[Assessment]) -> None:
        """Return once Phoenix has them in its database; raises as `Sink.write` does."""
        known = {of.span_id: annotations(one, of) for one in batch if (of := judged(one)) is not None}
        unknown: list[list[dict[str, Any]]] = []
        while missing := self._annotate(known):
            unknown += [known.pop(span_id) for span_id in missing]
        if unknown:
            self._post(unknown, sync="false")
            self._skipped("unknown_span", len(unknown))
        if skipped := sum(judged(one) is None for one in batch):
            self._skipped("no_otlp_ids", skipped)

    def _annotate(self, found: Annotations) -> set[str]:
        """The spans that Phoenix does not have; where there are some it took nothing."""
        if not found:
            return set()
        answer = self._post(found.values(), sync="true", may_miss=True)
        if answer.is_success:
            return set()
        unknown = {span_id for span_id in found if span_id in answer.text}
        if not unknown:
            raise self._unexpected(answer)
        return unknown

    def _post(self, found: Iterable[list[dict[str, Any]]], *, sync: str, may_miss: bool = False) -> httpx2.Response:
        body = msgspec.json.encode({"data": [one for of_span in found for one in of_span]})
        answer = self._posting.post(body, self._clock(), sync=sync)
        if not answer.is_success and not (may_miss and answer.status_code == httpx2.codes.NOT_FOUND):
            raise self._unexpected(answer)
        return answer

    def _unexpected(self, answer: httpx2.Response) -> OSError:
        hints = {401: "api_key_file or api_key_env with a key that is valid", 403: "a key that may write"}
        return self._posting.error(
            f"expected {hints.get(answer.status_code, '200 from Phoenix')}, got {answer.status_code}"
        )


def annotations(assessment: Assessment, of: Judged) -> list[dict[str, Any]]:
    """As Phoenix takes them."""
    metadata = {
        "pipeline": assessment.pipeline, "scenario": assessment.scenario, "risk_basis": assessment.risk_basis,
        "drivers": assessment.drivers, "versions": assessment.versions,
    }  # fmt: skip
    return [
        {
            "span_id": of.span_id, "name": verdict.name, "annotator_kind": "CODE", "identifier": ANNOTATOR,
            "metadata": metadata,
            "result": {"score": verdict.score, "label": verdict.label, "explanation": verdict.explanation},
        }
        for verdict in verdicts(assessment)
    ]  # fmt: skip
