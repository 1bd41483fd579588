"""Questions that hinge on an exact detail: a number on a label, an in-house word, a sense, a negation, a language."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from monitor.demo.facts_chinese import CHINESE
from monitor.demo.facts_events import SURVEY_DETAILS
from monitor.demo.facts_products import ACCESSORIES
from monitor.demo.facts_shorthand import ABBREVIATIONS, LOADED_PHRASES
from monitor.demo.facts_terms import GLOSSARY, SENSES
from monitor.demo.question import DemoQuery, Library, ask

_IDENTIFIERS = {
    "data sheet": (
        "sku",
        (
            "{}",
            "price of {}",
            "which plug comes with {}",
            "customer wants to swap {} for a newer one",
            "is {} in stock",
        ),
    ),
    "accessory": ("sku", ("part {}", "what is {}", "do we still sell {}", "how much is {} with tax")),
    "error": (
        "code",
        (
            "{}",
            "what does {} mean",
            "device shows {} since this morning",
            "{} how to fix it",
            "got a call from a customer about {}",
            "is {} serious enough to wake somebody",
        ),
    ),
    "contract": (
        "number",
        (
            "contract {}",
            "{} notice period",
            "who signed {}",
            "how long does {} still run",
            "what happens at the end of {}",
            "is the price in {} fixed or can it be raised",
        ),
    ),
    "invoice": (
        "number",
        (
            "{}",
            "is {} paid",
            "what is the status of invoice {}",
            "has the money for {} arrived on our account",
            "we never got a copy of {} by mail",
            "which contract is {} for",
        ),
    ),
    "return": (
        "number",
        (
            "{}",
            "what happened to {}",
            "where is my device, number {}",
            "has {} been repaired or swapped",
        ),
    ),
    "incident": ("number", ("{}", "post-mortem {}", "who wrote the report on {}", "how long did {} last")),
}
"""Kind -> the fact that names one article, and how people ask for it."""

_NEGATIONS = (
    ("switch that does not support PoE", {"kind": "data sheet", "product": "switch"}, "poe_watts", True),
    ("loom model without power over ethernet", {"kind": "data sheet", "product": "switch"}, "poe_watts", True),
    ("switch that can feed cameras", {"kind": "data sheet", "product": "switch"}, "poe_watts", False),
    ("gateways with no PoE at all", {"kind": "data sheet", "product": "gateway"}, "poe_watts", True),
    ("gateway with powered ports", {"kind": "data sheet", "product": "gateway"}, "poe_watts", False),
    ("switches that are not fanless", {"kind": "data sheet", "product": "switch"}, "fanless", True),
    ("switch with no fan inside", {"kind": "data sheet", "product": "switch"}, "fanless", False),
    ("gateway that makes no noise", {"kind": "data sheet", "product": "gateway"}, "fanless", False),
    ("gateways that have fans", {"kind": "data sheet", "product": "gateway"}, "fanless", True),
)
"""Query, which articles, the fact, and whether its absence (0, no) is wanted."""


def fact_questions(library: Library, rng: Random) -> Iterator[DemoQuery]:
    """Ask for identifiers, acronyms, senses, details, negations, and in Chinese."""
    yield from _identifier_questions(library, rng)
    yield from _serial_questions(library)
    for scenario, kind, entries in (("jargon", "glossary", GLOSSARY), ("polysemy", "sense", SENSES)):
        for entry in entries:
            articles = library.having(kind, topic=entry.key)
            yield from (ask(scenario, question, articles) for question in entry.questions)
    for kind, fact, value, query in ABBREVIATIONS:
        yield ask("jargon", query, library.having(kind, **{fact: value}))
    for topic, query in LOADED_PHRASES:
        yield ask("polysemy", query, library.having("sense", topic=topic))
    for entry in CHINESE:
        articles = library.having("bilingual", topic=entry.key)
        yield from (ask("cross_lingual", question, articles) for question in entry.questions)
    yield from _negation_questions(library)
    yield from _detail_questions(library)


def _identifier_questions(library: Library, rng: Random) -> Iterator[DemoQuery]:
    for kind, (fact, forms) in _IDENTIFIERS.items():
        for article in library.of(kind):
            name = article.metadata[fact]
            articles = library.having(kind, **{fact: name})
            yield from (ask("identifier", form.format(name), articles) for form in rng.sample(forms, 2))


def _serial_questions(library: Library) -> Iterator[DemoQuery]:
    for article in library.of("return"):
        yield ask("identifier", f"serial number {article.metadata['serial']}", [article])
    for article in library.of("invoice"):
        yield ask("identifier", f"bill for order {article.metadata['order']}", [article])


def _negation_questions(library: Library) -> Iterator[DemoQuery]:
    for accessory in ACCESSORIES:
        articles = library.having("accessory", topic=accessory.key)
        yield from (ask("negation", question, articles) for question in accessory.questions)
    for query, facts, fact, absent in _NEGATIONS:
        sheets = library.having(facts["kind"], product=facts["product"])
        wanted = [sheet for sheet in sheets if (sheet.metadata[fact] in {"0", "no"}) == absent]
        yield ask("negation", query, wanted)


def _detail_questions(library: Library) -> Iterator[DemoQuery]:
    for where, what, question in SURVEY_DETAILS:
        surveys = [page for page in library.of("survey") if question in page.metadata["details"]]
        yield ask("fine_grained", question, surveys)
        yield ask("fine_grained", f"in which room {what}", surveys)
        yield ask("fine_grained", f"photo of something {where} that should not be there", surveys)
