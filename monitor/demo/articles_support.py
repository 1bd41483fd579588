"""Writes how-tos, error pages, frequent questions, the glossary, words with several senses and bilingual articles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from random import Random

from monitor.demo.articles_products import LAST_DAY, random_day
from monitor.demo.document import DemoDocument
from monitor.demo.facts_chinese import CHINESE
from monitor.demo.facts_errors import ERRORS
from monitor.demo.facts_howtos import HOWTOS, OFFLINE_UPDATES, RESETS
from monitor.demo.facts_products import LINES
from monitor.demo.facts_terms import FAQ, GLOSSARY, SENSES
from monitor.demo.tables import Entry
from monitor.demo.wording import tag_line

_TAGGED = {"howto", "faq"}
"""Kinds of page at whose end the writer adds words that readers search for."""
_LABELS = ("Keywords", "Search terms", "Related words", "Tags")
_GLOSSARY_ENDINGS = (
    "Write it in full when you talk to customers; they do not know the letters.",
    "New colleagues meet it in their first week and may ask in the glossary channel.",
    "The term is our own: other companies use other words for the same thing.",
    "The process behind it is described in the handbook, together with the people who may change it.",
    "Please do not invent variants, and do not put it on invoices.",
)
_HOWTO_ENDINGS = (
    "Written for administrators; no restart is needed unless the text says so.",
    "If a step looks different on your screen, your software is older than this page.",
    "Tell us with the button below whether this page has helped.",
    "Try it on one device before you change a whole site.",
    "",
)
_FAQ_ENDINGS = (
    "If that does not answer it, ask in the chat.",
    "The answer is the same for partners and for customers.",
    "This answer is checked by the support team twice a year.",
    "More about it is in the handbook.",
)
_ERROR_ENDINGS = (
    "The event stays in the list until somebody closes it.",
    "If it comes back within a day, open a ticket and attach the diagnostic file.",
    "Restarting the device hides the symptom and not the cause.",
    "Seen most often in the first week after an installation.",
)


def support_articles(rng: Random) -> Iterator[DemoDocument]:
    """Write every article that support keeps."""
    yield from _plain("howto", HOWTOS, rng, _HOWTO_ENDINGS)
    yield from _plain("faq", FAQ, rng, _FAQ_ENDINGS)
    yield from _plain("sense", SENSES, rng)
    yield from _plain("bilingual", CHINESE, rng)
    yield from (_error(entry, rng) for entry in ERRORS)
    yield from (_term(entry, rng) for entry in GLOSSARY)
    for line in LINES:
        yield _reset(line, rng)
        yield _offline_update(line, rng)


def _plain(kind: str, entries: Sequence[Entry], rng: Random, endings: Sequence[str] = ("",)) -> Iterator[DemoDocument]:
    for entry in entries:
        product, title = entry.fields
        text = f"{entry.body} {rng.choice(endings)}".strip()
        if kind in _TAGGED:
            text += tag_line(rng.choice(_LABELS), entry.questions, f"{title} {entry.body}", rng)
        yield DemoDocument(f"{kind}-{entry.key}", title, text, _recent_day(rng), _facts(kind, product, entry.key, rng))


def _error(entry: Entry, rng: Random) -> DemoDocument:
    product, name = entry.fields
    title = rng.choice((f"Error {entry.key}: {name}", f"{entry.key} {name}", f"{name} ({entry.key})"))
    words = tag_line(rng.choice(_LABELS), entry.questions, f"{name} {entry.body}", rng)
    text = f"{entry.body} {rng.choice(_ERROR_ENDINGS)}{words}"
    facts = _facts("error", product, entry.key, rng) | {"code": entry.key}
    return DemoDocument(f"error-{entry.key.lower()}", title, text, _recent_day(rng), facts)


def _term(entry: Entry, rng: Random) -> DemoDocument:
    expansion = entry.fields[0]
    title = rng.choice((f"Glossary: {entry.key}", f"{entry.key} (in-house term)", f"What {entry.key} stands for"))
    text = f"{entry.key} stands for {expansion}. {entry.body} {rng.choice(_GLOSSARY_ENDINGS)}"
    facts = _facts("glossary", "company", entry.key, rng)
    return DemoDocument(f"glossary-{entry.key.lower()}", title, text, _recent_day(rng), facts)


def _reset(line: str, rng: Random) -> DemoDocument:
    family, _, software = LINES[line]
    gesture, lost = RESETS[line]
    title = f"Factory reset of {_a(family)} {_noun(line)}"
    text = (
        f"To bring {_a(family)} back to its first state, {gesture}. It forgets its local settings, including "
        f"{lost}, and fetches the rest from Beacon as soon as it is online. {software} itself is not changed. "
        "Unplug everything that is not needed for the reset, and label the cables before you do."
    )
    return DemoDocument(f"reset-{_slug(line)}", title, text, _recent_day(rng), _facts("reset", line, line, rng))


def _offline_update(line: str, rng: Random) -> DemoDocument:
    family, _, software = LINES[line]
    medium, duration, meanwhile = OFFLINE_UPDATES[line]
    title = f"Update {software} on {_a(family)} without internet"
    text = (
        f"Where {_a(_noun(line))} has no way to the cloud, bring the release file by {medium}. Check its signature in "
        f"the console first. The update takes about {duration}; the {_noun(line)} {meanwhile}. Two versions at most "
        "can be skipped at once. Save the configuration before, and never cut the power while the lamp is white."
    )
    return DemoDocument(f"offline-{_slug(line)}", title, text, _recent_day(rng), _facts("offline", line, line, rng))


def _recent_day(rng: Random) -> date:
    """Support rewrites its pages: many of them are less than a year old."""
    return random_day(rng, LAST_DAY - timedelta(days=300)) if rng.random() < 0.25 else random_day(rng)


def _facts(kind: str, product: str, topic: str, rng: Random) -> dict[str, str]:
    return {"kind": kind, "product": product, "tenant": rng.choice(("emea", "amer")), "topic": topic}


def _a(noun: str) -> str:
    return f"an {noun}" if noun[0].lower() in "aeiou" else f"a {noun}"


def _noun(line: str) -> str:
    return "storage unit" if line == "storage" else line


def _slug(name: str) -> str:
    return name.replace(" ", "-")
