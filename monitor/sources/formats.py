"""What a record of a stream may hold, by the configuration's `encoding`."""

from collections.abc import Callable, Sequence
from datetime import datetime

from detectors.records import QueryTrace
from monitor.decode import decode_trace

Decoder = Callable[[bytes, datetime], Sequence[QueryTrace]]
"""The query traces of one record that came at a time; raises MalformedTrace where it is not what it should be."""

DECODERS: dict[str, Decoder] = {
    "json": lambda record, arrival: (decode_trace(record, arrival),),
}
