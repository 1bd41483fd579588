"""The configuration: what is valid, what is not and how it says so, and the environment on top."""

import re
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest
import yaml
from pydantic import BaseModel

from monitor.config import EVERYTHING, Config, PipelineConfig, SampleRates, build_config, load_config
from monitor.config_alerts import WATCHABLE
from monitor.config_judge import JudgeConfig
from monitor.config_kafka import KafkaSource
from monitor.errors import ConfigError

ROOT = Path(__file__).parents[2]
DEFAULT = ROOT / "config" / "leadline.yaml"
INVALID = ROOT / "config" / "invalid"

KAFKA = {"kind": "kafka", "bootstrap_servers": ["localhost:9092"], "topics": ["a"]}
SASL = {"mechanism": "PLAIN", "username": "me", "password_file": "secret"}

# What `leadline check` says of each file in config/invalid, after its name.
EXPECTED = {
    "alert_bad_name": "alerts.0.name: got 'Page me', expected at most 60 small letters, digits and '_'",
    "alert_limit_without_threshold": (
        "alerts.0: got {'limit': 0.7}, expected a limit beside decider threshold, and only there"
    ),
    "alert_of_the_judge": (
        "alerts.0.name: got 'judge_drift', expected another name: judge_drift is the alarm over the judge"
    ),
    "alert_threshold_without_limit": (
        "alerts.0: got {'decider': 'threshold'}, expected a limit beside decider threshold, and only there"
    ),
    "alert_unknown_signal": (
        f"alerts.0.signal: got 'hit_at_6', expected one of {', '.join(WATCHABLE)}: values in [0, 1]"
    ),
    "alerts_of_one_name": "alerts: got two of the name hit_at_5, expected a name of its own for each",
    "bad_address": "http.metrics: got '9464', expected HOST:PORT with a port up to 65535",
    "bad_pattern": (
        "privacy.redact.0: got '[0-9', expected a regular expression: unterminated character set at position 0"
    ),
    "corpus_table_without_database": (
        "corpus: got {'path': 'corpus.parquet', 'table': 'documents'}, "
        "expected no table beside a path that ends in .parquet"
    ),
    "corpus_unknown_format": (
        "corpus: got {'path': 'corpus.csv'}, "
        "expected a path that ends in .jsonl, .ndjson, .parquet, .db, .sqlite, .sqlite3"
    ),
    "corpus_without_table": "corpus: got {'path': 'corpus.db'}, expected a table beside the path of a SQLite database",
    "impossible_value": "pipelines.default.depth: got 0, expected greater than or equal to 1",
    "judge_bad_url": (
        "judge.base_url: got 'localhost:8000/v1', expected http:// or https://, a host, perhaps a port and a path, "
        "and no password"
    ),
    "judge_two_keys": (
        "judge: got {'api_key_env': 'KEY', 'api_key_file': 'key', 'base_url': 'http://localhost:8000/v1', "
        "'model': 'm'}, expected api_key_file or api_key_env, one of the two"
    ),
    "judge_unknown_price": (
        "judge: got {'base_url': 'http://localhost:8000/v1', 'dollars_per_day': 5, 'model': 'm', "
        "'prices': {'other': {'input_per_million': 1, 'output_per_million': 2}}}, "
        "expected a price for m beside a budget in dollars"
    ),
    "judge_unknown_task": (
        "judge.tasks.0: got 'fluency', expected 'context_relevance', 'groundedness' or 'answer_relevance'"
    ),
    "judge_without_model": "judge.model: missing, expected a value",
    "kafka_bad_topic": (
        "sources.0.topics.0: got 'rag traces', "
        "expected the name of a topic: letters, digits, '.', '_' and '-', at most 249 of them"
    ),
    "kafka_client_set_elsewhere": (
        "sources.0.client: got {'group_id': 'other'}, expected no group_id: other keys stand for it"
    ),
    "kafka_client_unknown": (
        "sources.0.client: got {'sesion_timeout_ms': 6000}, "
        "expected plain settings of kafka-python's KafkaConsumer, sesion_timeout_ms is none"
    ),
    "kafka_client_wrong_type": (
        "sources.0.client: got {'session_timeout_ms': '6s'}, expected int for session_timeout_ms"
    ),
    "kafka_dead_letters_read": "sources.0.dead_letter_topic: got 'dead', expected a topic that is not read",
    "kafka_encoding": "sources.0.encoding: got 'avro', expected 'json', 'otlp_proto' or 'otlp_json'",
    "kafka_join_without_spans": (
        "sources.0: got {'bootstrap_servers': ['localhost:9092'], 'join_seconds': 20.0, 'kind': 'kafka', 'topics': "
        "['a']}, expected encoding otlp_proto or otlp_json beside join_seconds and join_spans"
    ),
    "kafka_key_without_certificate": (
        "sources.0.tls: got {'key_file': 'key.pem'}, expected cert_file beside key_file and key_password_file"
    ),
    "kafka_no_password": (
        "sources.0.sasl: got {'mechanism': 'PLAIN', 'username': 'me'}, "
        "expected password_file or password_env, one of the two"
    ),
    "kafka_topics_and_pattern": (
        "sources.0: got {'bootstrap_servers': ['localhost:9092'], 'kind': 'kafka', "
        "'topic_pattern': 'b.*', 'topics': ['a']}, expected topics or topic_pattern, one of the two"
    ),
    "missing_key": "sources.0.path: missing, expected a value",
    "not_a_mapping": "expected keys and values, got list",
    "not_yaml": (
        "expected YAML: while parsing a flow node expected the node content, but found '<stream end>' "
        'in "<unicode string>", line 2, column 1: ^'
    ),
    "notify_bad_header": "notify.0.headers.0.name: got 'X Team', expected the name of a header",
    "notify_bad_label": (
        "notify.0.labels: got {'pipeline': 'shop'}, "
        "expected names of letters, digits and '_' that are none of alertname, pipeline, scenario, signal, monitor"
    ),
    "notify_header_without_value": (
        "notify.0.headers.0: got {'name': 'Authorization'}, expected value, file or env, one of the three"
    ),
    "notify_named_twice": "notify: got two of the name webhook, expected a name of its own for each",
    "notify_two_logins": (
        "notify.0: got {'kind': 'alertmanager', 'token_env': 'TOKEN', 'url': 'http://localhost:9093', 'username': "
        "'me'}, expected username with password_file or password_env, or token_file, or token_env"
    ),
    "notify_two_secrets": (
        "notify.0: got {'kind': 'webhook', 'secret_env': 'SECRET', 'secret_file': 'secret', "
        "'url': 'http://localhost:8080'}, expected secret_file or secret_env, one of the two"
    ),
    "notify_two_urls": (
        "notify.0: got {'kind': 'webhook', 'url': 'http://localhost:8080', 'url_env': 'HOOK'}, "
        "expected url, url_file or url_env, one of the three"
    ),
    "phoenix_bad_project": "sources.0.project: got 'a/b', expected the name of a project, without '/', '?' and '#'",
    "phoenix_bad_url": (
        "sources.0.url: got 'localhost:6006', expected http:// or https://, a host, perhaps a port and a path, "
        "and no password"
    ),
    "phoenix_two_keys": (
        "sources.0: got {'api_key_env': 'B', 'api_key_file': 'a', 'kind': 'phoenix', 'url': 'http://localhost'}, "
        "expected api_key_file or api_key_env, one of the two"
    ),
    "scenarios_bad_name": (
        "scenarios: got {'Late-Returns': ['return']}, expected names of at most 40 small letters, digits and '_', "
        "a letter first: 'Late-Returns' is none"
    ),
    "scenarios_bad_pattern": (
        "scenarios.warranty.0: got 'warrant(y', "
        "expected a regular expression: missing ), unterminated subpattern at position 7"
    ),
    "scenarios_endless_pattern": (
        "scenarios.codes.0: got '(\\\\w+-?)+x', "
        "expected a regular expression without a repeat within a repeat: it may take forever"
    ),
    "scenarios_matches_all": (
        "scenarios.codes.0: got 'x*', expected a regular expression that does not match everything"
    ),
    "scenarios_taken": (
        "scenarios: got {'identifier': ['\\\\bKB-\\\\d+']}, expected names of your own, identifier is taken"
    ),
    "scenarios_too_many": (
        "scenarios: got {'s0': ['x'], 's1': ['x'], 's10': ['x'], 's11': ['x'], ...}, expected at most 20 scenarios"
    ),
    "sinks_bad_topic": (
        "sinks.0.topic: got 'rag assessments', "
        "expected the name of a topic: letters, digits, '.', '_' and '-', at most 249 of them"
    ),
    "sinks_bad_url": (
        "sinks.0.url: got 'localhost:4318', expected http:// or https://, a host, perhaps a port and a path, "
        "and no password"
    ),
    "sinks_too_small": "sinks.0.max_bytes: got 100, expected greater than or equal to 4096",
    "sinks_twice": "sinks: got jsonl assessments.jsonl twice, expected sinks that differ",
    "sinks_two_keys": (
        "sinks.0: got {'api_key_env': 'B', 'api_key_file': 'a', 'kind': 'phoenix', 'url': 'http://localhost:6006'}, "
        "expected api_key_file or api_key_env, one of the two"
    ),
    "sinks_unknown_kind": "sinks.0.kind: got 'jsonlines', expected 'jsonl', 'kafka', 'otlp', 'phoenix'",
    "tiers_not_nested": (
        "pipelines.default.sample: got {'cheap': 0.1, 'scorer': 0.5}, expected cheap >= scorer >= judge: the tiers nest"
    ),
    "unknown_choice": "pipelines.default.score_kind: got 'cosine', expected 'similarity' or 'distance'",
    "unknown_key": "sorces: unknown key, did you mean sources?",
    "unknown_kind": "sources.0.kind: got 'kafkaa', expected 'jsonl', 'http', 'kafka', 'phoenix'",
    "unknown_nested_key": "scorer.modle: unknown key, did you mean model?",
    "wrong_type": "scorer.pairs_per_second: got 'fast', expected a valid number, unable to parse string as a number",
}


