"""Ordinary questions: people describe what they want in their own words, or throw in a few key words."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from monitor.demo.facts_company import PEOPLE, POLICIES, SITES
from monitor.demo.facts_errors import ERRORS
from monitor.demo.facts_events import FEATURES, INCIDENTS
from monitor.demo.facts_howtos import HOWTOS
from monitor.demo.facts_products import LINES, PRODUCTS
from monitor.demo.facts_terms import FAQ
from monitor.demo.question import DemoQuery, Library, ask
from monitor.demo.wording import content_words

_TITLED = {"howto": HOWTOS, "faq": FAQ, "error": ERRORS, "incident": INCIDENTS}


def ordinary_questions(library: Library, rng: Random) -> Iterator[DemoQuery]:
    """Ask about procedures, errors by their symptom, rules, people, features, incidents and devices."""
    yield from _topic_questions(library, rng)
    for policy in POLICIES:
        versions = library.having("policy", topic=policy.key)
        yield from (ask("none", question, versions) for question in policy.questions)
    for site in SITES:
        yield from (ask("none", question, library.having("site", topic=site.key)) for question in site.questions)
    for person in PEOPLE:
        yield ask("none", person.question, library.having("person", name=person.name))
    for _, feature, question in FEATURES:
        yield ask("none", question, library.having("release", feature=feature))
    yield from _device_questions(library, rng)
    yield from _supply_questions(library)


def _topic_questions(library: Library, rng: Random) -> Iterator[DemoQuery]:
    for kind, entries in _TITLED.items():
        for entry in entries:
            articles, title = library.having(kind, topic=entry.key), entry.fields[1]
            yield from (ask("none", question, articles) for question in entry.questions)
            yield ask("none", _half_remembered(title, rng), articles)
            yield from (ask("none", _key_words(title, entry.body, rng), articles) for _ in range(2))


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


def _key_words(title: str, body: str, rng: Random) -> str:
    """Two words of the title and two of the text, the way that people type into a search box."""
    heads = content_words(title)
    rest = [word for word in content_words(body) if word not in heads]
    return " ".join(rng.sample(heads, min(2, len(heads))) + rng.sample(rest, 2))


def _half_remembered(title: str, rng: Random) -> str:
    """The title as somebody recalls it: in lower case, with a word missing."""
    parts = title.lower().replace(":", "").replace("?", "").split(" ")
    if len(parts) > 4:
        del parts[rng.randrange(1, len(parts) - 1)]
    return " ".join(parts)
