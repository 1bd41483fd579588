"""Reads the committed dashboards as Grafana would, and asks a Prometheus what their panels show."""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import httpx2

FOLDER = Path(__file__).parent
Found = list[dict[str, Any]]
Chosen = Mapping[str, str | Sequence[str]]


def read(name: str) -> dict[str, Any]:
    """A dashboard by its name."""
    board: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return board


def panels(board: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All that show something, those in closed rows too; of a row that repeats they have its variable as `per`."""
    for panel in board["panels"]:
        if panel["type"] != "row":
            yield {**panel, "per": panel.get("repeat")}
        for inner in panel.get("panels", ()):
            yield {**inner, "per": panel.get("repeat")}


def filled(expression: str, chosen: Chosen) -> str:
    r"""With a value for each variable, as Grafana puts them into PromQL: several as alternatives of a pattern.

    >>> filled('up{job=~"$job"}[${__range}]', {"job": ["a", "b.c"], "__range": "6h"})
    'up{job=~"(a|b\\\\.c)"}[6h]'
    """
    return re.sub(r"\$(?:{(\w+)}|(\w+))", lambda match: _joined(chosen[match[1] or match[2]]), expression)


def _joined(value: str | Sequence[str]) -> str:
    return value if isinstance(value, str) else f"({'|'.join(map(_escaped, value))})"


def _escaped(value: str) -> str:
    return re.sub(r"[\\^$*+?.()|{}\[\]]", r"\\\\\g<0>", value)


class Span(NamedTuple):
    """From when to when, and how far apart the samples are; seconds."""

    start: float
    end: float
    step: float


class Prometheus:
    """What a server says to the targets of panels."""

    def __init__(self, address: str) -> None:
        self._client = httpx2.Client(base_url=address, timeout=60)

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def ready(self) -> bool:
        """Whether it answers at all."""
        try:
            return self._client.get("/-/ready").status_code == httpx2.codes.OK
        except httpx2.TransportError:
            return False

    def answer(self, target: Mapping[str, Any], chosen: Chosen, span: Span) -> Found:
        """The series of a target that have a number, each with its `values`; an instant one's are of the end."""
        expression = filled(target["expr"], chosen)
        if target["instant"]:
            found = self.get("query", query=expression, time=span.end)["result"]
            found = [{"metric": series["metric"], "values": [series["value"]]} for series in found]
        else:
            found = self.get("query_range", query=expression, **span._asdict())["result"]
        return [series for series in found if any(math.isfinite(float(value)) for _, value in series["values"])]

    def values(self, query: str, chosen: Chosen) -> list[str]:
        """What a variable offers: `label_values(SERIES, LABEL)`."""
        asked = re.fullmatch(r"label_values\((.+), (\w+)\)", query)
        assert asked, query
        found: list[str] = self.get(f"label/{asked[2]}/values", **{"match[]": filled(asked[1], chosen)})
        return found

    def get(self, path: str, **parameters: Any) -> Any:
        """The data of an answer that has neither an error nor a warning."""
        answer = self._client.get(f"/api/v1/{path}", params=parameters).json()
        assert answer["status"] == "success", f"{parameters}: {answer.get('error')}"
        assert not answer.get("warnings"), f"{parameters}: {answer['warnings']}"
        return answer["data"]


def named(legend: str, labels: Mapping[str, str]) -> str:
    """What a series is called."""
    return re.sub(r"{{(\w+)}}", lambda match: labels[match[1]], legend)