def refused(document: dict[str, Any]) -> str:
    with pytest.raises(ConfigError) as caught:
        build_config(document, "here")
    return str(caught.value).removeprefix("here: ")


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_an_invalid_file_is_refused_in_one_line(name: str) -> None:
    """File, key, value and what was expected."""
    path = INVALID / f"{name}.yaml"
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert str(caught.value) == f"{path}: {EXPECTED[name]}"


def test_every_invalid_file_has_its_message_here() -> None:
    assert {path.stem for path in INVALID.iterdir()} == set(EXPECTED)


def keys_of_model(model: type[BaseModel], prefix: str = "") -> set[str]:
    """Every key that the configuration knows; members of lists and values of mappings stand for their kind."""
    found: set[str] = set()
    for name, field in model.model_fields.items():
        found.add(prefix + name)
        for section in sections_in(field.annotation):
            kind = section.model_fields.get("kind")
            tag = get_args(kind.annotation)[0] if kind is not None else ""
            found |= keys_of_model(section, f"{prefix}{name}.{tag}{'.' if tag else ''}")
    return found


def sections_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if get_origin(annotation) is Literal:
        return []
    return [section for part in get_args(annotation) for section in sections_in(part)]


def keys_of_document(node: Any, prefix: str = "") -> set[str]:
    """The same of a file; `pipelines.default` counts as `pipelines`, and a model's price as `judge.prices`."""
    found: set[str] = set()
    for key, value in node.items():
        name = prefix + key
        if name in {"pipelines", "judge.prices"}:
            found |= {name}.union(*(keys_of_document(one, f"{name}.") for one in value.values()))
            continue
        found.add(name)
        if name == "scenarios":  # its keys are the user's
            continue
        members = value if isinstance(value, list) else [value]
        for member in members:
            if isinstance(member, dict):
                tag = f"{member['kind']}." if "kind" in member else ""
                found |= keys_of_document(member, f"{name}.{tag}")
    return found


