"""Questions that a rule answers: compare a number, take the newest, intersect two conditions, follow a relation."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from monitor.demo.document import DemoDocument
from monitor.demo.facts_company import CUSTOMERS, POLICIES
from monitor.demo.facts_events import FIXES
from monitor.demo.facts_products import PRODUCTS
from monitor.demo.question import DemoQuery, Library, ask


def rule_questions(library: Library, rng: Random) -> Iterator[DemoQuery]:
    """Ask numeric, temporal, combinatorial and multi-hop questions."""
    yield from _numeric_questions(library)
    yield from _temporal_questions(library)
    yield from _combinations_of_invoices(library)
    yield from _combinations_of_devices(library)
    yield from _combinations_of_people(library)
    yield from _hops_over_contracts(library)
    yield from _hops_over_sites(library)
    rng.random()


def _number(document: DemoDocument, fact: str) -> float:
    return float(document.metadata[fact])


def _numeric_questions(library: Library) -> Iterator[DemoQuery]:
    for kind, fact, forms, limits in _NUMERIC:
        for limit in limits:
            above = library.where(kind, lambda article, limit=limit: _number(article, fact) > limit)
            below = library.where(kind, lambda article, limit=limit: _number(article, fact) < limit)
            yield ask("numeric", forms[0].format(f"{limit:,}"), above)
            yield ask("numeric", forms[1].format(f"{limit:,}"), below)
    for line, fact, forms, limits in _NUMERIC_BY_LINE:
        for limit in limits:
            sheets = library.having("data sheet", product=line)
            yield ask("numeric", forms[0].format(limit), [sheet for sheet in sheets if _number(sheet, fact) > limit])
            yield ask("numeric", forms[1].format(limit), [sheet for sheet in sheets if _number(sheet, fact) < limit])


_NUMERIC = (
    ("invoice", "amount", ("invoices over {} euros", "invoices below {} euros"), (5_000, 30_000, 60_000, 100_000)),
    ("contract", "value", ("contracts worth more than {}", "contracts under {} in total"), (20_000, 300_000, 1_000_000)),
    ("contract", "months", ("contracts that run longer than {} months", "contract term shorter than {} months"), (24, 48)),
    ("incident", "minutes", ("outages longer than {} minutes", "incidents solved within {} minutes"), (60, 240, 360)),
)
_NUMERIC_BY_LINE = (
    ("switch", "price", ("switches above {} euros", "switch for less than {} euros"), (200, 500, 900)),
    ("gateway", "gigabits", ("gateway faster than {} gigabit", "gateway slower than {} gigabit"), (1, 3, 8)),
    ("storage", "ports", ("nas with more than {} bays", "storage unit with fewer than {} bays"), (6, 10)),
    ("storage", "kilograms", ("storage heavier than {} kg", "storage lighter than {} kg"), (10, 20)),
    ("switch", "poe_watts", ("PoE budget over {} W", "switch giving less than {} W"), (100, 500)),
)


def _temporal_questions(library: Library) -> Iterator[DemoQuery]:
    for policy in POLICIES:
        versions = library.having("policy", topic=policy.key)
        yield ask("temporal", f"current {policy.title.lower()}", versions[-1:])
        yield ask("temporal", f"latest version of the {policy.title.lower()}", versions[-1:])
        yield ask("temporal", f"{policy.title.lower()} as it was in early 2024", _in_force(versions, "2024-02-01"))
        yield ask("temporal", f"which {policy.title.lower()} was in force before the present one", versions[-2:-1])
    for product in FIXES:
        notes = library.having("release", product=product)
        yield ask("temporal", f"newest {product} release", notes[-1:])
        yield ask("temporal", f"what changed in {product} lately", notes[-2:])
        yield ask("temporal", f"{product} versions before 2024", [note for note in notes if note.published.year < 2024])
        yield ask("temporal", f"{product} releases since mid 2026", _since(notes, "2026-06-01"))
    for site in sorted({audit.metadata["site"] for audit in library.of("audit")}):
        yield ask("temporal", f"most recent audit of {site}", library.having("audit", site=site)[-1:])
    yield ask("temporal", "incidents this autumn", _since(library.of("incident"), "2026-09-01"))
    yield ask("temporal", "contracts signed in the last two months", _since(library.of("contract"), "2026-09-01"))


def _in_force(versions: list[DemoDocument], day: str) -> list[DemoDocument]:
    return [version for version in versions if version.published.isoformat() <= day][-1:]


def _since(documents: object, day: str) -> list[DemoDocument]:
    return [document for document in documents if document.published.isoformat() >= day]  # type: ignore[attr-defined]


def _combinations_of_invoices(library: Library) -> Iterator[DemoQuery]:
    for customer, *_ in CUSTOMERS:
        bills = library.having("invoice", customer=customer)
        yield ask("combinatorial", f"invoices of {customer} that are not paid", _unlike(bills, "state", "paid"))
        yield ask("combinatorial", f"{customer} invoices, paid ones only", _like(bills, "state", "paid"))
        returns = library.having("return", customer=customer)
        swapped = _like(returns, "outcome", "swapped under warranty")
        yield ask("combinatorial", f"devices of {customer} that came back and were swapped", swapped)


def _combinations_of_devices(library: Library) -> Iterator[DemoQuery]:
    sheets = library.of("data sheet")
    for ports in ("8", "24", "48"):
        sized = [sheet for sheet in _like(sheets, "product", "switch") if sheet.metadata["ports"] == ports]
        yield ask("combinatorial", f"{ports} port switch with PoE for Europe", _like(_powered(sized), "tenant", "emea"))
        yield ask("combinatorial", f"{ports} port switch without PoE", _like(sized, "poe_watts", "0"))
    for place in ("Brno", "Guadalajara", "Suzhou"):
        made = _like(sheets, "made_at", place)
        yield ask("combinatorial", f"quiet device made in {place} for american sockets", _like(_like(made, "fanless", "yes"), "tenant", "amer"))
        yield ask("combinatorial", f"made in {place} and under 500 euros", [sheet for sheet in made if _number(sheet, "price") < 500])


def _powered(sheets: list[DemoDocument]) -> list[DemoDocument]:
    return _unlike(sheets, "poe_watts", "0")


def _combinations_of_people(library: Library) -> Iterator[DemoQuery]:
    for language in ("German", "Spanish", "French", "Chinese", "Czech"):
        speakers = library.where("person", lambda page, language=language: language in page.metadata["languages"])
        yield ask("combinatorial", f"{language} speaker in engineering", _like(speakers, "department", "Engineering"))
        yield ask("combinatorial", f"someone who speaks {language} but is not in sales", _unlike(speakers, "department", "Sales"))
        yield ask("combinatorial", f"who speaks {language} in support", _like(speakers, "department", "Support"))


def _like(documents: object, fact: str, value: str) -> list[DemoDocument]:
    return [document for document in documents if document.metadata[fact] == value]  # type: ignore[attr-defined]


def _unlike(documents: object, fact: str, value: str) -> list[DemoDocument]:
    return [document for document in documents if document.metadata[fact] != value]  # type: ignore[attr-defined]


def _hops_over_contracts(library: Library) -> Iterator[DemoQuery]:
    for contract in library.of("contract"):
        number, signer = contract.metadata["number"], library.having("person", name=contract.metadata["signer"])
        chief = library.having("person", name=signer[0].metadata["manager"])
        yield ask("multi_hop", f"who is the superior of the person that signed {number}", chief)
        yield ask("multi_hop", f"languages of the signer of the contract with {contract.metadata['customer']}", _signers(library, contract))
    for incident in library.of("incident"):
        author = library.having("person", name=incident.metadata["author"])
        yield ask("multi_hop", f"manager of the author of {incident.metadata['number']}", library.having("person", name=author[0].metadata["manager"]))


def _signers(library: Library, contract: DemoDocument) -> list[DemoDocument]:
    contracts = library.having("contract", customer=contract.metadata["customer"])
    names = {each.metadata["signer"] for each in contracts}
    return library.where("person", lambda page: page.metadata["name"] in names)


def _hops_over_sites(library: Library) -> Iterator[DemoQuery]:
    for product in PRODUCTS:
        yield ask("multi_hop", f"who audited the plant that makes the {product.name}", library.having("audit", site=product.site))
        yield ask("multi_hop", f"who runs the factory where the {product.name} is built", library.where("person", lambda page, site=product.site: page.metadata["site"] == site and "Plant Manager" in page.title + page.text))
        yield ask("multi_hop", f"suppliers of the plant that assembles the {product.name}", library.having("supplier", plant=product.site))
