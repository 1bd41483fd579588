"""Bodies that OTLP/HTTP clients expect back, in the encoding of their request."""

import msgspec
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from monitor.otlp.spans import Encoding


def accepted(encoding: Encoding, rejected_spans: int, message: str) -> bytes:
    """An `ExportTraceServiceResponse`; empty where nothing was rejected and there is nothing to say."""
    if encoding == "json":
        partial = {"rejectedSpans": str(rejected_spans), "errorMessage": message}  # 64-bit integers are strings
        return msgspec.json.encode({"partialSuccess": partial} if rejected_spans or message else {})
    response = ExportTraceServiceResponse()
    if rejected_spans or message:
        response.partial_success.rejected_spans = rejected_spans
        response.partial_success.error_message = message
    return response.SerializeToString()


def refused(encoding: Encoding, message: str) -> bytes:
    """A `google.rpc.Status`, the body of every other answer."""
    if encoding == "json":
        return msgspec.json.encode({"message": message})
    body: bytes = Status(message=message).SerializeToString()
    return body
