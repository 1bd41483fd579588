"""The sinks of a configuration, built."""

from collections.abc import Callable
from contextlib import ExitStack

from monitor.config import Config
from monitor.config_sinks import JsonlSink as JsonlConfig
from monitor.config_sinks import KafkaSink as KafkaConfig
from monitor.config_sinks import OtlpSink as OtlpConfig
from monitor.config_sinks import Sink as SinkConfig
from monitor.metrics import Metrics
from monitor.sinks.base import Sink
from monitor.sinks.jsonl import JsonlSink
from monitor.sinks.phoenix import PhoenixSink


def build_sinks(config: Config, metrics: Metrics, clock: Callable[[], float]) -> tuple[Sink, ...]:
    """In the order of the configuration; nothing stays open where one cannot be had.

    Raises
    ------
    LeadlineError
        Where a file, a secret or a certificate cannot be had. A server may come later.
    """
    with ExitStack() as opened:
        sinks = []
        for one in config.sinks:
            sinks.append(_build(one, metrics, clock))
            opened.callback(sinks[-1].close)
        opened.pop_all()
    return tuple(sinks)


def _build(config: SinkConfig, metrics: Metrics, clock: Callable[[], float]) -> Sink:
    def skipped(reason: str, count: int) -> None:
        metrics.inc("sink_skipped_assessments_total", config.name, reason, by=count)

    if isinstance(config, KafkaConfig):
        from monitor.sinks.kafka import KafkaSink  # noqa: PLC0415 - the client is heavy

        return KafkaSink(config, skipped)
    if isinstance(config, OtlpConfig):
        from monitor.sinks.otlp import OtlpSink  # noqa: PLC0415 - protobuf is, too

        return OtlpSink(config, skipped, clock)
    if isinstance(config, JsonlConfig):
        return JsonlSink(config.path, config.max_bytes, config.keep)
    return PhoenixSink(config, skipped, clock)
