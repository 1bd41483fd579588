"""The demo's users: an endless, seeded stream of questions whose answers are known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from monitor.demo.document import DemoDocument
from monitor.demo.question import DemoQuery, Library
from monitor.demo.questions_facts import fact_questions
from monitor.demo.questions_hops import hop_questions
from monitor.demo.questions_ordinary import ordinary_questions
from monitor.demo.questions_rules import rule_questions
from monitor.demo.wording import rephrase

__all__ = ["SCENARIO_SHARES", "DemoQuery", "QueryStream"]

SCENARIO_SHARES = {
    "none": 0.45,
    "identifier": 0.10,
    "temporal": 0.07,
    "jargon": 0.06,
    "negation": 0.05,
    "numeric": 0.05,
    "polysemy": 0.06,
    "fine_grained": 0.04,
    "combinatorial": 0.04,
    "multi_hop": 0.04,
    "cross_lingual": 0.04,
}
"""Share of each scenario in a day's traffic."""

_OFFICE_HOURS = range(8, 18)
_OFFICE_SCENARIOS = frozenset({"identifier", "numeric", "multi_hop", "combinatorial"})


@dataclass(frozen=True)
class _Pool:
    queries: list[DemoQuery]
    weights: list[float]


class QueryStream:
    """Draws user queries, independent of each other apart from the hour of the demo's day.

    Parameters
    ----------
    documents : Sequence[DemoDocument]
        What the questions are about; their metadata decides which documents are relevant.
    seed : int
        The same documents and seed give the same stream.
    queries_per_hour : int
        After this many draws the demo's clock moves on by an hour. In office hours there are somewhat more questions
        about contracts and invoices, at night more how-to questions.
    """

    def __init__(self, documents: Sequence[DemoDocument], seed: int, queries_per_hour: int = 25) -> None:
        self._rng = Random(f"queries-{seed}")
        self._queries_per_hour = queries_per_hour
        self._drawn = 0
        self._pools = _pools(documents, Random(f"questions-{seed}"))

    @property
    def hour(self) -> int:
        """Hour of the demo's day, 0 to 23; it starts at nine."""
        return (9 + self._drawn // self._queries_per_hour) % 24

    def draw(self) -> DemoQuery:
        """Return the next query."""
        shares = _shares(self.hour)
        self._drawn += 1
        scenario = self._rng.choices(list(shares), list(shares.values()))[0]
        pool = self._pools[scenario]
        query = self._rng.choices(pool.queries, pool.weights)[0]
        return DemoQuery(rephrase(query.query, self._rng), scenario, query.relevant)


def _shares(hour: int) -> dict[str, float]:
    lean = 1.15 if hour in _OFFICE_HOURS else 0.9
    return {name: share * (lean if name in _OFFICE_SCENARIOS else 1.0) for name, share in SCENARIO_SHARES.items()}


def _pools(documents: Sequence[DemoDocument], rng: Random) -> dict[str, _Pool]:
    library = Library(documents)
    by_scenario: dict[str, list[DemoQuery]] = defaultdict(list)
    for ask in (ordinary_questions, fact_questions, rule_questions, hop_questions):
        for query in ask(library, rng):
            if query.relevant:
                by_scenario[query.scenario].append(query)
    freshness = {document.id: place / len(documents) for place, document in enumerate(library.oldest_first)}
    return {
        name: _Pool(queries, [_weight(query, freshness) for query in queries]) for name, queries in by_scenario.items()
    }


def _weight(query: DemoQuery, freshness: dict[str, float]) -> float:
    """People ask about what is new: twice as often about the newest article as about the oldest."""
    return 1 + max(freshness[doc_id] for doc_id in query.relevant) ** 2
