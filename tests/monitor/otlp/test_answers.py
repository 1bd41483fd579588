"""Bodies as OTLP/HTTP has them."""

import json

from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from monitor.otlp.answers import accepted, refused


def test_nothing_rejected_is_an_empty_response() -> None:
    """`partialSuccess` must not be set then."""
    assert (accepted("json", 0, ""), accepted("protobuf", 0, "")) == (b"{}", b"")


def test_rejected_spans_are_told_with_their_number_and_why() -> None:
    """In JSON the number is text, as 64-bit integers are."""
    partial = {"partialSuccess": {"rejectedSpans": "2", "errorMessage": "why"}}
    assert json.loads(accepted("json", 2, "why")) == partial
    response = ExportTraceServiceResponse.FromString(accepted("protobuf", 2, "why"))
    assert (response.partial_success.rejected_spans, response.partial_success.error_message) == (2, "why")


def test_a_refusal_is_a_status() -> None:
    """Its message is the one line."""
    assert Status.FromString(refused("protobuf", "no")).message == "no"
    assert json.loads(refused("json", "no")) == {"message": "no"}
