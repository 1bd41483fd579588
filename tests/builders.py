"""Query traces, corpora and files of them, as short as a test wants them."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from detectors.records import QueryTrace, Weights
from detectors.risk import shipped_prior
from detectors.risk_calibration import Label, RiskCalibration, fit_risk
from monitor.assess import Assessor
from monitor.build import build_assessor, build_index
from monitor.config import Config, build_config
from monitor.decode import decode_trace
from monitor.providers.corpus import Corpus, CorpusFormat, read_corpus

ARRIVAL = datetime(2026, 11, 24, 12, tzinfo=UTC)
ALL_TIERS = Weights(1.0, 1.0, None)
TEXTS = {
    "kb-1": "Refund policy. Refunds take five working days after the order was returned.",
    "kb-2": "Order 88-1023 was shipped on Monday and signed for by the customer.",
    "kb-3": "Password reset. Open settings, choose security and reset the password.",
    "kb-4": "Printer toner RX-20b fits the printers of the RX series.",
    "kb-5": "Invoices are sent on the first day of each month by email.",
    "kb-6": "Holiday schedule of the warehouse and the support desk.",
}


def plain_trace(trace_id: str = "t1", **changes: Any) -> dict[str, Any]:
    """A sound query trace over `TEXTS`, as JSON has it; a key given as None stays, as null."""
    documents = [{"id": f"kb-{i}", "score": round(0.95 - 0.1 * i, 2)} for i in range(1, 5)]
    return {"trace_id": trace_id, "query": "refund policy for order 88-1023", "documents": documents, **changes}


def encoded(trace: dict[str, Any]) -> bytes:
    """As a line of a recording, NaN and infinity the way Python writes them."""
    return json.dumps(trace).encode()


def trace(trace_id: str = "t1", **changes: Any) -> QueryTrace:
    """The same, decoded."""
    return decode_trace(encoded(plain_trace(trace_id, **changes)), ARRIVAL)


def write_lines(path: Path, lines: Iterable[bytes | dict[str, Any]]) -> Path:
    """A file of lines; dicts become JSON. The last line ends with a newline."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join((line if isinstance(line, bytes) else encoded(line)) + b"\n" for line in lines))
    return path


def write_corpus(path: Path, texts: dict[str, str] | None = None, **metadata: Any) -> Path:
    """A corpus in BEIR's layout; every document has the same metadata."""
    return write_lines(path, [{"_id": key, "text": text, **metadata} for key, text in (texts or TEXTS).items()])


def corpus(directory: Path, texts: dict[str, str] | None = None, **metadata: Any) -> Corpus:
    """The same, read."""
    return read_corpus(
        write_corpus(directory / "corpus.jsonl", texts, **metadata), CorpusFormat(metadata=tuple(metadata))
    )


def assessor(known: Corpus | None, scorer: Any = None, **sections: Any) -> Assessor:
    """All measures over a corpus and a scorer, under a configuration with these sections."""
    return build_assessor(config(**sections), known, build_index(known), scorer, "test-scorer")


def risk_calibration(**changes: str) -> RiskCalibration:
    """Of 60 labels that failed more often than the prior in use says."""
    labels = [Label(0.05 + i / 100, i % 3 > 0) for i in range(60)]
    return fit_risk(
        labels,
        labels,
        **{"pipeline": "default", "prior": shipped_prior().version, "scorer": "s", **changes},
        bases={"score": 60},
    )


def config(**sections: Any) -> Config:
    """A configuration that assesses everything unless `sections` say otherwise."""
    everything = {"default": {"sample": {"cheap": 1.0, "scorer": 1.0}}}
    return build_config({"pipelines": everything, **sections}, "test")


def samples(exposition: str, name: str, *labels: str) -> dict[tuple[str, ...], float]:
    """The values of one sample of an exposition, its name without prefix, by those labels."""
    return {
        tuple(sample.labels[label] for label in labels): sample.value
        for family in text_string_to_metric_families(exposition)
        for sample in family.samples
        if sample.name == f"leadline_{name}"
    }