def test_the_annotated_default_is_valid_and_lists_every_key() -> None:
    """It is the documentation: a key that it lacks is not documented."""
    load_config(DEFAULT)
    assert keys_of_document(yaml.safe_load(DEFAULT.read_text())) == keys_of_model(Config)


def test_the_annotated_default_shows_the_defaults() -> None:
    """Except in the sections that say `example`."""
    text = DEFAULT.read_text()
    examples = set(re.findall(r"^(\w+):.*# example", text, re.MULTILINE))
    assert examples == {"sources", "sinks", "corpus", "attributes", "scenarios", "judge", "notify"}
    shown, default = load_config(DEFAULT), Config()
    for name in set(Config.model_fields) - examples:
        assert getattr(shown, name) == getattr(default, name), name
    needed = {"kind", "path", "bootstrap_servers", "topics", "topic", "tls", "sasl", "url", "headers"}
    for section in (*shown.sources, *shown.sinks, *shown.notify):
        assert section == type(section)(**section.model_dump(include=needed))
    given = {"base_url", "model", "headers", "prices", "dollars_per_day"}
    assert shown.judge is not None
    assert shown.judge == JudgeConfig(**shown.judge.model_dump(include=given))


def test_an_empty_file_is_the_default(tmp_path: Path) -> None:
    path = tmp_path / "empty.yaml"
    path.write_text("# nothing\n")
    assert load_config(path) == Config()


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "cannot be read: No such file or directory"), (b"\xff\xfe", "expected YAML"), (b"1: 2", "expected keys")],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None, reason: str) -> None:
    path = tmp_path / "leadline.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=reason) as caught:
        load_config(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"scorer": {"pairs_per_second": float("nan")}}, "scorer.pairs_per_second: got nan, expected greater than 0"),
        ({"pipelines": {"default": {"sample": {"cheap": 1.5}}}}, "expected less than or equal to 1"),
        ({"scenarios": {"a": ["((x+)y)*"]}}, "a repeat within a repeat"),
        ({"scenarios": {"a": ["(?:[)]x{2,})+"]}}, "a repeat within a repeat"),
        ({"pipelines": None}, "pipelines: got None, expected a valid dictionary"),
        ({"http": {"ingest": "localhost:²"}}, "expected HOST:PORT with a port up to 65535"),
        ({"http": {"ingest": "localhost:65536"}}, "expected HOST:PORT with a port up to 65535"),
        ({"sources": [{"kind": "http"}, {"kind": "http"}]}, "sources: got http twice, expected sources that differ"),
        ({"sources": [{"kind": "jsonl", "path": "a"}] * 2}, "sources: got jsonl a twice, expected sources that differ"),
        ({"sources": [KAFKA, KAFKA]}, "sources: got kafka leadline/a twice, expected sources that differ"),
        ({"sources": [{**KAFKA, "topics": []}]}, "expected topics or topic_pattern, one of the two"),
        ({"sources": [{**KAFKA, "bootstrap_servers": []}]}, "sources.0.bootstrap_servers: got [], expected: "),
        (
            {"sources": [{**KAFKA, "bootstrap_servers": ["a"]}]},
            "sources.0.bootstrap_servers.0: got 'a', expected HOST:",
        ),
        ({"sources": [{**KAFKA, "max_record_bytes": 0}]}, "sources.0.max_record_bytes: got 0, expected greater than"),
        (
            {"sources": [{**KAFKA, "sasl": {**SASL, "mechanism": "GSSAPI"}}]},
            "mechanism: got 'GSSAPI', expected 'PLAIN',",
        ),
        (
            {"sources": [{**KAFKA, "sasl": {**SASL, "password_env": "P"}}]},
            "expected password_file or password_env, one",
        ),
        ({"sources": [{**KAFKA, "client": {"selector": "x"}}]}, "KafkaConsumer, selector is none"),
        ({"sources": [{**KAFKA, "client": {"api_version": "4.1"}}]}, "KafkaConsumer, api_version is none"),
        (
            {"sources": [{**KAFKA, "topics": [], "topic_pattern": "a.*", "dead_letter_topic": "a.dead"}]},
            "sources.0.dead_letter_topic: got 'a.dead', expected a topic that is not read",
        ),
        ({"sources": [{"kind": "http", "jurnal": True}]}, "sources.0.jurnal: unknown key, did you mean journal?"),
        ({"sinks": [{"kind": "jsonl", "path": "a", "keep": 0}]}, "sinks.0.keep: got 0, expected greater than"),
        (
            {"sinks": [{"kind": "otlp", "url": "http://a", "headers": [{"name": "X"}]}]},
            "sinks.0.headers.0: got {'name': 'X'}, expected value, file or env, one of the three",
        ),
        ({"notify": [{"kind": "webhook"}]}, "notify.0: got {'kind': 'webhook'}, expected url, url_file or url_env"),
        (
            {"notify": [{"kind": "webhook", "secrt_env": "S"}]},
            "notify.0.secrt_env: unknown key, did you mean secret_env?",
        ),
        ({"notify": [{"kind": "mail"}]}, "notify.0.kind: got 'mail', expected 'webhook', 'alertmanager'"),
        (
            {"notify": [{"kind": "alertmanager", "url": "localhost:9093"}]},
            "notify.0.url: got 'localhost:9093', expected",
        ),
        (
            {"notify": [{"kind": "alertmanager", "url": "http://a", "username": "me"}]},
            "expected username with password",
        ),
        ({"notify": [{"kind": "alertmanager", "url": "http://a", "password_env": "P"}]}, "expected username with"),
        (
            {"judge": {"base_url": "http://a", "model": "m", "dollars_per_hour": 0.5}},
            "expected a price for m beside a budget in dollars",
        ),
        ({"_env_prefix": "OTHER_"}, "_env_prefix: unknown key"),
        ({"self": 1}, "self: unknown key"),
    ],
)
def test_impossible_values_are_refused(document: dict[str, Any], message: str) -> None:
    assert message in refused(document)


