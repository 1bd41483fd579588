"""The demo's users over Kafka, for ever: what deploy/compose.yaml runs beside the sidecar.

`python -m monitor.demo.produce --brokers kafka:9092 --topic rag.traces --corpus corpus.jsonl`
"""

import time
from pathlib import Path
from random import Random
from typing import Annotated

import msgspec
import typer

from monitor.config_kafka import Brokers
from monitor.demo.corpus import build_corpus, write_corpus
from monitor.demo.faults import FAULTS
from monitor.demo.queries import QueryStream
from monitor.demo.retriever import DenseRetriever
from monitor.demo.stack import Stack
from monitor.sources.kafka_client import Connections

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def produce(
    brokers: Annotated[str, typer.Option("--brokers", help="HOST:PORT of one broker.")],
    topic: Annotated[str, typer.Option("--topic", help="Where query traces go.")],
    corpus: Annotated[Path, typer.Option("--corpus", help="The corpus is written here, JSONL, before anything else.")],
    fault: Annotated[str, typer.Option("--fault", help="What breaks in the retriever; `none`.")] = "stale_index",
    healthy_seconds: Annotated[float, typer.Option("--healthy-seconds", help="Until it breaks.")] = 900,
    per_second: Annotated[float, typer.Option("--per-second", min=0.01, help="Queries.")] = 5,
    seed: Annotated[int, typer.Option("--seed", help="Another seed, another company and other users.")] = 1,
) -> None:
    """Write a corpus, then query traces to a Kafka topic: healthy ones, and from some time on broken ones."""
    documents = build_corpus(seed)
    unfinished = corpus.with_suffix(".part")
    write_corpus(documents, unfinished)
    unfinished.replace(corpus)
    healthy = DenseRetriever.fit(documents, seed=seed)
    broken = FAULTS[fault].apply(healthy, documents, seed)
    producer = Connections(Brokers(bootstrap_servers=(brokers,))).producer()
    stack = Stack(healthy, QueryStream(documents, seed), "", Random())
    started = time.monotonic()
    while True:
        stack.retriever = healthy if time.monotonic() < started + healthy_seconds else broken
        trace = stack.answer()
        producer.send(topic, msgspec.json.encode(trace), trace["trace_id"].encode()).get(30)
        time.sleep(1 / per_second)


if __name__ == "__main__":
    app()
