"""Query traces out of OpenTelemetry spans: decode, dialects, join, convert. No I/O, no threads, the clock injected.

`read_request` (reading.py) turns one `ExportTraceServiceRequest` into notes, one for each span that matters.
`Assembler` (assembler.py) joins notes of any number of requests and gives query traces. Sources need these two.
"""