def test_settings_of_the_kafka_client_keep_their_types() -> None:
    settings = {"client_rack": "b", "check_crcs": False, "session_timeout_ms": 6000, "proxy_url": "socks5://here"}
    (source,) = build_config({"sources": [{**KAFKA, "client": settings}]}, "test").sources
    assert isinstance(source, KafkaSource)
    assert source.client == settings


def test_a_long_value_does_not_fill_the_screen() -> None:
    assert len(refused({"scorer": "x" * 100_000})) < 200


def test_a_pipeline_without_an_entry_reads_as_default() -> None:
    config = build_config({"pipelines": {"default": {"depth": 5}, "shop": {"depth": 7}}}, "test")
    assert [config.pipeline(name).depth for name in ("default", "shop", "other")] == [5, 7, 5]
    assert build_config({"pipelines": {"shop": {"depth": 7}}}, "test").pipeline("other") == PipelineConfig()


def test_recorded_files_are_assessed_whole() -> None:
    assert SampleRates(cheap=1.0, scorer=1.0) == EVERYTHING


def test_the_environment_wins_key_by_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """A nested key leaves its neighbours as the file has them."""
    monkeypatch.setenv("LEADLINE_SCORER__PAIRS_PER_SECOND", "7")
    monkeypatch.setenv("LEADLINE_PRIVACY__KEEP_TEXT", "false")
    monkeypatch.setenv("LEADLINE_PIPELINES__DEFAULT__DEPTH", "3")
    config = build_config(
        {
            "scorer": {"model": "mine", "pairs_per_second": 50},
            "privacy": {"redact": ["x"]},
            "pipelines": {"default": {"depth": 9, "score_kind": "distance"}, "shop": {"depth": 8}},
        },
        "test",
    )
    assert config.scorer is not None
    assert (config.scorer.model, config.scorer.pairs_per_second) == ("mine", 7)
    assert (config.privacy.keep_text, config.privacy.redact) == (False, ("x",))
    assert config.pipeline("default") == PipelineConfig(depth=3, score_kind="distance")
    assert config.pipeline("shop").depth == 8


