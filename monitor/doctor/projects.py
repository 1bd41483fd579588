"""The newest spans of a project in Arize Phoenix."""

from datetime import UTC, datetime

from monitor.config_phoenix import PhoenixSource
from monitor.doctor.gathering import Gathering
from monitor.errors import LeadlineError
from monitor.otlp.spans import Decoded, Span
from monitor.sources.phoenix import build_client
from monitor.sources.phoenix_client import PageTooLarge, PhoenixClient, PhoenixError

SPANS_A_RETRIEVAL = 5  # with what is above it, and the model call that answers; more are not worth the wait
FEWEST = 10


def read_project(source: PhoenixSource, gathering: Gathering, limit: int) -> None:
    """Read about the last `limit` retrievals, and what is above them.

    Raises
    ------
    LeadlineError
        Where Phoenix does not answer as it should, or has no such project.
    """
    try:
        with build_client(source, answers=True) as client:
            spans = _recent(client, SPANS_A_RETRIEVAL * limit)
    except PhoenixError as error:
        raise LeadlineError(error.strerror or str(error)) from error
    gathering.add_decoded(Decoded(spans, []), source.project, datetime.now(UTC))


def _recent(client: PhoenixClient, count: int) -> list[Span]:
    """As many as Phoenix gives in time."""
    while True:
        try:
            return client.recent(count)
        except PageTooLarge:
            if count <= FEWEST:
                raise
            count //= 4
