"""Questions that a rule answers: compare a number, take the newest, or meet two conditions at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from random import Random

from monitor.demo.document import DemoDocument
from monitor.demo.facts_company import CUSTOMERS, POLICIES
from monitor.demo.facts_events import FIXES
from monitor.demo.question import DemoQuery, Library, ask

Limits = tuple[int, ...]

_NUMERIC: tuple[tuple[str, str, str, str, Limits], ...] = (
    ("invoice", "amount", "invoices over {} euros", "bill of less than {} euros", (5_000, 30_000, 60_000, 100_000)),
    (
        "contract",
        "value",
        "contract worth more than {} euros",
        "contracts under {} in total",
        (20_000, 300_000, 900_000),
    ),
    ("contract", "months", "contract with a term over {} months", "contracts shorter than {} months", (24, 48)),
    ("incident", "minutes", "outages longer than {} minutes", "incidents solved within {} minutes", (60, 240, 360)),
)
"""Kind, fact, query for more, query for less, limits."""

_NUMERIC_BY_LINE: tuple[tuple[str, str, str, str, Limits], ...] = (
    ("switch", "price", "switches above {} euros list price", "switch for less than {} euros", (200, 500, 900)),
    ("gateway", "gigabits", "gateway faster than {} Gbit/s", "gateway slower than {} Gbit/s", (1, 3, 8)),
    ("storage", "ports", "storage with more than {} drive bays", "unit with fewer than {} drive bays", (6, 10)),
    ("storage", "kilograms", "storage unit heavier than {} kg", "rack storage lighter than {} kg", (10, 20)),
    ("switch", "poe_watts", "switch with a PoE budget over {} W", "PoE budget of less than {} W", (100, 500)),
    ("access point", "price", "access point above {} euros", "access point for less than {} euros", (150, 300)),
)
"""Product line, fact of its data sheets, query for more, query for less, limits."""

_LATELY = (
    ("incident", "incidents of this autumn", "2026-09-01"),
    ("incident", "what went wrong since the summer", "2026-07-01"),
    ("contract", "contracts signed in the last two months", "2026-09-20"),
    ("invoice", "invoices dated November 2026", "2026-11-01"),
    ("invoice", "newest invoices", "2026-10-15"),
    ("return", "devices that came back this autumn", "2026-09-01"),
    ("survey", "site surveys of the last three months", "2026-08-20"),
    ("audit", "audits since July 2026", "2026-07-01"),
)
"""Kind, query, first day."""


def rule_questions(library: Library, rng: Random) -> Iterator[DemoQuery]:
    """Ask numeric, temporal and combinatorial questions."""
    yield from _numeric_questions(library)
    yield from _policy_dates(library)
    yield from _release_dates(library)
    yield from _event_dates(library)
    yield from _invoices(library)
    yield from _devices(library)
    yield from _speakers(library, rng)


def _number(document: DemoDocument, fact: str) -> float:
    return float(document.metadata[fact])


def _numeric_questions(library: Library) -> Iterator[DemoQuery]:
    for kind, fact, more, less, limits in _NUMERIC:
        yield from _comparisons(library.of(kind), fact, more, less, limits)
    for line, fact, more, less, limits in _NUMERIC_BY_LINE:
        yield from _comparisons(library.having("data sheet", product=line), fact, more, less, limits)


def _comparisons(
    articles: Sequence[DemoDocument], fact: str, more: str, less: str, limits: Limits
) -> Iterator[DemoQuery]:
    for limit in limits:
        yield ask("numeric", more.format(f"{limit:,}"), [each for each in articles if _number(each, fact) > limit])
        yield ask("numeric", less.format(f"{limit:,}"), [each for each in articles if 0 < _number(each, fact) < limit])


def _policy_dates(library: Library) -> Iterator[DemoQuery]:
    for policy in POLICIES:
        versions, name = library.having("policy", topic=policy.key), policy.title.lower()
        yield ask("temporal", f"current {name}", versions[-1:])
        yield ask("temporal", f"{name} as it was in early 2024", _in_force(versions, "2024-02-01"))


def _release_dates(library: Library) -> Iterator[DemoQuery]:
    for product in FIXES:
        notes = library.having("release", product=product)
        yield ask("temporal", f"newest {product} release", notes[-1:])
        yield ask("temporal", f"what changed in {product} lately", notes[-2:])
        yield ask(
            "temporal", f"first {product} version of 2025", [note for note in notes if note.published.year == 2025][:1]
        )
        yield ask("temporal", f"{product} releases since mid 2026", _since(notes, "2026-05-15"))


def _event_dates(library: Library) -> Iterator[DemoQuery]:
    for site in sorted({audit.metadata["site"] for audit in library.of("audit")}):
        yield ask("temporal", f"most recent audit of {site}", library.having("audit", site=site)[-1:])
    for kind, query, day in _LATELY:
        yield ask("temporal", query, _since(library.of(kind), day))
    for customer, *_ in CUSTOMERS:
        yield ask("temporal", f"latest invoice to {customer}", library.having("invoice", customer=customer)[-1:])
        yield ask("temporal", f"oldest contract with {customer}", library.having("contract", customer=customer)[:1])


def _in_force(versions: list[DemoDocument], day: str) -> list[DemoDocument]:
    return [version for version in versions if version.published.isoformat() <= day][-1:]


def _since(documents: Iterable[DemoDocument], day: str) -> list[DemoDocument]:
    return [document for document in documents if document.published.isoformat() >= day]


def _invoices(library: Library) -> Iterator[DemoQuery]:
    for customer, *_ in CUSTOMERS:
        bills, returns = library.having("invoice", customer=customer), library.having("return", customer=customer)
        yield ask("combinatorial", f"invoices of {customer} that are not paid", _unlike(bills, "state", "paid"))
        yield ask(
            "combinatorial", f"{customer}: disputed invoices, not overdue ones", _like(bills, "state", "disputed")
        )
        swapped = _like(returns, "outcome", "swapped under warranty")
        yield ask("combinatorial", f"devices of {customer} that came back and were swapped", swapped)


def _devices(library: Library) -> Iterator[DemoQuery]:
    sheets = library.of("data sheet")
    for ports in ("8", "24", "48"):
        sized = _like(_like(sheets, "product", "switch"), "ports", ports)
        powered = _like(_unlike(sized, "poe_watts", "0"), "tenant", "emea")
        yield ask("combinatorial", f"{ports} port switch with PoE for Europe", powered)
        yield ask("combinatorial", f"{ports} port switch without PoE", _like(sized, "poe_watts", "0"))
    for place in ("Brno", "Guadalajara", "Suzhou"):
        made = _like(sheets, "made_at", place)
        american, cheap = _like(made, "tenant", "amer"), [sheet for sheet in made if _number(sheet, "price") < 500]
        yield ask(
            "combinatorial", f"silent device from {place} for american sockets", _like(american, "fanless", "yes")
        )
        yield ask("combinatorial", f"with fans, built in {place}, under 2000", _like(made, "fanless", "no"))
        yield ask("combinatorial", f"made in {place} and under 500 euros", cheap)


def _speakers(library: Library, rng: Random) -> Iterator[DemoQuery]:
    for language in ("German", "Spanish", "French", "Chinese", "Czech", "Portuguese", "Danish"):
        pages = [page for page in library.of("person") if language in page.metadata["languages"]]
        for department in rng.sample(("Engineering", "Support", "Sales", "Finance", "Legal"), 2):
            found = _like(pages, "department", department)
            yield ask("combinatorial", f"somebody in {department.lower()} who speaks {language}", found)
        outside = _unlike(pages, "department", "Sales")
        yield ask("combinatorial", f"{language} speaker who is not in sales", outside)


def _like(documents: Iterable[DemoDocument], fact: str, value: str) -> list[DemoDocument]:
    return [document for document in documents if document.metadata[fact] == value]


def _unlike(documents: Iterable[DemoDocument], fact: str, value: str) -> list[DemoDocument]:
    return [document for document in documents if document.metadata[fact] != value]
