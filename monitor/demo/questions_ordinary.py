"""Ordinary questions: people describe what they want in their own words, or throw in a few key words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from random import Random

from monitor.demo.document import DemoDocument
from monitor.demo.facts_company import PEOPLE, POLICIES, SITES
from monitor.demo.facts_errors import ERRORS
from monitor.demo.facts_events import FEATURES, INCIDENTS
from monitor.demo.facts_howtos import HOWTOS
from monitor.demo.facts_products import LINES, PRODUCTS
from monitor.demo.facts_terms import FAQ
from monitor.demo.question import DemoQuery, Library, ask

_TOPICS = {"howto": HOWTOS, "faq": FAQ, "error": ERRORS, "policy": POLICIES, "site": SITES, "incident": INCIDENTS}
_CONTENT_WORD = re.compile(r"[A-Za-z]{4,}")
_FILLER = frozenset(
    "about after again also another because before between both could does down each else every first from goes have "
    "here into itself least less like long made make more most must never nobody once only other over same should some "
    "still such than that their them then there these they this those through time turn until very well what when where "
    "which while will with without would your yours".split()
)


def ordinary_questions(library: Library, rng: Random) -> Iterator[DemoQuery]:
    """Ask about procedures, errors by their symptom, rules, people, features, incidents and devices."""
    for kind, entries in _TOPICS.items():
        for entry in entries:
            articles = library.having(kind, topic=entry.key)
            yield from (ask("none", question, articles) for question in entry.questions)
            if articles and kind not in {"policy", "site"}:
                yield ask("none", _key_words(articles[-1], rng), articles)
    for person in PEOPLE:
        yield ask("none", person.question, library.having("person", name=person.name))
    for _, feature, question in FEATURES:
        yield ask("none", question, library.having("release", feature=feature))
    yield from _device_questions(library, rng)
    yield from _supply_questions(library)


def _device_questions(library: Library, rng: Random) -> Iterator[DemoQuery]:
    forms = ("how fast is the {}", "{} price", "what does a {} weigh", "{} power consumption", "is the {} quiet enough")
    for product in PRODUCTS:
        sheets = library.having("data sheet", model=product.name)
        yield from (ask("none", form.format(product.name), sheets) for form in rng.sample(forms, 2))
    for line, (family, _, software) in LINES.items():
        resets, updates = library.having("reset", topic=line), library.having("offline", topic=line)
        yield ask("none", f"start over with a {family}, wipe all settings", resets)
        yield ask("none", f"{line} back to delivery state", resets)
        yield ask("none", f"new {software} for a site that has no connection to the outside", updates)
        yield ask("none", f"how long does a manual update of a {line} take", updates)


def _supply_questions(library: Library) -> Iterator[DemoQuery]:
    for supplier in library.of("supplier"):
        part = supplier.metadata["part"]
        yield ask("none", f"where do we buy {part}", library.having("supplier", part=part))
        yield ask("none", f"lead time of {part}", library.having("supplier", part=part))


def _key_words(article: DemoDocument, rng: Random) -> str:
    """Two words of the title and two of the text, the way that people type into a search box."""
    title = _content_words(article.title)
    text = [word for word in _content_words(article.text) if word not in title]
    picked = rng.sample(title, min(2, len(title))) + rng.sample(text, 2)
    return " ".join(picked)


def _content_words(text: str) -> list[str]:
    return [word for word in dict.fromkeys(_CONTENT_WORD.findall(text.lower())) if word not in _FILLER]
