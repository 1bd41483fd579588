"""`leadline doctor SOURCE`: which source is meant, and the examination of what it gives."""

import logging
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import msgspec
from pydantic import TypeAdapter, ValidationError
from rich.console import Console

from monitor.assess import Assessor
from monitor.build import build_assessor, build_index, load_corpus
from monitor.commands import console, file_config
from monitor.config import Config
from monitor.config_base import Address
from monitor.config_kafka import KafkaSource
from monitor.config_phoenix import PhoenixSource
from monitor.doctor.examination import examine
from monitor.doctor.files import read_file
from monitor.doctor.gathering import Gathering
from monitor.doctor.measuring import StandIn
from monitor.doctor.printing import print_report
from monitor.errors import LeadlineError
from monitor.logs import configure_logs
from monitor.made_by import NO_SCORER
from monitor.providers.calibration import calibration_for
from monitor.providers.corpus import Corpus
from monitor.providers.cross_encoder import CrossEncoderScorer

KAFKA, LISTEN, HTTP = "kafka://", "listen://", ("http://", "https://")
EXPECTED = {"kafka": "expected kafka://HOST:PORT/TOPIC", "phoenix": "expected http(s)://HOST:PORT/PROJECT"}

Kind = TypeVar("Kind", KafkaSource, PhoenixSource)


def doctor_command(
    source: str, corpus: Path | None, config_file: Path | None, *,
    limit: int, seconds: float, scorer: str | None, as_json: bool,
) -> None:  # fmt: skip
    """`leadline doctor`.

    Raises
    ------
    LeadlineError
        Where nothing can be read, or what was read holds neither traces nor spans.
    """
    configure_logs(logging.WARNING)
    config = file_config(config_file, corpus, None, scorer)
    known = load_corpus(config)
    assessor = _assessor(config, known, load=scorer is not None)
    gathering = Gathering(limit)
    _read(source, config, gathering, limit, seconds)
    sample = gathering.sample()
    if not (sample.retrieved or sample.lost or sample.spans):
        first = f", first: {sample.examples[0]}" if sample.examples else ""
        raise LeadlineError(f"{source}: expected query traces or spans, found none{first}")
    report = examine(source, sample, assessor, known, config)
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(report), indent=1).decode())  # noqa: T201
    else:
        print_report(console(), report)


def _assessor(config: Config, corpus: Corpus | None, *, load: bool) -> Assessor:
    """All measures; without `load` some numbers stand in for the configured cross-encoder's."""
    index, chosen = build_index(corpus), config.scorer
    if chosen is None:
        return build_assessor(config, corpus, index, None, NO_SCORER)
    model = CrossEncoderScorer(chosen.model, chosen.backend)
    scorer = model.loaded() if load else StandIn()
    calibration = calibration_for(model.name, chosen.calibration)
    return build_assessor(config, corpus, index, scorer, model.name, calibration=calibration)


def _read(source: str, config: Config, gathering: Gathering, limit: int, seconds: float) -> None:
    if source.startswith(KAFKA):
        _read_kafka(source, config, gathering, limit)
    elif source.startswith(LISTEN):
        _listen(source, gathering, seconds)
    elif source.startswith(HTTP):
        _read_phoenix(source, config, gathering, limit)
    else:
        read_file(Path(source), gathering)


def _read_kafka(source: str, config: Config, gathering: Gathering, limit: int) -> None:
    from monitor.doctor.topics import read_topic  # noqa: PLC0415 - the client is heavy

    address, _, topic = source.removeprefix(KAFKA).partition("/")
    place = {
        "bootstrap_servers": address.split(","), "topics": [topic], "topic_pattern": None, "dead_letter_topic": None,
    }  # fmt: skip
    read_topic(_configured(KafkaSource, "kafka", config, place, source), topic, gathering, limit)


def _read_phoenix(source: str, config: Config, gathering: Gathering, limit: int) -> None:
    from monitor.doctor.projects import read_project  # noqa: PLC0415 - its client is rarely asked for

    scheme, _, rest = source.partition("://")
    place, _, project = rest.rstrip("/").rpartition("/")
    named = {"url": f"{scheme}://{place}", "project": project} if place else {"url": source, "project": "default"}
    read_project(_configured(PhoenixSource, "phoenix", config, named, source), gathering, limit)


def _configured(kind: type[Kind], name: str, config: Config, place: Mapping[str, object], source: str) -> Kind:
    """The first such source of the configuration, which knows keys and certificates, at another place."""
    given = next((one for one in config.sources if isinstance(one, kind)), None)
    described = given.model_dump(exclude_defaults=True) if given is not None else {}
    try:
        return kind.model_validate({**described, "kind": name, **place})
    except ValidationError as error:
        raise LeadlineError(
            f"{source}: {EXPECTED[name]}: {error.errors()[0]['msg'].removeprefix('Value error, ')}"
        ) from error


def _listen(source: str, gathering: Gathering, seconds: float) -> None:
    from monitor.doctor.listening import GRPC_HINT, Listener  # noqa: PLC0415 - starts a web server

    stderr = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        address = TypeAdapter[str](Address).validate_python(source.removeprefix(LISTEN))
    except ValidationError as error:
        raise LeadlineError(f"{source}: expected listen://HOST:PORT with a port up to 65535") from error
    listener = Listener(address)
    with listener as url:
        print(  # noqa: T201
            f"listening for {seconds:g} s on {url}: OTLP/HTTP on /v1/traces, query traces on /v1/query-traces",
            file=sys.stderr, flush=True,
        )  # fmt: skip
        with stderr.status("nothing yet") as status:
            listener.gather(gathering, seconds, lambda: status.update(f"{gathering.retrievals:,} retrieval spans"))
    if not gathering.sample_so_far.forms and not gathering.sample_so_far.malformed:
        raise LeadlineError(f"{source}: nothing came within {seconds:g} s. {GRPC_HINT}")
