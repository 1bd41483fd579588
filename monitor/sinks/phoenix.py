"""Verdicts as annotations of the judged spans in an Arize Phoenix. A repeat takes the place of the one before."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import httpx2
import msgspec

from detectors.records import Assessment
from monitor import secret
from monitor.config_sinks import PhoenixSink as PhoenixConfig
from monitor.sinks.posting import Posting
from monitor.sinks.verdict import Judged, Skipped, Verdict, document_verdicts, judged, verdicts
from monitor.tls import trusting

PATH = "/v1/span_annotations"
DOCUMENTS_PATH = "/v1/document_annotations"
NO_PATH = {httpx2.codes.NOT_FOUND, httpx2.codes.METHOD_NOT_ALLOWED}
MISSES = {*NO_PATH, httpx2.codes.UNPROCESSABLE_CONTENT}  # a span, or a place in its list
TIMEOUT_SECONDS = 10.0
ANNOTATOR = "leadline"

Annotations = Mapping[str, list[dict[str, Any]]]


class PhoenixSink:
    """An annotation of the span for each risk, with the identifier `leadline`; of a judged one also what the judge said
    of it and of its documents.

    A span that Phoenix does not have is counted as `unknown_span`, and its annotations are left to Phoenix, which waits
    ten minutes for it. Documents that its span does not have in Phoenix are counted as `unknown_documents`.

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
        self._spans, self._documents = (
            Posting(config.url + path, headers, timeout_seconds=TIMEOUT_SECONDS, tls=trusting(config.ca_file))
            for path in (PATH, DOCUMENTS_PATH)
        )

    def write(self, batch: Sequence[Assessment]) -> None:
        """Return once Phoenix has them in its database; raises as `Sink.write` does."""
        found = [(one, of) for one in batch if (of := judged(one)) is not None]
        unknown = self._annotate(self._spans, {of.span_id: annotations(one, of) for one, of in found})
        documents = {of.span_id: graded for one, of in found if (graded := document_annotations(one, of))}
        early = {span_id: documents.pop(span_id) for span_id in unknown if span_id in documents}
        lost = self._annotate(self._documents, documents)
        if unknown:
            self._post(self._spans, unknown, sync="false")
        if early:
            self._post(self._documents, early, sync="false", may_miss=True)
        counts = {"unknown_span": len(unknown), "unknown_documents": len(lost), "no_otlp_ids": len(batch) - len(found)}
        for reason, count in counts.items():
            if count:
                self._skipped(reason, count)

    def _annotate(self, to: Posting, found: Annotations) -> dict[str, list[dict[str, Any]]]:
        """What Phoenix does not have by span; where it lacks some it took nothing, and is asked for the others."""
        known = dict(found)
        while known:
            answer = self._post(to, known, sync="true", may_miss=True)
            if answer.is_success:
                break
            missing = {span_id for span_id in known if span_id in answer.text}
            if not missing and to is self._documents and answer.status_code in NO_PATH:
                return dict(found)  # before 11.30 it takes nothing on documents
            if not missing:
                raise self._unexpected(to, answer)
            known = {span_id: of_span for span_id, of_span in known.items() if span_id not in missing}
        return {span_id: of_span for span_id, of_span in found.items() if span_id not in known}

    def _post(self, to: Posting, found: Annotations, *, sync: str, may_miss: bool = False) -> httpx2.Response:
        body = msgspec.json.encode({"data": [one for of_span in found.values() for one in of_span]})
        answer = to.post(body, self._clock(), sync=sync)
        if not answer.is_success and not (may_miss and answer.status_code in MISSES):
            raise self._unexpected(to, answer)
        return answer

    def _unexpected(self, to: Posting, answer: httpx2.Response) -> OSError:
        hints = {401: "api_key_file or api_key_env with a key that is valid", 403: "a key that may write"}
        return to.error(f"expected {hints.get(answer.status_code, '200 from Phoenix')}, got {answer.status_code}")

    def close(self) -> None:
        """Close the connections; twice is fine."""
        self._spans.close()
        self._documents.close()


def annotations(assessment: Assessment, of: Judged) -> list[dict[str, Any]]:
    """Of the span, as Phoenix takes them."""
    metadata = {
        "pipeline": assessment.pipeline, "scenario": assessment.scenario, "risk_basis": assessment.risk_basis,
        "drivers": assessment.drivers, "versions": assessment.versions,
    }  # fmt: skip
    return [
        {**_annotation(verdict, of), "identifier": ANNOTATOR, "metadata": metadata} for verdict in verdicts(assessment)
    ]


def document_annotations(assessment: Assessment, of: Judged) -> list[dict[str, Any]]:
    """Of its documents; Phoenix takes no identifier there, so that the metadata says whose they are."""
    metadata = {"annotator": ANNOTATOR, "pipeline": assessment.pipeline, "versions": assessment.versions}
    return [
        {**_annotation(verdict, of), "document_position": place, "metadata": metadata}
        for place, verdict in document_verdicts(assessment).items()
    ]


def _annotation(verdict: Verdict, of: Judged) -> dict[str, Any]:
    return {
        "span_id": of.span_id, "name": verdict.name, "annotator_kind": "LLM" if verdict.by_judge else "CODE",
        "result": {"score": verdict.score, "label": verdict.label, "explanation": verdict.explanation},
    }  # fmt: skip