def test_a_whole_section_comes_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADLINE_SOURCES", '[{"kind": "http"}]')
    assert [source.kind for source in build_config({}, "test").sources] == ["http"]


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("LEADLINE_SOURCES", "http", "LEADLINE_SOURCES: expected JSON in this environment variable"),
        ("LEADLINE_SCORER__MODLE", "x", "scorer.modle: unknown key, did you mean model?"),
        ("LEADLINE_SCORER__PAIRS_PER_SECOND", "fast", "scorer.pairs_per_second: got 'fast', expected a valid number"),
    ],
)
def test_a_bad_variable_is_one_line(monkeypatch: pytest.MonkeyPatch, variable: str, value: str, message: str) -> None:
    monkeypatch.setenv(variable, value)
    assert refused({}).startswith(message)


def test_other_variables_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """LEADLINE_TEST_REQUIRE, for one."""
    monkeypatch.setenv("LEADLINE_SOMETHING_ELSE", "x")
    assert build_config({}, "test") == Config()


@pytest.mark.parametrize(
    "pattern", [r"\bwarrant(y|ies)\b", r"(foo|bar)+", r"(a\+)+", r"([+*])+", r"x+(yz)?", r"(\d{4}-)+"]
)
def test_patterns_of_scenarios_may_repeat_what_does_not_repeat(pattern: str) -> None:
    assert build_config({"scenarios": {"mine": [pattern]}}, "here").scenarios == {"mine": (pattern,)}


@pytest.mark.parametrize(
    ("judge", "wanted"),
    [
        (None, False),
        ({}, True),
        ({"tasks": ["context_relevance"]}, False),
        ({"tasks": ["context_relevance", "groundedness"]}, True),
        ({"tasks": ["answer_relevance"]}, True),
    ],
)
def test_answers_are_wanted_by_a_judge_that_grades_them(judge: dict[str, Any] | None, wanted: bool) -> None:
    """Only then is anything read of them."""
    endpoint = {"base_url": "http://localhost:8000/v1", "model": "m"}
    assert Config(judge=JudgeConfig(**endpoint, **judge) if judge is not None else None).wants_answers is wanted
