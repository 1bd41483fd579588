"""How Kafka sources and sinks get to their brokers: settings, secrets, TLS, and clients that leave nothing behind."""

import errno
import ssl
from collections.abc import Callable, Mapping
from typing import Any

from kafka import KafkaConsumer, KafkaProducer
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.errors import KafkaConfigurationError, KafkaTimeoutError

from monitor import secret
from monitor.config_kafka import Brokers, KafkaSource, SaslConfig, TlsConfig
from monitor.errors import LeadlineError
from monitor.sources.base import BATCH_BYTES

BOOTSTRAP_MS = 3000
BLOCK_MS = 3000  # of a producer that waits for a topic's brokers
MAX_REQUEST_BYTES = 2 * 2**20

# Where kafka-python's own defaults do not do for a sidecar; `client` in the configuration wins.
DEFAULTS: dict[str, Any] = {
    "client_id": "leadline",
    "reconnect_backoff_max_ms": 1000,  # its 30 s would still wait long after the brokers are back
    "metadata_max_age_ms": 10_000,  # how soon a pattern sees new topics, and a topic's new partitions are found
    "session_timeout_ms": 10_000,  # how soon others take over from a sidecar that was killed
    "heartbeat_interval_ms": 1000,
    "fetch_max_bytes": 2 * BATCH_BYTES,
    "max_partition_fetch_bytes": BATCH_BYTES // 2,
}
_PRODUCERS = KafkaProducer.DEFAULT_CONFIG.keys() - {"max_block_ms", "max_request_size"}
STARTS = {"beginning": "earliest", "end": "latest"}


class Connections:
    """Makes clients of some brokers; secrets and certificates are read once, here.

    Raises
    ------
    LeadlineError
        Where a password or a certificate cannot be had.
    """

    def __init__(self, config: Brokers, client: Mapping[str, Any] | None = None) -> None:
        self._servers = list(config.bootstrap_servers)
        self._client = {**DEFAULTS, **(client or {})}
        self._security = _security(config)

    def producer(self) -> KafkaProducer:
        """One whose records count as sent once all replicas have them.

        Raises
        ------
        OSError
            Where no broker answers, or the client refuses its settings.
        """
        return self._connected(
            KafkaProducer,
            **{name: value for name, value in self._client.items() if name in _PRODUCERS},
            acks="all",
            enable_idempotence=False,  # a record more does no harm, a fenced producer would
            max_request_size=MAX_REQUEST_BYTES,
            max_block_ms=BLOCK_MS,
        )

    def _connected(self, build: Callable[..., Any], **settings: Any) -> Any:
        """Built, or with nothing left open: a constructor that raises leaves its thread and sockets behind."""
        clients: list[Any] = []

        def client(**options: Any) -> Any:
            clients.append(build.DEFAULT_CONFIG["kafka_client"](**options))  # type: ignore[attr-defined]
            return clients[-1]

        try:
            return build(
                bootstrap_servers=self._servers, bootstrap_timeout_ms=BOOTSTRAP_MS, kafka_client=client,
                **settings, **self._security,
            )  # fmt: skip
        except BaseException as error:
            for opened in clients:
                opened.close()
            if isinstance(error, KafkaTimeoutError):
                said = (
                    f"no broker at {', '.join(self._servers)} answers or lets us in, the client's own messages say why"
                )
                raise ConnectionError(errno.ECONNREFUSED, said) from error
            if isinstance(error, KafkaConfigurationError):
                raise OSError(errno.EINVAL, f"client: {error.args[0]}") from error
            raise


class KafkaClients(Connections):
    """Makes consumers, too, for one source; raises as its base does."""

    def __init__(self, config: KafkaSource) -> None:
        super().__init__(config, config.client)
        self._config = config

    def consumer(self) -> KafkaConsumer:
        """One that has found the brokers; it joins the group in its first polls.

        Raises
        ------
        OSError
            Where no broker answers, or the client refuses its settings.
        """
        return self._consumer(self._config.group_id)

    def reader(self) -> KafkaConsumer:
        """One that belongs to no group, to `assign`; otherwise as `consumer`."""
        return self._consumer(None)

    def _consumer(self, group_id: str | None) -> KafkaConsumer:
        config = self._config
        return self._connected(
            KafkaConsumer,
            **self._client,
            group_id=group_id,
            enable_auto_commit=False,
            auto_offset_reset=STARTS[config.start],
            allow_auto_create_topics=False,
            partition_assignment_strategy=[CooperativeStickyAssignor],
            metrics_enabled=False,
        )


def _security(config: Brokers) -> dict[str, Any]:
    protocol = ("SASL_" if config.sasl else "") + ("SSL" if config.tls else "PLAINTEXT")
    tls = {"ssl_context": _tls_context(config.tls)} if config.tls else {}
    return {"security_protocol": protocol, **tls, **(_sasl(config.sasl) if config.sasl else {})}


def _tls_context(tls: TlsConfig) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=tls.ca_file)
        context.check_hostname = tls.check_hostname
        if tls.cert_file is not None:
            password = (
                secret.from_file(tls.key_password_file, "a password") if tls.key_password_file is not None else None
            )
            context.load_cert_chain(tls.cert_file, tls.key_file, password)
    except (OSError, ValueError) as error:
        files = [str(path) for path in (tls.ca_file, tls.cert_file, tls.key_file) if path is not None]
        raise LeadlineError(f"tls: expected certificates and keys in PEM in {', '.join(files)}: {error}") from error
    return context


def _sasl(sasl: SaslConfig) -> dict[str, Any]:
    if sasl.password_file is not None:
        password = secret.from_file(sasl.password_file, "a password")
    else:
        assert sasl.password_env is not None
        password = secret.from_environment(sasl.password_env, "sasl.password_env", "a password")
    return {
        "sasl_mechanism": sasl.mechanism,
        "sasl_plain_username": sasl.username,
        "sasl_plain_password": password,
    }
